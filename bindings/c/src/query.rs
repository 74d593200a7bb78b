//! Queries: records by a filter, as text with its parameters or as a program builds it, in an order.

use std::time::Duration;

use record_store::query::Parameters;
use record_store::{Continuation, ScanLimits, SpaceQuery};

use crate::buffer::{Out, copied, options, rs_bytes};
use crate::cursor::{Source, rs_cursor};
use crate::error::{Result, invalid, rs_error};
use crate::filter::{Filter, rs_filter};
use crate::handle;
use crate::key::{Key, rs_key};
use crate::memory::rs_buffer;
use crate::panic::call;
use crate::runtime::wait;
use crate::scan::{begin, count, most};
use crate::space::{Space, rs_space};
use crate::status::{RS_OK, rs_status};
use crate::transaction::rs_transaction;

/// What a query asks beside its filter, and how far it goes. Zeros are the defaults; make it with `rs_query_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_query_options {
    /// The size of this struct.
    pub size: usize,
    /// The values of the filter's parameters, one in each column: those of `?` in their order, or else those of
    /// `parameter_names`. The list of `city = ANY(?)` is a column of `rs_key_list`. NULL for a filter without parameters.
    pub parameters: *const rs_key,
    /// The names of the parameters, without colons, as many as there are columns; NULL for the values of `?`.
    pub parameter_names: *const rs_bytes,
    /// How many names there are.
    pub parameter_name_count: usize,
    /// Only records of these types; NULL for all types.
    pub record_types: *const rs_bytes,
    /// How many types there are.
    pub record_type_count: usize,
    /// The columns of the order: an index that has it is scanned, or else the records are sorted in memory. NULL for any order.
    pub order_by: *const rs_bytes,
    /// How many columns there are.
    pub order_by_count: usize,
    /// The only indexes that may be used; NULL for all.
    pub indexes: *const rs_bytes,
    /// How many indexes there are.
    pub index_count: usize,
    /// Where the query goes on: the continuation of the same query.
    pub continuation: rs_bytes,
    /// The most records; 0 for all.
    pub limit: u64,
    /// How many records to leave out first.
    pub skip: u64,
    /// The most key-value pairs to read before the query stops; 0 for no limit.
    pub scanned_rows_max: u64,
    /// The most bytes of keys and values to read before the query stops; 0 for no limit.
    pub scanned_bytes_max: u64,
    /// After how many milliseconds the query stops; 0 for no limit.
    pub time_max_ms: u64,
    /// Not 0: in the opposite order.
    pub reverse: u8,
    /// Not 0: reads without conflicts with those who write.
    pub snapshot: u8,
    /// Only records of which this is true too; NULL for none.
    pub filter: *const rs_filter,
}

impl rs_query_options {
    /// The query of the core.
    fn to_core(self, space: &record_store::RecordSpace, filter: &str) -> Result<SpaceQuery> {
        let mut query = space
            .query(filter)
            .parameters(self.parameters()?)
            .skip(count(self.skip))
            .snapshot(self.snapshot != 0)
            .limits(ScanLimits {
                scanned_rows_max: most(self.scanned_rows_max),
                scanned_bytes_max: most(self.scanned_bytes_max),
                time_max: most(self.time_max_ms).map(Duration::from_millis),
            });
        if let Some(filter) = handle::get_optional::<Filter>(self.filter)? {
            query = query.filter(filter.0.clone());
        }
        for record_type in texts(self.record_types, self.record_type_count, "record_types")? {
            query = query.record_type(record_type);
        }
        let order_by = texts(self.order_by, self.order_by_count, "order_by")?;
        if !order_by.is_empty() {
            query = query.order_by(order_by);
        }
        let indexes = texts(self.indexes, self.index_count, "indexes")?;
        if !indexes.is_empty() {
            query = query.allowed_indexes(indexes);
        }
        if let Some(limit) = most(self.limit) {
            query = query.limit(count(limit));
        }
        if !self.continuation.is_null() {
            let kept = self.continuation.copied("continuation")?;
            query = query.continuation(Some(Continuation::from_bytes(kept)));
        }
        Ok(if self.reverse != 0 { query.reverse() } else { query })
    }

    fn parameters(&self) -> Result<Parameters> {
        let Some(values) = handle::get_optional::<Key>(self.parameters)? else {
            return Ok(Parameters::new());
        };
        let values = values.columns()?.into_elements();
        let names = texts(self.parameter_names, self.parameter_name_count, "parameter_names")?;
        if names.is_empty() {
            return Ok(Parameters::positional(values));
        }
        if names.len() != values.len() {
            return Err(invalid(
                "there are not as many names of parameters as values",
                "parameter_names",
            ));
        }
        let named = names.into_iter().zip(values);
        Ok(named.fold(Parameters::new(), |all, (name, value)| all.with(name, value)))
    }
}

fn texts(data: *const rs_bytes, len: usize, name: &'static str) -> Result<Vec<String>> {
    copied(data, len, name)?
        .into_iter()
        .map(|text| text.text(name))
        .collect()
}

/// Asks for the records of which `filter` is true, such as `age >= 18 AND address.city = ?`; for all if it is empty. An index answers
/// where one can, or else all records are read. Read them with `rs_cursor_next`.
///
/// Without a transaction the query may take any time: it reads in batches, each of one moment. `options` may be NULL. Free
/// the cursor with `rs_cursor_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_query(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    filter: rs_bytes,
    options: *const rs_query_options,
    cursor: *mut *mut rs_cursor,
    error: *mut *mut rs_error,
) -> rs_status {
    let cursor = Out::new(cursor);
    call(error, || {
        let cursor = cursor.required("cursor")?;
        let (given, filter) = (self::options(options)?, filter.text("filter")?);
        let query = given.to_core(&handle::get::<Space>(space)?.core, &filter)?;
        cursor.set(begin(space, transaction, |_| Source::Records(query.execute()))?);
        Ok(RS_OK)
    })
}

/// How the records of a query would be found now, in words: the plan, and what each of its steps reads. Free the text with
/// `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_explain(
    space: *mut rs_space,
    filter: rs_bytes,
    options: *const rs_query_options,
    plan: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let plan = Out::new(plan);
    call(error, || {
        let plan = plan.required("plan")?;
        let (given, filter) = (self::options(options)?, filter.text("filter")?);
        let query = given.to_core(&handle::get::<Space>(space)?.core, &filter)?;
        plan.set(rs_buffer::new(wait(query.explain())?.into_bytes())?);
        Ok(RS_OK)
    })
}
