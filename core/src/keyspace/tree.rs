//! Record spaces in the tree of directories: listed, moved and removed there, as any tool of the directory layer does it.

use std::collections::HashSet;

use super::{RecordSpace, SpacePath};
use crate::{Database, Error, ErrorKind, RecordContext, Result};

/// The record spaces below a path, at any depth, in order.
///
/// Errors: `Corrupt` for directories that lie inside themselves; `Directory` for too many inside each other.
pub(crate) async fn list(database: &Database, context: &RecordContext, below: &[String]) -> Result<Vec<SpacePath>> {
    let directories = database.directories();
    let transaction = context.transaction();
    let mut spaces = Vec::new();
    let mut unvisited = vec![below.to_vec()];
    let mut prefixes = HashSet::new();
    while let Some(names) = unvisited.pop() {
        let path = database.directory_path(&names);
        if !path.is_empty() && !directories.exists(transaction, &path).await? {
            continue;
        }
        for child in directories.list(transaction, &path).await? {
            let mut names = names.clone();
            names.push(child);
            if names.len() > DEPTH_MAX {
                return Err(Error::new(
                    ErrorKind::Directory,
                    "too many directories lie inside each other: list those below a longer path",
                )
                .with("path", database.directory_path(below))
                .with("limit", DEPTH_MAX));
            }
            let directory = directories
                .open(transaction, database.directory_path(&names), b"")
                .await?;
            // Partitions have no prefix to compare; how deep they go is limited.
            if let Ok(subspace) = directory.subspace()
                && !prefixes.insert(subspace.prefix().to_vec())
            {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    "a directory stands in two places, perhaps inside itself: remove one of its names",
                )
                .with("path", directory.path())
                .with("prefix", subspace.prefix().escape_ascii()));
            }
            if directory.layer() == RecordSpace::LAYER {
                spaces.push(SpacePath::from_names(names.clone())?);
            }
            unvisited.push(names);
        }
    }
    spaces.sort();
    Ok(spaces)
}

/// Whether there is a record space at a path.
pub(crate) async fn exists(database: &Database, context: &RecordContext, path: &SpacePath) -> Result<bool> {
    let full_path = &database.directory_path(path.names());
    let transaction = context.transaction();
    if !database.directories().exists(transaction, full_path).await? {
        return Ok(false);
    }
    let directory = database.directories().open(transaction, full_path, b"").await?;
    Ok(directory.layer() == RecordSpace::LAYER)
}

/// Removes a record space with all below it; says whether there was one. Errors: `Directory`.
pub(crate) async fn remove(database: &Database, context: &RecordContext, path: &SpacePath) -> Result<bool> {
    let full_path = &database.directory_path(path.names());
    let transaction = context.transaction();
    if !database.directories().exists(transaction, full_path).await? {
        return Ok(false);
    }
    if !exists(database, context, path).await? {
        return Err(Error::new(
            ErrorKind::Directory,
            "the directory is no record space: remove it with the tools of its layer",
        )
        .with("path", path));
    }
    Ok(database.directories().remove_if_exists(transaction, full_path).await?)
}

/// Moves a record space, or a folder of some, with all below it; the folders above the new place are made.
///
/// Errors: `StoreNotFound`, `Directory`.
pub(crate) async fn move_to(
    database: &Database,
    context: &RecordContext,
    from: &SpacePath,
    to: &SpacePath,
) -> Result<()> {
    let directories = database.directories();
    let transaction = context.transaction();
    let (old, new) = (
        database.directory_path(from.names()),
        database.directory_path(to.names()),
    );
    if !directories.exists(transaction, &old).await? {
        return Err(
            Error::new(ErrorKind::StoreNotFound, "there is no record space to move here")
                .with("from", from)
                .with("to", to),
        );
    }
    let layer = directories.open(transaction, &old, b"").await?.layer().to_vec();
    let is_folder = layer.is_empty() && !list(database, context, from.names()).await?.is_empty();
    if layer != RecordSpace::LAYER && !is_folder {
        return Err(Error::new(
            ErrorKind::Directory,
            "the directory is no record space and no folder of some: move it with the tools of its layer",
        )
        .with("from", from)
        .with("to", to));
    }
    if let Some(parent) = new.parent().filter(|parent| !parent.is_empty())
        && !new.starts_with(&old)
    {
        directories.create_or_open(transaction, parent, b"").await?;
    }
    directories.move_to(transaction, old, new).await?;
    Ok(())
}

/// How many directories may lie inside each other where record spaces are looked for: each costs a read for every one in it.
const DEPTH_MAX: usize = 100;
