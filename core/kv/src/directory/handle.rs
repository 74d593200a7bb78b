//! [`Directory`]: an open directory, with operations relative to it.

use bytes::Bytes;

use super::{DirectoryLayer, DirectoryPath, Partition, refusal, refused};
use crate::{Result, Subspace, Transaction};

/// A directory as it was when it was opened. Java: `DirectorySubspace`, and `DirectoryPartition` where
/// [`Directory::partition`] is there.
///
/// It keeps its prefix when the directory is moved or removed by others; only its path is out of date then.
#[derive(Clone, Debug)]
pub struct Directory {
    path: DirectoryPath,
    layer: Bytes,
    /// The tree that this directory is part of.
    home: DirectoryLayer,
    contents: Contents,
}

#[derive(Clone, Debug)]
enum Contents {
    Subspace(Subspace),
    Partition(Box<Partition>),
}

impl Directory {
    pub(super) fn new(home: DirectoryLayer, path: DirectoryPath, prefix: Bytes, layer: Bytes) -> Self {
        let contents = if layer == Partition::LAYER {
            Contents::Partition(Box::new(Partition::new(&home, path.clone(), prefix)))
        } else {
            Contents::Subspace(Subspace::new(prefix))
        };
        Directory {
            path,
            layer,
            home,
            contents,
        }
    }

    /// The path, from the outermost root.
    pub fn path(&self) -> &DirectoryPath {
        &self.path
    }

    /// What the directory is used for, as told when it was created.
    pub fn layer(&self) -> &[u8] {
        &self.layer
    }

    /// The keys of the directory.
    ///
    /// **Errors**: `Directory` for a partition, whose keys belong to its directories.
    pub fn subspace(&self) -> Result<&Subspace> {
        match &self.contents {
            Contents::Subspace(subspace) => Ok(subspace),
            Contents::Partition(_) => Err(refused(refusal::PARTITION_AS_SUBSPACE, &self.path)),
        }
    }

    /// The tree inside, if this is a partition.
    pub fn partition(&self) -> Option<&Partition> {
        match &self.contents {
            Contents::Subspace(_) => None,
            Contents::Partition(partition) => Some(partition),
        }
    }

    /// The tree that this directory is part of: the innermost one, where partitions lie in each other.
    pub fn directory_layer(&self) -> &DirectoryLayer {
        &self.home
    }

    /// As [`DirectoryLayer::create_or_open`], below this directory.
    pub async fn create_or_open(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
    ) -> Result<Directory> {
        let (tree, path) = self.below(path.into());
        tree.create_or_open(transaction, path, layer).await
    }

    /// As [`DirectoryLayer::open`], below this directory.
    pub async fn open(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
    ) -> Result<Directory> {
        let (tree, path) = self.below(path.into());
        tree.open(transaction, path, layer).await
    }

    /// As [`DirectoryLayer::create`], below this directory.
    pub async fn create(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
        prefix: Option<&[u8]>,
    ) -> Result<Directory> {
        let (tree, path) = self.below(path.into());
        tree.create(transaction, path, layer, prefix).await
    }

    /// Moves this directory to a path from the outermost root, within its tree.
    ///
    /// **Errors**: as [`DirectoryLayer::move_to`].
    pub async fn move_to(&self, transaction: &Transaction, to: impl Into<DirectoryPath>) -> Result<Directory> {
        let to = to.into();
        let (tree, from) = self.itself(DirectoryPath::ROOT);
        match to.strip_prefix(tree.path()) {
            Some(to) => tree.move_to(transaction, from, to).await,
            None => Err(refused(refusal::MOVED_BETWEEN_PARTITIONS, &self.path).with("to", to)),
        }
    }

    /// Removes this directory with its contents and all below it.
    ///
    /// **Errors**: as [`DirectoryLayer::remove`].
    pub async fn remove(&self, transaction: &Transaction) -> Result<()> {
        let (tree, path) = self.itself(DirectoryPath::ROOT);
        tree.remove(transaction, path).await
    }

    /// As [`Directory::remove`]; says whether the directory was there.
    pub async fn remove_if_exists(&self, transaction: &Transaction) -> Result<bool> {
        let (tree, path) = self.itself(DirectoryPath::ROOT);
        tree.remove_if_exists(transaction, path).await
    }

    /// Whether this directory is still there.
    pub async fn exists(&self, transaction: &Transaction) -> Result<bool> {
        let (tree, path) = self.itself(DirectoryPath::ROOT);
        tree.exists(transaction, path).await
    }

    /// The names of the directories right below `path`, which is relative to this directory, in order.
    ///
    /// **Errors**: as [`DirectoryLayer::list`].
    pub async fn list(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<Vec<String>> {
        let (tree, path) = self.below(path.into());
        tree.list(transaction, path).await
    }

    /// The tree for what lies below this directory, and the path in it.
    fn below(&self, path: DirectoryPath) -> (&DirectoryLayer, DirectoryPath) {
        match &self.contents {
            Contents::Partition(partition) => (partition.directory_layer(), path),
            Contents::Subspace(_) => self.itself(path),
        }
    }

    /// The tree that this directory is part of, and the path in it, with `path` behind.
    fn itself(&self, path: DirectoryPath) -> (&DirectoryLayer, DirectoryPath) {
        let own = self.path.strip_prefix(self.home.path()).unwrap_or_default();
        (&self.home, own.join(&path))
    }
}
