//! One question, asked in every way, and compared with what SQLite finds.

use std::collections::{BTreeMap, BTreeSet};

use record_store::key_expression::{CompiledExpression, RecordView};
use record_store::query::{ExecuteOptions, Parameters, PlannerOptions, QueryComponent, RecordQuery, RecordQueryPlan};
use record_store::{Continuation, RecordSpace, RecordStore, Result, ScanLimits, StoredRecord};
use rusqlite::types::Value as SqlValue;

use super::chance::Chance;
use super::question::{Question, with_parameters};
use super::records::Row;
use super::sqlite::{Found, Sqlite};

/// The records of a world as they were saved, by their packed primary keys.
pub(crate) type Kept = BTreeMap<Vec<u8>, (Row, StoredRecord)>;

/// A question with what SQLite answers.
pub(crate) struct Check<'a> {
    space: &'a RecordSpace,
    kept: &'a Kept,
    question: &'a Question,
    expected: Vec<Found>,
    /// The columns by which each row is ordered.
    order_of: BTreeMap<i64, Vec<SqlValue>>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(space: &'a RecordSpace, sqlite: &Sqlite<'_>, kept: &'a Kept, question: &'a Question) -> Self {
        let (types, filter) = (question.query.types(), question.query.filter());
        let expected = sqlite.find(types, filter, &question.order);
        let expected = expected.unwrap_or_else(|error| panic!("{error}"));
        let order_of = expected
            .iter()
            .map(|found| (found.number, found.order.clone()))
            .collect();
        Check {
            space,
            kept,
            question,
            expected,
            order_of,
        }
    }

    /// How many records SQLite found.
    pub(crate) fn found(&self) -> usize {
        self.expected.len()
    }

    /// Asks in every way; gives the plan that has all indexes.
    pub(crate) async fn run(&self, chance: &mut Chance) -> Result<RecordQueryPlan> {
        // A transaction of its own, because a slow machine needs seconds for all.
        let context = self.space.database().transaction();
        let store = self.space.store(&context).await?;
        let query = &self.question.query;
        let plan = store.plan_query(query)?;
        if std::env::var_os("RECORD_STORE_QUERY").is_some() {
            println!("{}", plan.explain());
        }
        self.compare("with indexes", &all(&store, query, ExecuteOptions::default()).await?);
        let without = query.clone().with_allowed_indexes(Vec::<String>::new());
        self.compare(
            "without indexes",
            &all(&store, &without, ExecuteOptions::default()).await?,
        );
        self.as_java(&store).await?;
        self.limited(chance, &store).await?;
        self.in_pages(chance, &store, &plan).await?;
        self.said_otherwise(chance, &store).await?;
        self.over_the_space(chance).await?;
        Ok(plan)
    }

    /// As Java's planner would have it, which refuses some and gives a record for each value of a list.
    async fn as_java(&self, store: &RecordStore) -> Result<()> {
        let planner = PlannerOptions {
            // These find other records by design.
            use_defaulted_indexes: false,
            exact_ranges: true,
            ..PlannerOptions::JAVA
        };
        let query = &self.question.query;
        if store.plan_query_with(query, &Parameters::new(), planner).is_err() {
            return Ok(());
        }
        let options = ExecuteOptions {
            planner,
            ..ExecuteOptions::default()
        };
        let mut seen = BTreeSet::new();
        let mut found = all(store, query, options).await?;
        found.retain(|record| seen.insert(record.primary_key().pack()));
        self.compare("as Java", &found);
        Ok(())
    }

    /// A part of the answer.
    async fn limited(&self, chance: &mut Chance, store: &RecordStore) -> Result<()> {
        let (skip, limit) = (chance.below(8), 1 + chance.below(12));
        let options = ExecuteOptions {
            skip,
            limit: Some(limit),
            ..ExecuteOptions::default()
        };
        let found = all(store, &self.question.query, options).await?;
        let rows = self.rows("limited", &found);
        let part: Vec<_> = self.expected.iter().skip(skip).take(limit).collect();
        assert_eq!(rows.len(), part.len(), "limited: {skip} left out, then {limit}");
        assert_eq!(
            rows.iter().collect::<BTreeSet<_>>().len(),
            rows.len(),
            "limited: some twice"
        );
        for (row, expected) in rows.iter().zip(part) {
            assert_eq!(self.order_of.get(row), Some(&expected.order), "limited: the order");
        }
        Ok(())
    }

    /// In pages, each of a random size and stopped by random limits.
    async fn in_pages(&self, chance: &mut Chance, store: &RecordStore, plan: &RecordQueryPlan) -> Result<()> {
        let mut found = Vec::new();
        let mut continuation: Option<Continuation> = None;
        loop {
            let options = ExecuteOptions {
                limit: Some(1 + chance.below(9)),
                limits: ScanLimits {
                    scanned_rows_max: chance.one_in(3).then(|| 1 + chance.below(20) as u64),
                    ..ScanLimits::default()
                },
                continuation: continuation.take(),
                ..ExecuteOptions::default()
            };
            let mut cursor = store.execute_query(&self.question.query, options)?;
            while let Some(record) = cursor.next().await? {
                found.push(record);
                // Sometimes a page is left before its end.
                if chance.one_in(5) {
                    break;
                }
            }
            continuation = cursor.continuation();
            if continuation.is_none() {
                break;
            }
        }
        if plan.to_string().contains("DISTINCT") {
            // What was dropped is forgotten between pages.
            let mut seen = BTreeSet::new();
            found.retain(|record| seen.insert(record.primary_key().pack()));
        }
        self.compare("in pages", &found);
        Ok(())
    }

    /// The same question as text, and with parameters; over the space too, which keeps plans by text.
    async fn said_otherwise(&self, chance: &mut Chance, store: &RecordStore) -> Result<()> {
        let query = &self.question.query;
        if let Some(filter) = query.filter() {
            let read = QueryComponent::parse(&filter.to_string())?;
            let read = query.clone().with_filter(read);
            self.compare("as text", &all(store, &read, ExecuteOptions::default()).await?);
        }
        if let Some((query, parameters)) = with_parameters(chance, query) {
            if let (Some(filter), true) = (query.filter(), query.sort().is_none()) {
                let types = query.types().iter();
                let asked = types.fold(self.space.query(filter.to_string()), |asked, name| {
                    asked.record_type(name)
                });
                let found = asked.parameters(parameters.clone()).execute().next_batch(1_000).await?;
                self.compare("as text with parameters, over the space", &found);
            }
            let options = ExecuteOptions {
                parameters,
                ..ExecuteOptions::default()
            };
            self.compare("with parameters", &all(store, &query, options).await?);
        }
        Ok(())
    }

    /// Over the space: at once, and in pages that follow each other.
    async fn over_the_space(&self, chance: &mut Chance) -> Result<()> {
        let query = &self.question.query;
        let whole = self.space.query(query).execute().next_batch(1_000).await?;
        self.compare("over the space", &whole);
        let mut found = Vec::new();
        let mut continuation = None;
        loop {
            let page = self
                .space
                .query(query)
                .limit(1 + chance.below(20))
                .continuation(continuation);
            let mut cursor = page.execute();
            found.extend(cursor.next_batch(100).await?);
            continuation = cursor.continuation();
            if continuation.is_none() {
                break;
            }
        }
        // A plan that drops duplicates forgets them between pages.
        let mut seen = BTreeSet::new();
        found.retain(|record| seen.insert(record.primary_key().pack()));
        self.compare("over the space in pages", &found);
        Ok(())
    }

    /// Over the space alone, which may know the plan of a question like it.
    pub(crate) async fn over_the_space_again(&self) -> Result<()> {
        let found = self
            .space
            .query(&self.question.query)
            .execute()
            .next_batch(1_000)
            .await?;
        self.compare("over the space, as planned before", &found);
        Ok(())
    }

    /// Fails unless these are the records that SQLite found, in the same order, with what was saved.
    fn compare(&self, way: &str, found: &[StoredRecord]) {
        let rows = self.rows(way, found);
        let sorted = |mut rows: Vec<i64>| {
            rows.sort_unstable();
            rows
        };
        let expected = self.expected.iter().map(|found| found.number).collect();
        assert_eq!(sorted(rows.clone()), sorted(expected), "{way}: the records");
        let order: Vec<_> = rows.iter().map(|row| &self.order_of[row]).collect();
        let expected: Vec<_> = self.expected.iter().map(|found| &found.order).collect();
        assert_eq!(order, expected, "{way}: the order");
    }

    /// The numbers of records, whose content is compared with what was saved.
    fn rows(&self, way: &str, found: &[StoredRecord]) -> Vec<i64> {
        let row = |record: &StoredRecord| {
            let (row, kept) = self
                .kept
                .get(&record.primary_key().pack())
                .expect("the record was saved");
            assert_eq!(record.record_type(), kept.record_type(), "{way}: the type");
            match self.question.query.required_results() {
                None => assert_eq!(record.bytes(), kept.bytes(), "{way}: the content"),
                Some(columns) => {
                    for column in columns {
                        let of = |record: &StoredRecord| {
                            let view = RecordView::new(record.bytes(), record.primary_key().first()?, None);
                            let compiled = CompiledExpression::new(column, record.descriptor()).ok()?;
                            let mut key = Vec::new();
                            compiled.append_key(&view, &mut key).ok()?;
                            Some(key)
                        };
                        let (found, saved) = (of(record), of(kept));
                        assert!(found.is_some(), "{way}: {column}");
                        assert_eq!(found, saved, "{way}: {column}");
                    }
                }
            }
            row.number
        };
        found.iter().map(row).collect()
    }
}

async fn all(store: &RecordStore, query: &RecordQuery, options: ExecuteOptions) -> Result<Vec<StoredRecord>> {
    store.execute_query(query, options)?.next_batch(1_000).await
}
