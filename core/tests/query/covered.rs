//! What an index covers comes back as it was saved, whatever its type.

use futures_executor::block_on;
use record_store::key_expression::{concat, field as column, key_with_value};
use record_store::query::field;
use record_store::{Index, Record, Result, Schema};
use record_store_tests::given::fresh;

const PROTO: &str = "
    syntax = 'proto3';
    enum Color { RED = 0; GREEN = 1; }
    message Inner { sint64 n = 1; optional string s = 2; }
    message All {
        int64 id = 1;
        string text = 2;
        bytes raw = 3;
        bool flag = 4;
        double number = 5;
        float ratio = 6;
        int32 int = 7;
        sint32 zigzag = 8;
        sfixed32 fixed32 = 9;
        sfixed64 fixed64 = 10;
        Color color = 11;
        optional int64 perhaps = 12;
        optional string word = 13;
        Inner inner = 14;
    }";

#[test]
fn fields_of_all_types_come_back_from_entries() -> Result<()> {
    let covered = [
        "raw", "flag", "number", "ratio", "int", "zigzag", "fixed32", "fixed64", "color", "perhaps", "word",
    ];
    let mut columns = vec![column("text").into()];
    columns.extend(covered.map(|name| column(name).into()));
    columns.push(column("inner").nest(column("n")));
    columns.push(column("inner").nest(column("s")));
    let schema = Schema::builder()
        .proto("all.proto", PROTO)
        .record_type("All", |t| t.primary_key("id"))
        .index(Index::new("covering", key_with_value(concat(columns), 1)).on("All"))
        .build()?;
    block_on(async {
        let space = fresh()?.space("all").schema(&schema).open().await?;
        let records = [
            r#"{"id":"1"}"#,
            r#"{"id":"2","text":"a\u0000b","raw":"AAD/","flag":true,"number":-2.5,"ratio":0.25,"int":-7,"zigzag":-8,
                "fixed32":-9,"fixed64":"-10","color":"GREEN","perhaps":"0","word":"","inner":{"n":"-1","s":"x"}}"#,
            r#"{"id":"-3","text":"ä€","raw":"/w==","number":1e300,"ratio":-1.5,"int":2147483647,"zigzag":-2147483648,
                "fixed32":2147483647,"fixed64":"9223372036854775807","perhaps":"-9223372036854775808","word":"w",
                "inner":{"s":""}}"#,
        ];
        space
            .put_all(records.map(|json| Record::from_json("All", json)))
            .await?;
        let query = space
            .query(field("text").ge(""))
            .required_results(["id", "number"])
            .order_by("text");
        assert!(query.plan().await?.to_string().starts_with("COVERING"));
        let found = query.execute().next_batch(10).await?;
        assert_eq!(found.len(), 2);
        for record in found {
            let id = record.primary_key().clone();
            let saved = space
                .get(id.iter().last().and_then(|id| id.as_i64()).unwrap_or_default())
                .await?;
            let saved = saved.expect("it was saved");
            assert_eq!(record.to_json()?, saved.to_json()?);
            assert_eq!(record.primary_key(), saved.primary_key());
            assert_eq!(record.sizes().key_count, 0, "nothing was loaded");
        }
        Ok(())
    })
}
