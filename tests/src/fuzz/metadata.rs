//! Input: encoded meta-data. What is accepted is written so that it reads as the same meta-data, is a legal successor of
//! itself, and stores can be opened with it.

use std::sync::LazyLock;

use futures_executor::block_on;
use record_store::kv::Subspace;
use record_store::metadata::MetaDataEvolutionValidator;
use record_store::{
    Database, ErrorKind, RecordMetaData, RecordMetaDataBuilder, RecordStore, ScanOptions, StoreOptions,
};

use super::refused;

static DATABASE: LazyLock<Database> = LazyLock::new(|| Database::in_memory().expect("the engine is built in"));

pub(super) fn run(input: &[u8]) {
    let metadata = match RecordMetaData::from_proto_bytes(input.to_vec()) {
        Ok(metadata) => metadata,
        Err(error) => {
            return refused(
                &error,
                &[ErrorKind::MetaData, ErrorKind::InvalidExpression, ErrorKind::Schema],
            );
        }
    };
    let written = metadata.to_proto_bytes();
    let again = RecordMetaData::from_proto_bytes(written.clone()).expect("what was written can be read");
    assert_eq!(again.to_proto_bytes(), written);
    let rebuilt = RecordMetaDataBuilder::from(&metadata)
        .build()
        .expect("it was built before");
    assert_eq!(rebuilt.to_proto_bytes(), written);

    let evolution = MetaDataEvolutionValidator {
        allow_no_version_change: true,
        ..MetaDataEvolutionValidator::default()
    };
    evolution.validate(&metadata, &again).expect("no change is a legal one");
    for record_type in metadata.record_types() {
        let _ = metadata.record_type_range(record_type.name());
        assert!(metadata.record_type(record_type.name()).is_ok());
        assert!(metadata.record_type_from_key(record_type.record_type_key()).is_some());
    }
    open(&metadata);
}

fn open(metadata: &RecordMetaData) {
    block_on(async {
        let context = DATABASE.transaction();
        let opened = RecordStore::open(&context, Subspace::from(("fuzz",)), metadata, &StoreOptions::default()).await;
        match opened {
            Ok(store) => {
                let mut records = store
                    .scan_records(ScanOptions::default())
                    .expect("a whole scan has no ends");
                assert!(matches!(records.next().await, Ok(None)));
            }
            Err(error) => refused(&error, &[ErrorKind::Unsupported]),
        }
    });
}
