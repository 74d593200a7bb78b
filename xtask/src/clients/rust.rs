//! Crate `foundationdb`.

use std::path::Path;

use crate::libclang;
use crate::step::Failure;

/// What the client sees.
pub(crate) fn run(library: &Path) -> Result<(), Failure> {
    libclang::cargo()?
        .args(["run", "--quiet", "--package", "record-store-client-rust"])
        .env("FDB_LOCAL_CLIENT_LIBRARY_PATH", library.join("libfdb_c.so"))
        .run()
}
