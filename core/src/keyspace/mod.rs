//! Where records lie: record spaces, which are directories with a schema, and the meta-data store within them.

mod metadata_store;
mod path;
mod space;
mod space_cursor;

pub use metadata_store::MetaDataStore;
pub use path::SpacePath;
pub use space::{RecordSpace, RecordSpaceBuilder};
pub use space_cursor::SpaceCursor;
