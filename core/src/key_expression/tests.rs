//! Key expressions as meta-data: what is written and read, compared and taken apart.

use prost_reflect::ReflectMessage;
use prost_reflect::prost_types::DescriptorProto;

use super::*;

/// Every kind once, as a program writes it.
fn one_of_each() -> Vec<KeyExpression> {
    vec![
        field("a").into(),
        field("a").with_null_standin(NullStandin::NotNull).concatenate().into(),
        field("a").nest(concat((field("b"), version()))),
        concat((record_type(), field("a").fan_out())),
        list((field("a"), concat((field("b"), field("c"))))),
        field("points").group_by((field("league"), field("team"))),
        empty(),
        field("a").fan_out().split(2),
        version(),
        literal("x"),
        literal(2.5f32),
        literal(Literal::Null),
        function("add", concat((field("a"), literal(1)))).unwrap(),
        key_with_value(concat((field("a"), field("b"))), 1),
        record_type(),
        dimensions(concat((field("a"), field("b"), field("c"))), 1, 2),
    ]
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    for expression in one_of_each() {
        let written = expression.to_proto();
        let read = KeyExpression::from_proto(&written).unwrap();
        assert_eq!(read, expression);
        assert_eq!(read.to_proto(), written, "{expression}");
    }
}

#[test]
fn exactly_one_kind_must_be_set() {
    let two = proto::KeyExpression {
        version: Some(proto::Version {}),
        ..empty().to_proto()
    };
    for broken in [proto::KeyExpression::default(), two] {
        let error = KeyExpression::from_proto(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MetaData);
    }
}

#[test]
fn thens_are_laid_flat() {
    let flat = concat((field("a"), field("b"), field("c")));
    assert_eq!(concat((field("a"), concat((field("b"), field("c"))))), flat);

    let inner = concat((field("b"), field("c"))).to_proto();
    let nested = proto::KeyExpression {
        then: Some(proto::Then {
            child: vec![field("a").to_proto(), inner.clone()],
        }),
        ..Default::default()
    };
    assert_eq!(KeyExpression::from_proto(&nested).unwrap(), flat);

    let short = proto::KeyExpression {
        then: Some(proto::Then {
            child: vec![field("a").to_proto()],
        }),
        ..Default::default()
    };
    assert!(KeyExpression::from_proto(&short).is_err());
}

#[test]
fn counts_that_make_no_sense_are_refused() {
    let key = || Box::new(field("a").fan_out().to_proto());
    let split = |split_size| proto::KeyExpression {
        split: Some(Box::new(proto::Split {
            joined: key(),
            split_size: Some(split_size),
        })),
        ..Default::default()
    };
    let grouping = proto::KeyExpression {
        grouping: Some(Box::new(proto::Grouping {
            whole_key: key(),
            grouped_count: Some(-1),
        })),
        ..Default::default()
    };
    for broken in [split(-2), split(i32::MAX), grouping] {
        assert_eq!(
            KeyExpression::from_proto(&broken).unwrap_err().kind(),
            ErrorKind::MetaData
        );
    }
}

#[test]
fn what_stands_for_null_is_not_compared() {
    let plain = field("a");
    let not_null = field("a").with_null_standin(NullStandin::NotNull);
    assert_eq!(plain, not_null);
    assert_ne!(plain.to_proto(), not_null.to_proto());
    assert_ne!(plain, field("a").fan_out());
    assert_ne!(literal(1), literal(1i64));
}

#[test]
fn sub_keys_cut_through_nested_columns() {
    let key = concat((
        record_type(),
        field("a").nest(concat((field("b"), field("c")))),
        field("d"),
    ));
    let cut = |start, end| key.sub_key(start, end).map(|sub_key| sub_key.to_string());
    assert_eq!(
        cut(0, 2).unwrap(),
        "[RecordTypeKey, Field { 'a' None}/Field { 'b' None}]"
    );
    assert_eq!(
        cut(2, 4).unwrap(),
        "[Field { 'a' None}/Field { 'c' None}, Field { 'd' None}]"
    );
    assert_eq!(cut(3, 3).unwrap(), "Empty");
    assert_eq!(cut(0, 4).unwrap(), key.to_string());
    assert!(cut(3, 5).is_err());
    assert!(field("a").fan_out().split(2).sub_key(0, 1).is_err());
}

#[test]
fn groupings_know_their_parts() {
    let KeyExpression::Grouping(grouping) = field("points").group_by((field("league"), field("team"))) else {
        panic!("group_by makes a grouping");
    };
    assert_eq!((grouping.grouping_count(), grouping.grouped_count()), (2, 1));
    assert_eq!(
        grouping.grouping_sub_key().unwrap(),
        concat((field("league"), field("team")))
    );
    assert_eq!(grouping.grouped_sub_key().unwrap(), field("points").into());
}

#[test]
fn what_is_too_deep_is_refused_and_exhausts_no_stack() {
    type Wrap = fn(KeyExpression) -> KeyExpression;
    let wraps: [(&str, Wrap); 6] = [
        ("nest", |inner| field("a").nest(inner)),
        ("list", |inner| list((inner,))),
        ("then", |inner| list((concat((field("b"), inner)),))),
        ("grouping", |inner| Grouping::new(inner, 1).into()),
        ("covering", |inner| key_with_value(inner, 1)),
        ("function", |inner| {
            function("order_desc_nulls_last", inner).expect("there is one column")
        }),
    ];
    let message = DescriptorProto::default().descriptor();
    for (name, wrap) in wraps {
        let mut deep: KeyExpression = field("name").into();
        for levels in 1..=20_000 {
            deep = wrap(deep);
            if levels == DEPTH_MAX / 2 - 1 {
                deep.check_readable().expect(name);
            }
        }
        for error in [deep.check_readable().unwrap_err(), deep.validate(&message).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidExpression, "{name}");
        }
        assert_eq!(deep.check_readable().unwrap_err().fact("limit"), Some("48"), "{name}");
        assert!(deep.to_string().len() < 10_000 && deep.clone() == deep, "{name}");
    }
}
