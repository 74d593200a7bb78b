//! The keys and values, and which of them are written and read in which order.

/// One key and its value.
pub(crate) type Put = (Vec<u8>, Vec<u8>);

/// The key with this number: 24 bytes, scattered over the key space.
pub(crate) fn key(number: u64) -> Vec<u8> {
    [&PREFIX[..], &scatter(number).to_be_bytes(), &number.to_be_bytes()].concat()
}

/// The put of this key, with a value of 100 bytes that begins with the number of the commit: SQLite does not write a value that
/// is there already.
pub(crate) fn put(number: u64, turn: u64) -> Put {
    let mut value = turn.to_be_bytes().to_vec();
    value.extend(scatter(number ^ turn).to_be_bytes().into_iter().cycle().take(92));
    (key(number), value)
}

/// The `count` puts of the `turn`-th commit of random puts among `keys` keys.
pub(crate) fn random_puts(turn: u64, count: u64, keys: u64) -> Vec<Put> {
    (0..count)
        .map(|i| put(scatter(turn * count + i + 0x1234_5678) % keys, turn + 1))
        .collect()
}

/// The number of the `turn`-th key to read among `keys` keys.
pub(crate) fn pick(turn: u64, keys: u64) -> u64 {
    scatter(turn ^ 0xabcd_ef00_0000) % keys
}

/// The first key, and the key after the last.
pub(crate) fn bounds() -> (Vec<u8>, Vec<u8>) {
    (PREFIX.to_vec(), [&PREFIX[..], &[0xff; 17]].concat())
}

/// A fixed mixing of a number.
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

const PREFIX: &[u8; 8] = b"bench/k/";
