//! Where the work behind requests is done: on threads of the plugin's own, beside the workers of the application.
//!
//! 1. There are two kinds of work: reads (guards, status) and operations. Each kind waits in places of its own, and operations
//!    never hold all threads where there are several. So no read is refused for an operation or waits behind one.
//! 2. Of one user one batch of operations is under way at a time, whatever the endpoint, and the places of one user are
//!    bounded. So who hammers one account waits for themselves, and nobody else is refused for them.
//! 3. What waits together is given to the store together, if it works for many at about the price of one.
//! 4. An operation that another process beat goes back into the queue; no thread sleeps for it.
//! 5. A thread that takes work wakes one more only while work waits. So work that does not block is done one after the
//!    other by one thread, and work that blocks is done by as many as there are.
//! 6. Who waits is answered in time, also while the store hangs; what was not begun by then is not done at all.

mod operations;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use actix_totp_core::{
    BatchResult, Error, Operation, Outcome, QueuedOperation, TotpService, UserId,
};
use tokio::{sync::oneshot, time};

use self::queue::{Queue, Read, StatusAt, Task};

/// The threads. They start when there is work, and end with this value.
pub(crate) struct Runner(Arc<Shared>);

/// How much is done at a time, and how much and how long may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) worker_threads: usize,
    pub(crate) max_queued: usize,
    pub(crate) operation_timeout: Duration,
}

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

impl Runner {
    pub(crate) fn new(service: TotpService, limits: Limits) -> Self {
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

    /// The status of a user and the time that it is for.
    ///
    /// # Errors
    ///
    /// As [`TotpService::status`]; [`Error::Overloaded`], [`Error::TimedOut`], and [`Error::Interrupted`] if the store panicked
    /// or no thread can be had.
    pub(crate) async fn read(&self, user: UserId) -> StatusAt {
        let (answer, answered) = oneshot::channel();
        self.wait(answered, |queue, now, deadline| {
            let read = Read {
                user,
                answer,
                deadline,
            };
            queue.push_read(read, now);
        })
        .await
    }

    /// Does an operation.
    ///
    /// # Errors
    ///
    /// Its own, and as [`read`](Self::read).
    pub(crate) async fn apply<T: Send + 'static>(
        &self,
        operation: Operation<T>,
    ) -> Result<Outcome<T>, Error> {
        let (answer, answered) = oneshot::channel();
        let operation = operation.answered_by(move |result| {
            let _ = answer.send(result); // whoever does not wait any more is gone
        });
        self.wait(answered, |queue, now, deadline| {
            queue.push_operation(operation, now, deadline);
        })
        .await
    }

    async fn wait<T>(
        &self,
        answered: oneshot::Receiver<Result<T, Error>>,
        push: impl FnOnce(&mut Queue, Instant, Instant),
    ) -> Result<T, Error> {
        let timeout = self.0.limits.operation_timeout;
        {
            let mut state = self.0.state();
            let now = Instant::now();
            push(&mut state.queue, now, now + timeout);
            wake_one(&self.0, &mut state);
        }
        match time::timeout(timeout, answered).await {
            Ok(answered) => answered.unwrap_or(Err(Error::Interrupted)),
            Err(_) => Err(Error::TimedOut),
        }
    }
}

impl Drop for Runner {
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
    answered.into_iter().for_each(|it| it.answer());
}
