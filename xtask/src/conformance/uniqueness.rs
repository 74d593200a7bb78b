//! Unique indexes: what breaks one is refused by both; where it is there already, the builder notes it down, and the other clears
//! it up.

use record_store::{FormatVersion, IndexState};

use super::shared::{Shared, Side};
use crate::step::Failure;

/// One side builds a unique index over what is not unique, and the other resolves it.
pub(super) async fn take(space: &mut Shared<'_>, builder: Side) -> Result<(), Failure> {
    let other = builder.other();
    space.create(builder, true).await?;
    space.items(builder, 0, 1..=7).await?;
    space.refuse("by_name", "name", "n4").await?;
    space.agree("with names that came once").await?;

    space.add_index(builder, "city_once", IndexState::Disabled).await?;
    let pends = space.format().is_at_least(FormatVersion::ReadableUniquePending);
    space.build_what_is_not_unique(builder, "city_once").await?;
    let expected = if pends {
        IndexState::ReadableUniquePending
    } else {
        IndexState::WriteOnly
    };
    let state = space.state("city_once").await?;
    space.that(state == expected, &format!("the index is {state:?}, not {expected:?}"))?;
    space.agree("with what breaks the index").await?;

    // An index that can be scanned takes no more of it; while it is built what is saved breaks it, too.
    if pends {
        space.refuse("city_once", "city", "Oslo").await?;
    } else {
        space.items(other, 0, [8, 9]).await?;
        // In one transaction Java would note down that both are in Bern, though the second has left it.
        space.items(builder, 1, [10]).await?;
        space.items(builder, 1, [2]).await?;
    }
    space.delete(other, [1]).await?;
    space.delete(builder, [3]).await?;
    space.agree("with other records that break the index").await?;

    space.resolve(other, "city_once").await?;
    space.agree("with one record for each city").await?;
    space.build(builder, "city_once").await?;
    space.mark(builder, "city_once", IndexState::Readable).await?;
    let state = space.state("city_once").await?;
    space.that(state == IndexState::Readable, &format!("the index is {state:?}"))?;
    space.refuse("city_once", "city", "Oslo").await?;
    space.agree("with the index that is unique").await
}
