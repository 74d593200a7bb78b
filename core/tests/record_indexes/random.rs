//! Indexes against themselves, built anew.

use std::collections::BTreeMap;

use futures_executor::block_on;
use record_store::key_expression::{concat, field, key_with_value, record_type, version};
use record_store::metadata::index_type;
use record_store::{Database, Index, Record, Result, Tuple};
use record_store_tests::given::fresh;

use super::{by_name, count_by_name, grouped, metadata, of_user, open, subspace};

/// SplitMix64: enough chance for a test, the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn maintained_indexes_are_as_if_built_now() -> Result<()> {
    for seed in 0..40 {
        block_on(maintain_and_rebuild(seed)).map_err(|error| error.with("seed", seed))?;
    }
    Ok(())
}

async fn maintain_and_rebuild(seed: u64) -> Result<()> {
    let clearing = |index: Index| index.with_option("clearWhenZero", "true");
    let metadata = metadata([
        by_name(),
        Index::new("tags", concat((field("tags").fan_out(), field("id")))).on("User"),
        Index::new("all", concat((field("name"), record_type()))),
        Index::new("covering", key_with_value(concat((field("name"), field("age"))), 1)).on("User"),
        Index::new("version", concat((field("name"), version())))
            .on("User")
            .with_kind(index_type::VERSION),
        clearing(count_by_name()),
        clearing(
            Index::new("not_null", grouped(field("age"), 1))
                .on("User")
                .with_kind(index_type::COUNT_NOT_NULL),
        ),
        clearing(
            Index::new("sum", grouped(concat((field("name"), field("age"))), 1))
                .on("User")
                .with_kind(index_type::SUM),
        ),
    ])?;
    let mut chance = Chance(seed);
    let database = fresh()?;
    for _ in 0..10 {
        let context = database.transaction();
        let store = open(&context, &metadata).await?;
        for _ in 0..chance.below(8) {
            let id = chance.below(5);
            if chance.below(4) == 0 {
                store
                    .delete_record(&Tuple::from((1 + chance.below(2) as i64, id as i64)))
                    .await?;
                continue;
            }
            let record = match chance.below(5) {
                0 => Record::from_json("Pet", format!(r#"{{"id": {id}, "name": "n{}"}}"#, chance.below(3))),
                1 => of_user(&format!(r#"{{"id": {id}, "age": {}}}"#, chance.below(3))),
                2 => of_user(&format!(r#"{{"id": {id}, "name": "n{}"}}"#, chance.below(3))),
                _ => {
                    // Repeated tags would make the count of a fan-out drift, as Java's does; entries do not.
                    let (name, age, tag) = (chance.below(3), chance.below(9) as i64 - 4, chance.below(3));
                    of_user(&format!(
                        r#"{{"id": {id}, "name": "n{name}", "age": {age}, "tags": ["t{tag}", "t{}"]}}"#,
                        chance.below(3)
                    ))
                }
            };
            store.save_record(&record).await?;
        }
        context.commit().await?;

        let maintained = dump(&database).await?;
        let context = database.transaction();
        open(&context, &metadata).await?.rebuild_all_indexes().await?;
        context.commit().await?;
        assert_eq!(maintained, dump(&database).await?, "seed {seed}");
    }
    Ok(())
}

/// The entries of all indexes.
async fn dump(database: &Database) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let context = database.transaction();
    let range = subspace().sub(2).prefix_range();
    let rows = context.transaction().get_range_all(&range.request(), true).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.key.to_vec(), row.value.to_vec()))
        .collect())
}
