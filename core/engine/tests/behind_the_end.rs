//! Ranges that lead behind the last key that a transaction may read.

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::{KeySelector, RangeRequest};

#[test]
fn they_end_when_it_is_known_that_nothing_comes_there() {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    for keys in [&[][..], &["kc"], &["ka", "kb", "kc", "kd"]] {
        let write = database.transaction();
        write.clear_range(b"", b"\xff");
        keys.iter().for_each(|key| write.set(key.as_bytes(), b""));
        block_on(write.commit()).unwrap();
        for (reverse, limit) in [(false, 0), (false, 4), (true, 0), (true, 4)] {
            let read = |earlier: bool| {
                let transaction = database.transaction();
                if earlier {
                    let selector = KeySelector::new(&b"k\0"[..], false, 2);
                    block_on(transaction.get_key(&selector, false)).unwrap();
                }
                let end = KeySelector::new(&b"\xff"[..], true, 4);
                let request = RangeRequest::new(KeySelector::first_greater_or_equal("kb"), end);
                let request = request.reverse(reverse).limit(limit);
                block_on(transaction.get_range_all(&request, false)).unwrap()
            };
            assert_eq!(read(true), read(false), "{keys:?} {reverse} {limit}");
        }
    }
}
