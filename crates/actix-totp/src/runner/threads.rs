//! The threads, and what they do: they take what waits, do it, and put back what is left.
//!
//! A thread that takes work wakes one more only while work waits. So work that does not block is done one after the other by one
//! thread, and work that blocks is done by as many as there are.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_totp_core::{BatchResult, QueuedOperation, TotpService, UserId};

use super::queue::{Limits, Queue, Read, Task};
use crate::sync::{Arc, Condvar, Instant, Mutex, MutexGuard, PoisonError, thread};

/// They start when there is work, and end with this value when all that was accepted is done.
pub(super) struct Threads(Arc<Shared>);

struct Shared {
    service: TotpService,
    limits: Limits,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    queue: Queue,
    threads: usize,
    idle: usize,
    /// A thread was told to come and has not come yet.
    is_waking: bool,
    is_closed: bool,
}

impl Threads {
    pub(super) fn new(service: TotpService, limits: Limits) -> Self {
        let state = State {
            queue: Queue::new(service.max_concurrent_batches(), limits, Instant::now()),
            threads: 0,
            idle: 0,
            is_waking: false,
            is_closed: false,
        };
        Self(Arc::new(Shared {
            service,
            limits,
            state: Mutex::new(state),
            wake: Condvar::new(),
        }))
    }

    /// Queues something, and sees to it that a thread comes for it.
    pub(super) fn push(&self, push: impl FnOnce(&mut Queue, Instant)) {
        let mut state = self.0.state();
        push(&mut state.queue, Instant::now());
        wake_one(&self.0, &mut state);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    // A panic elsewhere cannot leave it half changed: nothing in between calls foreign code.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that a thread comes for what waits.
fn wake_one(shared: &Arc<Shared>, state: &mut State) {
    if state.is_waking || !state.queue.has_work() {
        return;
    }
    if state.idle > 0 {
        state.is_waking = true;
        shared.wake.notify_one();
    } else if state.threads < shared.limits.worker_threads {
        let name = format!("actix-totp-{}", state.threads + 1);
        let of_thread = Arc::clone(shared);
        let started = thread::Builder::new()
            .name(name)
            .spawn(move || work(&of_thread));
        match started {
            Ok(_) => {
                state.threads += 1;
                state.is_waking = true;
            }
            Err(error) if state.threads == 0 => {
                tracing::error!(%error, "no thread can be started");
                state.queue.clear();
            }
            Err(_) => {} // the others will come
        }
    }
}

fn work(shared: &Arc<Shared>) {
    let mut state = shared.state();
    state.is_waking = false;
    loop {
        let now = Instant::now();
        if let Some(task) = state.queue.take(now) {
            wake_one(shared, &mut state);
            drop(state);
            do_task(shared, task);
            state = shared.state();
        } else if state.is_closed && state.queue.next_try().is_none() {
            return; // what is under way is with the other threads, and so is what waits behind it
        } else {
            state = idle(shared, state, now);
        }
    }
}

fn idle<'a>(
    shared: &'a Arc<Shared>,
    mut state: MutexGuard<'a, State>,
    now: Instant,
) -> MutexGuard<'a, State> {
    state.idle += 1;
    let next_try = state.queue.next_try();
    let mut state = match next_try {
        None => shared
            .wake
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner),
        Some(at) => {
            let waited = shared
                .wake
                .wait_timeout(state, at.saturating_duration_since(now));
            waited.unwrap_or_else(PoisonError::into_inner).0
        }
    };
    state.idle -= 1;
    state.is_waking = false;
    state
}

// What panics is dropped with its answers: the requests learn that they were interrupted.
fn do_task(shared: &Arc<Shared>, task: Task) {
    match task {
        Task::Reads(reads) => {
            let _ = catch_unwind(AssertUnwindSafe(|| do_reads(&shared.service, reads)));
        }
        Task::Operations(operations) => do_operations(shared, operations),
    }
}

fn do_reads(service: &TotpService, reads: Vec<Read>) {
    let users: Vec<&UserId> = reads.iter().map(|read| &read.user).collect();
    let statuses = service.status_batch(&users);
    for (read, status) in reads.into_iter().zip(statuses) {
        let _ = read.answer.send(status);
    }
}

fn do_operations(shared: &Arc<Shared>, operations: Vec<QueuedOperation>) {
    let users: Vec<UserId> = operations.iter().map(|it| it.user().clone()).collect();
    let applied = catch_unwind(AssertUnwindSafe(|| shared.service.apply_batch(operations)));
    let BatchResult {
        answered,
        conflicts,
        postponed,
    } = applied.unwrap_or_default();
    {
        let mut state = shared.state();
        state
            .queue
            .put_back(users, conflicts, postponed, Instant::now());
        wake_one(shared, &mut state); // for the next batch, while this one is answered
    }
    for answered in answered {
        let _ = catch_unwind(AssertUnwindSafe(|| answered.answer()));
    }
}
