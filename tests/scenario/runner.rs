//! Carries a scenario out through the Rust surface.

use std::collections::BTreeMap;

use futures_executor::block_on;
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use record_store::query::Parameters;
use record_store::{Database, Error, IndexEntry, Record, RecordSpace, Result, ScanOptions, SpaceCursor, StoredRecord};
use record_store_tests::scenario::model::{ExpectedError, Scenario, Step, Verb};
use record_store_tests::scenario::{schema, value};
use toml::Value;

/// A database under test, with the spaces that a scenario has opened.
pub(crate) struct Runner<'a> {
    scenario: &'a Scenario,
    url: String,
    database: Option<Database>,
    spaces: BTreeMap<String, RecordSpace>,
    current: String,
}

/// What a step gave.
enum Outcome {
    Nothing,
    Value(Value),
    Record(StoredRecord),
    Records(Vec<StoredRecord>),
    Pages(Vec<Outcome>),
}

/// Runs all steps; the first that does not do as it should is the error.
pub(crate) fn run(scenario: &Scenario, url: &str) -> std::result::Result<(), String> {
    let mut runner = Runner {
        scenario,
        url: url.to_owned(),
        database: Some(block_on(Database::open(url)).map_err(|error| error.to_string())?),
        spaces: BTreeMap::new(),
        current: String::new(),
    };
    for (number, step) in scenario.steps.iter().enumerate() {
        let outcome = block_on(runner.step(step));
        judge(step, outcome).map_err(|why| format!("step {}: {why}", number + 1))?;
    }
    Ok(())
}

impl Runner<'_> {
    async fn step(&mut self, step: &Step) -> Result<Outcome> {
        match step.verb {
            Verb::Open => self.open(step).await.map(|()| Outcome::Nothing),
            Verb::Reopen => self.reopen().await.map(|()| Outcome::Nothing),
            Verb::Spaces => {
                let paths = self.database().spaces(&step.path).await?;
                Ok(Outcome::Value(
                    paths.iter().map(ToString::to_string).collect::<Vec<_>>().into(),
                ))
            }
            Verb::RemoveSpace => Ok(Outcome::Value(self.database().remove_space(&step.path).await?.into())),
            Verb::MoveSpace => {
                self.database().move_space(&step.path, &step.to).await?;
                Ok(Outcome::Nothing)
            }
            Verb::Transaction => self.transaction(step).await,
            Verb::BuildIndexes => {
                self.space(step).build_indexes(Default::default()).await?;
                Ok(states(self.space(step).index_states().await?))
            }
            Verb::IndexStates => Ok(states(self.space(step).index_states().await?)),
            _ => self.on_space(step).await,
        }
    }

    async fn open(&mut self, step: &Step) -> Result<()> {
        let path = step.space.as_deref().expect("`open` names a space");
        let mut opening = self.database().space(path);
        if let Some(name) = &step.schema {
            opening = opening.schema(&schema::build(&self.scenario.schemas[name])?);
        }
        let space = opening.open().await?;
        self.spaces.insert(path.to_owned(), space);
        path.clone_into(&mut self.current);
        Ok(())
    }

    async fn reopen(&mut self) -> Result<()> {
        if self.url != "memory:" {
            self.spaces.clear();
            self.database = None;
            self.database = Some(Database::open(&self.url).await?);
        }
        Ok(())
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is open but while it is opened again")
    }

    fn space(&self, step: &Step) -> &RecordSpace {
        let path = step.space.as_ref().unwrap_or(&self.current);
        self.spaces.get(path).expect("a step names a space that is open")
    }

    /// A step on a space, in transactions of its own.
    async fn on_space(&self, step: &Step) -> Result<Outcome> {
        let space = self.space(step);
        let key = || value::key(step.record_type.as_deref(), &step.key);
        Ok(match step.verb {
            Verb::Put => {
                space
                    .put(record(space, step, step.record.as_ref().expect("`put` has a record")))
                    .await?;
                Outcome::Nothing
            }
            Verb::PutAll => {
                space
                    .put_all(step.records.iter().map(|given| record(space, step, given)))
                    .await?;
                Outcome::Nothing
            }
            Verb::Get => space.get(key()).await?.map_or_else(nothing, Outcome::Record),
            Verb::Exists => Outcome::Value(space.exists(key()).await?.into()),
            Verb::Delete => Outcome::Value(space.delete(key()).await?.into()),
            Verb::Count => Outcome::Value(space.record_count().await?.into()),
            Verb::Scan => {
                let cursor = |options| space.scan(options);
                collect(step, cursor, Outcome::Records).await?
            }
            Verb::ScanBy => {
                let cursor = |options| space.scan_index_records(&step.index, options);
                collect(step, cursor, Outcome::Records).await?
            }
            Verb::ScanIndex => {
                let cursor = |options| space.scan_index(&step.index, None, options);
                let columns = self.scenario.index_columns(&step.index);
                let keys = |entries: Vec<IndexEntry>| {
                    let entries = entries.iter().map(|entry| entry_key(entry, columns));
                    Outcome::Value(Value::Array(entries.collect()))
                };
                collect(step, cursor, keys).await?
            }
            Verb::Query => self.query(step, space).await?,
            Verb::Aggregate => {
                let found = space.aggregate(&step.index, value::tuple(&step.group)).await?;
                found.map_or_else(nothing, |columns| Outcome::Value(value::columns(columns.iter())))
            }
            _ => unreachable!("the caller has the other verbs"),
        })
    }

    /// The records that a query asks for, or their fields.
    async fn query(&self, step: &Step, space: &RecordSpace) -> Result<Outcome> {
        let mut query = space.query(step.filter.as_str());
        if let Some(record_type) = &step.record_type {
            query = query.record_type(record_type);
        }
        if !step.order_by.is_empty() {
            query = query.order_by(step.order_by.clone());
        }
        if step.reverse {
            query = query.reverse();
        }
        query = query.parameters(Parameters::positional(value::tuple(&step.parameters).iter().cloned()));
        if !step.explain.is_empty() {
            let plan = query.explain().await?;
            let unsaid = step.explain.iter().find(|words| !plan.contains(words.as_str()));
            assert!(unsaid.is_none(), "the plan does not say {unsaid:?}: {plan}");
        }
        let cursor = |options: ScanOptions| {
            let query = query.clone().continuation(options.continuation);
            match options.limit {
                Some(limit) => query.limit(limit).execute(),
                None => query.execute(),
            }
        };
        let shown = |records: Vec<StoredRecord>| match step.fields.is_empty() {
            true => Outcome::Records(records),
            false => Outcome::Value(rows(&records, &step.fields)),
        };
        collect(step, cursor, shown).await
    }

    /// The steps within one transaction, on the record store.
    async fn transaction(&self, step: &Step) -> Result<Outcome> {
        let space = self.space(step);
        let context = self.database().transaction();
        let store = space.store(&context).await?;
        for (number, inner) in step.steps.iter().enumerate() {
            let key = || value::key(inner.record_type.as_deref(), &inner.key).resolve(store.metadata());
            let outcome = async {
                Ok(match inner.verb {
                    Verb::Put => {
                        let given = inner.record.as_ref().expect("`put` has a record");
                        store.save_record(&record(space, inner, given)).await?;
                        Outcome::Nothing
                    }
                    Verb::Get => store.load_record(&key()?).await?.map_or_else(nothing, Outcome::Record),
                    Verb::Delete => Outcome::Value(store.delete_record(&key()?).await?.into()),
                    Verb::Exists => Outcome::Value(store.record_exists(&key()?).await?.into()),
                    Verb::Scan => Outcome::Records(store.scan_records(options(inner))?.next_batch(usize::MAX).await?),
                    _ => panic!("the verb is none of a transaction"),
                })
            };
            judge(inner, outcome.await).unwrap_or_else(|why| panic!("step {} of the transaction: {why}", number + 1));
        }
        if step.cancel {
            context.cancel();
        } else {
            context.commit().await?;
        }
        Ok(Outcome::Nothing)
    }
}

/// All results, or pages of them, each from the continuation of the one before.
async fn collect<T: Send>(
    step: &Step,
    cursor: impl Fn(ScanOptions) -> SpaceCursor<T>,
    outcome: impl Fn(Vec<T>) -> Outcome,
) -> Result<Outcome> {
    let Some(size) = step.page_size else {
        return Ok(outcome(cursor(options(step)).next_batch(usize::MAX).await?));
    };
    let mut pages = Vec::new();
    let mut continuation = None;
    loop {
        let mut page = cursor(options(step).limit(size).continuation(continuation));
        let results = page.next_batch(usize::MAX).await?;
        if !results.is_empty() {
            pages.push(outcome(results));
        }
        continuation = page.continuation();
        if continuation.is_none() {
            return Ok(Outcome::Pages(pages));
        }
    }
}

/// The fields of records.
fn rows(records: &[StoredRecord], fields: &[String]) -> Value {
    let row = |record: &StoredRecord| match record.to_dynamic() {
        Ok(message) => value::fields(&message, fields),
        Err(error) => Value::String(error.to_string()),
    };
    Value::Array(records.iter().map(row).collect())
}

/// The key of an entry without the key of the record type, which stands behind the columns of the index.
fn entry_key(entry: &IndexEntry, columns: usize) -> Value {
    let elements = entry.key().iter().enumerate();
    let kept = elements.filter(|(at, _)| *at != columns || entry.primary_key().is_empty());
    value::columns(kept.map(|(_, element)| element))
}

fn options(step: &Step) -> ScanOptions {
    let mut options = ScanOptions::default();
    if step.prefix.is_some() || step.record_type.is_some() {
        let prefix = step.prefix.as_deref().unwrap_or_default();
        options = options.within(value::key(step.record_type.as_deref(), prefix));
    }
    if let Some(start) = &step.start {
        options = options.from(value::tuple(start));
    }
    if let Some(end) = &step.end {
        options = options.to(value::tuple(end));
    }
    if step.reverse {
        options = options.reverse();
    }
    match step.limit {
        Some(limit) => options.limit(limit),
        None => options,
    }
}

/// A record of the type that the step names, or of the only one.
fn record(space: &RecordSpace, step: &Step, given: &Value) -> Record {
    let metadata = space.metadata();
    let only = || {
        metadata
            .record_types()
            .first()
            .map(|record_type| record_type.name().to_owned())
    };
    let record_type = step
        .record_type
        .clone()
        .or_else(only)
        .expect("a schema has a record type");
    Record::from_json(record_type, value::record_json(given).to_string())
}

fn nothing() -> Outcome {
    Outcome::Value("nothing".into())
}

fn states(states: BTreeMap<String, record_store::IndexState>) -> Outcome {
    let states = states
        .into_iter()
        .map(|(index, state)| (index, state.name().to_lowercase().into()));
    Outcome::Value(Value::Table(states.collect()))
}

/// Whether a step did what it should.
fn judge(step: &Step, outcome: Result<Outcome>) -> std::result::Result<(), String> {
    match (outcome, &step.error) {
        (Err(error), Some(expected)) => judge_error(&error, expected),
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(_), Some(expected)) => Err(format!("succeeded; it should fail with {}", expected.kind)),
        (Ok(Outcome::Pages(pages)), None) => {
            let expected = step.pages.as_ref().expect("a step with `page_size` has `pages`");
            if pages.len() != expected.len() {
                return Err(format!("gave {} pages instead of {}", pages.len(), expected.len()));
            }
            pages
                .iter()
                .zip(expected)
                .try_for_each(|(page, expected)| same(page, expected))
        }
        (Ok(outcome), None) => match &step.gives {
            Some(expected) => same(&outcome, expected),
            None => Ok(()),
        },
    }
}

fn judge_error(error: &Error, expected: &ExpectedError) -> std::result::Result<(), String> {
    let text = error.to_string();
    if error.kind().name() != expected.kind {
        return Err(format!(
            "failed with {} instead of {}: {text}",
            error.kind().name(),
            expected.kind
        ));
    }
    match expected.says.iter().find(|word| !text.contains(word.as_str())) {
        Some(word) => Err(format!("the error does not say {word:?}: {text}")),
        None => Ok(()),
    }
}

fn same(outcome: &Outcome, expected: &Value) -> std::result::Result<(), String> {
    match (outcome, expected) {
        (Outcome::Nothing | Outcome::Pages(_), _) => Err("gives nothing to compare".to_owned()),
        (Outcome::Value(given), expected) if given == expected => Ok(()),
        (Outcome::Value(given), expected) => Err(format!("gave {given} instead of {expected}")),
        (Outcome::Record(record), expected) => same_record(record, expected),
        (Outcome::Records(records), Value::Array(expected)) if records.len() == expected.len() => records
            .iter()
            .zip(expected)
            .try_for_each(|(record, expected)| same_record(record, expected)),
        (Outcome::Records(records), expected) => Err(format!("gave {} records instead of {expected}", records.len())),
    }
}

fn same_record(record: &StoredRecord, expected: &Value) -> std::result::Result<(), String> {
    let given = record.to_json().map_err(|error| error.to_string())?;
    let wrong = || format!("gave {} {given} instead of {expected}", record.record_type());
    if expected.as_str() == Some("nothing") {
        return Err(wrong());
    }
    let type_differs = |name: &Value| name.as_str() != Some(record.record_type());
    if expected.get("@type").is_some_and(type_differs) {
        return Err(wrong());
    }
    let expected = DynamicMessage::deserialize(record.descriptor().clone(), value::record_json(expected))
        .map_err(|error| format!("the expected record is none: {error}"))?;
    // A default that is given is absent once it has been written.
    let written = expected.encode_to_vec();
    let expected = DynamicMessage::decode(record.descriptor().clone(), written.as_slice())
        .map_err(|error| format!("the expected record cannot be read again: {error}"))?;
    match record.to_dynamic().map_err(|error| error.to_string())? == expected {
        true => Ok(()),
        false => Err(wrong()),
    }
}
