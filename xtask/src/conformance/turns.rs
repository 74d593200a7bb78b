//! Each works on what the other has made: in every format, whoever has made the space, records, indexes, queries and pages.

use record_store::IndexState;

use super::dump::Page;
use super::shared::{Shared, Side};
use crate::step::Failure;

/// They take turns on a new space.
pub(super) async fn take(space: &mut Shared<'_>, maker: Side) -> Result<(), Failure> {
    space.create(maker, true).await?;
    space.items(maker, 0, 1..=12).await?;
    space.others(maker, "Order", [1]).await?;
    space.agree("as it was made").await?;

    // Long records become short ones, and short ones long.
    space.items(Side::Rust, 1, 1..=4).await?;
    space.items(Side::Rust, 0, 13..=16).await?;
    space.delete(Side::Rust, [5]).await?;
    space.agree("as Rust has changed it").await?;

    space.add_index(maker.other(), "by_qty", IndexState::Disabled).await?;
    space.build(maker.other(), "by_qty").await?;
    space.items(Side::Java, 2, [1, 4, 6]).await?;
    space.items(Side::Java, 0, 17..=20).await?;
    space.delete(Side::Java, [8]).await?;
    space.agree("as Java has changed it, with an index more").await?;

    for what in ["scan", "query"] {
        pages(space, what).await?;
    }
    Ok(())
}

/// Each goes on where the other has stopped, and nothing is missing or comes twice.
async fn pages(shared: &mut Shared<'_>, what: &str) -> Result<(), Failure> {
    let space = shared.open().await?;
    let whole = Page::read(shared.ask(what, "1000")?).keys;
    for java_begins in [true, false] {
        let (mut keys, mut after, mut by_java) = (Vec::new(), None, java_begins);
        loop {
            let page = if by_java {
                let after: Option<String> = after;
                Page::read(shared.ask(what, &format!("5 {}", after.unwrap_or_default()))?)
            } else {
                let page = Page::of(&space, what, 5, after.as_deref()).await;
                page.map_err(|error| shared.told(what, error))?
            };
            keys.extend(page.keys);
            by_java = !by_java;
            after = page.more;
            if after.is_none() {
                break;
            }
        }
        shared.that(
            !whole.is_empty() && keys == whole,
            &format!("pages of a {what} have {keys:?}, not {whole:?}"),
        )?;
    }
    Ok(())
}
