//! Record meta-data: which types of records there are, their keys and their indexes. Java: `RecordMetaData` and package
//! `metadata`.
//!
//! [`RecordMetaData`] never changes; a [`RecordMetaDataBuilder`] makes it, from .proto files or from what a store keeps.
//! [`MetaDataEvolutionValidator`] says whether newer meta-data may follow older. The order of the files is: descriptors and
//! the union, what meta-data is made of, the builder, the stored form, the rules.
//!
//! This room knows no keys of a store and reads no records.

mod builder;
mod changes;
mod cost;
mod descriptors;
mod evolution;
mod index;
mod index_rules;
mod key_column;
mod names;
mod options;
mod predicate;
mod proto;
mod raw;
mod record_meta_data;
mod record_type;
mod schema;
mod synthetic;
mod union;
mod validator;

pub use builder::RecordMetaDataBuilder;
pub use changes::{Action, MetaDataChange, Subject};
pub use cost::{ChangeCost, RecordEstimate};
pub use descriptors::{Descriptors, implied_file};
pub use evolution::MetaDataEvolutionValidator;
pub use index::{FormerIndex, Index, index_option, index_type};
pub(crate) use key_column::KeyColumn;
pub(crate) use names::unknown;
pub use names::unknown_field;
pub use predicate::{Comparison, ComparisonType, IndexPredicate, RowNumberWindow};
pub use record_meta_data::RecordMetaData;
pub use record_type::{RecordType, RecordTypeBuilder};
pub use schema::{Columns, IndexSchema, RecordTypeSchema, Schema, SchemaBuilder, SchemaDiff};
pub use synthetic::{Join, JoinConstituent, NestedConstituent, Nesting, SyntheticParts, SyntheticRecordType};
pub use union::DEFAULT_UNION_NAME;
