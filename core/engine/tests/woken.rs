//! Whoever is woken by a transaction may use it at once, on the thread that wakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::Transaction;

/// A task that uses its transaction as soon as it is woken, on the thread that wakes it.
struct Eager {
    transaction: Transaction,
    wakes: AtomicUsize,
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.transaction.committed_version();
        self.wakes.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn whoever_is_woken_may_use_the_transaction_at_once() {
    let database = Engine::open(Location::Memory, EngineOptions::default()).unwrap();
    let transaction = database.transaction();
    let eager = Arc::new(Eager {
        transaction: transaction.clone(),
        wakes: AtomicUsize::new(0),
    });
    let waker = Waker::from(eager.clone());
    let mut cx = Context::from_waker(&waker);
    let mut watch = transaction.watch(b"a");
    assert!(Future::poll(std::pin::Pin::new(&mut watch), &mut cx).is_pending());
    let mut stamp = transaction.versionstamp();
    assert!(Future::poll(std::pin::Pin::new(&mut stamp), &mut cx).is_pending());
    transaction.set(b"a", b"another value");
    block_on(transaction.commit()).unwrap();
    transaction.cancel();
    assert!(eager.wakes.load(Ordering::SeqCst) >= 2);
}
