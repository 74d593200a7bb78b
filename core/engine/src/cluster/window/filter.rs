//! [`Filter`]: tells in one step that a key is not among those of the window, which most keys that are read are not. A search in
//! the map follows a dozen pointers to find that out.

/// Counts keys by a few bits of their checksum.
#[derive(Default)]
pub(crate) struct Filter {
    /// How many keys have these bits; the greatest number stands for itself and everything above. Empty until there is a key.
    counts: Vec<u8>,
}

impl Filter {
    /// Whether `key` may be among the keys; if not, it is not.
    pub(crate) fn may_have(&self, key: &[u8]) -> bool {
        self.counts.get(place(key)).is_some_and(|count| *count > 0)
    }

    /// Adds a key that is not among them.
    pub(crate) fn add(&mut self, key: &[u8]) {
        if self.counts.is_empty() {
            self.counts = vec![0; PLACES];
        }
        if let Some(count) = self.counts.get_mut(place(key)) {
            *count = count.saturating_add(1);
        }
    }

    /// Removes a key that is among them.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        // Nobody knows how many there are at a place with the greatest number.
        if let Some(count) = self.counts.get_mut(place(key)).filter(|count| **count < u8::MAX) {
            *count = count.saturating_sub(1);
        }
    }
}

fn place(key: &[u8]) -> usize {
    usize::try_from(crc32c::crc32c(key)).unwrap_or_default() % PLACES
}

/// A few times as many as the window has keys when its memory is used up, in two MiB.
const PLACES: usize = 1 << 21;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_is_never_denied() {
        let keys: Vec<_> = (0..2_000_u32).map(u32::to_be_bytes).collect();
        let mut filter = Filter::default();
        assert!(!filter.may_have(&keys[0]));
        keys.iter().for_each(|key| filter.add(key));
        let (gone, left) = keys.split_at(1_000);
        gone.iter().for_each(|key| filter.remove(key));
        assert!(left.iter().all(|key| filter.may_have(key)));
        assert!(gone.iter().filter(|key| filter.may_have(*key)).count() < 10);
    }

    #[test]
    fn more_keys_at_a_place_than_it_can_count_do_no_harm() {
        let mut filter = Filter::default();
        (0..300).for_each(|_| filter.add(b"k"));
        (0..299).for_each(|_| filter.remove(b"k"));
        assert!(filter.may_have(b"k"));
    }
}
