//! The instructions of the directory layer: they work with a list of directories and subspaces, of which one is current.

use std::sync::Arc;

use futures_executor::block_on;
use record_store_kv::directory::{Directory, DirectoryLayer, DirectoryPath};
use record_store_kv::env::Env;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Error, ErrorKind, Result, RunOptions, Subspace, Transaction};

use super::chance::Chance;
use super::stack::{NOT_PRESENT, Stack};
use super::{Machine, Stop, Wrong};

/// An entry of the list.
#[derive(Clone)]
enum Entry {
    /// What an instruction that failed would have made.
    Nothing,
    Layer(DirectoryLayer),
    /// A directory, and the outermost tree in which it was found.
    Directory(DirectoryLayer, Directory),
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
    Entry(Entry),
    Elements(Vec<Element>),
}

impl Machine {
    pub(super) fn directory(&mut self, name: &str) -> Result<(), Stop> {
        let name = name.trim_start_matches("DIRECTORY_");
        let own = name.strip_suffix("_DATABASE");
        let name = name.trim_end_matches("_SNAPSHOT");
        let call = Call::read(own.unwrap_or(name), &mut self.stack)?;
        let makes = call.makes_an_entry();
        let result = match own {
            Some(_) => {
                let (database, options) = (&self.database, RunOptions::default());
                let (call, directories) = (&call, &mut self.directories);
                let current = directories.current();
                block_on(database.run(&options, |transaction, _| {
                    let current = current.clone();
                    async move { call.make_in(&current, &transaction).await }
                }))
            }
            None => {
                let transaction = self.transaction()?.clone();
                block_on(call.make(&mut self.directories, &transaction))
            }
        };
        match result {
            Ok(Outcome::Entry(entry)) => self.directories.list.push(entry),
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
                Ok(Outcome::Entry(Entry::Subspace(subspace)))
            }
            Call::CreateLayer(nodes, contents, manual) => {
                let entry = match (all.subspace_at(*nodes), all.subspace_at(*contents)) {
                    (Some(nodes), Some(contents)) => {
                        let layer = DirectoryLayer::new(nodes, contents, all.env.clone());
                        Entry::Layer(if *manual { layer.allow_manual_prefixes() } else { layer })
                    }
                    _ => Entry::Nothing,
                };
                Ok(Outcome::Entry(entry))
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
        let (root, directory) = current.tree();
        let found = |found: Directory| {
            let root = root.cloned().ok_or_else(no_directory)?;
            Ok(Outcome::Entry(Entry::Directory(root, found)))
        };
        let absolute = |path: &DirectoryPath| directory.map_or(path.clone(), |own| own.path().join(path));
        let tree = || root.ok_or_else(no_directory);
        let elements = |elements: Vec<Element>| Ok(Outcome::Elements(elements));
        match self {
            Call::CreateOrOpen(path, layer) => match directory {
                Some(own) => found(own.create_or_open(transaction, path, layer).await?),
                None => found(tree()?.create_or_open(transaction, path, layer).await?),
            },
            Call::Create(path, layer, prefix) => match directory {
                Some(own) => found(own.create(transaction, path, layer, prefix.as_deref()).await?),
                None => found(tree()?.create(transaction, path, layer, prefix.as_deref()).await?),
            },
            Call::Open(path, layer) => match directory {
                Some(own) => found(own.open(transaction, path, layer).await?),
                None => found(tree()?.open(transaction, path, layer).await?),
            },
            Call::Move(from, to) => found(tree()?.move_to(transaction, absolute(from), absolute(to)).await?),
            Call::MoveTo(to) => match directory {
                Some(own) => found(own.move_to(transaction, to).await?),
                None => Err(Error::new(ErrorKind::Directory, "the root of a tree cannot be moved")),
            },
            Call::Remove(path) => {
                match (directory, path) {
                    (Some(own), None) => own.remove(transaction).await?,
                    (_, path) => {
                        let path = absolute(path.as_ref().unwrap_or(&DirectoryPath::ROOT));
                        tree()?.remove(transaction, path).await?;
                    }
                }
                elements(Vec::new())
            }
            Call::RemoveIfExists(path) => {
                match (directory, path) {
                    (Some(own), None) => own.remove_if_exists(transaction).await?,
                    (_, path) => {
                        let path = absolute(path.as_ref().unwrap_or(&DirectoryPath::ROOT));
                        tree()?.remove_if_exists(transaction, path).await?
                    }
                };
                elements(Vec::new())
            }
            Call::List(path) => {
                let path = path.clone().unwrap_or_default();
                let names = match directory {
                    Some(own) => own.list(transaction, path).await?,
                    None => tree()?.list(transaction, path).await?,
                };
                elements(vec![
                    names.into_iter().map(Element::from).collect::<Tuple>().pack().into(),
                ])
            }
            Call::Exists(path) => {
                let exists = match (directory, path) {
                    (Some(own), None) => own.exists(transaction).await?,
                    (_, path) => {
                        let path = absolute(path.as_ref().unwrap_or(&DirectoryPath::ROOT));
                        tree()?.exists(transaction, path).await?
                    }
                };
                elements(vec![i64::from(exists).into()])
            }
            Call::PackKey(tuple) => elements(vec![current.subspace()?.pack(tuple).into()]),
            Call::UnpackKey(key) => elements(current.subspace()?.unpack(key)?.into_elements()),
            Call::Range(tuple) => {
                let range = current.subspace()?.subspace(tuple).range();
                elements(vec![range.begin.into(), range.end.into()])
            }
            Call::Contains(key) => elements(vec![i64::from(current.subspace()?.contains(key)).into()]),
            Call::OpenSubspace(tuple) => Ok(Outcome::Entry(Entry::Subspace(current.subspace()?.subspace(tuple)))),
            Call::StripPrefix(key) => elements(vec![current.subspace()?.strip(key)?.into()]),
            _ => Err(Error::new(ErrorKind::InvalidArgument, "only in the transaction in use")),
        }
    }
}

impl Entry {
    fn tree(&self) -> (Option<&DirectoryLayer>, Option<&Directory>) {
        match self {
            Entry::Nothing | Entry::Subspace(_) => (None, None),
            Entry::Layer(layer) => (Some(layer), None),
            Entry::Directory(root, directory) => (Some(root), Some(directory)),
        }
    }

    fn subspace(&self) -> Result<Subspace> {
        match self {
            Entry::Subspace(subspace) => Ok(subspace.clone()),
            Entry::Directory(_, directory) => directory.subspace().cloned(),
            Entry::Nothing | Entry::Layer(_) => Err(no_directory()),
        }
    }

    /// Writes down what is known of a directory.
    async fn log(&self, transaction: &Transaction, log: &Subspace) -> Result<()> {
        let (root, directory) = self.tree();
        let root = root.ok_or_else(no_directory)?;
        let path = directory.map_or(DirectoryPath::ROOT, |own| own.path().clone());
        let layer = directory.map_or(&b""[..], |own| own.layer());
        let exists = match directory {
            Some(own) => own.exists(transaction).await?,
            None => root.exists(transaction, DirectoryPath::ROOT).await?,
        };
        let children = match directory {
            _ if !exists => Vec::new(),
            Some(own) => own.list(transaction, DirectoryPath::ROOT).await?,
            None => root.list(transaction, DirectoryPath::ROOT).await?,
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
