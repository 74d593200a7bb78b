//! A child process of the kill tests: loads batches of records into a directory until it is killed, and says which batches
//! were acknowledged.
//!
//! Arguments: the directory, the name of the space, the number of the first batch. It prints the number of each batch when its commit is
//! acknowledged.

use std::io::Write;

use futures_executor::block_on;
use record_store_tests::load;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("the directory is missing")?;
    let space = arguments.next().ok_or("the space is missing")?;
    let first: i64 = arguments.next().ok_or("the first batch is missing")?.parse()?;
    block_on(async {
        let space = load::open(&directory, &space).await?;
        let mut out = std::io::stdout();
        for batch in first.. {
            space.put_all(load::batch(batch)).await?;
            writeln!(out, "{batch}")?;
            out.flush()?;
        }
        Ok(())
    })
}
