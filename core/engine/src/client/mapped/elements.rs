//! How FoundationDB's servers take a packed tuple apart: into the bytes of its elements. They know fewer types than the tuple
//! layers of its languages (no nested tuple, no UUID, no integer of more than eight bytes), and take what is cut off at the end.

/// The packed elements of a tuple; `None` if there is a type that servers do not know.
pub(crate) fn elements(tuple: &[u8]) -> Option<Vec<&[u8]>> {
    let mut elements = Vec::new();
    let mut rest = tuple;
    while let Some(code) = rest.first() {
        let length = match code {
            0x00 | 0x26 | 0x27 => 1,
            0x01 | 0x02 => string_length(rest),
            0x0C..=0x1C => 1 + usize::from(code.abs_diff(0x14)),
            0x20 => 1 + size_of::<f32>(),
            0x21 => 1 + size_of::<f64>(),
            0x33 => 1 + VERSIONSTAMP_BYTES,
            _ => return None,
        };
        let (element, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        elements.push(element);
        rest = after;
    }
    Some(elements)
}

/// The bytes of a packed byte string or text; `None` for an element of another type.
pub(crate) fn string(element: &[u8]) -> Option<Vec<u8>> {
    let [0x01 | 0x02, packed @ ..] = element else {
        return None;
    };
    let mut string = Vec::with_capacity(packed.len());
    let mut bytes = packed.iter();
    while let Some(byte) = bytes.next() {
        // A zero byte stands before another one's escape, or at the end.
        if *byte != 0 || bytes.next().is_some() {
            string.push(*byte);
        }
    }
    Some(string)
}

/// A packed byte string.
pub(crate) fn pack_string(string: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x01];
    for byte in string {
        packed.push(*byte);
        if *byte == 0 {
            packed.push(0xFF);
        }
    }
    packed.push(0);
    packed
}

/// How long the string is that a packed tuple begins with.
fn string_length(packed: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match (packed.get(at), packed.get(at + 1)) {
            (Some(0), Some(0xFF)) => at += 2,
            (Some(0), _) | (_, None) => return at + 1,
            _ => at += 1,
        }
    }
}

const VERSIONSTAMP_BYTES: usize = 12;

#[cfg(test)]
mod tests {
    use record_store_kv::tuple::{Element, Tuple, Versionstamp};

    use super::*;

    #[test]
    fn a_tuple_is_cut_where_its_elements_end() {
        let tuple = Tuple::from((1, -300, "a\0b", None::<i64>, 1.5_f64, 1.5_f32, true))
            .with(Element::Bytes(b"\0\0".as_slice().into()))
            .with(Element::Versionstamp(Versionstamp::incomplete(3)))
            .with("");
        let expected: Vec<Vec<u8>> = tuple
            .iter()
            .map(|element| Tuple::new().with(element.clone()).pack())
            .collect();
        assert_eq!(elements(&tuple.pack()).unwrap(), expected);
    }

    #[test]
    fn types_that_servers_do_not_know_make_no_tuple_and_what_is_cut_off_does() {
        let none: Option<Vec<&[u8]>> = None;
        for (bytes, expected) in [
            (&b""[..], Some(vec![])),
            (b"\x05\x15\x01\x00", none.clone()),
            (b"\x30", none.clone()),
            (b"\x0b\x09", none.clone()),
            (b"\x15\x01\xff", none),
            (b"\x16\x01", Some(vec![&b"\x16\x01"[..]])),
            (b"\x01abc", Some(vec![&b"\x01abc"[..]])),
            (b"\x01", Some(vec![&b"\x01"[..]])),
            (b"\x01\x00\xff", Some(vec![&b"\x01\x00\xff"[..]])),
            (b"\x15\x07\x33ab", Some(vec![&b"\x15\x07"[..], b"\x33ab"])),
        ] {
            assert_eq!(elements(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn strings_come_out_as_they_were_packed() {
        for text in [&b""[..], b"a", b"\0", b"a\0b\0", b"\xff"] {
            assert_eq!(string(&pack_string(text)).as_deref(), Some(text));
            assert_eq!(pack_string(text), Tuple::from((text,)).pack());
        }
        assert_eq!(string(b"\x02abc").as_deref(), Some(&b"abc"[..]));
        assert_eq!(string(b"\x15\x01"), None);
    }
}
