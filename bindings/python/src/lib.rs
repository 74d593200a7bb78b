//! The extension module `record_store._native`: it converts arguments, calls the core and converts what comes back.
//!
//! It decides nothing: no default, no retry, no check that the core could make. What is its own are the Python sides of
//! things: the GIL, handles that can be closed, forks, event loops.

#![forbid(unsafe_code)]

mod asyncio;
mod cursor;
mod database;
mod diff;
mod error;
mod exit;
mod face;
mod field;
mod filter;
mod index;
mod key_expression;
mod keywords;
mod query;
mod record;
mod run;
mod runtime;
mod scan;
mod schema;
mod schema_argument;
mod source;
mod space;
mod transaction;
mod value;
mod version;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    runtime::watch_forks(module.py())?;
    exit::watch_exit(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(database::open, module)?)?;
    module.add_function(wrap_pyfunction!(database::open_async, module)?)?;
    module.add_function(wrap_pyfunction!(error::error_kinds, module)?)?;
    module.add_class::<cursor::Cursor>()?;
    module.add("AsyncCursor", module.py().get_type::<cursor::AsyncCursor>())?;
    module.add_class::<database::Database>()?;
    module.add("AsyncDatabase", module.py().get_type::<database::AsyncDatabase>())?;
    module.add_class::<diff::Change>()?;
    module.add_class::<diff::SchemaDiff>()?;
    module.add_class::<field::Field>()?;
    module.add_class::<filter::Filter>()?;
    module.add_class::<filter::Parameter>()?;
    module.add_class::<key_expression::KeyExpression>()?;
    module.add_class::<query::Query>()?;
    module.add("AsyncQuery", module.py().get_type::<query::AsyncQuery>())?;
    for function in [
        wrap_pyfunction!(field::field, module)?,
        wrap_pyfunction!(filter::parameter, module)?,
        wrap_pyfunction!(key_expression::concat, module)?,
        wrap_pyfunction!(key_expression::empty, module)?,
        wrap_pyfunction!(key_expression::function, module)?,
        wrap_pyfunction!(key_expression::literal, module)?,
        wrap_pyfunction!(key_expression::packed, module)?,
        wrap_pyfunction!(key_expression::record_type, module)?,
        wrap_pyfunction!(key_expression::version, module)?,
        wrap_pyfunction!(key_expression::with_value, module)?,
        wrap_pyfunction!(key_expression::dimensions, module)?,
    ] {
        module.add_function(function)?;
    }
    module.add_class::<schema::Schema>()?;
    module.add_class::<space::RecordSpace>()?;
    module.add("AsyncRecordSpace", module.py().get_type::<space::AsyncRecordSpace>())?;
    module.add_class::<transaction::Transaction>()?;
    module.add(
        "AsyncTransaction",
        module.py().get_type::<transaction::AsyncTransaction>(),
    )?;
    module.add_class::<version::RecordVersion>()?;
    module.add_class::<version::StoredRecord>()
}
