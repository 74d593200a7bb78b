//! [`DirectoryLayer`]: finds, creates, moves and removes directories in one tree of them.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::allocator::HighContentionAllocator;
use super::node::{Node, Nodes};
use super::version::{self, Access};
use super::{Directory, DirectoryPath, Partition, refusal, refused};
use crate::env::Env;
use crate::subspace::KeyRange;
use crate::{Error, Result, Subspace, Transaction};

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
        let (mut from, mut to) = (from.into(), to.into());
        let mut tree = Cow::Borrowed(self);
        loop {
            tree.check_version(transaction, Access::Write).await?;
            let refuse = |message| Err(tree.refused(message, &from).with("to", tree.path.join(&to)));
            if from.is_empty() {
                return refuse(refusal::ROOT_MOVED);
            }
            if to.starts_with(&from) {
                return refuse(refusal::MOVED_INTO_ITSELF);
            }
            let old = tree.nodes.find(transaction, &from).await?;
            // FoundationDB's clients look for both before they judge, and conflict with who makes either.
            let new = tree.nodes.find(transaction, &to).await?;
            let Some(old) = old else {
                return refuse(refusal::DOES_NOT_EXIST);
            };
            match (old.is_on_the_way(), new) {
                (true, Some(new)) if new.is_on_the_way() && old.path == new.path => {
                    tree = Cow::Owned(tree.inside(&old));
                    (from, to) = (old.rest, new.rest);
                }
                (true, _) => return refuse(refusal::MOVED_BETWEEN_PARTITIONS),
                (false, Some(new)) if new.is_on_the_way() => return refuse(refusal::MOVED_BETWEEN_PARTITIONS),
                (false, Some(_)) => return refuse(refusal::DESTINATION_EXISTS),
                (false, None) => return tree.rename(transaction, old, to).await,
            }
        }
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
        if path.is_empty() {
            self.check_version(transaction, Access::Write).await?;
            return Err(self.refused(refusal::ROOT_REMOVED, &path));
        }
        let Found { tree, path, node } = self.locate(transaction, path, Access::Write).await?;
        let Some(node) = node else {
            return Ok(false);
        };
        tree.nodes.remove(transaction, node).await?;
        tree.remove_from_parent(transaction, &path).await?;
        Ok(true)
    }

    /// The names of the directories right below `path`, in order.
    ///
    /// **Errors**: `Directory` if there is no directory at `path`.
    pub async fn list(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<Vec<String>> {
        let Found { tree, path, node } = self.locate(transaction, path.into(), Access::Read).await?;
        match node {
            Some(node) if node.is_partition() => {
                let tree = tree.inside(&node);
                tree.check_version(transaction, Access::Read).await?;
                let root = tree.nodes.root_node(&DirectoryPath::ROOT);
                root.subdirectory_names(transaction).await
            }
            Some(node) => node.subdirectory_names(transaction).await,
            None => Err(tree.refused(refusal::DOES_NOT_EXIST, &path)),
        }
    }

    /// Whether there is a directory at `path`. The root is always there.
    pub async fn exists(&self, transaction: &Transaction, path: impl Into<DirectoryPath>) -> Result<bool> {
        let found = self.locate(transaction, path.into(), Access::Read).await?;
        Ok(found.node.is_some())
    }

    /// Walks to `path`, through partitions, as far as there are directories.
    async fn locate(&self, transaction: &Transaction, mut path: DirectoryPath, access: Access) -> Result<Found<'_>> {
        let mut tree = Cow::Borrowed(self);
        loop {
            tree.check_version(transaction, access).await?;
            match tree.nodes.find(transaction, &path).await? {
                Some(node) if node.is_on_the_way() => {
                    tree = Cow::Owned(tree.inside(&node));
                    path = node.rest;
                }
                node => return Ok(Found { tree, path, node }),
            }
        }
    }

    async fn open_with(
        &self,
        transaction: &Transaction,
        path: DirectoryPath,
        options: OpenOptions<'_>,
    ) -> Result<Directory> {
        let allowed = self.check_prefix_is_allowed(&path, options);
        if path.is_empty() || allowed.is_err() {
            // FoundationDB's clients read the version even for what they refuse, and conflict with who writes it.
            self.check_version(transaction, Access::Read).await?;
            return Err(allowed
                .err()
                .unwrap_or_else(|| self.refused(refusal::ROOT_OPENED, &path)));
        }
        let Found { tree, path, node } = self.locate(transaction, path, Access::Read).await?;
        tree.check_prefix_is_allowed(&path, options)?;
        match node {
            Some(_) if !options.opens => Err(tree.refused(refusal::ALREADY_EXISTS, &path)),
            Some(node) if !options.layer.is_empty() && node.layer != options.layer => {
                let error = tree.refused(refusal::OTHER_LAYER, &path);
                Err(error
                    .with("layer", node.layer.escape_ascii())
                    .with("asked", options.layer.escape_ascii()))
            }
            Some(node) => Ok(tree.directory(node)),
            None if !options.creates => Err(tree.refused(refusal::DOES_NOT_EXIST, &path)),
            None => tree.create_new(transaction, &path, options).await,
        }
    }

    async fn create_new(
        &self,
        transaction: &Transaction,
        path: &DirectoryPath,
        options: OpenOptions<'_>,
    ) -> Result<Directory> {
        self.check_version(transaction, Access::Write).await?;
        let prefix = match options.prefix {
            Some(prefix) => self.check_prefix(transaction, path, prefix).await?,
            None => self.allocate_prefix(transaction, path).await?,
        };
        let mut node = self.nodes.root_node(path);
        while node.rest.len() > 1 {
            match self.nodes.step(transaction, &node).await? {
                Some(parent) => node = parent,
                None => break,
            }
        }
        // FoundationDB's clients allocate from the directory upwards: the same chance gives the same prefixes.
        let mut prefixes = Vec::new();
        for _ in 1..node.rest.len() {
            prefixes.push(self.allocate_prefix(transaction, path).await?);
        }
        while let Some(prefix) = prefixes.pop() {
            node = self.nodes.create(transaction, &node, prefix, Bytes::new());
        }
        let layer = Bytes::copy_from_slice(options.layer);
        Ok(self.directory(self.nodes.create(transaction, &node, prefix, layer)))
    }

    fn check_prefix_is_allowed(&self, path: &DirectoryPath, options: OpenOptions<'_>) -> Result<()> {
        if options.prefix.is_none() || self.allows_manual_prefixes {
            return Ok(());
        }
        let message = match self.path.is_empty() {
            true => refusal::MANUAL_PREFIX,
            false => refusal::MANUAL_PREFIX_IN_PARTITION,
        };
        Err(self.refused(message, path))
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

    /// Gives a directory another parent, or another name.
    async fn rename(&self, transaction: &Transaction, old: Node, to: DirectoryPath) -> Result<Directory> {
        let (Some(name), Some(parent)) = (to.last(), to.parent()) else {
            return Err(self.refused(refusal::DESTINATION_EXISTS, &old.path));
        };
        let Some(parent) = self.nodes.find(transaction, &parent).await? else {
            let error = self.refused(refusal::DESTINATION_HAS_NO_PARENT, &old.path);
            return Err(error.with("to", self.path.join(&to)));
        };
        transaction.set(&parent.subdirectory_key(name), &old.prefix);
        self.remove_from_parent(transaction, &old.path).await?;
        Ok(Directory::new(self.clone(), self.path.join(&to), old.prefix, old.layer))
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
        let checked = version::check(transaction, self.nodes.root(), access).await;
        checked.map_err(|error| error.with("path", &self.path))
    }

    /// The tree inside the partition at `node`.
    fn inside(&self, node: &Node) -> DirectoryLayer {
        let partition = Partition::new(self, self.path.join(&node.path), node.prefix.clone());
        partition.into_directory_layer()
    }

    fn directory(&self, node: Node) -> Directory {
        Directory::new(self.clone(), self.path.join(&node.path), node.prefix, node.layer)
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

/// How far a path leads.
struct Found<'a> {
    /// The innermost tree that the path leads into.
    tree: Cow<'a, DirectoryLayer>,
    /// The path in that tree.
    path: DirectoryPath,
    /// The directory, if it is there.
    node: Option<Node>,
}

#[derive(Clone, Copy)]
struct OpenOptions<'a> {
    layer: &'a [u8],
    prefix: Option<&'a [u8]>,
    creates: bool,
    opens: bool,
}
