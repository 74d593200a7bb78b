//! Records that go: one by one, by range and all together; and what counts them.

use super::shared::{Shared, Side};
use crate::step::Failure;

/// The one deletes what the other has saved.
pub(super) async fn take(space: &mut Shared<'_>, one: Side) -> Result<(), Failure> {
    let other = one.other();
    space.create(one, true).await?;
    space.items(one, 0, 1..=12).await?;
    space.others(other, "Order", 1..=3).await?;
    space.delete(other, [1, 4, 12]).await?;
    // Item 8 was long and 7 becomes so; and back again.
    space.items(other, 1, [7, 8]).await?;
    space.agree("with some deleted and some rewritten").await?;
    space.items(one, 0, [7, 8]).await?;
    space.delete_type(other, "Order").await?;
    space.agree("without the records of a type").await?;
    space.others(one, "Order", [7]).await?;
    space.delete_type(one, "Item").await?;
    space.agree("without items").await?;
    space.items(other, 0, 1..=4).await?;
    space.agree("with items again").await?;
    space.delete_all(one).await?;
    space.agree("empty").await?;
    space.items(other, 2, 1..=4).await?;
    space.delete_all(other).await?;
    space.agree("empty again").await
}
