//! Cursors over cursors against what Java's wrote: each continuation, and what is left when another cursor goes on there.

use std::task::{Context, Poll};

use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use serde_json::Value;

use super::*;
use crate::Result;

/// The numbers of a list. Java: `ListCursor`.
struct ListCursor {
    values: Vec<i64>,
    at: u32,
    stopped: Option<NoNextReason>,
}

impl ListCursor {
    fn begin(values: &[i64], continuation: Option<&Continuation>) -> Result<BoxCursor<i64>> {
        let at = match continuation {
            None => 0,
            Some(at) => u32::from_be_bytes(at.as_bytes().try_into().expect("a place in a list has four bytes")),
        };
        Ok(Box::new(ListCursor {
            values: values.to_vec(),
            at,
            stopped: None,
        }))
    }
}

impl Cursor for ListCursor {
    type Item = i64;

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<i64>>> {
        let value = self.values.get(self.at as usize).copied();
        match value {
            Some(_) => self.at += 1,
            None => self.stopped = Some(NoNextReason::SourceExhausted),
        }
        Poll::Ready(Ok(value))
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        match (self.stopped, self.at) {
            (Some(_), _) => Position::End,
            (None, 0) => Position::Start,
            (None, at) => Position::List(at),
        }
    }
}

fn numbers(list: &Value) -> Vec<i64> {
    let list = list.as_array().expect("a list of numbers");
    list.iter().map(|number| number.as_i64().expect("a number")).collect()
}

/// The cursor that a vector describes; none for a kind that we have no use for.
fn begin(vector: &Value, continuation: Option<&Continuation>) -> Option<Result<BoxCursor<i64>>> {
    let spec = &vector["spec"];
    let merged = |kind| {
        let lists: Vec<Vec<i64>> = spec["lists"].as_array()?.iter().map(numbers).collect();
        let children: Vec<Begin<'_, i64>> = lists
            .iter()
            .map(|list| -> Begin<'_, i64> { Box::new(|continuation| ListCursor::begin(list, continuation)) })
            .collect();
        let key = |value: &i64| Ok(Tuple::from((*value,)).pack());
        let cursor = MergeCursor::new(kind, &children, continuation, key);
        Some(cursor.map(|cursor| Box::new(cursor) as BoxCursor<i64>))
    };
    let list = || ListCursor::begin(&numbers(&spec["list"]), continuation);
    match vector["cursor"].as_str()? {
        "list" => Some(list()),
        "union" => merged(MergeKind::Union { reverse: false }),
        "unordered_union" => merged(MergeKind::UnorderedUnion),
        "intersection" => merged(MergeKind::Intersection { reverse: false }),
        "filter" => Some(list().map(|list| {
            let odd = FilterCursor::new(list, |value: &i64| Ok(value % 2 == 1));
            Box::new(odd) as BoxCursor<i64>
        })),
        "skip" => Some(list().map(|list| {
            // Who goes on has skipped already.
            let skip = if continuation.is_none() { 1 } else { 0 };
            Box::new(LimitCursor::new(list, skip, None)) as BoxCursor<i64>
        })),
        "limit" => Some(list().map(|list| {
            let limit = continuation.is_none().then_some(2);
            Box::new(LimitCursor::new(list, 0, limit)) as BoxCursor<i64>
        })),
        "flat_map_check_value" => {
            let outer = numbers(&spec["outer"]).into_iter().map(Element::from).collect();
            let cursor = FlatMapCursor::new(outer, continuation, |value, continuation| {
                let value = value.as_i64().unwrap_or_default();
                ListCursor::begin(&[value, -value], continuation)
            });
            Some(cursor.map(|cursor| Box::new(cursor) as BoxCursor<i64>))
        }
        _ => None,
    }
}

fn hex(continuation: Option<&Continuation>) -> Value {
    match continuation {
        None => Value::Null,
        Some(continuation) => {
            let digits: Vec<String> = continuation
                .as_bytes()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            digits.concat().into()
        }
    }
}

#[test]
fn cursors_over_lists_stop_and_go_on_as_javas() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/cases/list_cursors.json");
    let case = std::fs::read_to_string(path).expect("the golden case is there");
    let case: Value = serde_json::from_str(&case).expect("the golden case is JSON");
    let mut checked = 0;
    for vector in case["vectors"].as_array().expect("a list of vectors") {
        let Some(cursor) = begin(vector, None) else { continue };
        let about = format!("{} {}", vector["cursor"], vector["spec"]);
        // Which child of an unordered union comes first depends on Java's timing.
        let is_timed = vector["cursor"] == "unordered_union";
        block_on(async {
            let mut cursor = cursor?;
            for javas in vector["results"].as_array().expect("a list of results") {
                let value = next(&mut *cursor).await?;
                let continuation = cursor.position().to_continuation();
                if let Some(end) = javas["end"].as_str() {
                    assert_eq!(value, None, "{about}");
                    assert_eq!(cursor.no_next_reason().map(NoNextReason::name), Some(end), "{about}");
                    if end == "SOURCE_EXHAUSTED" {
                        assert!(continuation.is_none(), "{about}");
                    }
                    continue;
                }
                if is_timed {
                    assert!(value.is_some(), "{about}");
                    continue;
                }
                assert_eq!(value, javas["value"].as_i64(), "{about}");
                assert_eq!(
                    hex(continuation.as_ref()),
                    javas["continuation"],
                    "{about} after {value:?}"
                );
                let mut resumed = begin(vector, continuation.as_ref()).expect("it was begun before")?;
                let mut left = Vec::new();
                while let Some(value) = next(&mut *resumed).await? {
                    left.push(value);
                }
                if vector["cursor"] != "limit" {
                    assert_eq!(left, numbers(&javas["resumed"]), "{about} resumed after {value:?}");
                }
            }
            Ok::<(), crate::Error>(())
        })?;
        checked += 1;
    }
    assert_eq!(checked, 11);
    Ok(())
}

#[test]
fn foreign_continuations_of_merged_cursors_are_refused() {
    let list = |continuation: Option<&Continuation>| ListCursor::begin(&[1, 2], continuation);
    let key = |value: &i64| Ok(Tuple::from((*value,)).pack());
    for kind in [
        MergeKind::Union { reverse: false },
        MergeKind::Intersection { reverse: false },
    ] {
        let children: [Begin<'_, i64>; 3] = [Box::new(list), Box::new(list), Box::new(list)];
        // No message at all; and one of two children, where there are three.
        for bytes in [&[0xff, 0xff][..], &[]] {
            let foreign = Continuation::from_bytes(bytes.to_vec());
            let refused = MergeCursor::new(kind, &children, Some(&foreign), key);
            let error = refused.err().expect("it is refused");
            assert_eq!(
                error.kind(),
                crate::ErrorKind::InvalidContinuation,
                "{kind:?} {bytes:?}"
            );
        }
    }
}
