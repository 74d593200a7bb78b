//! The keys and values of a space, below the record layer: nothing is left of what is gone, and both write the same.

use std::collections::BTreeMap;

use prost::Message;
use record_store::kv::tuple::{Element, Tuple, Versionstamp};
use record_store::proto::DataStoreInfo;
use record_store::{Database, FormatVersion, IndexState, RecordSpace, StoreKeyspace};

use super::java::Java;
use super::shared::{Shared, Side};
use crate::step::Failure;

/// No key belongs to an index that the schema does not have.
pub(super) async fn holds_known_indexes_only(shared: &Shared<'_>) -> Result<(), Failure> {
    let space = shared.open().await?;
    let metadata = space.metadata();
    let known: Vec<Element> = metadata.indexes().map(|index| index.subspace_key().clone()).collect();
    for (key, _) in rows(&space).await? {
        let part = match key.first() {
            Some(Element::Int(number)) => StoreKeyspace::from_number(*number),
            _ => None,
        };
        let of_index = part.is_some_and(|part| {
            use StoreKeyspace::*;
            // Java's 4.1.4.0 leaves behind how an index was built.
            !matches!(
                part,
                StoreInfo | Record | RecordCount | RecordVersion | IndexState | IndexBuild
            )
        });
        let is_known = key.get(1).is_some_and(|index| known.contains(index));
        shared.that(
            !of_index || is_known,
            &format!("no index of the schema has the key {key:?}"),
        )?;
    }
    Ok(())
}

/// Two spaces, of which one was all Java's doing and one all Rust's, hold the same bytes.
pub(super) async fn same_bytes(java: &mut Java, database: &Database, format: FormatVersion) -> Result<(), Failure> {
    let path = |side: Side| format!("conformance/bytes-{}-{}", side.name(), format.number());
    let mut by_rust = Shared::new(java, database, path(Side::Rust), format);
    by_rust.create(Side::Rust, true).await?;
    act(&mut by_rust, Side::Rust).await?;
    let of_rust = by_rust.open().await?;
    let mut by_java = Shared::new(java, database, path(Side::Java), format);
    by_java.create_like(&path(Side::Rust))?;
    act(&mut by_java, Side::Java).await?;
    let of_java = by_java.open().await?;

    let (of_rust, of_java) = (masked(rows(&of_rust).await?)?, masked(rows(&of_java).await?)?);
    for (key, value) in &of_rust {
        let other = of_java.get(key);
        by_java.that(
            other == Some(value),
            &format!(
                "at {key:?} Rust has {:.300} and Java {:.300}",
                text(Some(value)),
                text(other)
            ),
        )?;
    }
    let missing = of_java.keys().find(|key| !of_rust.contains_key(*key));
    by_java.that(missing.is_none(), &format!("only Java has the key {missing:?}"))
}

/// The same actions by either.
async fn act(space: &mut Shared<'_>, side: Side) -> Result<(), Failure> {
    space.items(side, 0, 1..=12).await?;
    space.others(side, "Order", 1..=4).await?;
    space.items(side, 1, [3, 4, 7, 8]).await?;
    space.delete(side, [5, 12]).await?;
    space.delete_type(side, "Order").await?;
    space.others(side, "Order", [9]).await?;
    space.mark(side, "by_tag", IndexState::Disabled).await?;
    space.items(side, 2, [1, 2]).await?;
    space.mark(side, "by_city", IndexState::WriteOnly).await?;
    space.items(side, 3, [1, 2]).await?;
    space.build(side, "by_tag").await
}

type Rows = Vec<(Vec<Element>, Vec<u8>)>;

async fn rows(space: &RecordSpace) -> Result<Rows, Failure> {
    let told = |error: record_store::kv::Error| format!("the keys of {}: {error}", space.path());
    let subspace = space.subspace();
    let transaction = space.database().kv().transaction();
    let request = subspace.prefix_range().request();
    let found = transaction.get_range_all(&request, false).await.map_err(told)?;
    let mut rows = Vec::new();
    for row in found {
        let key = subspace
            .unpack(&row.key)
            .map_err(|error| format!("a key of {}: {error}", space.path()))?;
        rows.push((key.into_elements(), row.value.to_vec()));
    }
    Ok(rows)
}

/// Without what no two runs have in common. That is when transactions committed, which FoundationDB says and which stands in the
/// versions of records, in keys and in values; and when the header was written last.
fn masked(rows: Rows) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Failure> {
    let mut masked = BTreeMap::new();
    for (key, mut value) in rows {
        match key.first() {
            Some(Element::Int(0)) => without_time(&mut value)?,
            // The version of a record stands beside it under -1.
            Some(Element::Int(1)) if key.last() == Some(&Element::Int(-1)) => {
                let version = Tuple::unpack(&value).map_err(|error| format!("the version at {key:?}: {error}"))?;
                value = same_time(version.into_elements()).pack();
            }
            // In stores of old formats it stands apart: ten bytes of the transaction, two of the record.
            Some(Element::Int(8)) => value.iter_mut().take(10).for_each(|byte| *byte = 0),
            // Java's 4.1.4.0 leaves behind how many records a finished build has read; later versions take it away, as Rust does.
            Some(Element::Int(9)) => continue,
            _ => {}
        }
        masked.insert(same_time(key).pack(), value);
    }
    Ok(masked)
}

/// Versions keep their order within a transaction only.
fn same_time(elements: Vec<Element>) -> Tuple {
    elements.into_iter().fold(Tuple::new(), |tuple, element| match element {
        Element::Versionstamp(stamp) => tuple.with(Versionstamp::complete(Default::default(), stamp.user_version())),
        element => tuple.with(element),
    })
}

fn without_time(header: &mut Vec<u8>) -> Result<(), Failure> {
    let info = DataStoreInfo::decode(header.as_slice()).map_err(|error| format!("the header: {error}"))?;
    let time = DataStoreInfo {
        last_update_time: info.last_update_time,
        ..DataStoreInfo::default()
    };
    let time = time.encode_to_vec();
    let at = header.windows(time.len()).position(|bytes| bytes == time);
    let at = at
        .filter(|_| !time.is_empty())
        .ok_or("the header does not say when it was written")?;
    header.drain(at..at + time.len());
    Ok(())
}

fn text(value: Option<&Vec<u8>>) -> String {
    value.map_or("nothing".to_owned(), |value| value.escape_ascii().to_string())
}
