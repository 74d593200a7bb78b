//! The arguments with which schemas are made: primary keys, indexes, what is dropped and which changes are allowed.

use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString, PyType};
use record_store::metadata::{Columns, IndexSchema, MetaDataEvolutionValidator, SchemaBuilder};

use crate::error::{argument, to_py};
use crate::filter::to_condition;
use crate::key_expression::to_columns;
use crate::keywords::Keywords;
use crate::record::type_name;

/// The record types of a mapping from their names to their columns.
pub(crate) fn primary_keys(
    mut builder: SchemaBuilder,
    primary_key: Option<&Bound<'_, PyAny>>,
) -> PyResult<SchemaBuilder> {
    let Some(primary_key) = primary_key else {
        return Ok(builder);
    };
    let types = primary_key.cast::<PyMapping>().map_err(|_| {
        argument(
            "primary_key is a mapping from record types to columns, such as {\"User\": \"id\"}",
            primary_key,
        )
    })?;
    for entry in types.items()?.try_iter()? {
        let (record_type, key): (Bound<'_, PyAny>, Bound<'_, PyAny>) = entry?.extract()?;
        let columns = to_columns(&key)?;
        builder = builder.record_type(type_name(&record_type)?, |t| t.primary_key(columns));
    }
    Ok(builder)
}

/// Everything but the primary keys.
pub(crate) fn rest(mut builder: SchemaBuilder, keywords: &Keywords<'_>) -> PyResult<SchemaBuilder> {
    if let Some(indexes) = keywords.object("indexes")? {
        for index in indexes.try_iter()? {
            builder = builder.index(index_schema(&index?)?);
        }
    }
    let dropped = |name: &str| -> PyResult<Vec<String>> { Ok(keywords.take(name)?.unwrap_or_default()) };
    builder = dropped("drop_indexes")?
        .into_iter()
        .fold(builder, SchemaBuilder::drop_index);
    builder = dropped("drop_types")?
        .into_iter()
        .fold(builder, SchemaBuilder::drop_type);
    let switches: Option<HashMap<String, bool>> = keywords.take("evolution")?;
    let Some(switches) = switches else {
        return Ok(builder);
    };
    let mut evolution = MetaDataEvolutionValidator::default();
    for (switch, on) in switches {
        evolution.set(&switch, on).map_err(to_py)?;
    }
    Ok(builder.evolution(evolution))
}

/// What a `record_store.Index` says.
fn index_schema(index: &Bound<'_, PyAny>) -> PyResult<IndexSchema> {
    let py = index.py();
    let class = py.import("record_store._index")?.getattr("Index")?;
    if !index.is_instance(&class)? {
        return Err(argument("an index is a record_store.Index", index));
    }
    let name: String = index.getattr(intern!(py, "name"))?.extract()?;
    let kind: String = index.getattr(intern!(py, "type"))?.extract()?;
    let mut schema = IndexSchema::new(name, to_columns(&index.getattr(intern!(py, "columns"))?)?).kind(kind);
    for record_type in one_or_several(&index.getattr(intern!(py, "on"))?)? {
        schema = schema.on(type_name(&record_type)?);
    }
    if let Some(groups) = some_columns(&index.getattr(intern!(py, "group_by"))?)? {
        schema = schema.group_by(groups);
    }
    if let Some(covering) = some_columns(&index.getattr(intern!(py, "covering"))?)? {
        schema = schema.covering(covering);
    }
    let condition = index.getattr(intern!(py, "where"))?;
    if !condition.is_none() {
        schema = schema.condition(to_condition(&condition)?);
    }
    if index.getattr(intern!(py, "unique"))?.extract()? {
        schema = schema.unique();
    }
    let options = index.getattr(intern!(py, "options"))?;
    for option in options.cast::<PyMapping>()?.items()?.try_iter()? {
        let (option, value): (String, String) = option?.extract()?;
        schema = schema.option(option, value);
    }
    Ok(schema)
}

/// Columns, unless there are none.
fn some_columns(columns: &Bound<'_, PyAny>) -> PyResult<Option<Columns>> {
    let is_empty = columns.len().is_ok_and(|count| count == 0);
    (!is_empty).then(|| to_columns(columns)).transpose()
}

fn one_or_several<'py>(given: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if given.is_instance_of::<PyString>() || given.is_instance_of::<PyType>() {
        return Ok(vec![given.clone()]);
    }
    given.try_iter()?.collect()
}
