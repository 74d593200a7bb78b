//! [`Partition`]: a directory that holds a directory layer of its own.

use bytes::Bytes;

use super::{DirectoryLayer, DirectoryPath};
use crate::Subspace;

/// The tree of directories inside a directory of the layer `partition`. All its keys, those of the tree included, share
/// the prefix of that directory, so a partition can be cleared or copied as one range; its directories do not leave it.
#[derive(Clone, Debug)]
pub struct Partition {
    directory_layer: DirectoryLayer,
}

impl Partition {
    /// The layer that makes a directory a partition.
    pub const LAYER: &'static [u8] = b"partition";

    /// The partition at `path`, absolute, in a tree of `parent`.
    pub(super) fn new(parent: &DirectoryLayer, path: DirectoryPath, prefix: Bytes) -> Self {
        let nodes = Subspace::new([&prefix[..], &[0xFE]].concat());
        let directory_layer = DirectoryLayer::new(nodes, Subspace::new(prefix), parent.env().clone()).at(path);
        Partition { directory_layer }
    }

    /// The directory layer inside.
    pub fn directory_layer(&self) -> &DirectoryLayer {
        &self.directory_layer
    }

    pub(super) fn into_directory_layer(self) -> DirectoryLayer {
        self.directory_layer
    }
}
