//! What a schema would cost a space, said before it is given.

use futures_executor::block_on;
use record_store::metadata::{Action, ChangeCost, IndexSchema, MetaDataEvolutionValidator, RecordEstimate, Subject};
use record_store::{Result, Schema};
use record_store_tests::given::fresh;

use super::{USERS, USERS_AND_ORDERS, contents, user, users, users_and_orders};

#[test]
fn a_plan_names_each_change_with_its_cost() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let schema = Schema::builder()
            .proto("shop.proto", USERS)
            .record_type("User", |t| {
                t.primary_key("id").index(("by_name", "name")).index(("names", "name"))
            })
            .build()?;
        let space = db.space("shop").schema(&schema).open().await?;
        space.put_all((1..=3).map(user)).await?;
        let wanted = Schema::builder()
            .proto("shop.proto", USERS_AND_ORDERS)
            .record_type("User", |t| t.primary_key("id").index(("by_name", "city")))
            .record_type("Order", |t| t.primary_key("id").index(("by_user", "user")))
            .index(IndexSchema::count("how_many").on("User").on("Order"))
            .drop_index("names")
            .store_record_versions(false)
            .evolution(MetaDataEvolutionValidator {
                allow_index_rebuilds: true,
                ..Default::default()
            })
            .build()?;
        let before = contents(&db).await?;
        let plan = space.plan(&wanted).await?;
        assert_eq!(contents(&db).await?, before, "a plan changes nothing");
        assert!(plan.is_allowed());
        assert_eq!(
            plan.to_string().lines().collect::<Vec<_>>(),
            [
                "record versions: storing changed from true to false: no cost",
                "field User.city added: no cost",
                "record type Order added: no cost",
                "index by_name: key changed from Field { 'name' None} to Field { 'city' None}: the index is built over 3 records",
                "index names removed: its entries are cleared",
                "index by_user added: no cost",
                "index how_many added: the index is built over 3 records",
            ]
        );
        let count = plan.changes().last().expect("there are changes");
        assert_eq!((count.subject, &count.action), (Subject::Index, &Action::Added));
        let records = RecordEstimate::Exactly(3);
        assert_eq!(count.cost, ChangeCost::IndexBuild { records });

        let space = db.space("shop").schema(&wanted).open().await?;
        assert!(space.plan(&wanted).await?.is_empty());
        assert_eq!(space.plan(&wanted).await?.to_string(), "no change");
        let less = users_and_orders()?;
        assert!(space.plan(&less).await?.is_empty(), "what a schema leaves out stays");
        Ok(())
    })
}

#[test]
fn a_refused_plan_has_all_that_is_refused() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let space = db.space("users").schema(&users()?).open().await?;
        let wanted = Schema::builder()
            .proto(
                "shop.proto",
                "syntax = 'proto3'; message User { string id = 1; string full_name = 2; int32 age = 3; }",
            )
            .record_type("User", |t| t.primary_key("id"))
            .build()?;
        let plan = space.plan(&wanted).await?;
        assert_eq!(
            plan.to_string().lines().collect::<Vec<_>>(),
            [
                "field User.id: type changed from int64 to string: refused, the type of a field changed; \
                 way out: keep the field and add one of the new type under a new number",
                "field User.name renamed to full_name: refused, a field was renamed; \
                 way out: keep the name, or set allow_field_renames",
                "field User.age added: no cost",
            ]
        );
        Ok(())
    })
}
