//! `cargo xtask conformance`: Apple's Java Record Layer and this one take turns on the same record spaces, in one directory that
//! both have open. In every format of Java's 4.1.4.0, each opens what the other has made, reads it, changes it and checks every
//! index.

mod chance;
mod deletes;
mod dump;
mod evolution;
mod java;
mod questions;
mod raw;
mod shared;
mod shop;
mod turns;
mod uniqueness;
mod upgrade;

use std::fs;

use futures_executor::block_on;
use record_store::{Database, FormatVersion};

use self::java::Java;
use self::shared::{Shared, Side};
use crate::clients::library;
use crate::libclang;
use crate::step::Failure;

/// What is run.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Only these formats of stores, of 1 to 10; all, if there are none
    #[arg(long, value_delimiter = ',')]
    formats: Vec<i32>,
    /// How many seeds of steps by chance
    #[arg(long, default_value_t = 2)]
    seeds: u64,
    /// The first seed: with --seeds 1 it replays one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Rust opens the database as a cluster, through the drop-in libfdb_c; for an xtask built with --features record-store/fdb
    #[arg(long)]
    fdb: bool,
    /// All scenes in all formats, each step of an upgrade, and whole and split stores of both
    #[arg(long)]
    thorough: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            formats: Vec::new(),
            seeds: 2,
            from: 0,
            fdb: false,
            thorough: false,
        }
    }
}

/// The formats that Java's 4.1.4.0 has.
const FORMATS: std::ops::RangeInclusive<i32> = 1..=10;

/// The format in which all scenes are run without being asked for; the tests run them in format 5, too, with Rust on `fdb:`.
const NEWEST: i32 = 10;

/// The steps of an upgrade that are taken without being asked for, each of which changes what is stored.
const UPGRADES: [i32; 4] = [3, 5, 6, 10];

/// Runs both ways in all formats.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let library = library::build()?;
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let (data, cluster_file) = (folder.path().join("data"), folder.path().join("fdb.cluster"));
    fs::write(&cluster_file, format!("embedded:{}", data.display())).map_err(|error| format!("{error}"))?;
    let mut java = Java::start(&library, &cluster_file)?;
    block_on(async {
        let url = match arguments.fdb {
            true => format!(
                "fdb:{}?library={}/libfdb_c.so",
                cluster_file.display(),
                library.display()
            ),
            false => data.display().to_string(),
        };
        let database = Database::open(&url).await.map_err(told)?;
        all(arguments, &mut java, &database).await
    })
}

/// The tests: everything on the engine, and one format with Rust on FoundationDB's backend, which a build of its own has.
pub(crate) fn test() -> Result<(), Failure> {
    run(&Arguments::default())?;
    libclang::cargo()?
        .args(["run", "--quiet", "--package", "xtask", "--features", "record-store/fdb"])
        .args([
            "--",
            "conformance",
            "--fdb",
            "--formats",
            "5",
            "--thorough",
            "--seeds",
            "0",
        ])
        .run()
}

async fn all(arguments: &Arguments, java: &mut Java, database: &Database) -> Result<(), Failure> {
    let formats = FORMATS.filter(|number| arguments.formats.is_empty() || arguments.formats.contains(number));
    let formats = formats.map(FormatVersion::from_number);
    let formats = formats.collect::<Result<Vec<_>, _>>().map_err(told)?;
    for format in &formats {
        let all_scenes = arguments.thorough || format.number() == NEWEST;
        for side in Side::BOTH {
            let path = |scene: &str| format!("conformance/{scene}-{}-{}", side.name(), format.number());
            turns::take(&mut Shared::new(java, database, path("turns"), *format), side).await?;
            if !all_scenes {
                continue;
            }
            uniqueness::take(&mut Shared::new(java, database, path("uniqueness"), *format), side).await?;
            evolution::take(&mut Shared::new(java, database, path("evolution"), *format), side).await?;
            deletes::take(&mut Shared::new(java, database, path("deletes"), *format), side).await?;
        }
        if all_scenes {
            raw::same_bytes(java, database, *format).await?;
        }
        println!("format {}: each works on what the other has made", format.number());
    }
    let [first, rest @ ..] = &formats[..] else {
        return Err("there is no such format".to_owned());
    };
    let steps = rest.iter().copied();
    let steps = steps.filter(|format| arguments.thorough || UPGRADES.contains(&format.number()));
    let steps: Vec<FormatVersion> = steps.collect();
    if !steps.is_empty() {
        for (side, split) in [
            (Side::Java, true),
            (Side::Rust, false),
            (Side::Java, false),
            (Side::Rust, true),
        ] {
            if arguments.thorough || (side == Side::Java) == split {
                let path = format!("conformance/upgrade-{}-{split}", side.name());
                upgrade::take(&mut Shared::new(java, database, path, *first), side, split, &steps).await?;
            }
        }
        println!(
            "upwards from format {}: each works on what the other has upgraded",
            first.number()
        );
    }
    // Not from a format before record count keys: Java does not wait for the count that such an upgrade begins (docs/status.md).
    let counted = formats
        .iter()
        .find(|format| format.is_at_least(FormatVersion::RecordCountKeyAdded));
    let first = counted.unwrap_or(first);
    for seed in arguments.from..arguments.from + arguments.seeds {
        let path = format!("conformance/chance-{seed}");
        chance::take(&mut Shared::new(java, database, path, *first), seed).await?;
        println!("steps by chance: seed {seed}");
    }
    Ok(())
}

fn told(error: record_store::Error) -> Failure {
    error.to_string()
}
