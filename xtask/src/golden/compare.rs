//! Comparing dumps: what varies from run to run is masked or replaced first.

use anyhow::{Result, bail};
use prost::Message;
use record_store::proto::DataStoreInfo;

use super::bytes::hex;

/// The versionstamps that Java's commits got, and those that ours got in their place.
#[derive(Default)]
pub(super) struct Stamps(Vec<([u8; 10], [u8; 10])>);

impl Stamps {
    pub(super) fn add(&mut self, javas: [u8; 10], ours: [u8; 10]) {
        self.0.push((javas, ours));
    }

    /// Bytes of Java with our versionstamps.
    pub(super) fn replace(&self, bytes: &[u8]) -> Vec<u8> {
        let mut replaced = bytes.to_vec();
        for (javas, ours) in &self.0 {
            let places: Vec<usize> = (0..replaced.len().saturating_sub(9))
                .filter(|at| replaced[*at..].starts_with(javas))
                .collect();
            for at in places {
                replaced[at..at + 10].copy_from_slice(ours);
            }
        }
        replaced
    }
}

/// Compares what is stored with what Java stored; says the first key that differs.
pub(super) fn dumps(stored: &[(Vec<u8>, Vec<u8>)], javas: &[(Vec<u8>, Vec<u8>)], stamps: &Stamps) -> Result<()> {
    let mut expected: Vec<(Vec<u8>, Vec<u8>)> = javas
        .iter()
        .map(|(key, value)| (stamps.replace(key), stamps.replace(value)))
        .collect();
    expected.sort();
    for at in 0..stored.len().max(expected.len()) {
        match (stored.get(at), expected.get(at)) {
            (Some((key, value)), Some((javas_key, javas_value))) if key == javas_key => {
                let (value, javas_value) = (masked(key, value)?, masked(key, javas_value)?);
                if value != javas_value {
                    bail!(
                        "key {}: value {}, Java's {}",
                        hex(key),
                        brief(&value),
                        brief(&javas_value)
                    );
                }
            }
            (Some((key, _)), Some((javas_key, _))) if key > javas_key => bail!("key {} is missing", hex(javas_key)),
            (Some((key, _)), _) => bail!("key {} is not Java's", hex(key)),
            (None, Some((javas_key, _))) => bail!("key {} is missing", hex(javas_key)),
            (None, None) => {}
        }
    }
    Ok(())
}

/// The key of a store's header.
const HEADER: &[u8] = b"\x14";

/// A value without what varies: the times of a header.
fn masked(key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    if key != HEADER {
        return Ok(value.to_vec());
    }
    let mut header = DataStoreInfo::decode(value)?;
    header.last_update_time = None;
    if let Some(lock) = &mut header.store_lock_state {
        lock.timestamp = None;
    }
    Ok(header.encode_to_vec())
}

fn brief(bytes: &[u8]) -> String {
    let text = hex(bytes);
    match text.get(..120) {
        Some(beginning) => format!("{beginning}… ({} bytes)", bytes.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first difference of two dumps, of keys and values of one byte.
    fn difference(stored: &[(u8, u8)], javas: &[(u8, u8)]) -> Option<String> {
        let rows = |rows: &[(u8, u8)]| -> Vec<_> { rows.iter().map(|row| (vec![row.0], vec![row.1])).collect() };
        let compared = dumps(&rows(stored), &rows(javas), &Stamps::default());
        compared.err().map(|error| error.to_string())
    }

    #[test]
    fn the_first_key_that_differs_is_named() {
        let java = [(1, 1), (3, 3)];
        assert_eq!(difference(&java, &java), None);
        for (stored, expected) in [
            (&[(1, 1), (3, 4)][..], "key 03: value 04, Java's 03"),
            (&[(3, 3)], "key 01 is missing"),
            (&[(1, 1)], "key 03 is missing"),
            (&[(1, 1), (2, 2), (3, 3)], "key 02 is not Java's"),
            (&[(1, 1), (3, 3), (4, 4)], "key 04 is not Java's"),
        ] {
            assert_eq!(difference(stored, &java).as_deref(), Some(expected));
        }
    }

    #[test]
    fn our_versionstamps_take_the_place_of_javas() {
        let mut stamps = Stamps::default();
        stamps.add([7; 10], [9; 10]);
        assert_eq!(stamps.replace(&[[1; 2], [7; 2]].concat()), [1, 1, 7, 7]);
        assert_eq!(
            stamps.replace(&[&[1][..], &[7; 10], &[0]].concat()),
            [&[1][..], &[9; 10], &[0]].concat()
        );
    }
}
