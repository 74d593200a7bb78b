//! FoundationDB's directory layer: paths such as `prod/users` for short prefixes of keys, with the bytes of the Python
//! and Java implementations, so that every FoundationDB tool sees the same directories.
//!
//! A [`DirectoryLayer`] works inside a transaction that its caller runs; it keeps nothing between transactions and never
//! tries again. What a directory holds is no business of this module.
//!
//! **Keys** below the node subspace (`FE` by default; the root node is named by those very bytes):
//!
//! | Key | Value |
//! |---|---|
//! | (prefix of the node, 0, name) | prefix of the subdirectory |
//! | (prefix of the node, "layer" as bytes) | what the directory is used for, any bytes |
//! | (root, "version" as bytes) | 1, 0, 0, each as 4 bytes, little-endian |
//! | (root, "hca" as bytes, 0 or 1, ..) | the allocator of prefixes: counts of windows, numbers taken |
//!
//! **Errors** have the kind `Directory`, one of the messages in [`refusal`] and the `path` in their context; unreadable
//! nodes are `Corrupt`.
//!
//! Source: FoundationDB's `directory_impl.py` and Java's `DirectoryLayer` (7.3).

mod allocator;
mod handle;
mod layer;
mod node;
mod partition;
mod path;
mod version;

pub use handle::Directory;
pub use layer::DirectoryLayer;
pub use partition::Partition;
pub use path::DirectoryPath;

use crate::{Error, ErrorKind};

/// Why an operation on directories was refused: the messages of errors of kind `Directory`, to compare with
/// [`Error::message`].
pub mod refusal {
    /// A directory to create is there.
    pub const ALREADY_EXISTS: &str = "the directory already exists";
    /// A directory is not there.
    pub const DOES_NOT_EXIST: &str = "the directory does not exist";
    /// A directory was created with another layer than the one asked for.
    pub const OTHER_LAYER: &str = "the directory was created with another layer";
    /// The root holds the nodes of the directories and is no directory to open.
    pub const ROOT_OPENED: &str = "the root directory cannot be opened";
    /// The root cannot be moved.
    pub const ROOT_MOVED: &str = "the root directory cannot be moved";
    /// The root cannot be removed.
    pub const ROOT_REMOVED: &str = "the root directory cannot be removed";
    /// A directory cannot become its own subdirectory.
    pub const MOVED_INTO_ITSELF: &str = "a directory cannot be moved into itself";
    /// A directory to move to is there.
    pub const DESTINATION_EXISTS: &str = "the destination exists: remove it first";
    /// The parent of the destination is not there.
    pub const DESTINATION_HAS_NO_PARENT: &str = "the parent of the destination does not exist: create it first";
    /// A directory stays in its partition.
    pub const MOVED_BETWEEN_PARTITIONS: &str = "a directory cannot be moved between partitions";
    /// A prefix can be chosen only where the directory layer allows it.
    pub const MANUAL_PREFIX: &str = "a prefix can be chosen only if the directory layer allows manual prefixes";
    /// A prefix cannot be chosen inside a partition.
    pub const MANUAL_PREFIX_IN_PARTITION: &str = "a prefix cannot be chosen inside a partition";
    /// A chosen prefix overlaps that of another directory.
    pub const PREFIX_IN_USE: &str = "the prefix is in use by another directory";
    /// The allocated prefix overlaps a chosen one.
    pub const ALLOCATED_PREFIX_IN_USE: &str = "the allocated prefix overlaps one that was chosen by hand";
    /// Keys that belong to no directory stand where the new directory would be.
    pub const PREFIX_NOT_EMPTY: &str = "the database has keys at the allocated prefix";
    /// The keys of a partition belong to its directories.
    pub const PARTITION_AS_SUBSPACE: &str = "the root of a partition has no keys of its own: use a directory in it";
    /// The directories were written by a newer release of the directory layer.
    pub const NEWER_VERSION: &str = "the directories were written by a newer directory layer";
}

fn refused(message: &'static str, path: &DirectoryPath) -> Error {
    Error::new(ErrorKind::Directory, message).with("path", path)
}
