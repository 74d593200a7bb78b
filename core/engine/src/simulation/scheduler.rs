//! Runs tasks on one thread, in turns that come from a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use record_store_kv::{BoxFuture, Error, ErrorKind, Result};

use super::rng::SplitMix;

/// Notes that a task can go on.
struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs `tasks` until all have ended.
pub(super) fn run(rng: &SplitMix, tasks: Vec<BoxFuture<()>>) -> Result<()> {
    let mut tasks: Vec<(BoxFuture<()>, Arc<Ready>)> = tasks
        .into_iter()
        .map(|task| (task, Arc::new(Ready(AtomicBool::new(true)))))
        .collect();
    while !tasks.is_empty() {
        let ready: Vec<usize> = (0..tasks.len())
            .filter(|&at| tasks[at].1.0.load(Ordering::Acquire))
            .collect();
        if ready.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "tasks of a simulation wait for what none of them does",
            )
            .with("tasks", tasks.len()));
        }
        let at = ready[rng.index(ready.len())];
        let (task, is_ready) = &mut tasks[at];
        is_ready.0.store(false, Ordering::Release);
        let waker = Waker::from(is_ready.clone());
        if let Poll::Ready(()) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            drop(tasks.swap_remove(at));
        }
    }
    Ok(())
}
