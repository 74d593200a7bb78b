//! [`Node`]: a directory's entry in the tree of directories, found by walking down from the root.

use bytes::Bytes;

use super::{DirectoryPath, Partition};
use crate::subspace::{KeyRange, Subspace, strinc};
use crate::tuple::{Decoder, Element, Tuple};
use crate::{Error, ErrorKind, KeyValue, RangeRequest, Result, Transaction};

/// Where the nodes of one directory layer stand.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    subspace: Subspace,
    root: Subspace,
}

/// A node that exists.
#[derive(Debug)]
pub(super) struct Node {
    /// The prefix of the directory's contents.
    pub(super) prefix: Bytes,
    /// The names that led here, from the root of the directory layer.
    pub(super) path: DirectoryPath,
    /// The names that are left: the walk stops at a partition, which has a tree of its own.
    pub(super) rest: DirectoryPath,
    /// What the directory is used for.
    pub(super) layer: Bytes,
    subspace: Subspace,
}

impl Node {
    /// Whether this is a partition.
    pub(super) fn is_partition(&self) -> bool {
        self.layer == Partition::LAYER
    }

    /// Whether the directory looked for lies in the partition that this is.
    pub(super) fn is_on_the_way(&self) -> bool {
        self.is_partition() && !self.rest.is_empty()
    }

    /// The key that holds the prefix of the subdirectory `name`.
    pub(super) fn subdirectory_key(&self, name: &str) -> Vec<u8> {
        self.subspace.pack(&Tuple::from((SUBDIRECTORIES, name)))
    }

    /// The names of the subdirectories, in order.
    pub(super) async fn subdirectory_names(&self, transaction: &Transaction) -> Result<Vec<String>> {
        let subdirectories = subdirectories(transaction, &self.subspace).await?;
        Ok(subdirectories.into_iter().map(|(name, _)| name).collect())
    }
}

impl Nodes {
    pub(super) fn new(subspace: Subspace) -> Self {
        let root = subspace.sub(subspace.prefix());
        Nodes { subspace, root }
    }

    /// The subspace of all nodes.
    pub(super) fn subspace(&self) -> &Subspace {
        &self.subspace
    }

    /// The subspace of the root node.
    pub(super) fn root(&self) -> &Subspace {
        &self.root
    }

    /// The subspace of the node whose directory has `prefix`.
    fn with_prefix(&self, prefix: &[u8]) -> Subspace {
        self.subspace.sub(prefix)
    }

    /// The root, with all of `path` before it. Its contents are the nodes.
    pub(super) fn root_node(&self, path: &DirectoryPath) -> Node {
        Node {
            prefix: Bytes::copy_from_slice(self.subspace.prefix()),
            path: DirectoryPath::ROOT,
            rest: path.clone(),
            layer: Bytes::new(),
            subspace: self.root.clone(),
        }
    }

    /// The node at `path`, or the partition on the way to it; none if there is no such directory.
    pub(super) async fn find(&self, transaction: &Transaction, path: &DirectoryPath) -> Result<Option<Node>> {
        let mut node = self.root_node(path);
        while !node.rest.is_empty() && !node.is_partition() {
            match self.step(transaction, &node).await? {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The next node on the way that `node` has before it; none if there is no such directory.
    pub(super) async fn step(&self, transaction: &Transaction, node: &Node) -> Result<Option<Node>> {
        let Some(name) = node.rest.first() else {
            return Ok(None);
        };
        let key = node.subdirectory_key(name);
        let Some(prefix) = transaction.get(&key, false).await? else {
            return Ok(None);
        };
        check_prefix(&key, &prefix)?;
        let layer = transaction.get(&layer_key(&self.with_prefix(&prefix)), false).await?;
        Ok(Some(self.below(node, prefix, layer.unwrap_or_default())))
    }

    /// Writes the next node on the way that `node` has before it.
    pub(super) fn create(&self, transaction: &Transaction, node: &Node, prefix: Bytes, layer: Bytes) -> Node {
        let created = self.below(node, prefix, layer);
        if let Some(name) = created.path.last() {
            transaction.set(&node.subdirectory_key(name), &created.prefix);
        }
        transaction.set(&layer_key(&created.subspace), &created.layer);
        created
    }

    fn below(&self, node: &Node, prefix: Bytes, layer: Bytes) -> Node {
        let (next, rest) = node.rest.split_at_depth(1);
        Node {
            path: node.path.join(&next),
            rest,
            layer,
            subspace: self.with_prefix(&prefix),
            prefix,
        }
    }

    /// Clears `node`, its contents and all below it; its parent still names it.
    pub(super) async fn remove(&self, transaction: &Transaction, node: Node) -> Result<()> {
        let mut pending = vec![(node.subspace, node.prefix)];
        while let Some((subspace, prefix)) = pending.pop() {
            for (_, prefix) in subdirectories(transaction, &subspace).await? {
                pending.push((self.with_prefix(&prefix), prefix));
            }
            let contents = KeyRange::starting_with(&prefix);
            transaction.clear_range(&contents.begin, &contents.end);
            let entries = subspace.range();
            transaction.clear_range(&entries.begin, &entries.end);
        }
        Ok(())
    }

    /// Whether `prefix` neither holds the prefix of a directory nor lies in one, the nodes' own included.
    pub(super) async fn is_prefix_free(
        &self,
        transaction: &Transaction,
        prefix: &[u8],
        snapshot: bool,
    ) -> Result<bool> {
        if prefix.is_empty() || prefix.starts_with(self.subspace.prefix()) {
            return Ok(false);
        }
        let all = self.subspace.range();
        let own = self.subspace.pack(&Tuple::from((prefix,)));
        let behind_own = [&own[..], &[0x00]].concat();
        let before = RangeRequest::keys(all.begin, behind_own).limit(1).reverse(true);
        if let Some(row) = transaction.get_range(&before, snapshot).await?.rows.first() {
            let name = Decoder::new(self.subspace.strip(&row.key)?).next().transpose()?;
            match name.as_ref().and_then(Element::as_bytes) {
                Some(existing) if prefix.starts_with(existing) => return Ok(false),
                Some(_) => {}
                None => return Err(corrupt("a node of the directory layer has no prefix", &row.key)),
            }
        }
        let end = match strinc(prefix) {
            Some(next) => self.subspace.pack(&Tuple::from((next,))).into(),
            None => all.end,
        };
        let within = RangeRequest::keys(own, end).limit(1);
        Ok(transaction.get_range(&within, snapshot).await?.rows.is_empty())
    }
}

/// The subdirectories of a node, in order of their names, with the prefixes of their contents.
async fn subdirectories(transaction: &Transaction, node: &Subspace) -> Result<Vec<(String, Bytes)>> {
    let entries = node.sub(SUBDIRECTORIES);
    let rows = transaction.get_range_all(&entries.range().request(), false).await?;
    let entry = |row: KeyValue| match entries.unpack(&row.key)?.first() {
        Some(Element::String(name)) => {
            check_prefix(&row.key, &row.value)?;
            Ok((name.clone(), row.value))
        }
        _ => Err(corrupt("a subdirectory has no name", &row.key)),
    };
    rows.into_iter().map(entry).collect()
}

fn layer_key(node: &Subspace) -> Vec<u8> {
    node.pack(&Tuple::from((b"layer",)))
}

/// A directory without a prefix would be the whole database, and removing it would clear that.
fn check_prefix(key: &[u8], prefix: &[u8]) -> Result<()> {
    if prefix.is_empty() {
        return Err(corrupt("a subdirectory has no prefix", key));
    }
    Ok(())
}

fn corrupt(message: &'static str, key: &[u8]) -> Error {
    Error::new(ErrorKind::Corrupt, message).with("key", key.escape_ascii())
}

/// Below a node, names its subdirectories.
const SUBDIRECTORIES: i64 = 0;
