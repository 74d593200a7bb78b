//! [`Position`]: where a cursor over other cursors stands. Its continuation is written only when somebody asks for it.
//!
//! The messages are Java's, those of `record_cursor.proto` and `record_sorting.proto`.

use std::sync::Arc;

use prost::Message;
use record_store_kv::Bytes;

use super::Continuation;
use crate::proto::{FlatMapContinuation, IntersectionContinuation, MemorySortContinuation, UnionContinuation};
use crate::proto::{intersection_continuation, union_continuation};
use crate::{Error, ErrorKind, Result};

/// Where a cursor stands: behind the last result that it gave. Java: `RecordCursorContinuation`.
#[derive(Clone, Debug)]
pub(crate) enum Position {
    /// Before the first result.
    Start,
    /// Nothing follows.
    End,
    /// Where another cursor stood, as bytes.
    Kept(Continuation),
    /// Behind a key, by the part that its range does not tell.
    Key(Bytes),
    /// Behind so many values of a list.
    List(u32),
    /// Where the children of a union stand.
    Union(Vec<Position>),
    /// Where the children of an intersection stand.
    Intersection(Vec<Position>),
    /// Among the results for one result of another cursor.
    FlatMap(Box<FlatMapPosition>),
    /// In a sort.
    Sort(Arc<SortPosition>),
}

/// Where a cursor for each result of another one stands.
#[derive(Clone, Debug)]
pub(crate) struct FlatMapPosition {
    /// Before the outer result at hand.
    pub(crate) before_outer: Position,
    /// Behind it.
    pub(crate) behind_outer: Position,
    pub(crate) inner: Position,
    /// By what the outer result is known again.
    pub(crate) check_value: Bytes,
}

/// Where a sort stands.
#[derive(Clone, Debug)]
pub(crate) struct SortPosition {
    /// The records read so far, if not all were, in order.
    pub(crate) records: Vec<Bytes>,
    /// The key of the last record that was given.
    pub(crate) minimum_key: Option<Bytes>,
    /// Where to read on.
    pub(crate) child: Position,
    /// The key from which on records were read and not kept, because fewer were asked for.
    pub(crate) left_out_from: Option<Bytes>,
}

impl Position {
    /// The start, or where another cursor stood.
    pub(crate) fn from_continuation(continuation: Option<&Continuation>) -> Self {
        match continuation {
            None => Position::Start,
            Some(continuation) => Position::Kept(continuation.clone()),
        }
    }

    /// Whether nothing follows.
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Position::End => true,
            Position::Union(children) => children.iter().all(Position::is_end),
            Position::Intersection(children) => children.iter().any(Position::is_end),
            Position::FlatMap(position) => position.behind_outer.is_end() && position.inner.is_end(),
            Position::Start | Position::Kept(_) | Position::Key(_) | Position::List(_) | Position::Sort(_) => false,
        }
    }

    /// What another cursor is given to go on here; none at the start and at the end.
    pub(crate) fn to_continuation(&self) -> Option<Continuation> {
        if self.is_end() {
            return None;
        }
        Some(match self {
            Position::Start | Position::End => return None,
            Position::Kept(continuation) => continuation.clone(),
            Position::Key(key) => Continuation::of_key(key.clone()),
            Position::List(at) => Continuation::from_java(at.to_be_bytes().to_vec()),
            Position::Union(children) => encoded(&union(children)),
            Position::Intersection(children) => encoded(&intersection(children)),
            Position::FlatMap(position) => encoded(&flat_map(position)),
            Position::Sort(position) => encoded(&MemorySortContinuation {
                records: position.records.clone(),
                minimum_key: position.minimum_key.clone(),
                continuation: position.child.to_bytes(),
                left_out_from: position.left_out_from.clone(),
            }),
        })
    }

    fn to_bytes(&self) -> Option<Bytes> {
        self.to_continuation().map(Continuation::into_bytes)
    }

    /// Where the children of a union go on. Errors: `InvalidContinuation`.
    pub(super) fn of_union(continuation: Option<&Continuation>, children: usize) -> Result<Vec<Position>> {
        let Some(continuation) = continuation else {
            return Ok(vec![Position::Start; children]);
        };
        let message: UnionContinuation = decoded(continuation)?;
        let child = |bytes: Option<Bytes>, exhausted: bool| match bytes {
            _ if exhausted => Position::End,
            bytes => Position::from_bytes(bytes),
        };
        let (first, second) = (message.first_exhausted(), message.second_exhausted());
        let mut positions = vec![
            child(message.first_continuation, first),
            child(message.second_continuation, second),
        ];
        for other in message.other_child_state {
            let exhausted = other.exhausted();
            positions.push(child(other.continuation, exhausted));
        }
        expect_children(positions, children)
    }

    /// Where the children of an intersection go on. Errors: `InvalidContinuation`.
    pub(super) fn of_intersection(continuation: Option<&Continuation>, children: usize) -> Result<Vec<Position>> {
        let Some(continuation) = continuation else {
            return Ok(vec![Position::Start; children]);
        };
        let message: IntersectionContinuation = decoded(continuation)?;
        let child = |bytes: Option<Bytes>, started: bool| match (started, bytes) {
            (false, _) => Position::Start,
            (true, None) => Position::End,
            (true, bytes) => Position::from_bytes(bytes),
        };
        let (first, second) = (message.first_started(), message.second_started());
        let mut positions = vec![
            child(message.first_continuation, first),
            child(message.second_continuation, second),
        ];
        for other in message.other_child_state {
            let started = other.started();
            positions.push(child(other.continuation, started));
        }
        expect_children(positions, children)
    }

    fn from_bytes(bytes: Option<Bytes>) -> Self {
        Position::from_continuation(bytes.map(Continuation::from_java).as_ref())
    }
}

/// Reads the message of a continuation. Errors: `InvalidContinuation`.
pub(crate) fn decoded<M: Message + Default>(continuation: &Continuation) -> Result<M> {
    M::decode(continuation.as_bytes()).map_err(|error| {
        Error::new(
            ErrorKind::InvalidContinuation,
            "the continuation is none of this plan: give it to the query from which it came",
        )
        .caused_by(error)
    })
}

fn encoded(message: &impl Message) -> Continuation {
    Continuation::from_java(message.encode_to_vec())
}

fn expect_children(positions: Vec<Position>, children: usize) -> Result<Vec<Position>> {
    if positions.len() == children {
        return Ok(positions);
    }
    Err(Error::new(
        ErrorKind::InvalidContinuation,
        "the continuation is of a plan with another number of parts: give it to the query from which it came",
    )
    .with("parts", positions.len())
    .with("expected", children))
}

fn union(children: &[Position]) -> UnionContinuation {
    let mut message = UnionContinuation::default();
    for (at, child) in children.iter().enumerate() {
        let (continuation, ended) = (child.to_bytes(), child.is_end());
        match at {
            0 => {
                message.first_continuation = continuation;
                message.first_exhausted = ended.then_some(true);
            }
            1 => {
                message.second_continuation = continuation;
                message.second_exhausted = ended.then_some(true);
            }
            _ => message.other_child_state.push(union_continuation::CursorState {
                // Java says of the third child and those after it that they are not at their end, unless they have begun.
                exhausted: (ended || continuation.is_none()).then_some(ended),
                continuation,
            }),
        }
    }
    message
}

fn intersection(children: &[Position]) -> IntersectionContinuation {
    let mut message = IntersectionContinuation::default();
    for (at, child) in children.iter().enumerate() {
        let continuation = child.to_bytes();
        let started = Some(continuation.is_some() || child.is_end());
        match at {
            0 => {
                message.first_continuation = continuation;
                message.first_started = started;
            }
            1 => {
                message.second_continuation = continuation;
                message.second_started = started;
            }
            _ => message
                .other_child_state
                .push(intersection_continuation::CursorState { continuation, started }),
        }
    }
    message
}

fn flat_map(position: &FlatMapPosition) -> FlatMapContinuation {
    if position.inner.is_end() {
        return FlatMapContinuation {
            outer_continuation: Some(position.behind_outer.to_bytes().unwrap_or_default()),
            ..FlatMapContinuation::default()
        };
    }
    FlatMapContinuation {
        outer_continuation: position.before_outer.to_bytes(),
        inner_continuation: Some(position.inner.to_bytes().unwrap_or_default()),
        check_value: Some(position.check_value.clone()),
    }
}
