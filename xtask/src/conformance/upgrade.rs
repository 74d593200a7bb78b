//! Formats that change between turns: a store of format 1 goes up step by step to 10, by whoever opens it next, and both work on
//! it after each step.

use record_store::FormatVersion;

use super::shared::{Shared, Side};
use crate::step::Failure;

/// From here on items are short, which is all that a store takes that does not split records.
const SHORT: u8 = 100;

/// From the format of the space up to the newest one, by turns.
pub(super) async fn take(
    space: &mut Shared<'_>,
    maker: Side,
    split: bool,
    formats: &[FormatVersion],
) -> Result<(), Failure> {
    let first = if split { 0 } else { SHORT };
    space.create(maker, split).await?;
    space.items(maker, first, 1..=6).await?;
    space.others(maker.other(), "Order", [1]).await?;
    space.agree("as it was made").await?;
    let mut side = maker.other();
    for (step, format) in (1_u8..).zip(formats) {
        space.upgrade(*format);
        space.items(side, first + step, [step, 6 + step]).await?;
        space.agree("as it was upgraded").await?;
        // Records of before the upgrade, and of after it.
        space.delete(side.other(), [step]).await?;
        space.items(side.other(), first + step + 1, [6 + step, 40]).await?;
        space.agree("as the other works on it").await?;
        side = side.other();
    }
    Ok(())
}
