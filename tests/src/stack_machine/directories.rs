//! The instructions of the directory layer: they work with a list of directories and subspaces, of which one is current.

use std::sync::Arc;

use futures_executor::block_on;
use record_store_kv::directory::{Directory, DirectoryLayer, DirectoryPath};
use record_store_kv::env::Env;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Error, ErrorKind, Result, Subspace, Transaction};

use super::chance::Chance;
use super::stack::{NOT_PRESENT, Stack};
use super::{Machine, Stop, Wrong};

/// An entry of the list.
#[derive(Clone)]
enum Entry {
    /// What an instruction that failed would have made.
    Nothing,
    Layer(DirectoryLayer),
    Directory(Directory),
    Subspace(Subspace),
}

/// The list, and what drives its prefixes.
pub(super) struct Directories {
    list: Vec<Entry>,
    current: usize,
    /// Becomes current when the one that should is nothing.
    fallback: usize,
    env: Env,
}

impl Directories {
    pub(super) fn new(seed: u64) -> Self {
        let env = Env::system().with_rng(Arc::new(Chance::new(seed)));
        Directories {
            list: vec![Entry::Layer(DirectoryLayer::standard(env.clone()))],
            current: 0,
            fallback: 0,
            env,
        }
    }

    fn current(&self) -> Entry {
        self.list.get(self.current).cloned().unwrap_or(Entry::Nothing)
    }

    fn subspace_at(&self, index: i64) -> Option<Subspace> {
        let index = usize::try_from(index).ok()?;
        self.list.get(index)?.subspace().ok()
    }
}

/// What an instruction leaves: a new entry of the list, or elements on the stack.
enum Outcome {
    Entry(Box<Entry>),
    Elements(Vec<Element>),
}

impl Outcome {
    fn entry(entry: Entry) -> Self {
        Outcome::Entry(Box::new(entry))
    }
}

impl Machine {
    pub(super) fn directory(&mut self, name: &str) -> Result<(), Stop> {
        let own = name.strip_suffix("_DATABASE");
        let name = name.trim_end_matches("_SNAPSHOT");
        let call = Call::read(own.unwrap_or(name), &mut self.stack)?;
        let makes = call.makes_an_entry();
        let result = match own {
            Some(_) => {
                let (call, current) = (&call, &self.directories.current());
                self.retry(|transaction| async move { call.make_in(current, &transaction).await })
            }
            None => {
                let transaction = self.transaction()?;
                block_on(call.make(&mut self.directories, &transaction))
            }
        };
        match result {
            Ok(Outcome::Entry(entry)) => self.directories.list.push(*entry),
            Ok(Outcome::Elements(elements)) if elements.is_empty() && own.is_some() => self.stack.push(NOT_PRESENT),
            Ok(Outcome::Elements(elements)) => elements.into_iter().for_each(|element| self.stack.push(element)),
            Err(_) => {
                self.stack.push(b"DIRECTORY_ERROR");
                if makes {
                    self.directories.list.push(Entry::Nothing);
                }
            }
        }
        Ok(())
    }
}

/// An instruction with its arguments.
enum Call {
    CreateSubspace(Tuple, Vec<u8>),
    CreateLayer(i64, i64, bool),
    CreateOrOpen(DirectoryPath, Vec<u8>),
    Create(DirectoryPath, Vec<u8>, Option<Vec<u8>>),
    Open(DirectoryPath, Vec<u8>),
    Change(usize),
    SetErrorIndex(usize),
    Move(DirectoryPath, DirectoryPath),
    MoveTo(DirectoryPath),
    Remove(Option<DirectoryPath>),
    RemoveIfExists(Option<DirectoryPath>),
    List(Option<DirectoryPath>),
    Exists(Option<DirectoryPath>),
    PackKey(Tuple),
    UnpackKey(Vec<u8>),
    Range(Tuple),
    Contains(Vec<u8>),
    OpenSubspace(Tuple),
    LogSubspace(Vec<u8>),
    LogDirectory(Vec<u8>),
    StripPrefix(Vec<u8>),
}

impl Call {
    fn read(name: &str, stack: &mut Stack) -> Result<Self, Wrong> {
        Ok(match name {
            "CREATE_SUBSPACE" => Call::CreateSubspace(stack.tuple()?, stack.bytes()?),
            "CREATE_LAYER" => Call::CreateLayer(stack.int()?, stack.int()?, stack.int()? != 0),
            "CREATE_OR_OPEN" => Call::CreateOrOpen(path(stack)?, stack.bytes_if_any()?.unwrap_or_default()),
            "CREATE" => Call::Create(
                path(stack)?,
                stack.bytes_if_any()?.unwrap_or_default(),
                stack.bytes_if_any()?,
            ),
            "OPEN" => Call::Open(path(stack)?, stack.bytes_if_any()?.unwrap_or_default()),
            "CHANGE" => Call::Change(stack.index()?),
            "SET_ERROR_INDEX" => Call::SetErrorIndex(stack.index()?),
            "MOVE" => Call::Move(path(stack)?, path(stack)?),
            "MOVE_TO" => Call::MoveTo(path(stack)?),
            "REMOVE" => Call::Remove(path_if_any(stack)?),
            "REMOVE_IF_EXISTS" => Call::RemoveIfExists(path_if_any(stack)?),
            "LIST" => Call::List(path_if_any(stack)?),
            "EXISTS" => Call::Exists(path_if_any(stack)?),
            "PACK_KEY" => Call::PackKey(stack.tuple()?),
            "UNPACK_KEY" => Call::UnpackKey(stack.bytes()?),
            "RANGE" => Call::Range(stack.tuple()?),
            "CONTAINS" => Call::Contains(stack.bytes()?),
            "OPEN_SUBSPACE" => Call::OpenSubspace(stack.tuple()?),
            "LOG_SUBSPACE" => Call::LogSubspace(stack.bytes()?),
            "LOG_DIRECTORY" => Call::LogDirectory(stack.bytes()?),
            "STRIP_PREFIX" => Call::StripPrefix(stack.bytes()?),
            _ => return Err(Wrong("no such instruction")),
        })
    }

    fn makes_an_entry(&self) -> bool {
        matches!(
            self,
            Call::CreateSubspace(..)
                | Call::CreateLayer(..)
                | Call::CreateOrOpen(..)
                | Call::Create(..)
                | Call::Open(..)
                | Call::Move(..)
                | Call::MoveTo(_)
                | Call::OpenSubspace(_)
        )
    }

    /// Does what concerns the list, and leaves the rest to [`Call::make_in`].
    async fn make(&self, all: &mut Directories, transaction: &Transaction) -> Result<Outcome> {
        match self {
            Call::CreateSubspace(tuple, prefix) => {
                let subspace = Subspace::new(prefix.clone()).subspace(tuple);
                Ok(Outcome::entry(Entry::Subspace(subspace)))
            }
            Call::CreateLayer(nodes, contents, manual) => {
                let entry = match (all.subspace_at(*nodes), all.subspace_at(*contents)) {
                    (Some(nodes), Some(contents)) => {
                        let layer = DirectoryLayer::new(nodes, contents, all.env.clone());
                        Entry::Layer(if *manual { layer.allow_manual_prefixes() } else { layer })
                    }
                    _ => Entry::Nothing,
                };
                Ok(Outcome::entry(entry))
            }
            Call::Change(index) => {
                let there = !matches!(all.list.get(*index), None | Some(Entry::Nothing));
                all.current = if there { *index } else { all.fallback };
                Ok(Outcome::Elements(Vec::new()))
            }
            Call::SetErrorIndex(index) => {
                all.fallback = *index;
                Ok(Outcome::Elements(Vec::new()))
            }
            Call::LogSubspace(prefix) => {
                let key = Subspace::new(prefix.clone()).pack(&Tuple::from((all.current as u64,)));
                transaction.set(&key, all.current().subspace()?.prefix());
                Ok(Outcome::Elements(Vec::new()))
            }
            Call::LogDirectory(prefix) => {
                let log = Subspace::new(prefix.clone()).sub(all.current as u64);
                all.current().log(transaction, &log).await?;
                Ok(Outcome::Elements(Vec::new()))
            }
            _ => self.make_in(&all.current(), transaction).await,
        }
    }

    async fn make_in(&self, current: &Entry, transaction: &Transaction) -> Result<Outcome> {
        let found = |found: Directory| Ok(Outcome::entry(Entry::Directory(found)));
        let elements = |elements: Vec<Element>| Ok(Outcome::Elements(elements));
        let or_root = |path: &Option<DirectoryPath>| path.clone().unwrap_or_default();
        match self {
            Call::CreateOrOpen(path, layer) => {
                let (tree, path) = current.below(path)?;
                found(tree.create_or_open(transaction, path, layer).await?)
            }
            Call::Create(path, layer, prefix) => {
                let (tree, path) = current.below(path)?;
                found(tree.create(transaction, path, layer, prefix.as_deref()).await?)
            }
            Call::Open(path, layer) => {
                let (tree, path) = current.below(path)?;
                found(tree.open(transaction, path, layer).await?)
            }
            Call::Move(from, to) => {
                let ((tree, from), (_, to)) = (current.below(from)?, current.below(to)?);
                found(tree.move_to(transaction, from, to).await?)
            }
            Call::MoveTo(to) => match current {
                Entry::Directory(own) => found(own.move_to(transaction, to).await?),
                _ => Err(Error::new(ErrorKind::Directory, "the root of a tree cannot be moved")),
            },
            Call::Remove(path) => {
                let (tree, path) = current.itself_or_below(&or_root(path))?;
                tree.remove(transaction, path).await?;
                elements(Vec::new())
            }
            Call::RemoveIfExists(path) => {
                let (tree, path) = current.itself_or_below(&or_root(path))?;
                tree.remove_if_exists(transaction, path).await?;
                elements(Vec::new())
            }
            Call::List(path) => {
                let names = current.list(transaction, or_root(path)).await?;
                elements(vec![
                    names.into_iter().map(Element::from).collect::<Tuple>().pack().into(),
                ])
            }
            Call::Exists(path) => {
                let (tree, path) = current.itself_or_below(&or_root(path))?;
                elements(vec![i64::from(tree.exists(transaction, path).await?).into()])
            }
            Call::PackKey(tuple) => elements(vec![current.subspace()?.pack(tuple).into()]),
            Call::UnpackKey(key) => elements(current.subspace()?.unpack(key)?.into_elements()),
            Call::Range(tuple) => {
                let range = current.subspace()?.subspace(tuple).range();
                elements(vec![range.begin.into(), range.end.into()])
            }
            Call::Contains(key) => elements(vec![i64::from(current.subspace()?.contains(key)).into()]),
            Call::OpenSubspace(tuple) => Ok(Outcome::entry(Entry::Subspace(current.subspace()?.subspace(tuple)))),
            Call::StripPrefix(key) => elements(vec![current.subspace()?.strip(key)?.into()]),
            _ => Err(Error::new(ErrorKind::InvalidArgument, "only in the transaction in use")),
        }
    }
}

impl Entry {
    /// The tree for what lies below this, and a relative path in it.
    fn below(&self, path: &DirectoryPath) -> Result<(&DirectoryLayer, DirectoryPath)> {
        match self {
            Entry::Directory(own) => match own.partition() {
                Some(partition) => Ok((partition.directory_layer(), path.clone())),
                None => self.itself_or_below(path),
            },
            _ => self.itself_or_below(path),
        }
    }

    /// As [`Entry::below`]; a partition itself belongs to the tree around it.
    fn itself_or_below(&self, path: &DirectoryPath) -> Result<(&DirectoryLayer, DirectoryPath)> {
        match self {
            Entry::Layer(layer) => Ok((layer, path.clone())),
            Entry::Directory(own) => match own.partition() {
                Some(partition) if !path.is_empty() => Ok((partition.directory_layer(), path.clone())),
                _ => {
                    let tree = own.directory_layer();
                    let own = own.path().strip_prefix(tree.path()).unwrap_or_default();
                    Ok((tree, own.join(path)))
                }
            },
            Entry::Nothing | Entry::Subspace(_) => Err(no_directory()),
        }
    }

    async fn list(&self, transaction: &Transaction, path: DirectoryPath) -> Result<Vec<String>> {
        match self {
            Entry::Directory(own) => own.list(transaction, path).await,
            Entry::Layer(layer) => layer.list(transaction, path).await,
            Entry::Nothing | Entry::Subspace(_) => Err(no_directory()),
        }
    }

    fn subspace(&self) -> Result<Subspace> {
        match self {
            Entry::Subspace(subspace) => Ok(subspace.clone()),
            Entry::Directory(directory) => directory.subspace().cloned(),
            Entry::Nothing | Entry::Layer(_) => Err(no_directory()),
        }
    }

    /// Writes down what is known of a directory.
    async fn log(&self, transaction: &Transaction, log: &Subspace) -> Result<()> {
        let (tree, place) = self.itself_or_below(&DirectoryPath::ROOT)?;
        let exists = tree.exists(transaction, place).await?;
        let children = match exists {
            true => self.list(transaction, DirectoryPath::ROOT).await?,
            false => Vec::new(),
        };
        let (path, layer) = match self {
            Entry::Directory(own) => (own.path().clone(), own.layer()),
            _ => (DirectoryPath::ROOT, &b""[..]),
        };
        let names = |names: &[String]| names.iter().map(|name| Element::from(&name[..])).collect::<Tuple>();
        for (what, value) in [
            ("path", names(&path)),
            ("layer", Tuple::new().with(layer)),
            ("exists", Tuple::from((i64::from(exists),))),
            ("children", names(&children)),
        ] {
            transaction.set(&log.pack(&Tuple::from((what,))), &value.pack());
        }
        Ok(())
    }
}

fn no_directory() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "the current entry of the list is of another kind",
    )
}

fn path(stack: &mut Stack) -> Result<DirectoryPath, Wrong> {
    stack
        .tuple()?
        .iter()
        .map(|name| name.as_str().ok_or(Wrong("a name that is no text")))
        .collect()
}

/// A count of 0 or 1, then so many paths.
fn path_if_any(stack: &mut Stack) -> Result<Option<DirectoryPath>, Wrong> {
    (stack.int()? > 0).then(|| path(stack)).transpose()
}
