//! Where records lie: record spaces, which are directories with a schema, and the meta-data store within them.

mod builder;
mod dropped_type;
mod metadata_store;
mod path;
mod plan;
mod plan_cache;
mod planned;
mod resolve;
mod space;
mod space_cursor;
mod space_indexes;
mod space_query;
mod space_records;
mod statement;
pub(crate) mod tree;

pub use builder::RecordSpaceBuilder;
pub use metadata_store::MetaDataStore;
pub use path::SpacePath;
pub use space::RecordSpace;
pub use space_cursor::SpaceCursor;
pub use space_query::{QueryInput, SpaceQuery};
