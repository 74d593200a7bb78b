//! One page of the largest cities of a country. It goes on where a page in any language has stopped, and says where any
//! language goes on.
//!
//!     relay DATABASE COUNTRY COUNT [CONTINUATION]
//!
//! A COUNT of 0 asks for all that is left. It prints the plan, the cities, and the continuation in hexadecimal digits, or
//! `end`. `cargo xtask demo` hands pages around between this program and those of the same name in Python, JavaScript and C.

use std::error::Error;

use futures_executor::block_on;
use record_store::query::Parameters;
use record_store::{Continuation, Database};
use record_store_examples::City;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, country, count, continuation @ ..] = &arguments[..] else {
        return Err("usage: relay DATABASE COUNTRY COUNT [CONTINUATION]".into());
    };
    let continuation = continuation.first().map(|digits| bytes(digits)).transpose()?;
    block_on(page(database, country, count.parse()?, continuation))
}

async fn page(database: &str, country: &str, count: usize, after: Option<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    let cities = Database::open(database).await?.space("demo/cities").open().await?;
    let mut query = cities
        .query("country = ?")
        .parameters(Parameters::positional([country]))
        .order_by("population")
        .reverse()
        .continuation(after.map(Continuation::from_bytes));
    if count > 0 {
        query = query.limit(count);
    }
    println!("plan {}", query.plan().await?);
    let mut page = query.execute();
    while let Some(city) = page.next().await? {
        let city = city.decode::<City>()?;
        println!("city {} {} {}", city.id, city.population, city.name);
    }
    match page.continuation() {
        Some(continuation) => println!("continuation {}", digits(continuation.as_bytes())),
        None => println!("continuation end"),
    }
    Ok(())
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(digits: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
