//! [`DirectoryLayer`]: finds, creates, moves and removes directories in one tree of them.

use std::fmt;

use bytes::Bytes;

use super::allocator::HighContentionAllocator;
use super::node::{Node, Nodes};
use super::{Directory, DirectoryPath, Partition, refusal, refused};
use crate::env::Env;
use crate::subspace::KeyRange;
use crate::tuple::Tuple;
use crate::{Error, ErrorKind, Result, Subspace, Transaction};

/// A tree of directories. Java: `DirectoryLayer`.
///
/// Paths are relative to the root of the tree. All reads are serializable but those of the allocator, so two
/// transactions that create the same directory conflict.
#[derive(Clone)]
pub struct DirectoryLayer {
    nodes: Nodes,
    contents: Subspace,
    allocator: HighContentionAllocator,
    allows_manual_prefixes: bool,
    /// Where the tree hangs: empty, or the path of the partition that it is.
    path: DirectoryPath,
    env: Env,
}

impl DirectoryLayer {
    /// A tree with its nodes in one subspace and all its contents in another. Prefixes come from the randomness of
    /// `env`, which should be that of the database.
    pub fn new(node_subspace: Subspace, content_subspace: Subspace, env: Env) -> Self {
        let nodes = Nodes::new(node_subspace);
        DirectoryLayer {
            allocator: HighContentionAllocator::new(&nodes.root().sub(b"hca")),
            nodes,
            contents: content_subspace,
            allows_manual_prefixes: false,
            path: DirectoryPath::ROOT,
            env,
        }
    }

    /// The tree that all FoundationDB clients share by default: nodes below `FE`, contents anywhere.
    pub fn standard(env: Env) -> Self {
        DirectoryLayer::new(Subspace::new(&[0xFE][..]), Subspace::default(), env)
    }

    /// The same tree with [`DirectoryLayer::create`] willing to take a prefix.
    #[must_use]
    pub fn allow_manual_prefixes(mut self) -> Self {
        self.allows_manual_prefixes = true;
        self
    }

    pub(super) fn at(mut self, path: DirectoryPath) -> Self {
        self.path = path;
        self
    }

    /// Where the tree hangs: the empty path, or that of the partition that it is.
    pub fn path(&self) -> &DirectoryPath {
        &self.path
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// Opens the directory at `path`; creates it, and its parents, if it is not there. An empty `layer` asks for none.
    ///
    /// **Errors**: `Directory` for the root and for another layer than `layer`.
    pub async fn create_or_open(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
    ) -> Result<Directory> {
        let options = OpenOptions {
            layer,
            prefix: None,
            creates: true,
            opens: true,
        };
        self.open_with(transaction, path.into(), options).await
    }

    /// Opens the directory at `path`. An empty `layer` takes any.
    ///
    /// **Errors**: `Directory` if it does not exist, for the root and for another layer than `layer`.
    pub async fn open(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
    ) -> Result<Directory> {
        let options = OpenOptions {
            layer,
            prefix: None,
            creates: false,
            opens: true,
        };
        self.open_with(transaction, path.into(), options).await
    }

    /// Creates the directory at `path`, and its parents, with a given prefix or an allocated one.
    ///
    /// **Errors**: `Directory` if it exists, for the root, and for a prefix that overlaps another or is not allowed.
    pub async fn create(
        &self,
        transaction: &Transaction,
        path: impl Into<DirectoryPath>,
        layer: &[u8],
        prefix: Option<&[u8]>,
    ) -> Result<Directory> {
        let options = OpenOptions {
            layer,
            prefix,
            creates: true,
            opens: false,
        };
        self.open_with(transaction, path.into(), options).await
    }

    /// Moves a directory with all below it to another path of the same tree. Its prefix, and so its contents, stay.
    ///
    /// **Errors**: `Directory` if it does not exist, if there is a directory at `to` or none above it, for a move into
    /// itself, between partitions, or of the root.
    pub async fn move_to(
        &self,
        transaction: &Transaction,
        from: impl Into<DirectoryPath>,
        to: impl Into<DirectoryPath>,
    ) -> Result<Directory> {
        let (from, to) = (from.into(), to.into());
        self.check_version(transaction, Access::Write).await?;
        let refuse = |message| Err(self.refused(message, &from).with("to", self.path.join(&to)));
        if from.is_empty() {
            return refuse(refusal::ROOT_MOVED);
        }
        if to.starts_with(&from) {
            return refuse(refusal::MOVED_INTO_ITSELF);
        }
        let Some(old) = self.nodes.find(transaction, &from).await? else {
            return refuse(refusal::DOES_NOT_EXIST);
        };
        let new = self.nodes.find(transaction, &to).await?;
        let new_partition = new.as_ref().filter(|new| new.is_on_the_way());
        match (old.is_on_the_way(), new_partition) {
            (true, Some(new)) if old.path == new.path => {
                let partition = self.partition(&old);
                let directory_layer = partition.directory_layer();
                return Box::pin(directory_layer.move_to(transaction, &old.rest, &new.rest)).await;
            }
            (false, None) => {}
            _ => return refuse(refusal::MOVED_BETWEEN_PARTITIONS),
        }
        if new.is_some() {
            return refuse(refusal::DESTINATION_EXISTS);
        }
        let (Some(name), Some(parent)) = (to.last(), to.parent()) else {
            return refuse(refusal::DESTINATION_EXISTS);
        };
        let Some(parent) = self.nodes.find(transaction, &parent).await? else {
            return refuse(refusal::DESTINATION_HAS_NO_PARENT);
        };
        transaction.set(&parent.subdirectory_key(name), &old.prefix);
        self.remove_from_parent(transaction, &from).await?;
        Ok(self.directory(&to, old.prefix, old.layer))
    }

    /// Removes a directory with its contents and all below it. Whoever has it open can still write into it.
    ///
    /// **Errors**: `Directory` if it does not exist and for the root.
    pub async fn remove(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<()> {
        let path = path.into();
        if self.remove_if_exists(transaction, &path).await? {
            return Ok(());
        }
        Err(self.refused(refusal::DOES_NOT_EXIST, &path))
    }

    /// As [`DirectoryLayer::remove`]; says whether the directory was there.
    ///
    /// **Errors**: `Directory` for the root.
    pub async fn remove_if_exists(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<bool> {
        let path = path.into();
        self.check_version(transaction, Access::Write).await?;
        if path.is_empty() {
            return Err(self.refused(refusal::ROOT_REMOVED, &path));
        }
        let Some(node) = self.nodes.find(transaction, &path).await? else {
            return Ok(false);
        };
        if node.is_on_the_way() {
            let partition = self.partition(&node);
            let directory_layer = partition.directory_layer();
            return Box::pin(directory_layer.remove_if_exists(transaction, &node.rest)).await;
        }
        self.nodes.remove(transaction, node).await?;
        self.remove_from_parent(transaction, &path).await?;
        Ok(true)
    }

    /// The names of the directories right below `path`, in order.
    ///
    /// **Errors**: `Directory` if there is no directory at `path`.
    pub async fn list(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<Vec<String>> {
        let path = path.into();
        self.check_version(transaction, Access::Read).await?;
        let Some(node) = self.nodes.find(transaction, &path).await? else {
            return Err(self.refused(refusal::DOES_NOT_EXIST, &path));
        };
        if node.is_partition() {
            let partition = self.partition(&node);
            return Box::pin(partition.directory_layer().list(transaction, &node.rest)).await;
        }
        node.subdirectory_names(transaction).await
    }

    /// Whether there is a directory at `path`. The root is always there.
    pub async fn exists(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<bool> {
        self.check_version(transaction, Access::Read).await?;
        match self.nodes.find(transaction, &path.into()).await? {
            Some(node) if node.is_on_the_way() => {
                let partition = self.partition(&node);
                Box::pin(partition.directory_layer().exists(transaction, &node.rest)).await
            }
            found => Ok(found.is_some()),
        }
    }

    async fn open_with(
        &self,
        transaction: &Transaction,
        path: DirectoryPath,
        options: OpenOptions<'_>,
    ) -> Result<Directory> {
        if options.prefix.is_some() && !self.allows_manual_prefixes {
            return Err(match self.path.is_empty() {
                true => self.refused(refusal::MANUAL_PREFIX, &path),
                false => self.refused(refusal::MANUAL_PREFIX_IN_PARTITION, &path),
            });
        }
        self.check_version(transaction, Access::Read).await?;
        let Some(name) = path.last() else {
            return Err(self.refused(refusal::ROOT_OPENED, &path));
        };
        match self.nodes.find(transaction, &path).await? {
            Some(node) if node.is_on_the_way() => {
                let partition = self.partition(&node);
                let directory_layer = partition.directory_layer();
                Box::pin(directory_layer.open_with(transaction, node.rest, options)).await
            }
            Some(_) if !options.opens => Err(self.refused(refusal::ALREADY_EXISTS, &path)),
            Some(node) if !options.layer.is_empty() && node.layer != options.layer => Err(self
                .refused(refusal::OTHER_LAYER, &path)
                .with("layer", node.layer.escape_ascii())
                .with("asked", options.layer.escape_ascii())),
            Some(node) => Ok(self.directory(&path, node.prefix, node.layer)),
            None if !options.creates => Err(self.refused(refusal::DOES_NOT_EXIST, &path)),
            None => self.create_new(transaction, &path, name, options).await,
        }
    }

    async fn create_new(
        &self,
        transaction: &Transaction,
        path: &DirectoryPath,
        name: &str,
        options: OpenOptions<'_>,
    ) -> Result<Directory> {
        self.check_version(transaction, Access::Write).await?;
        let prefix = match options.prefix {
            Some(prefix) => self.check_prefix(transaction, path, prefix).await?,
            None => self.allocate_prefix(transaction, path).await?,
        };
        let above = path.parent().unwrap_or_default();
        if !above.is_empty() {
            Box::pin(self.create_or_open(transaction, &above, b"")).await?;
        }
        let Some(parent) = self.nodes.find(transaction, &above).await? else {
            return Err(self.refused(refusal::DOES_NOT_EXIST, &above));
        };
        self.nodes.create(transaction, &parent, name, &prefix, options.layer);
        Ok(self.directory(path, prefix, Bytes::copy_from_slice(options.layer)))
    }

    async fn check_prefix(&self, transaction: &Transaction, path: &DirectoryPath, prefix: &[u8]) -> Result<Bytes> {
        if !self.nodes.is_prefix_free(transaction, prefix, false).await? {
            return Err(self
                .refused(refusal::PREFIX_IN_USE, path)
                .with("prefix", prefix.escape_ascii()));
        }
        Ok(Bytes::copy_from_slice(prefix))
    }

    async fn allocate_prefix(&self, transaction: &Transaction, path: &DirectoryPath) -> Result<Bytes> {
        let allocated = self.allocator.allocate(transaction, &self.env).await?;
        let prefix = [self.contents.prefix(), &allocated].concat();
        let refuse = |message| Err(self.refused(message, path).with("prefix", prefix.escape_ascii()));
        let contents = KeyRange::starting_with(&prefix).request().limit(1);
        if !transaction.get_range(&contents, false).await?.rows.is_empty() {
            return refuse(refusal::PREFIX_NOT_EMPTY);
        }
        // A snapshot, or every transaction that creates a directory would conflict with every other.
        if !self.nodes.is_prefix_free(transaction, &prefix, true).await? {
            return refuse(refusal::ALLOCATED_PREFIX_IN_USE);
        }
        Ok(prefix.into())
    }

    async fn remove_from_parent(&self, transaction: &Transaction, path: &DirectoryPath) -> Result<()> {
        if let (Some(name), Some(parent)) = (path.last(), path.parent())
            && let Some(parent) = self.nodes.find(transaction, &parent).await?
        {
            transaction.clear(&parent.subdirectory_key(name));
        }
        Ok(())
    }

    async fn check_version(&self, transaction: &Transaction, access: Access) -> Result<()> {
        let key = self.nodes.root().pack(&Tuple::from((b"version",)));
        let Some(value) = transaction.get(&key, false).await? else {
            if access == Access::Write {
                transaction.set(&key, &VERSION.map(u32::to_le_bytes).concat());
            }
            return Ok(());
        };
        let parts: Vec<u32> = value
            .chunks(4)
            .filter_map(|part| Some(u32::from_le_bytes(part.try_into().ok()?)))
            .collect();
        let [major, minor, patch] = parts[..] else {
            let error = Error::new(ErrorKind::Corrupt, "the version of the directory layer is unreadable");
            return Err(error.with("value", value.escape_ascii()));
        };
        let [own_major, own_minor, _] = VERSION;
        // A newer minor version may be read but not written.
        if major > own_major || access == Access::Write && minor > own_minor {
            return Err(self
                .refused(refusal::NEWER_VERSION, &DirectoryPath::ROOT)
                .with("version", format_args!("{major}.{minor}.{patch}")));
        }
        Ok(())
    }

    fn partition(&self, node: &Node) -> Partition {
        Partition::new(self, self.path.join(&node.path), node.prefix.clone())
    }

    fn directory(&self, path: &DirectoryPath, prefix: Bytes, layer: Bytes) -> Directory {
        Directory::new(self.clone(), self.path.join(path), prefix, layer)
    }

    fn refused(&self, message: &'static str, path: &DirectoryPath) -> Error {
        refused(message, &self.path.join(path))
    }
}

impl Default for DirectoryLayer {
    /// The [standard](DirectoryLayer::standard) tree, with the machine's randomness.
    fn default() -> Self {
        DirectoryLayer::standard(Env::system())
    }
}

impl fmt::Debug for DirectoryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryLayer")
            .field("path", &self.path)
            .field("node_subspace", self.nodes.subspace())
            .field("content_subspace", &self.contents)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct OpenOptions<'a> {
    layer: &'a [u8],
    prefix: Option<&'a [u8]>,
    creates: bool,
    opens: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// The version of the directory layer's format, FoundationDB's since its first release.
const VERSION: [u32; 3] = [1, 0, 0];
