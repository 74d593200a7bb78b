//! Mappers by the rules of FoundationDB's servers.

use record_store_kv::tuple::Tuple;

use super::*;

fn row(key: &[u8], value: &[u8]) -> KeyValue {
    KeyValue {
        key: key.to_vec().into(),
        value: value.to_vec().into(),
    }
}

/// The key that a mapper makes of the row `("k0", 1, "k2")` = `("v0", null)`, and whether it is a prefix.
fn map(mapper: &[u8]) -> Result<(Vec<u8>, bool)> {
    let mapper = Mapper::new(mapper)?;
    let row = row(
        &Tuple::from(("k0", 1, "k2")).pack(),
        &Tuple::from(("v0", None::<i64>)).pack(),
    );
    Ok((mapper.key(&row)?, mapper.is_prefix))
}

fn code<T>(result: Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.fdb_code())
}

#[test]
fn elements_are_copied_and_looked_up() {
    for (mapper, expected, is_prefix) in [
        (Tuple::new(), Tuple::new(), false),
        (
            Tuple::from(("a", 7, None::<i64>)),
            Tuple::from(("a", 7, None::<i64>)),
            false,
        ),
        (
            Tuple::from(("r", "{K[2]}", "{V[0]}", "{...}")),
            Tuple::from(("r", "k2", "v0")),
            true,
        ),
        (Tuple::from(("{K[1]}", "{V[1]}")), Tuple::from((1, None::<i64>)), false),
        (Tuple::from((&b"{K[0]}"[..],)), Tuple::from(("k0",)), false),
        // Numbers as C reads them.
        (Tuple::from(("{K[ +2x]}",)), Tuple::from(("k2",)), false),
        // What is no reference stands for itself.
        (
            Tuple::from(("{K[]}", "{K[0]", "K[0]", "{W[0]}", "{..}")),
            Tuple::from(("{K[]}", "{K[0]", "K[0]", "{W[0]}", "{..}")),
            false,
        ),
        // Escaped texts become bytes.
        (
            Tuple::from(("{{K[0]}}", "{{{{}}", "}}", "{{...}}", "{K[0]}}")),
            Tuple::from((&b"{K[0]}"[..], &b"{{}"[..], &b"}"[..], &b"{...}"[..], &b"{K[0]}"[..])),
            false,
        ),
        (Tuple::from(("{{{",)), Tuple::from((&b"{{"[..],)), false),
    ] {
        assert_eq!(map(&mapper.pack()).unwrap(), (expected.pack(), is_prefix), "{mapper}");
    }
}

#[test]
fn mappers_that_make_no_sense_are_refused() {
    for (mapper, expected) in [
        (Tuple::from(("{...}", "a")).pack(), 2032),
        (Tuple::from(("{K[3]}",)).pack(), 2030),
        (Tuple::from(("{V[2]}",)).pack(), 2030),
        (Tuple::from(("{K[-1]}",)).pack(), 2030),
        (Tuple::from(("{K[one]}",)).pack(), 2030),
        (Tuple::from(("{K[ ]}",)).pack(), 2030),
        (Tuple::from(("{K[99999999999]}",)).pack(), 2030),
        (b"\xff".to_vec(), 2043),
        (Tuple::from((Tuple::from((1,)),)).pack(), 2043),
    ] {
        assert_eq!(code(map(&mapper)), Some(expected), "{mapper:?}");
    }
}

#[test]
fn keys_and_values_that_are_no_tuples_matter_only_where_they_are_looked_at() {
    let row = row(b"\xfe", b"\xfe");
    let key = |element: &str| Mapper::new(&Tuple::from((element,)).pack()).and_then(|mapper| mapper.key(&row));
    assert_eq!(key("a").unwrap(), Tuple::from(("a",)).pack());
    assert_eq!(code(key("{K[0]}")), Some(2041));
    assert_eq!(code(key("{V[0]}")), Some(2042));
    // The number is read before the tuple, and looked up after it.
    assert_eq!(code(key("{K[x]}")), Some(2030));
    assert_eq!(code(key("{K[-1]}")), Some(2041));
}
