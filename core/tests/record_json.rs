//! Records as JSON: what it says, and what it does not.

use futures_executor::block_on;
use record_store::{ErrorKind, Record, RecordSpace, Result, Schema};
use record_store_tests::given::fresh;

const PROTO: &str = r#"
    syntax = "proto2";
    enum Color { RED = 1; BLUE = 5; }
    message Part { optional Color color = 1; }
    message Item {
        required int64 id = 1;
        optional Color color = 2;
        repeated Color colors = 3;
        map<string, Color> by_name = 4;
        optional Part part = 5;
    }
"#;

async fn items() -> Result<RecordSpace> {
    let schema = Schema::builder()
        .proto("items.proto", PROTO)
        .record_type("Item", |t| t.primary_key("id"))
        .build()?;
    fresh()?.space("items").schema(&schema).open().await
}

#[test]
fn a_number_that_a_closed_enum_does_not_have_is_refused_by_name() -> Result<()> {
    block_on(async {
        let items = items().await?;
        for (json, field) in [
            (r#"{"id": 1, "color": 7}"#, "Item.color"),
            (r#"{"id": 1, "colors": ["RED", 7]}"#, "Item.colors"),
            (r#"{"id": 1, "byName": {"a": 7}}"#, "Item.by_name"),
            (r#"{"id": 1, "part": {"color": 7}}"#, "Part.color"),
        ] {
            let refused = items.put(Record::from_json("Item", json)).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidRecord, "{json}");
            assert_eq!(
                (refused.fact("field"), refused.fact("number"), refused.fact("values")),
                (Some(field), Some("7"), Some("RED, BLUE")),
            );
            assert!(!items.exists(1).await?, "{json}");
        }
        let known = r#"{"id": 1, "color": 5, "colors": ["RED", 5], "byName": {"a": "BLUE"}}"#;
        items.put(Record::from_json("Item", known)).await?;
        let json = items.get(1).await?.expect("it was saved").to_json()?;
        assert_eq!(
            json,
            r#"{"id":"1","color":"BLUE","colors":["RED","BLUE"],"by_name":{"a":"BLUE"}}"#
        );
        Ok(())
    })
}

/// Bytes may have them, from a program with a newer schema: they stay, as unknown fields do, and JSON says no more of them.
#[test]
fn json_leaves_out_numbers_of_a_newer_schema() -> Result<()> {
    block_on(async {
        let items = items().await?;
        // id 1, color 7, colors [RED, 7], by_name {"a": 7}, part { color 7 }
        let newer = b"\x08\x01\x10\x07\x18\x01\x18\x07\x22\x05\x0a\x01a\x10\x07\x2a\x02\x08\x07".to_vec();
        items.put(Record::from_bytes("Item", newer.clone())).await?;
        let saved = items.get(1).await?.expect("it was saved");
        assert_eq!(saved.to_json()?, r#"{"id":"1","colors":["RED"],"part":{}}"#);
        assert_eq!(saved.bytes().as_ref(), newer);
        items.put(Record::from_json("Item", saved.to_json()?)).await?;
        Ok(())
    })
}
