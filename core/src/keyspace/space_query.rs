//! [`SpaceQuery`]: a query over a record space, built step by step.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{RecordSpace, SpaceCursor};
use crate::cursor::{Envelope, ScanIdentity};
use crate::metadata::{Columns, RecordMetaData};
use crate::query::{
    ExecuteOptions, Parameters, PlannerOptions, QueryComponent, QueryCursor, RecordQuery, RecordQueryPlan,
};
use crate::store::OpenFor;
use crate::{Continuation, Error, ErrorKind, RecordStore, Result, ScanLimits, ScanOptions, StoredRecord};

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
    query: RecordQuery,
    /// Filters as text, which are read when the query is used.
    texts: Vec<String>,
    /// The order, if it was given by the names of fields.
    order: Option<Columns>,
    /// What the records must hold, likewise.
    required: Option<Columns>,
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
            query: RecordQuery::all_types(),
            texts: Vec::new(),
            order: None,
            required: None,
            options: ExecuteOptions::default(),
        };
        match query.into() {
            QueryInput::Query(query) => SpaceQuery { query, ..empty },
            QueryInput::Text(text) if text.trim().is_empty() => empty,
            filter => empty.filter(filter),
        }
    }
}

impl SpaceQuery {
    /// Only records of this type. A second type is asked for as well.
    pub fn record_type(mut self, name: impl Into<String>) -> Self {
        let mut types = self.query.types().to_vec();
        types.push(name.into());
        self.query = self.query.with_types(types);
        self
    }

    /// Only records of which this is true too.
    pub fn filter(mut self, filter: impl Into<QueryInput>) -> Self {
        let filter = match filter.into() {
            QueryInput::Text(text) => {
                self.texts.push(text);
                return self;
            }
            QueryInput::Filter(filter) => filter,
            QueryInput::Query(query) => match query.filter() {
                Some(filter) => filter.clone(),
                None => return self,
            },
        };
        self.query = with_filter(self.query, filter);
        self
    }

    /// In the order of these columns: an index that has it is scanned, or else the records are sorted in memory.
    pub fn order_by(mut self, columns: impl Into<Columns>) -> Self {
        self.order = Some(columns.into());
        self
    }

    /// In the opposite order.
    pub fn reverse(mut self) -> Self {
        self.query = self.query.with_reverse(true);
        self
    }

    /// Only these columns will be looked at, so that records may come with no others.
    pub fn required_results(mut self, columns: impl Into<Columns>) -> Self {
        self.required = Some(columns.into());
        self
    }

    /// Only these indexes may be used.
    pub fn allowed_indexes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.query = self.query.with_allowed_indexes(names);
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
        let planned: Arc<Mutex<Option<Planned>>> = Arc::default();
        let of_batches = Arc::clone(&planned);
        let cursor = SpaceCursor::new(&space, OpenFor::All, options, move |store, batch, resumed| {
            self.execute_batch(store, batch, resumed, &mut of_batches.lock())
        });
        let mut given = HashSet::new();
        cursor.accepting(move |record: &StoredRecord| {
            // The plan forgets which duplicates it dropped when its batch ends.
            let drops_duplicates = planned
                .lock()
                .as_ref()
                .is_some_and(|planned| planned.plan.drops_duplicates());
            !drops_duplicates || given.insert(record.primary_key().pack())
        })
    }

    fn execute_batch(
        &self,
        store: &RecordStore,
        batch: ScanOptions,
        resumed: Option<&Envelope>,
        planned: &mut Option<Planned>,
    ) -> Result<QueryCursor> {
        let planned = match planned {
            Some(planned) => planned,
            None => planned.insert(Planned::new(self, store, resumed)?),
        };
        let options = ExecuteOptions {
            // A sort reads everything before it gives anything, so it gives everything at once.
            limit: match planned.plan.has_memory_sort() {
                true => self.options.limit,
                false => batch.limit,
            },
            skip: batch.skip,
            limits: batch.limits,
            snapshot: batch.snapshot,
            continuation: batch.continuation,
            ..self.options.clone()
        };
        let cursor = store.execute_plan(&planned.plan, options)?;
        Ok(cursor.identified(planned.identity.clone()))
    }

    fn plan_in(&self, store: &RecordStore, only_indexes: Option<&[String]>) -> Result<RecordQueryPlan> {
        let mut query = self.resolve(store.metadata())?;
        if let Some(only) = only_indexes {
            query = query.with_allowed_indexes(only);
        }
        store.plan_query_with(&query, &self.options.parameters, self.options.planner)
    }

    /// The whole query for this schema.
    fn resolve(&self, metadata: &RecordMetaData) -> Result<RecordQuery> {
        let mut query = self.query.clone();
        for text in &self.texts {
            query = with_filter(query, QueryComponent::parse(text)?);
        }
        if let ([only], []) = (metadata.record_types(), query.types()) {
            query = query.with_types([only.name()]);
        }
        // All types of a query have the columns of its order.
        let first = match query.types().first() {
            Some(name) => Some(metadata.record_type(name)?),
            None => metadata.record_types().first(),
        };
        if let Some(first) = first {
            if let Some(order) = &self.order {
                query = query.with_sort(order.to_expression(first.descriptor())?);
            }
            if let Some(required) = &self.required {
                query = query.with_required_results(required.to_expression(first.descriptor())?);
            }
        }
        Ok(query)
    }
}

/// The plan of a query, for all its batches.
struct Planned {
    plan: RecordQueryPlan,
    identity: ScanIdentity,
}

impl Planned {
    /// Plans a query; one that is resumed as it was planned before.
    ///
    /// Errors: `InvalidContinuation` if it cannot be planned so any more.
    fn new(query: &SpaceQuery, store: &RecordStore, resumed: Option<&Envelope>) -> Result<Self> {
        let planned = Planned::of(query.plan_in(store, None)?, store);
        let Some(resumed) = resumed else {
            return Ok(planned);
        };
        if planned.identity.plan_hash == resumed.plan_hash() {
            return Ok(planned);
        }
        let changed = || {
            Error::new(
                ErrorKind::InvalidContinuation,
                "the continuation is of another query, or its plan cannot be made any more: start again",
            )
        };
        let as_before = query
            .plan_in(store, Some(resumed.indexes()))
            .map_err(|error| changed().caused_by(error))?;
        let as_before = Planned::of(as_before, store);
        match as_before.identity.plan_hash == resumed.plan_hash() {
            true => Ok(as_before),
            false => Err(changed().with("plan", &as_before.plan)),
        }
    }

    fn of(plan: RecordQueryPlan, store: &RecordStore) -> Self {
        let indexes: Vec<String> = plan.used_indexes().into_iter().collect();
        let changed_in = |name: &String| {
            store
                .metadata()
                .index(name)
                .ok()
                .map(|index| index.last_modified_version())
        };
        let identity = ScanIdentity {
            plan_hash: crc32c::crc32c(plan.to_string().as_bytes()),
            since: indexes.iter().filter_map(changed_in).max().unwrap_or_default(),
            indexes,
        };
        Planned { plan, identity }
    }
}

fn with_filter(query: RecordQuery, filter: QueryComponent) -> RecordQuery {
    match query.filter().cloned() {
        Some(before) => query.with_filter(before & filter),
        None => query.with_filter(filter),
    }
}
