//! The indexes of a schema that is being declared.

use record_store::metadata::{Columns, IndexPredicate, IndexSchema};

use crate::buffer::rs_bytes;
use crate::expression::{expression_of, rs_expression};
use crate::filter::{Filter, rs_filter};
use crate::handle;
use crate::schema::{KeyColumns, declare, rs_schema_builder};
use crate::status::rs_status;

/// What was declared of an index.
#[derive(Clone)]
pub(crate) struct Index {
    name: String,
    kind: Option<String>,
    columns: KeyColumns,
    groups: Vec<String>,
    covered: Vec<String>,
    types: Vec<String>,
    options: Vec<(String, String)>,
    unique: bool,
    condition: Option<IndexPredicate>,
}

impl Index {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn to_core(&self) -> IndexSchema {
        let columns = self.columns.to_core();
        let mut index = IndexSchema::new(
            &self.name,
            columns.unwrap_or_else(|| Columns::from(Vec::<String>::new())),
        );
        if let Some(kind) = &self.kind {
            index = index.kind(kind);
        }
        if !self.groups.is_empty() {
            index = index.group_by(self.groups.clone());
        }
        if !self.covered.is_empty() {
            index = index.covering(self.covered.clone());
        }
        if self.unique {
            index = index.unique();
        }
        if let Some(condition) = &self.condition {
            index = index.condition(condition.clone());
        }
        index = self.types.iter().fold(index, IndexSchema::on);
        self.options
            .iter()
            .fold(index, |index, (name, value)| index.option(name, value))
    }
}

/// Begins an index. `kind` is its type, such as "count" or "sum"; none means "value". The calls that follow say the rest.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    kind: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let index = Index {
            name: index.text("index")?,
            kind: Some(kind.text("kind")?).filter(|kind| !kind.is_empty()),
            columns: KeyColumns::None,
            groups: Vec::new(),
            covered: Vec::new(),
            types: Vec::new(),
            options: Vec::new(),
            unique: false,
            condition: None,
        };
        declared.indexes.push(index);
        Ok(())
    })
}

/// Adds a name to one of the lists of an index.
fn add(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    what: &'static str,
    name: rs_bytes,
    list: impl FnOnce(&mut Index) -> &mut Vec<String>,
) -> rs_status {
    declare(builder, |declared| {
        let name = name.text(what)?;
        list(declared.index(&index.text("index")?)?).push(name);
        Ok(())
    })
}

/// Adds a column to an index.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_column(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    column: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let column = column.text("column")?;
        declared.index(&index.text("index")?)?.columns.add(column)
    })
}

/// Makes a key expression the columns of an index. It is taken as it is: types of indexes that group need `rs_expression_group_by` in it.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_expression(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    expression: *const rs_expression,
) -> rs_status {
    declare(builder, |declared| {
        let expression = expression_of(expression)?;
        declared.index(&index.text("index")?)?.columns.set(expression)
    })
}

/// Only records of which the filter is true are indexed.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_where(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    filter: *const rs_filter,
) -> rs_status {
    declare(builder, |declared| {
        let condition = IndexPredicate::try_from(&handle::get::<Filter>(filter)?.0)?;
        declared.index(&index.text("index")?)?.condition = Some(condition);
        Ok(())
    })
}

/// Adds a record type whose records are indexed; all types are, unless one is named.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_on(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    record_type: rs_bytes,
) -> rs_status {
    add(builder, index, "record_type", record_type, |index| &mut index.types)
}

/// Adds a column by whose values an index, such as a count, is grouped.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_group_by(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    column: rs_bytes,
) -> rs_status {
    add(builder, index, "column", column, |index| &mut index.groups)
}

/// Adds a column that is kept in the value of each entry, so that a query for it need not read the record.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_covering(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    column: rs_bytes,
) -> rs_status {
    add(builder, index, "column", column, |index| &mut index.covered)
}

/// No two records may have the same value in the index.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_unique(builder: *mut rs_schema_builder, index: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        declared.index(&index.text("index")?)?.unique = true;
        Ok(())
    })
}

/// Sets an option of an index.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_index_option(
    builder: *mut rs_schema_builder,
    index: rs_bytes,
    option: rs_bytes,
    value: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let option = (option.text("option")?, value.text("value")?);
        declared.index(&index.text("index")?)?.options.push(option);
        Ok(())
    })
}
