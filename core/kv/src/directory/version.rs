//! The version of the format in which directories are stored: checked by each operation, written by the first change.

use super::refusal;
use crate::tuple::Tuple;
use crate::{Error, ErrorKind, Result, Subspace, Transaction};

/// What an operation does with the directories.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Checks that this code may access the tree with this root node; a tree without version gets it when it is changed.
pub(super) async fn check(transaction: &Transaction, root: &Subspace, access: Access) -> Result<()> {
    let key = root.pack(&Tuple::from((b"version",)));
    let Some(stored) = transaction.get(&key, false).await? else {
        if access == Access::Write {
            transaction.set(&key, &VERSION.map(u32::to_le_bytes).concat());
        }
        return Ok(());
    };
    let (parts, rest) = stored.as_chunks();
    let ([major, minor, patch], []) = (parts, rest) else {
        let error = Error::new(ErrorKind::Corrupt, "the version of the directory layer is unreadable");
        return Err(error.with("version", stored.escape_ascii()));
    };
    let [major, minor, patch] = [major, minor, patch].map(|part| u32::from_le_bytes(*part));
    let [own_major, own_minor, _] = VERSION;
    // A newer minor version may be read but not changed.
    if major > own_major || (access == Access::Write && minor > own_minor) {
        return Err(Error::new(ErrorKind::Directory, refusal::NEWER_VERSION)
            .with("version", format_args!("{major}.{minor}.{patch}")));
    }
    Ok(())
}

/// FoundationDB's since the first release of the directory layer.
const VERSION: [u32; 3] = [1, 0, 0];
