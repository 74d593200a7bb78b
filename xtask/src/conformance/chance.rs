//! Whatever comes: steps, and who takes them, by chance. A seed gives the same ones again.

use record_store::{FormatVersion, IndexState};
use record_store_tests::chance::Chance;

use super::raw;
use super::shared::{Shared, Side};
use crate::step::Failure;

/// How many steps there are.
const STEPS: u32 = 40;

/// Takes steps on a new space, and then both read everything.
pub(super) async fn take(space: &mut Shared<'_>, seed: u64) -> Result<(), Failure> {
    let mut chance = Chance::of_part(seed, 0);
    let maker = chance.pick(&Side::BOTH);
    let split = chance.below(2) == 0;
    space.create(maker, split).await?;
    let mut done = vec![format!(
        "{} makes a space of format {}",
        maker.name(),
        space.format().number()
    )];
    for _ in 0..STEPS {
        let step = step(space, &mut chance, split).await;
        match step {
            Ok(step) => done.push(step),
            Err(why) => return Err(format!("seed {seed}, after these steps:\n{}\n{why}", done.join("\n"))),
        }
    }
    let agreed = match space.agree("at the end").await {
        Ok(()) => raw::holds_known_indexes_only(space).await,
        Err(why) => Err(why),
    };
    agreed.map_err(|why| format!("seed {seed}, after these steps:\n{}\n{why}", done.join("\n")))
}

/// Takes a step, and says what it was.
async fn step(space: &mut Shared<'_>, chance: &mut Chance, split: bool) -> Result<String, Failure> {
    let side = chance.pick(&Side::BOTH);
    let who = side.name();
    // Round 100 and later ones have short items only.
    let round = number(chance, 0, 20) + if split { 0 } else { 100 };
    let ids: Vec<u8> = (0..=chance.below(3)).map(|_| number(chance, 1, 30)).collect();
    let here = space.ids_of_items();
    let unready = space.unready().await?;
    match chance.below(16) {
        0 if !here.is_empty() => {
            let id = chance.pick(&here);
            space.delete(side, [id]).await?;
            Ok(format!("{who} deletes item {id}"))
        }
        1 => {
            let record_type = chance.pick(&["Item", "Order", "Order"]);
            space.delete_type(side, record_type).await?;
            Ok(format!("{who} deletes all of type {record_type}"))
        }
        2 if chance.one_in(3) => {
            space.delete_all(side).await?;
            Ok(format!("{who} deletes all"))
        }
        3 | 4 => {
            let record_type = if space.has_refunds().await? && chance.one_in(2) {
                "Refund"
            } else {
                "Order"
            };
            space.others(side, record_type, ids.iter().copied()).await?;
            Ok(format!("{who} saves {record_type} {ids:?}"))
        }
        5 if !space.had_index("by_qty").await? => {
            space.add_index(side, "by_qty", IndexState::Disabled).await?;
            Ok(format!("{who} adds by_qty"))
        }
        5 if chance.one_in(3) && space.has_index("by_qty").await? => {
            space.drop_index(side, "by_qty").await?;
            Ok(format!("{who} drops by_qty"))
        }
        6 if !space.has_refunds().await? => {
            space.add_refunds(side).await?;
            Ok(format!("{who} adds refunds"))
        }
        7 => {
            let state = chance.pick(&[IndexState::Disabled, IndexState::WriteOnly]);
            let index = chance.pick(&["by_city", "by_tag", "by_name", "by_version"]);
            space.mark(side, index, state).await?;
            Ok(format!("{who} makes {index} {}", state.name()))
        }
        8 if !unready.is_empty() => {
            let index = chance.of(&unready);
            space.build(side, index).await?;
            Ok(format!("{who} builds {index}"))
        }
        9 if !unready.is_empty() && here.len() > 6 => {
            // What is built already may be all but the last records, and then nothing stops the build.
            let index = chance.of(&unready);
            space.mark(side, index, IndexState::Disabled).await?;
            space.begin_to_build(side, index, 1).await?;
            Ok(format!("{who} begins to build {index} anew"))
        }
        10 if space.format().number() < 10 => {
            let newer = usize::try_from(10 - space.format().number()).unwrap_or_default();
            let format = space.format().number() + 1 + i32::from(number(chance, 0, newer - 1));
            space.upgrade(FormatVersion::from_number(format).map_err(|error| error.to_string())?);
            Ok(format!("the format becomes {format}"))
        }
        11 if chance.one_in(3) => {
            space.agree("half way").await?;
            Ok("both see the same".to_owned())
        }
        _ => {
            space.items(side, round, ids.iter().copied()).await?;
            Ok(format!("{who} saves items {ids:?} of round {round}"))
        }
    }
}

/// A number from `least` to `most`.
fn number(chance: &mut Chance, least: u8, most: impl TryInto<u8>) -> u8 {
    let most = most.try_into().unwrap_or(least);
    least + u8::try_from(chance.below(usize::from(most - least) + 1)).unwrap_or_default()
}
