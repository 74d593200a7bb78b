//! [`MergeCursor`]: unions and intersections of cursors that have one order. Java: `UnionCursor`, `UnorderedUnionCursor`,
//! `IntersectionCursor`.

use std::task::{Context, Poll, ready};

use super::dynamic::{Begin, BoxCursor, Cursor};
use super::{Continuation, NoNextReason, Position};
use crate::Result;

/// Several cursors as one.
pub(crate) struct MergeCursor<T> {
    kind: MergeKind,
    children: Vec<Child<T>>,
    key: KeyOf<T>,
    stopped: Option<NoNextReason>,
}

/// How cursors are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergeKind {
    /// Results of any of them, in their order; those with one key are one.
    Union { reverse: bool },
    /// Results of any of them, one cursor after the other.
    UnorderedUnion,
    /// Results of all of them.
    Intersection { reverse: bool },
}

/// The key by which results are compared, packed.
type KeyOf<T> = Box<dyn FnMut(&T) -> Result<Vec<u8>> + Send>;

/// A merged cursor with its next result.
struct Child<T> {
    /// None for one that was at its end before.
    cursor: Option<BoxCursor<T>>,
    /// Its next result.
    next: Option<T>,
    /// The key of the next result, where keys are compared.
    key: Option<Vec<u8>>,
    /// Behind the last result that was used.
    position: Position,
    stopped: Option<NoNextReason>,
}

impl<T: Send + 'static> MergeCursor<T> {
    /// Merges the cursors that `children` begin.
    ///
    /// Errors: `InvalidContinuation`; those of beginning the cursors.
    pub(crate) fn new(
        kind: MergeKind,
        children: &[Begin<'_, T>],
        continuation: Option<&Continuation>,
        key: impl FnMut(&T) -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<Self> {
        let positions = match kind {
            MergeKind::Intersection { .. } => Position::of_intersection(continuation, children.len())?,
            MergeKind::Union { .. } | MergeKind::UnorderedUnion => Position::of_union(continuation, children.len())?,
        };
        let children: Result<Vec<Child<T>>> = children
            .iter()
            .zip(positions)
            .map(|(begin, position)| Child::begin(begin, position))
            .collect();
        Ok(MergeCursor {
            kind,
            children: children?,
            key: Box::new(key),
            stopped: None,
        })
    }

    fn poll_result(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        if self.stopped.is_some() {
            return Poll::Ready(Ok(None));
        }
        let result = match self.kind {
            MergeKind::Union { reverse } => ready!(self.poll_union(reverse, task))?,
            MergeKind::UnorderedUnion => ready!(self.poll_any(task))?,
            MergeKind::Intersection { reverse } => ready!(self.poll_all(reverse, task))?,
        };
        if result.is_none() {
            self.stopped = Some(match self.kind {
                MergeKind::Intersection { .. } => self.weakest_reason(),
                MergeKind::Union { .. } | MergeKind::UnorderedUnion => self.strongest_reason(),
            });
        }
        Poll::Ready(Ok(result))
    }

    /// Reads the next result of all children at once.
    fn poll_children(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        let mut is_pending = false;
        for child in &mut self.children {
            is_pending |= child.poll_advance(task)?.is_pending();
        }
        if is_pending {
            return Poll::Pending;
        }
        for child in &mut self.children {
            child.find_key(&mut self.key)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_union(&mut self, reverse: bool, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        ready!(self.poll_children(task))?;
        let is_limited = |child: &Child<T>| child.stopped.is_some_and(|reason| !reason.is_source_exhausted());
        if self.children.iter().any(is_limited) {
            return Poll::Ready(Ok(None));
        }
        let keys = self.children.iter().filter_map(Child::key);
        let Some(first) = (if reverse { keys.max() } else { keys.min() }).map(<[u8]>::to_vec) else {
            return Poll::Ready(Ok(None));
        };
        Poll::Ready(Ok(self.take(|key| key == first)))
    }

    fn poll_any(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        for child in &mut self.children {
            ready!(child.poll_advance(task))?;
            if let Some(result) = child.take() {
                return Poll::Ready(Ok(Some(result)));
            }
        }
        Poll::Ready(Ok(None))
    }

    fn poll_all(&mut self, reverse: bool, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        loop {
            ready!(self.poll_children(task))?;
            if self.children.iter().any(|child| child.next.is_none()) {
                return Poll::Ready(Ok(None));
            }
            let keys = self.children.iter().filter_map(Child::key);
            let Some(last) = (if reverse { keys.min() } else { keys.max() }).map(<[u8]>::to_vec) else {
                return Poll::Ready(Ok(None));
            };
            if self.children.iter().all(|child| child.key() == Some(&last)) {
                return Poll::Ready(Ok(self.take(|_| true)));
            }
            self.take(|key| key != last);
        }
    }

    /// Uses the next results whose keys are chosen; answers with the first.
    fn take(&mut self, is_chosen: impl Fn(&[u8]) -> bool) -> Option<T> {
        let mut first = None;
        for child in &mut self.children {
            if child.key().is_some_and(&is_chosen) {
                let result = child.take();
                first = first.or(result);
            }
        }
        first
    }

    /// Java: `getStrongestNoNextReason`.
    fn strongest_reason(&self) -> NoNextReason {
        let mut strongest = None;
        for reason in self.children.iter().filter_map(|child| child.stopped) {
            if strongest
                .is_none_or(|strongest: NoNextReason| reason.is_out_of_band() || strongest.is_source_exhausted())
            {
                strongest = Some(reason);
            }
        }
        strongest.unwrap_or(NoNextReason::SourceExhausted)
    }

    /// Java: `getWeakestNoNextReason`.
    fn weakest_reason(&self) -> NoNextReason {
        let mut weakest = None;
        for reason in self.children.iter().filter_map(|child| child.stopped) {
            if reason.is_source_exhausted() {
                return reason;
            }
            if weakest.is_none_or(|weakest: NoNextReason| weakest.is_out_of_band() && !reason.is_out_of_band()) {
                weakest = Some(reason);
            }
        }
        weakest.unwrap_or(NoNextReason::SourceExhausted)
    }
}

impl<T: Send + 'static> Cursor for MergeCursor<T> {
    type Item = T;

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        self.poll_result(task)
    }

    fn no_next_reason(&self) -> Option<NoNextReason> {
        self.stopped
    }

    fn position(&self) -> Position {
        let children = self.children.iter().map(|child| child.position.clone()).collect();
        match self.kind {
            MergeKind::Intersection { .. } => Position::Intersection(children),
            MergeKind::Union { .. } | MergeKind::UnorderedUnion => Position::Union(children),
        }
    }
}

impl<T> Child<T> {
    fn begin(begin: &Begin<'_, T>, position: Position) -> Result<Self> {
        let is_end = position.is_end();
        let cursor = match is_end {
            true => None,
            false => Some(begin(position.to_continuation().as_ref())?),
        };
        Ok(Child {
            cursor,
            next: None,
            key: None,
            position,
            stopped: is_end.then_some(NoNextReason::SourceExhausted),
        })
    }

    fn poll_advance(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(cursor) = &mut self.cursor else {
            return Poll::Ready(Ok(()));
        };
        if self.next.is_some() || self.stopped.is_some() {
            return Poll::Ready(Ok(()));
        }
        match ready!(cursor.poll_next(task))? {
            Some(result) => self.next = Some(result),
            None => {
                self.stopped = cursor.no_next_reason();
                self.position = cursor.position();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn find_key(&mut self, key_of: &mut KeyOf<T>) -> Result<()> {
        if let (Some(next), None) = (&self.next, &self.key) {
            self.key = Some(key_of(next)?);
        }
        Ok(())
    }

    fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    fn take(&mut self) -> Option<T> {
        let result = self.next.take()?;
        self.key = None;
        if let Some(cursor) = &self.cursor {
            self.position = cursor.position();
        }
        Some(result)
    }
}
