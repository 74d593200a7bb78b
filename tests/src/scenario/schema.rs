//! The schemas of a scenario as the library takes them.

use record_store::metadata::{IndexPredicate, IndexSchema};
use record_store::query::QueryComponent;
use record_store::{Result, Schema};

use super::model::{IndexText, SchemaText};

/// Compiles and checks a schema.
pub fn build(text: &SchemaText) -> Result<Schema> {
    let mut builder = Schema::builder().proto("schema.proto", &text.proto);
    for (record_type, columns) in text.primary_keys() {
        builder = builder.record_type(record_type, |it| it.primary_key(columns));
    }
    for index in &text.indexes {
        builder = builder.index(declare(index)?);
    }
    for index in &text.drop_indexes {
        builder = builder.drop_index(index);
    }
    for record_type in &text.drop_types {
        builder = builder.drop_type(record_type);
    }
    builder.build()
}

fn declare(text: &IndexText) -> Result<IndexSchema> {
    let mut index = IndexSchema::new(&text.name, text.columns.clone()).kind(&text.kind);
    index = text.on.iter().fold(index, IndexSchema::on);
    if text.unique {
        index = index.unique();
    }
    if !text.group_by.is_empty() {
        index = index.group_by(text.group_by.clone());
    }
    if !text.covering.is_empty() {
        index = index.covering(text.covering.clone());
    }
    if !text.condition.is_empty() {
        index = index.condition(IndexPredicate::try_from(&QueryComponent::parse(&text.condition)?)?);
    }
    Ok(index)
}
