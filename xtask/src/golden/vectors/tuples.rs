//! Tuples: what Java packed, in which order, and which ranges it made.

use anyhow::{Context, Result, bail, ensure};
use record_store::key_expression::TupleOrdering;
use record_store::kv::tuple::{EndpointType, Tuple, TupleRange};
use record_store::kv::{Subspace, strinc};
use serde_json::Value;

use super::same;
use super::values::elements;
use crate::golden::bytes::{from_hex, hex, text};

/// A packed tuple, and the range of what lies below it.
pub(super) fn packed(vector: &Value) -> Result<()> {
    let tuple = elements(&vector["elements"])?;
    let is = |what: &str, ours: &[u8], name: &str| same(what, hex(ours).as_str(), text(vector, name)?);
    if vector.get("packed").is_none() {
        let prefixed = Subspace::new(vec![1, 2, 3]).pack_with_versionstamp(&tuple)?;
        is(
            "packed",
            &tuple.pack_with_versionstamp(b"")?,
            "packed_with_versionstamp",
        )?;
        is("behind a prefix", &prefixed, "packed_with_versionstamp_prefix_010203")?;
        ensure!(tuple.try_pack().is_err(), "{tuple} is packed without its versionstamp");
        return Ok(());
    }
    let packed = tuple.try_pack()?;
    is("packed", &packed, "packed")?;
    same("unpacked", Tuple::unpack(&packed)?, tuple.clone())?;
    let range = Subspace::from(tuple).range();
    is("the range begins", &range.begin, "range_begin")?;
    is("the range ends", &range.end, "range_end")
}

/// A tuple of a sorted list.
pub(super) fn in_order(vector: &Value) -> Result<()> {
    let tuple = elements(&vector["elements"])?;
    same("packed", hex(&tuple.pack()).as_str(), text(vector, "packed")?)
}

/// The order of a list is that of its tuples.
pub(super) fn sorted(vectors: &[Value]) -> Result<()> {
    let tuples: Result<Vec<Tuple>> = vectors.iter().map(|vector| elements(&vector["elements"])).collect();
    ensure!(tuples?.is_sorted_by(|a, b| a < b), "the tuples are in another order");
    Ok(())
}

/// The ends of a range of tuples, or the first key behind a prefix.
pub(super) fn range(vector: &Value) -> Result<()> {
    if vector.get("strinc_of").is_some() {
        let ours = strinc(&from_hex(text(vector, "strinc_of")?)?);
        return same(
            "strinc",
            ours.map(|key| hex(&key)).as_deref(),
            Some(text(vector, "result")?),
        );
    }
    let end = |name: &str| -> Result<Option<Tuple>> {
        let packed = vector[name].as_str().map(from_hex).transpose()?;
        Ok(packed.map(|packed| Tuple::unpack(&packed)).transpose()?)
    };
    let range = TupleRange::new(
        end("low")?,
        end("high")?,
        endpoint(text(vector, "low_endpoint")?)?,
        endpoint(text(vector, "high_endpoint")?)?,
    );
    match range.to_range(&Subspace::new(from_hex(text(vector, "subspace")?)?)) {
        Ok(_) if vector.get("error").is_some() => bail!("a range, where Java failed with {}", vector["error"]),
        Ok(keys) => {
            same("begins", hex(&keys.begin).as_str(), text(vector, "begin")?)?;
            same("ends", hex(&keys.end).as_str(), text(vector, "end")?)
        }
        Err(_) if vector.get("error").is_some() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn endpoint(name: &str) -> Result<EndpointType> {
    let known = [
        EndpointType::TreeStart,
        EndpointType::TreeEnd,
        EndpointType::RangeInclusive,
        EndpointType::RangeExclusive,
        EndpointType::Continuation,
        EndpointType::PrefixString,
    ];
    let endpoint = known.into_iter().find(|endpoint| endpoint.name() == name);
    endpoint.with_context(|| format!("unknown endpoint {name}"))
}

/// A tuple packed so that its bytes sort in another direction.
pub(super) fn ordering(vector: &Value) -> Result<()> {
    let ordering = match text(vector, "direction")? {
        "ASC_NULLS_FIRST" => TupleOrdering::AscNullsFirst,
        "ASC_NULLS_LAST" => TupleOrdering::AscNullsLast,
        "DESC_NULLS_FIRST" => TupleOrdering::DescNullsFirst,
        "DESC_NULLS_LAST" => TupleOrdering::DescNullsLast,
        other => bail!("unknown direction {other}"),
    };
    let tuple = elements(&vector["elements"])?;
    let columns: Vec<Vec<u8>> = tuple
        .iter()
        .map(|element| Tuple::from(vec![element.clone()]).pack())
        .collect();
    let packed = ordering.pack(columns.iter().map(Vec::as_slice));
    same("packed", hex(&packed).as_str(), text(vector, "packed")?)?;
    same("unpacked", Tuple::unpack(&ordering.unpack(&packed)?)?, tuple)
}
