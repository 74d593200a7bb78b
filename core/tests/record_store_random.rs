//! The record store against a map: random saves, deletes, reads and scans, in every layout that a store can have.
//!
//! Each run prints its seed when it fails; give it to `run` to see it again.

use std::collections::BTreeMap;

use futures_executor::block_on;
use record_store::kv::Subspace;
use record_store::{
    Error, ErrorKind, FormatVersion, NoNextReason, Record, RecordContext, RecordMetaData, RecordStore, RecordVersion,
    Result, ScanOptions, Schema, StoreOptions, Tuple,
};
use record_store_tests::chance::Chance;
use record_store_tests::given::fresh;

/// How a store lies on disk.
#[derive(Clone, Copy, Debug)]
struct Layout {
    split: bool,
    versions: bool,
    format: FormatVersion,
    /// The format to which it is upgraded half-way.
    upgrade: FormatVersion,
}

impl Layout {
    fn random(chance: &mut Chance) -> Self {
        let mut format = || chance.pick(&FormatVersion::ALL);
        let (format, upgrade) = (format(), format());
        Layout {
            split: chance.below(2) == 0,
            versions: chance.below(2) == 0,
            format,
            upgrade,
        }
    }

    fn metadata(self) -> Result<RecordMetaData> {
        Schema::builder()
            .proto(
                "t.proto",
                "syntax = 'proto2'; message T { required int64 id = 1; optional bytes body = 2; }",
            )
            .record_type("T", |t| t.primary_key("id"))
            .split_long_records(self.split)
            .store_record_versions(self.versions)
            .build()?
            .merge_into(None)
    }
}

/// What a record should be: its bytes, and its version once it is committed.
type Model = BTreeMap<i64, (Vec<u8>, Option<RecordVersion>)>;

#[test]
fn a_store_holds_what_was_saved_last() -> Result<()> {
    for seed in 0..60 {
        block_on(run(seed)).map_err(|error| error.with("seed", seed))?;
    }
    Ok(())
}

async fn run(seed: u64) -> Result<()> {
    let mut chance = Chance::of_part(seed, 0);
    let layout = Layout::random(&mut chance);
    let metadata = layout.metadata()?;
    let database = fresh()?;
    let mut model = Model::new();
    for transaction in 0..12 {
        let format = if transaction < 6 { layout.format } else { layout.upgrade };
        let context = database.transaction();
        let store = open(&context, &metadata, format).await?;
        let mut changed = model.clone();
        for _ in 0..chance.below(8) {
            change(&mut chance, &store, layout, &mut changed).await?;
        }
        check(&mut chance, &store, &changed, seed).await?;
        if chance.below(4) > 0 {
            context.commit().await?;
            for (_, version) in changed.values_mut() {
                if let (Some(version), Some(stamp)) = (version.as_mut(), context.committed_versionstamp()) {
                    *version = version.complete_with(stamp)?;
                }
            }
            model = changed;
        }
        let context = database.transaction();
        check(&mut chance, &open(&context, &metadata, format).await?, &model, seed).await?;
    }
    Ok(())
}

async fn open(context: &RecordContext, metadata: &RecordMetaData, format: FormatVersion) -> Result<RecordStore> {
    let options = StoreOptions::default().format_version(format);
    RecordStore::open(context, Subspace::from(("random",)), metadata, &options).await
}

async fn change(chance: &mut Chance, store: &RecordStore, layout: Layout, model: &mut Model) -> Result<()> {
    let id = chance.below(6) as i64 + 1;
    if chance.below(3) == 0 {
        let existed = store.delete_record(&key(id)).await?;
        assert_eq!(existed, model.remove(&id).is_some());
        return Ok(());
    }
    let length = match chance.below(4) {
        0 if layout.split => 100_000 * chance.below(3) + chance.below(3),
        _ => chance.below(200),
    };
    let bytes = encode(id, &vec![chance.below(256) as u8; length]);
    let saved = store.save_record(&Record::from_bytes("T", bytes.clone())).await?;
    assert_eq!(saved.version().is_some(), layout.versions);
    model.insert(id, (bytes, saved.version()));
    Ok(())
}

/// Every way to read agrees with the model.
async fn check(chance: &mut Chance, store: &RecordStore, model: &Model, seed: u64) -> Result<()> {
    for id in 1..=6 {
        let loaded = store.load_record(&key(id)).await?;
        let found = loaded
            .as_ref()
            .map(|record| (record.bytes().to_vec(), record.version()));
        assert_eq!(found.as_ref(), model.get(&id), "load {id}, seed {seed}");
        assert_eq!(
            store.record_exists(&key(id)).await?,
            loaded.is_some(),
            "exists {id}, seed {seed}"
        );
        let version = loaded.and_then(|record| record.version());
        assert_eq!(
            store.load_record_version(&key(id)).await?,
            version,
            "version {id}, seed {seed}"
        );
    }
    let reverse = chance.below(2) == 0;
    let limit = chance.below(4) + 1;
    let mut scanned = Vec::new();
    let mut continuation = None;
    loop {
        let mut options = ScanOptions::default().limit(limit).continuation(continuation);
        options.reverse = reverse;
        options.limits.scanned_rows_max = (chance.below(2) == 0).then(|| chance.below(5) as u64);
        let mut page = store.scan_records(options)?;
        while let Some(record) = page.next().await? {
            let id = record.primary_key()[1].as_i64().expect("an id is a number");
            scanned.push((id, (record.bytes().to_vec(), record.version())));
        }
        continuation = page.continuation();
        if page.no_next_reason() == Some(NoNextReason::SourceExhausted) {
            break;
        }
    }
    if reverse {
        scanned.reverse();
    }
    let expected: Vec<_> = model.clone().into_iter().collect();
    assert_eq!(scanned, expected, "scan by {limit}, reverse {reverse}, seed {seed}");
    Ok(())
}

/// Whatever bytes lie in a store, reading them is a result or an error that says that they are damaged.
#[test]
fn damaged_bytes_are_an_error() -> Result<()> {
    for seed in 0..300 {
        let mut chance = Chance::of_part(seed, 0);
        let layout = Layout::random(&mut chance);
        block_on(async {
            let metadata = layout.metadata()?;
            let context = fresh()?.transaction();
            let store = open(&context, &metadata, layout.format).await?;
            for id in 1..4 {
                store
                    .save_record(&Record::from_bytes("T", encode(id, &[7; 40])))
                    .await?;
            }
            damage(&mut chance, &context).await?;
            let expected = |error: Error| match error.kind() {
                ErrorKind::Corrupt | ErrorKind::Unsupported => Ok(()),
                _ => Err(error),
            };
            for id in 1..4 {
                store.load_record(&key(id)).await.map(drop).or_else(expected)?;
                store.load_record_version(&key(id)).await.map(drop).or_else(expected)?;
            }
            for reverse in [false, true] {
                let mut cursor = store.scan_records(ScanOptions {
                    reverse,
                    ..ScanOptions::default()
                })?;
                loop {
                    match cursor.next().await {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(error) => break expected(error)?,
                    }
                }
            }
            Ok::<_, Error>(())
        })
        .map_err(|error| error.with("seed", seed))?;
    }
    Ok(())
}

/// Changes keys and values of the records at random.
async fn damage(chance: &mut Chance, context: &RecordContext) -> Result<()> {
    let records = Subspace::from(("random", 1));
    let transaction = context.transaction();
    let rows = transaction
        .get_range_all(&records.prefix_range().request(), true)
        .await?;
    for row in rows {
        let (mut key, mut value) = (row.key.to_vec(), row.value.to_vec());
        let prefix = records.prefix().len();
        match chance.below(6) {
            0 => value.truncate(chance.below(value.len() + 1)),
            1 => value.extend((0..chance.below(4)).map(|_| chance.below(256) as u8)),
            2 if !value.is_empty() => {
                let at = chance.below(value.len());
                value[at] = chance.below(256) as u8;
            }
            3 => key.extend((0..chance.below(4)).map(|_| chance.below(256) as u8)),
            4 if key.len() > prefix => {
                let at = prefix + chance.below(key.len() - prefix);
                key[at] = chance.below(256) as u8;
            }
            _ => {}
        }
        transaction.clear(&row.key);
        if records.contains(&key) {
            transaction.set(&key, &value);
        }
    }
    Ok(())
}

fn key(id: i64) -> Tuple {
    Tuple::from((1, id))
}

/// A record in the wire format: an id below 128, and a body.
fn encode(id: i64, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x08, id as u8, 0x12];
    let mut length = body.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(body);
    bytes
}
