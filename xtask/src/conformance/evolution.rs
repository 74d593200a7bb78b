//! Schemas that change under both: indexes that one adds and begins to build and the other goes on with, states that one sets and
//! the other sees, indexes and record types that come and go.

use record_store::IndexState;

use super::raw;
use super::shared::{Shared, Side};
use crate::step::Failure;

/// The one changes what the other must notice.
pub(super) async fn take(space: &mut Shared<'_>, one: Side) -> Result<(), Failure> {
    let other = one.other();
    space.create(one, true).await?;
    space.items(one, 0, 1..=10).await?;

    space.add_index(other, "by_qty", IndexState::Disabled).await?;
    space.items(one, 1, [1]).await?;
    space.agree("with an index that is disabled").await?;
    space.begin_to_build(other, "by_qty", 2).await?;
    space.agree("with an index that is half built").await?;
    // Of what has been indexed, and of what has not.
    for (side, moved, gone) in [(one, [2, 9], 3), (other, [4, 10], 8)] {
        space.items(side, 2, moved).await?;
        space.delete(side, [gone]).await?;
    }
    space.items(one, 0, [11]).await?;
    space.agree("with changes while an index is built").await?;
    space.build(one, "by_qty").await?;
    space.agree("with an index that both have built").await?;

    space.mark(one, "by_city", IndexState::WriteOnly).await?;
    space.items(other, 3, [5, 12]).await?;
    space.agree("with an index that only takes entries").await?;
    space.build(other, "by_city").await?;
    space.mark(other, "by_tag", IndexState::Disabled).await?;
    space.items(one, 3, [6, 13]).await?;
    space.delete(one, [7]).await?;
    space.agree("with an index that is left out").await?;
    space.build(one, "by_tag").await?;
    space.agree("with indexes that are built again").await?;

    space.drop_index(one, "by_qty").await?;
    raw::holds_known_indexes_only(space).await?;
    space.items(other, 0, [14, 2]).await?;
    space.add_refunds(other).await?;
    space.others(one, "Refund", [1, 2]).await?;
    space.others(other, "Refund", [2, 3]).await?;
    space.agree("with an index less and a record type more").await?;
    space.add_index(one, "city_once", IndexState::Disabled).await?;
    space.drop_index(other, "city_once").await?;
    raw::holds_known_indexes_only(space).await?;
    space.delete_type(one, "Refund").await?;
    space.agree("without what was added").await
}
