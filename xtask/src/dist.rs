//! `cargo xtask dist`: what people install, made from this checkout.

use std::path::PathBuf;

use clap::Subcommand;

use crate::c::{self, Profile};
use crate::step::Failure;

/// What to make.
#[derive(Subcommand)]
pub(crate) enum Product {
    /// The C and C++ library with its headers, pkg-config file and CMake package
    C {
        /// Where to install it, for example /usr/local
        #[arg(long)]
        prefix: PathBuf,
    },
}

/// Makes a product.
pub(crate) fn run(product: &Product) -> Result<(), Failure> {
    match product {
        Product::C { prefix } => {
            std::fs::create_dir_all(prefix).map_err(|error| format!("{}: {error}", prefix.display()))?;
            let prefix = prefix
                .canonicalize()
                .map_err(|error| format!("{}: {error}", prefix.display()))?;
            c::install(&prefix, Profile::Release)?;
            println!("installed below {}", prefix.display());
            Ok(())
        }
    }
}
