//! Builds that Java began, finished here: what is stored in the end is what Java's own end is.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_executor::block_on;
use record_store::indexing::{IndexBuildSummary, IndexingOptions, OnlineIndexer};
use record_store::kv::Subspace;
use record_store::{Database, ErrorKind, IndexState, RecordMetaData, Result, StoreOptions};
use record_store_tests::given::fresh;
use serde_json::Value;

/// A store as Java left it before its last transaction, which finishes the build.
struct Begun {
    case: Value,
    database: Database,
    store: Subspace,
}

impl Begun {
    async fn load(name: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/golden/cases/{name}.json"));
        let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let transactions = case["transactions"].as_array().unwrap();
        let before = transactions[transactions.len() - 2]["keys_after"].as_array().unwrap();
        let (database, store) = (fresh()?, Subspace::from(("store",)));
        let context = database.transaction();
        for row in before {
            let key = [store.prefix(), &from_hex(&row[0])].concat();
            context.transaction().set(&key, &from_hex(&row[1]));
        }
        context.commit().await?;
        Ok(Begun { case, database, store })
    }

    async fn finish(&self, indexes: &[&str]) -> Result<IndexBuildSummary> {
        self.finish_with(indexes, IndexingOptions::default()).await
    }

    async fn finish_with(&self, indexes: &[&str], options: IndexingOptions) -> Result<IndexBuildSummary> {
        let metadata = STANDARD
            .decode(self.case["metadata_versions"][1].as_str().unwrap())
            .unwrap();
        let metadata = RecordMetaData::from_proto_bytes(metadata)?;
        let indexer = OnlineIndexer::new(&self.database, self.store.clone(), &metadata, &StoreOptions::default());
        let indexer = indexes.iter().fold(indexer, |indexer, index| indexer.index(*index));
        indexer.options(options.limit(2)).build().await
    }

    async fn keys(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let context = self.database.transaction();
        let request = self.store.range().request();
        let rows = context.transaction().get_range_all(&request, true).await?;
        let strip = |key: &[u8]| self.store.strip(key).unwrap().to_vec();
        Ok(without_header(
            rows.iter().map(|row| (strip(&row.key), row.value.to_vec())),
        ))
    }

    fn javas_keys(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let keys = self.case["keys"].as_array().unwrap();
        without_header(keys.iter().map(|row| (from_hex(&row[0]), from_hex(&row[1]))))
    }
}

/// Opening a store with a newer format changes its header, and nothing else here.
fn without_header(rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    rows.filter(|(key, _)| *key != b"\x14").collect()
}

fn from_hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn a_build_that_java_began_is_finished() -> Result<()> {
    for (name, indexes, records) in [
        ("build_value", &["ix"][..], 4),
        ("build_count", &["ix"], 4),
        ("build_unique", &["ix"], 4),
        ("build_multi_target", &["i1", "i2"], 2),
        ("build_reverse_and_pages", &["ix"], 5),
        // Of several builders, each with ranges of its own, one goes on alone.
        ("build_mutual", &["ix"], 8),
    ] {
        block_on(async {
            let begun = Begun::load(name).await?;
            let built = begun.finish(indexes).await?;
            assert_eq!(built.records_scanned, records, "{name}");
            assert!(
                built.states.values().all(|state| *state == IndexState::Readable),
                "{name}"
            );
            assert_eq!(begun.keys().await?, begun.javas_keys(), "{name}");
            Ok::<_, record_store::Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn a_build_that_java_began_by_another_index_goes_on_by_that_alone() -> Result<()> {
    block_on(async {
        let begun = Begun::load("build_by_index").await?;
        let before = begun.keys().await?;
        let refused = begun.finish(&["dst"]).await.expect_err("it goes by another index");
        assert_eq!(refused.kind(), ErrorKind::IndexBuild);
        assert_eq!(refused.fact("method"), Some("BY_INDEX"));
        assert_eq!(begun.keys().await?, before);
        let built = begun
            .finish_with(&["dst"], IndexingOptions::default().by_index("src"))
            .await?;
        assert_eq!(built.records_scanned, 4);
        assert_eq!(begun.keys().await?, begun.javas_keys());

        // Java's builders that share the work, and one of ours that joins them.
        let begun = Begun::load("build_mutual").await?;
        let parts = [3, 6].map(|id| record_store::Tuple::from((id,)));
        begun
            .finish_with(&["ix"], IndexingOptions::default().mutually(parts))
            .await?;
        assert_eq!(begun.keys().await?, begun.javas_keys());
        Ok(())
    })
}
