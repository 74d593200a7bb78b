//! Cases without a database: lists of vectors, each of which is an input with what Java made of it. One file per subject.

mod evolution;
mod key_expressions;
mod metadata;
mod record_versions;
mod tuples;
pub(super) mod values;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::case::Case;
use super::report::{Part, Report, not_applicable};

/// Checks the vectors of a case.
pub(super) fn check(case: &Case, kind: &str, report: &mut Report) -> Result<()> {
    let vectors = case.list("vectors");
    let check: fn(&Case, &Value) -> Result<()> = match kind {
        "tuple" => |_, vector| tuples::packed(vector),
        "tuple_order" => {
            tuples::sorted(vectors)?;
            |_, vector| tuples::in_order(vector)
        }
        "tuple_range" => |_, vector| tuples::range(vector),
        "tuple_ordering" => |_, vector| tuples::ordering(vector),
        "key_expression" => key_expressions::evaluated,
        "index_primary_key_positions" => |_, vector| key_expressions::positions(vector),
        "metadata" => {
            metadata::from_options(case)?;
            |_, vector| bail!("meta-data has no vectors: {vector}")
        }
        "metadata_error" => |_, vector| metadata::refused(vector),
        "index_proto" => |_, vector| metadata::index(vector),
        "evolution" => |_, vector| evolution::validated(vector),
        "record_version" => |_, vector| record_versions::steps(vector),
        other => {
            let why = why_not(other).with_context(|| format!("unknown kind {other}"))?;
            for number in 0..vectors.len() {
                report.leave_out(Part::Vector(number), why);
            }
            return Ok(());
        }
    };
    for (number, vector) in vectors.iter().enumerate() {
        let kept = report.keep(Part::Vector(number), check(case, vector));
        kept.with_context(|| format!("vector {number}"))?;
    }
    Ok(())
}

/// What the record layer lacks for the vectors of a kind.
fn why_not(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "tokenizer" | "text_bunch" => "indexes of type text",
        "collation" => "function collate_jre",
        "hash" => "indexes of type rank",
        "hilbert" => "indexes of type multidimensional",
        "vector_bytes" => "indexes of type vector",
        "cursor" => "cursors over lists: unit tests of the core check them",
        "keyspace" => "Java's KeySpace: a record space lies in a directory",
        _ => return None,
    })
}

/// The error of a vector that differs.
fn differs(what: &str, ours: impl std::fmt::Debug, javas: impl std::fmt::Debug) -> anyhow::Error {
    anyhow::anyhow!("{what} {ours:?}, Java's {javas:?}")
}

/// Compares a part of a vector.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, javas: T) -> Result<()> {
    match ours == javas {
        true => Ok(()),
        false => Err(differs(what, ours, javas)),
    }
}

/// The error of a vector that must be refused.
fn refused<T>(result: record_store::Result<T>) -> Result<record_store::Error> {
    result.err().context("it is not refused, Java refuses it")
}

/// The reason, if a part of a vector cannot be done.
fn unsupported(error: record_store::Error) -> anyhow::Error {
    match super::report::why_not_applicable(&error.into()) {
        Some(why) => not_applicable(why),
        None => anyhow::anyhow!("it is refused for another reason"),
    }
}
