//! [`Edge`]: a place between keys, compared without being written out.

use std::cmp::Ordering;

/// The place before `key`, or the one right behind it, before the key after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge<'a> {
    key: &'a [u8],
    behind: bool,
}

impl<'a> Edge<'a> {
    /// The place before `key`.
    pub(crate) fn before(key: &'a [u8]) -> Self {
        Edge { key, behind: false }
    }

    /// The place before the key after `key`.
    pub(crate) fn behind(key: &'a [u8]) -> Self {
        Edge { key, behind: true }
    }

    /// The key that follows, written out.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.key.len() + usize::from(self.behind));
        key.extend_from_slice(self.key);
        key.extend_from_slice(self.zero());
        key
    }

    /// Whether nothing but one key lies between `begin` and this place.
    pub(crate) fn is_key_after(self, begin: Edge<'_>) -> bool {
        let length = |edge: Edge<'_>| edge.key.len() + usize::from(edge.behind);
        let ends_with_zero = self.behind || self.key.last() == Some(&0);
        let mut own = self.key.iter().chain(self.zero());
        ends_with_zero
            && length(self) == length(begin) + 1
            && begin
                .key
                .iter()
                .chain(begin.zero())
                .all(|byte| own.next() == Some(byte))
    }

    fn zero(self) -> &'static [u8] {
        if self.behind { &[0] } else { &[] }
    }
}

impl Ord for Edge<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let common = self.key.len().min(other.key.len());
        let (own, others) = (self.key.split_at(common), other.key.split_at(common));
        own.0.cmp(others.0).then_with(|| {
            let own = own.1.iter().chain(self.zero());
            own.cmp(others.1.iter().chain(other.zero()))
        })
    }
}

impl PartialOrd for Edge<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Edge<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Edge<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ordered_as_the_keys_that_follow_them() {
        let keys: [&[u8]; 8] = [b"", b"\0", b"\0\0", b"a", b"a\0", b"a\0\0", b"a\x01", b"b"];
        let edges: Vec<Edge<'_>> = keys
            .iter()
            .flat_map(|key| [Edge::before(key), Edge::behind(key)])
            .collect();
        for a in &edges {
            for b in &edges {
                assert_eq!(a.cmp(b), a.to_vec().cmp(&b.to_vec()), "{a:?} {b:?}");
                let after = [&b.to_vec()[..], b"\0"].concat();
                assert_eq!(a.is_key_after(*b), a.to_vec() == after, "{a:?} {b:?}");
            }
        }
    }
}
