//! Versionstamps differ from run to run; in what is compared, the number of the commit stands in their place.

use record_store_kv::TransactionVersion;

/// How often a stamp may be packed in a byte string that is packed in a byte string.
const DEPTH: usize = 4;

/// `bytes` with the stamp of each commit replaced, as it is and packed into tuples.
pub(super) fn stamps(bytes: &[u8], stamps: &[TransactionVersion]) -> Vec<u8> {
    let mut masked = bytes.to_vec();
    for (number, stamp) in stamps.iter().enumerate() {
        let name = format!("<stamp {number}>").into_bytes();
        let mut packed = stamp.to_vec();
        for _ in 0..DEPTH {
            masked = replace(&masked, &packed, &name);
            packed = escaped(&packed);
        }
    }
    masked
}

/// As a tuple holds a byte string: each 00 is followed by FF.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| {
            if *byte == 0 {
                &[0x00, 0xFF][..]
            } else {
                std::slice::from_ref(byte)
            }
        })
        .copied()
        .collect()
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use record_store_kv::tuple::Tuple;

    use super::*;

    #[test]
    fn a_stamp_is_found_in_tuples_in_tuples() {
        let stamp = [0, 0, 1, 2, 0, 3, 4, 0, 0, 5];
        let packed = |bytes: &[u8]| Tuple::from((bytes,)).pack();
        for depth in 0..DEPTH {
            let inside = |bytes: &[u8]| (0..depth).fold(bytes.to_vec(), |bytes, _| packed(&bytes));
            assert_eq!(
                stamps(&inside(&stamp), &[[9; 10], stamp]),
                inside(b"<stamp 1>"),
                "{depth}"
            );
            assert_eq!(stamps(&inside(&stamp), &[[9; 10]]), inside(&stamp), "{depth}");
        }
    }
}
