//! Directed cases, and a model that knows the state of every key.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn set(map: &mut WriteMap, key: &str, value: &str) {
    map.mutate(
        Key::new(key.as_bytes()),
        Op::Set(Bytes::copy_from_slice(value.as_bytes())),
        true,
    );
}

fn clear(map: &mut WriteMap, begin: &str, end: &str, conflict: bool) {
    map.clear_range(Key::new(begin.as_bytes()), Key::new(end.as_bytes()), conflict);
}

/// One line for each segment: `begin..end kind`, with `!` when unreadable and `*` when it carries a conflict.
fn describe(segments: impl Iterator<Item = String>) -> String {
    segments.collect::<Vec<_>>().join(" ")
}

fn line(segment: Segment<'_>) -> String {
    let text = |key: &[u8]| String::from_utf8_lossy(key).replace('\0', "0");
    let kind = match segment.kind {
        SegmentKind::Unmodified => "-",
        SegmentKind::Cleared => "x",
        SegmentKind::Written(_, ops) if ops.is_dependent() => "d",
        SegmentKind::Written(..) => "w",
    };
    let marks = [(segment.unreadable, "!"), (segment.conflict, "*")];
    let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
    format!(
        "{}..{}{kind}{marks}",
        text(segment.begin),
        segment.end.map_or("$".into(), text)
    )
}

#[test]
fn writes_partition_the_key_space() {
    let mut map = WriteMap::new();
    set(&mut map, "b", "1");
    clear(&mut map, "c", "e", true);
    set(&mut map, "d", "2");
    let expected = "..b- b..b0w* b0..c- c..dx* d..d0w* d0..ex* e..$-";
    assert_eq!(describe(map.segments(b"").map(line)), expected);
    let mut back: Vec<String> = map.segments_back(b"\xff").map(line).collect();
    back.reverse();
    assert_eq!(back.join(" "), expected);
}

#[test]
fn segments_downwards_begin_just_below_the_key() {
    let mut map = WriteMap::new();
    set(&mut map, "b", "1");
    let first = |key: &str| map.segments_back(key.as_bytes()).next().map(line);
    assert_eq!(first("b\0").as_deref(), Some("b..b0w*"));
    assert_eq!(first("b\0\0").as_deref(), Some("b0..$-"));
    assert_eq!(first("b").as_deref(), Some("..b-"));
    assert_eq!(first(""), None);
}

#[test]
fn adjacent_clears_are_one_range() {
    let mut map = WriteMap::new();
    clear(&mut map, "b", "c", true);
    clear(&mut map, "c", "d", true);
    clear(&mut map, "a", "b", true);
    assert_eq!(describe(map.segments(b"").map(line)), "..a- a..dx* d..$-");
}

#[test]
fn a_clear_without_conflict_keeps_the_conflicts_below_it() {
    let mut map = WriteMap::new();
    set(&mut map, "b", "1");
    clear(&mut map, "a", "c", false);
    assert_eq!(describe(map.segments(b"").map(line)), "..a- a..bx b..b0x* b0..cx c..$-");
}

#[test]
fn an_unreadable_key_stays_so_until_it_is_cleared() {
    let mut map = WriteMap::new();
    let stamped = Op::Atomic(AtomicOp::SetVersionstampedValue, Bytes::from_static(&[0; 14]));
    map.mutate(Key::new(b"k"), stamped, true);
    set(&mut map, "k", "1");
    assert!(map.segment(b"k").unreadable);
    assert!(matches!(map.segment(b"k").kind, SegmentKind::Written(_, ops) if ops.ops().len() == 2));
    clear(&mut map, "k", "k\0", true);
    assert!(!map.segment(b"k").unreadable);
}

#[test]
fn an_atomic_operation_on_a_cleared_key_is_folded_at_once() {
    let mut map = WriteMap::new();
    clear(&mut map, "a", "c", true);
    map.mutate(
        Key::new(b"b"),
        Op::Atomic(AtomicOp::Add, Bytes::from_static(b"\x01")),
        true,
    );
    assert!(!map.segment(b"b").needs_database());
    map.mutate(
        Key::new(b"d"),
        Op::Atomic(AtomicOp::Add, Bytes::from_static(b"\x01")),
        true,
    );
    assert!(map.segment(b"d").needs_database());
}

#[derive(Clone, Debug)]
enum Step {
    Set(u8, bool),
    Clear(u8, u8, bool),
    Conflict(u8, u8),
    Unreadable(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0u8..12, any::<bool>()).prop_map(|(key, conflict)| Step::Set(key, conflict)),
        (0u8..12, 1u8..6, any::<bool>()).prop_map(|(key, length, conflict)| Step::Clear(key, length, conflict)),
        (0u8..12, 1u8..6).prop_map(|(key, length)| Step::Conflict(key, length)),
        (0u8..12, 1u8..6).prop_map(|(key, length)| Step::Unreadable(key, length)),
    ];
    prop::collection::vec(step, 0..20)
}

/// What a plain model knows of one key: written, cleared, unreadable, conflict.
type Model = [(bool, bool, bool, bool); 20];

proptest! {
    /// Keys are one byte each, so that a model can hold the state of every key; the map must agree for all of them,
    /// and its segments must join without gaps, upwards and downwards alike.
    #[test]
    fn the_map_agrees_with_a_model(steps in steps()) {
        let mut map = WriteMap::new();
        let mut model: Model = [(false, false, false, false); 20];
        for step in &steps {
            match *step {
                Step::Set(key, conflict) => {
                    map.mutate(Key::new(&[key]), Op::Set(Bytes::new()), conflict);
                    let state = &mut model[usize::from(key)];
                    *state = (true, false, state.2, state.3 || conflict);
                }
                Step::Clear(key, length, conflict) => {
                    map.clear_range(Key::new(&[key]), Key::new(&[key + length]), conflict);
                    for state in &mut model[usize::from(key)..usize::from(key + length)] {
                        *state = (false, true, false, state.3 || conflict);
                    }
                }
                Step::Conflict(key, length) => {
                    map.add_conflict(Key::new(&[key]), Key::new(&[key + length]));
                    for state in &mut model[usize::from(key)..usize::from(key + length)] {
                        state.3 = true;
                    }
                }
                Step::Unreadable(key, length) => {
                    map.make_unreadable(Key::new(&[key]), Key::new(&[key + length]));
                    for state in &mut model[usize::from(key)..usize::from(key + length)] {
                        *state = (false, false, true, false);
                    }
                }
            }
        }
        for (key, expected) in (0u8..).zip(model) {
            let segment = map.segment(&[key]);
            let written = matches!(segment.kind, SegmentKind::Written(..));
            let cleared = matches!(segment.kind, SegmentKind::Cleared);
            prop_assert_eq!((written, cleared, segment.unreadable, segment.conflict), expected, "key {}", key);
        }
        let upwards: Vec<String> = map.segments(b"").map(line).collect();
        let mut downwards: Vec<String> = map.segments_back(b"\xff").map(line).collect();
        downwards.reverse();
        prop_assert_eq!(&upwards, &downwards);
        let mut end = Some(Vec::new());
        for segment in map.segments(b"") {
            prop_assert_eq!(end.as_deref(), Some(segment.begin));
            end = segment.end.map(<[u8]>::to_vec);
        }
        prop_assert_eq!(end, None);
    }
}
