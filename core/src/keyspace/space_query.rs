//! [`SpaceQuery`]: a query over a record space, built step by step.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::planned::{Planned, PlannedOnce};
use super::statement::Statement;
use super::{RecordSpace, SpaceCursor};
use crate::cursor::Envelope;
use crate::metadata::Columns;
use crate::query::{
    Bindings, ExecuteOptions, Parameters, PlannerOptions, QueryComponent, QueryCursor, RecordQuery, RecordQueryPlan,
};
use crate::store::OpenFor;
use crate::{Continuation, RecordStore, Result, ScanLimits, ScanOptions, StoredRecord};

/// What a query asks: a whole [`RecordQuery`], a filter, or a filter as text. An empty text asks for everything.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryInput {
    /// Types, filter and order.
    Query(RecordQuery),
    /// A filter.
    Filter(QueryComponent),
    /// A filter in the language of [`QueryComponent::parse`].
    Text(String),
}

impl From<RecordQuery> for QueryInput {
    fn from(query: RecordQuery) -> Self {
        QueryInput::Query(query)
    }
}

impl From<&RecordQuery> for QueryInput {
    fn from(query: &RecordQuery) -> Self {
        QueryInput::Query(query.clone())
    }
}

impl From<QueryComponent> for QueryInput {
    fn from(filter: QueryComponent) -> Self {
        QueryInput::Filter(filter)
    }
}

impl From<&str> for QueryInput {
    fn from(text: &str) -> Self {
        QueryInput::Text(text.to_owned())
    }
}

impl From<String> for QueryInput {
    fn from(text: String) -> Self {
        QueryInput::Text(text)
    }
}

/// A query over a record space. Made by [`RecordSpace::query`]; [`execute`](SpaceQuery::execute) runs it.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it is executed"]
pub struct SpaceQuery {
    space: RecordSpace,
    statement: Statement,
    options: ExecuteOptions,
}

impl RecordSpace {
    /// A query for records of this space: by a filter, by a filter as text, or by a [`RecordQuery`]. Without a record type it
    /// asks for all types, of which there is often one.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::query::{Parameters, field};
    /// # use record_store::{Database, NoNextReason, Record, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; int64 age = 3; }")
    /// #     .record_type("User", |t| t.primary_key("id").index(("by_city", ["city", "age"])))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// # for (id, city, age) in [(1, "Oslo", 30), (2, "Rome", 20), (3, "Oslo", 20), (4, "Oslo", 40)] {
    /// #     users.put(Record::from_json("User", format!(r#"{{"id": {id}, "city": "{city}", "age": {age}}}"#))).await?;
    /// # }
    /// let mut grown_up = users
    ///     .query("city = :city AND age >= 25")
    ///     .parameters(Parameters::new().with("city", "Oslo"))
    ///     .execute();
    /// let found = grown_up.next_batch(10).await?;
    /// assert_eq!(found.iter().map(|user| user.to_json()).collect::<Result<Vec<_>, _>>()?, [
    ///     r#"{"id":"1","city":"Oslo","age":"30"}"#,
    ///     r#"{"id":"4","city":"Oslo","age":"40"}"#,
    /// ]);
    ///
    /// // The oldest, and the next one, perhaps in another process.
    /// let oldest = users.query("").order_by("age").reverse().limit(1);
    /// let mut page = oldest.clone().execute();
    /// assert_eq!(page.next_batch(10).await?.len(), 1);
    /// let mut page = oldest.clone().continuation(page.continuation()).execute();
    /// assert_eq!(page.next_batch(10).await?.len(), 1);
    ///
    /// let plan = users.query(field("age").gt(35)).plan().await?;
    /// assert!(plan.has_full_scan() || plan.explain().contains("residual filter"));
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn query(&self, query: impl Into<QueryInput>) -> SpaceQuery {
        let empty = SpaceQuery {
            space: self.clone(),
            statement: Statement::default(),
            options: ExecuteOptions::default(),
        };
        match query.into() {
            QueryInput::Query(query) => SpaceQuery {
                statement: Statement {
                    query,
                    ..Statement::default()
                },
                ..empty
            },
            QueryInput::Text(text) if text.trim().is_empty() => empty,
            filter => empty.filter(filter),
        }
    }
}

impl SpaceQuery {
    /// Only records of this type. A second type is asked for as well.
    pub fn record_type(mut self, name: impl Into<String>) -> Self {
        self.statement.query.add_type(name);
        self
    }

    /// Only records of which this is true too.
    pub fn filter(mut self, filter: impl Into<QueryInput>) -> Self {
        let filter = match filter.into() {
            QueryInput::Text(text) => {
                self.statement.texts.push(text);
                return self;
            }
            QueryInput::Filter(filter) => filter,
            QueryInput::Query(query) => match query.filter() {
                Some(filter) => filter.clone(),
                None => return self,
            },
        };
        self.statement.add_filter(filter);
        self
    }

    /// In the order of these columns: an index that has it is scanned, or else the records are sorted in memory.
    pub fn order_by(mut self, columns: impl Into<Columns>) -> Self {
        self.statement.order = Some(columns.into());
        self
    }

    /// In the opposite order.
    pub fn reverse(mut self) -> Self {
        self.statement.query = self.statement.query.with_reverse(true);
        self
    }

    /// Only these columns will be looked at, so that records may come with no others.
    pub fn required_results(mut self, columns: impl Into<Columns>) -> Self {
        self.statement.required = Some(columns.into());
        self
    }

    /// Only these indexes may be used.
    pub fn allowed_indexes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.statement.query = self.statement.query.with_allowed_indexes(names);
        self
    }

    /// The most records to give.
    pub fn limit(mut self, limit: usize) -> Self {
        self.options.limit = Some(limit);
        self
    }

    /// How many records to leave out first.
    pub fn skip(mut self, skip: usize) -> Self {
        self.options.skip = skip;
        self
    }

    /// Goes on where another execution of the same query stopped.
    pub fn continuation(mut self, continuation: Option<Continuation>) -> Self {
        self.options.continuation = continuation;
        self
    }

    /// The values of the query's parameters.
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.options.parameters = parameters;
        self
    }

    /// How much to read before stopping.
    pub fn limits(mut self, limits: ScanLimits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Whether reads within a transaction are without conflicts with those who write.
    pub fn snapshot(mut self, snapshot: bool) -> Self {
        self.options.snapshot = snapshot;
        self
    }

    /// The most time that the query may take.
    pub fn time_max(mut self, time: Duration) -> Self {
        self.options.limits.time_max = Some(time);
        self
    }

    /// The most bytes of records that a sort in memory may hold.
    pub fn sort_bytes_max(mut self, bytes: usize) -> Self {
        self.options.sort_bytes_max = bytes;
        self
    }

    /// How the query is planned.
    pub fn planner(mut self, options: PlannerOptions) -> Self {
        self.options.planner = options;
        self
    }

    /// How the records would be found now.
    ///
    /// **Errors**: those of [`RecordStore::plan_query_with`]; `InvalidQuery` for a text that cannot be read.
    pub async fn plan(&self) -> Result<RecordQueryPlan> {
        let query = self;
        self.space
            .with_store(|store| async move { query.plan_in(&store, None) })
            .await
    }

    /// The plan as a tree that says what each step reads and what it costs.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string city = 2; int64 age = 3; }")
    /// #     .record_type("User", |t| t.primary_key("id").index(("by_city", "city")))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// assert_eq!(
    ///     users.query("city = 'Oslo' AND age > 30").order_by("age").explain().await?,
    ///     "ISCAN(by_city [EQUALS Oslo, IS User]) | QCFILTER age GREATER_THAN 30 | SORT BY Field { 'age' None}\n\
    ///      - sort in memory by Field { 'age' None}: no index has this order\n  \
    ///        - residual filter, tested on each record: age GREATER_THAN 30\n    \
    ///          - entries of index by_city [EQUALS Oslo, IS User], then loads each record\n"
    /// );
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of [`plan`](SpaceQuery::plan).
    pub async fn explain(&self) -> Result<String> {
        Ok(self.plan().await?.explain())
    }

    /// The records, read in batches that are transactions of their own, or [within](SpaceCursor::within) one. One plan serves all
    /// batches.
    ///
    /// The continuation tells the plan that it belongs to: with another one, or damaged, it is refused. When a query is resumed
    /// after indexes were added, it is planned without them, as before.
    ///
    /// **Errors**, when the cursor is asked: those of [`plan`](SpaceQuery::plan), of [`RecordStore::execute_plan`] and of
    /// [`QueryCursor::next`].
    pub fn execute(self) -> SpaceCursor {
        let options = ScanOptions {
            limit: self.options.limit,
            skip: self.options.skip,
            limits: self.options.limits,
            snapshot: self.options.snapshot,
            continuation: self.options.continuation.clone(),
            ..ScanOptions::default()
        };
        let space = self.space.clone();
        let planned = PlannedOnce::default();
        let of_batches = Arc::clone(&planned);
        let cursor = SpaceCursor::new(&space, OpenFor::All, options, move |store, batch, resumed| {
            self.execute_batch(store, batch, resumed, &of_batches)
        });
        let mut given = HashSet::new();
        cursor.accepting(move |record: &StoredRecord| {
            // The plan forgets which duplicates it dropped when its batch ends.
            let drops_duplicates = planned.get().is_some_and(|planned| planned.drops_duplicates);
            !drops_duplicates || given.insert(record.packed_primary_key().clone())
        })
    }

    fn execute_batch(
        &self,
        store: &RecordStore,
        batch: ScanOptions,
        resumed: Option<&Envelope>,
        planned: &PlannedOnce,
    ) -> Result<QueryCursor> {
        let planned = match planned.get() {
            Some(planned) => planned,
            None => {
                let anew = Arc::new(Planned::new(self, store, resumed)?);
                planned.get_or_init(|| anew)
            }
        };
        let options = ExecuteOptions {
            // A sort reads everything before it gives anything, so it gives everything at once.
            limit: match planned.has_memory_sort {
                true => self.options.limit,
                false => batch.limit,
            },
            skip: batch.skip,
            limits: batch.limits,
            snapshot: batch.snapshot,
            continuation: batch.continuation,
            parameters: Parameters::default(),
            ..self.options
        };
        let cursor = store.execute_plan_with(&planned.plan, &planned.bindings, options)?;
        Ok(cursor.identified(planned.clone()))
    }

    /// The plan for the values of the query, as far as these indexes are all that there are.
    pub(super) fn plan_in(&self, store: &RecordStore, only_indexes: Option<&[String]>) -> Result<RecordQueryPlan> {
        self.plan_parsed(store, &self.statement.parse_texts()?, only_indexes)
    }

    /// The plan of the query with the values of its slots: the one that was made before for queries of this shape, if it is the
    /// same for these values.
    pub(super) fn plan_with_slots(&self, store: &RecordStore) -> Result<(RecordQueryPlan, Bindings)> {
        let known = self
            .space
            .plans()
            .look_up(store, &self.statement, self.options.planner)?;
        if let Some(prepared) = &known.prepared
            && let Some(bindings) = prepared.fill(&self.options.parameters, &self.statement.literals())
        {
            debug_assert_eq!(
                prepared.plan().fill_slots(&bindings),
                self.plan_parsed(store, &known.parsed, None)?,
                "a plan for all values is the plan for these"
            );
            return Ok((prepared.plan().clone(), bindings));
        }
        let plan = self.plan_parsed(store, &known.parsed, None)?;
        Ok((plan, Bindings::default()))
    }

    fn plan_parsed(
        &self,
        store: &RecordStore,
        parsed: &[QueryComponent],
        only_indexes: Option<&[String]>,
    ) -> Result<RecordQueryPlan> {
        let mut query = self.statement.resolve(store.metadata(), parsed)?;
        if let Some(only) = only_indexes {
            query = query.with_allowed_indexes(only);
        }
        store.plan_query_with(&query, &self.options.parameters, self.options.planner)
    }
}
