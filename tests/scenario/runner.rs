//! Carries a scenario out through the Rust surface.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_executor::block_on;
use record_store::indexing::IndexingOptions;
use record_store::key_expression::{at_path, concat};
use record_store::metadata::{MetaDataChange, SchemaDiff};
use record_store::query::Parameters;
use record_store::{
    Database, DatabaseOptions, Error, IndexEntry, IndexState, KeyExpression, Record, RecordContext,
    RecordExistenceCheck, RecordSpace, Result, SaveOptions, ScanOptions, SpaceCursor, SpacePath, StoredRecord, Tuple,
    UniquenessViolation,
};
use record_store_tests::scenario::model::{Scenario, Step, Verb};
use record_store_tests::scenario::{schema, value};
use toml::Value;

use crate::judge::{Outcome, judge, nothing, states};

/// A database under test, with the spaces that a scenario has opened.
pub(crate) struct Runner<'a> {
    scenario: &'a Scenario,
    url: String,
    options: DatabaseOptions,
    database: Option<Database>,
    spaces: BTreeMap<String, RecordSpace>,
    current: String,
}

/// Runs all steps; the first that does not do as it should is the error.
pub(crate) fn run(scenario: &Scenario, url: &str, options: &DatabaseOptions) -> std::result::Result<(), String> {
    let mut runner = Runner {
        scenario,
        url: url.to_owned(),
        options: options.clone(),
        database: Some(block_on(Database::open_with(url, options.clone())).map_err(|error| error.to_string())?),
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
            Verb::Spaces => Ok(paths(&self.database().spaces(&step.path).await?)),
            Verb::RemoveSpace => Ok(Outcome::Value(self.database().remove_space(&step.path).await?.into())),
            Verb::MoveSpace => {
                self.database().move_space(&step.path, &step.to).await?;
                Ok(Outcome::Nothing)
            }
            Verb::Transaction => self.transaction(step).await,
            Verb::Run => self.run(step).await,
            _ => self.on_space(step, None).await,
        }
    }

    async fn open(&mut self, step: &Step) -> Result<()> {
        let path = step.space.as_deref().expect("`open` names a space");
        let mut opening = match &step.below {
            None => self.database().space(path),
            Some(parent) => {
                let rest = path
                    .strip_prefix(parent.as_str())
                    .and_then(|rest| rest.strip_prefix('/'));
                let rest = rest.expect("`space` begins with the path in `below`");
                self.spaces[parent].child(rest)
            }
        };
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
            self.database = Some(Database::open_with(&self.url, self.options.clone()).await?);
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

    /// A step on a space, in the transaction if there is one, otherwise in transactions of its own.
    async fn on_space(&self, step: &Step, tx: Option<&RecordContext>) -> Result<Outcome> {
        let space = self.space(step);
        match (step.verb, tx) {
            (Verb::Scan | Verb::ScanBy | Verb::ScanIndex | Verb::ScanKeys | Verb::UniquenessViolations, _) => {
                self.scan(step, space, tx).await
            }
            (Verb::Query, _) => query(step, space, tx).await,
            (_, None) => self.alone(step, space).await,
            (_, Some(context)) => within_transaction(step, space, context).await,
        }
    }

    /// A step on a space in transactions of its own.
    async fn alone(&self, step: &Step, space: &RecordSpace) -> Result<Outcome> {
        let key = || value::key(step.record_type.as_deref(), &step.key);
        let given = || record(space, step, step.record.as_ref().expect("the step has a record"));
        Ok(match step.verb {
            Verb::Put => saved(space.put(given()).await)?,
            Verb::Insert => saved(space.insert(given()).await)?,
            Verb::Update => saved(space.update(given()).await)?,
            Verb::PutAll => {
                let records = step.records.iter().map(|given| record(space, step, given));
                space.put_all(records).await?;
                Outcome::Nothing
            }
            Verb::Get => space.get(key()).await?.map_or_else(nothing, Outcome::Record),
            Verb::Exists => Outcome::Value(space.exists(key()).await?.into()),
            Verb::Delete => Outcome::Value(space.delete(key()).await?.into()),
            Verb::DeleteWhere => {
                space.delete_where(key()).await?;
                Outcome::Nothing
            }
            Verb::Versions => versions(step, space).await?,
            Verb::Count => {
                let by = by(step);
                Outcome::Value(match (&step.record_type, by) {
                    (Some(record_type), _) => space.record_count_of_type(record_type).await?.into(),
                    (None, Some(by)) => space.record_count_by(by, value::tuple(&step.value)).await?.into(),
                    (None, None) => space.record_count().await?.into(),
                })
            }
            Verb::Aggregate => {
                let found = space.aggregate(&step.index, value::tuple(&step.group)).await?;
                found.map_or_else(nothing, |columns| Outcome::Value(value::columns(columns.iter())))
            }
            Verb::BuildIndexes => {
                let options = IndexingOptions {
                    allow_unique_pending: step.allow_unique_pending,
                    ..IndexingOptions::default()
                };
                space.build_indexes(options).await?;
                states(space.index_states().await?)
            }
            Verb::IndexStates => states(space.index_states().await?),
            Verb::MarkIndex => Outcome::Value(space.mark_index(&step.index, state(step)?).await?.into()),
            Verb::RebuildIndex => {
                space.rebuild_index(&step.index).await?;
                Outcome::Nothing
            }
            Verb::ResolveUniqueness => {
                let keep = step.keep.as_ref().map(|keep| value::key(None, keep));
                let value = value::tuple(&step.value);
                space.resolve_uniqueness_violation(&step.index, value, keep).await?;
                Outcome::Nothing
            }
            Verb::Plan => {
                let schema = step.schema.as_ref().expect("`plan` names a schema");
                plan(&space.plan(&schema::build(&self.scenario.schemas[schema])?).await?)
            }
            Verb::SchemaVersions => Outcome::Value(space.schema_versions().await?.into()),
            Verb::Children => paths(&space.children().await?),
            _ => unreachable!("the callers have the other verbs"),
        })
    }

    /// What scans find: records, keys without that of the record type, entries, or what breaks uniqueness.
    async fn scan(&self, step: &Step, space: &RecordSpace, tx: Option<&RecordContext>) -> Result<Outcome> {
        match step.verb {
            Verb::Scan => collect(step, |options| within(space.scan(options), tx), Outcome::Records).await,
            Verb::ScanBy => {
                let cursor = |options| within(space.scan_index_records(&step.index, options), tx);
                collect(step, cursor, Outcome::Records).await
            }
            Verb::ScanKeys => {
                let shown = |keys: Vec<Tuple>| rows(keys.iter().map(|key| value::columns(key.iter().skip(1))));
                collect(step, |options| within(space.scan_record_keys(options), tx), shown).await
            }
            Verb::UniquenessViolations => {
                let cursor = |options| within(space.scan_uniqueness_violations(&step.index, options), tx);
                let row = |violation: &UniquenessViolation| {
                    let key = violation.primary_key().iter().skip(1);
                    value::columns(violation.value().iter().chain(key))
                };
                collect(step, cursor, |found| rows(found.iter().map(row))).await
            }
            _ => {
                let cursor = |options| within(space.scan_index(&step.index, None, options), tx);
                let columns = self.scenario.index_columns(&step.index);
                let shown = |entries: Vec<IndexEntry>| rows(entries.iter().map(|entry| entry_key(entry, columns)));
                collect(step, cursor, shown).await
            }
        }
    }

    /// The steps within one transaction; what happens meanwhile does so before it commits.
    async fn transaction(&self, step: &Step) -> Result<Outcome> {
        let context = self.database().transaction();
        self.steps(&step.steps, Some(&context)).await;
        self.steps(&step.meanwhile, None).await;
        if step.cancel {
            context.cancel();
        } else {
            context.commit().await?;
        }
        Ok(Outcome::Nothing)
    }

    /// The steps in a transaction that is tried again; what happens meanwhile does so in the first attempt.
    async fn run(&self, step: &Step) -> Result<Outcome> {
        let attempts = &AtomicI64::new(0);
        let attempt = |context: RecordContext| async move {
            self.steps(&step.steps, Some(&context)).await;
            if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                self.steps(&step.meanwhile, None).await;
            }
            Ok::<_, Error>(())
        };
        self.database().run(attempt).await?;
        Ok(Outcome::Value(attempts.load(Ordering::Relaxed).into()))
    }

    async fn steps(&self, steps: &[Step], tx: Option<&RecordContext>) {
        for (number, inner) in steps.iter().enumerate() {
            let outcome = self.on_space(inner, tx).await;
            judge(inner, outcome).unwrap_or_else(|why| panic!("step {} of the transaction: {why}", number + 1));
        }
    }
}

/// A step in a transaction, on the record store.
async fn within_transaction(step: &Step, space: &RecordSpace, context: &RecordContext) -> Result<Outcome> {
    let store = space.store(context).await?;
    let key = || value::key(step.record_type.as_deref(), &step.key);
    let primary_key = || key().resolve(store.metadata());
    let given = || record(space, step, step.record.as_ref().expect("the step has a record"));
    let insert = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfExists);
    let update = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged);
    Ok(match step.verb {
        Verb::Put => saved(store.save_record(&given()).await)?,
        Verb::Insert => saved(store.save_record_with(&given(), &insert).await)?,
        Verb::Update => saved(store.save_record_with(&given(), &update).await)?,
        Verb::Get => store
            .load_record(&primary_key()?)
            .await?
            .map_or_else(nothing, Outcome::Record),
        Verb::Exists => Outcome::Value(store.record_exists(&primary_key()?).await?.into()),
        Verb::Delete => Outcome::Value(store.delete_record(&primary_key()?).await?.into()),
        Verb::DeleteWhere => {
            store.delete_records_where(key()).await?;
            Outcome::Nothing
        }
        Verb::Count => {
            let by = by(step);
            Outcome::Value(match (&step.record_type, by) {
                (Some(record_type), _) => store.snapshot_record_count_of_type(record_type).await?.into(),
                (None, Some(by)) => store
                    .snapshot_record_count_by(&by, &value::tuple(&step.value))
                    .await?
                    .into(),
                (None, None) => store.snapshot_record_count_of_all().await?.into(),
            })
        }
        Verb::Aggregate => {
            let found = store
                .aggregate_index_group(&step.index, value::tuple(&step.group))
                .await?;
            found.map_or_else(nothing, |columns| Outcome::Value(value::columns(columns.iter())))
        }
        Verb::IndexStates => states(store.index_states()),
        Verb::MarkIndex => Outcome::Value(store.mark_index(&step.index, state(step)?).await?.into()),
        _ => panic!("the verb is none of a transaction"),
    })
}

/// The records that a query asks for, or their fields.
async fn query(step: &Step, space: &RecordSpace, tx: Option<&RecordContext>) -> Result<Outcome> {
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
        let query = match options.limit {
            Some(limit) => query.limit(limit),
            None => query,
        };
        within(query.execute(), tx)
    };
    let shown = |records: Vec<StoredRecord>| match step.fields.is_empty() {
        true => Outcome::Records(records),
        false => fields_of(&records, &step.fields),
    };
    collect(step, cursor, shown).await
}

/// The keys in the order of the versions of their records, without those that have none.
async fn versions(step: &Step, space: &RecordSpace) -> Result<Outcome> {
    let mut found = Vec::new();
    for key in &step.keys {
        let version = space.load_version(value::key(step.record_type.as_deref(), key)).await?;
        found.extend(version.map(|version| (version, key)));
    }
    found.sort_by_key(|(version, _)| *version);
    Ok(rows(found.into_iter().map(|(_, key)| Value::Array(key.clone()))))
}

/// Subject, name, action and cost of each change.
fn plan(diff: &SchemaDiff) -> Outcome {
    let row = |change: &MetaDataChange| {
        let words = [
            change.subject.name(),
            &change.name,
            change.action.name(),
            change.cost.name(),
        ];
        Value::Array(words.map(Value::from).into())
    };
    rows(diff.changes().iter().map(row))
}

fn within<T: Send>(cursor: SpaceCursor<T>, tx: Option<&RecordContext>) -> SpaceCursor<T> {
    match tx {
        None => cursor,
        Some(context) => cursor.within(context),
    }
}

fn rows(rows: impl Iterator<Item = Value>) -> Outcome {
    Outcome::Value(Value::Array(rows.collect()))
}

fn paths(paths: &[SpacePath]) -> Outcome {
    rows(paths.iter().map(|path| path.to_string().into()))
}

fn saved(saved: Result<StoredRecord>) -> Result<Outcome> {
    saved.map(|_| Outcome::Nothing)
}

/// The key by which a step counts.
fn by(step: &Step) -> Option<KeyExpression> {
    let columns = step.by.iter().map(|path| at_path(path, Into::into)).collect::<Vec<_>>();
    (!columns.is_empty()).then(|| concat(columns))
}

fn state(step: &Step) -> Result<IndexState> {
    IndexState::from_name(&step.state.to_uppercase())
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
fn fields_of(records: &[StoredRecord], fields: &[String]) -> Outcome {
    let row = |record: &StoredRecord| match record.to_dynamic() {
        Ok(message) => value::fields(&message, fields),
        Err(error) => Value::String(error.to_string()),
    };
    rows(records.iter().map(row))
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
