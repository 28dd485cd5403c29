//! The `crate::sync` of both crates, over shuttle.

pub(crate) use shuttle::{
    sync::{Arc, Mutex, MutexGuard, mpsc},
    thread,
};
pub(crate) use std::sync::PoisonError;

use std::{
    cell::Cell,
    ops::Add,
    sync::{
        LockResult,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

thread_local! {
    /// Shuttle runs all threads of a scenario on one.
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A time that passes only where somebody waits for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(NOW.get())
    }

    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    fn pass(self) {
        NOW.set(self.0.max(NOW.get()));
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

/// In shuttle's own, time never runs out.
#[derive(Default)]
pub(crate) struct Condvar(Arc<shuttle::sync::Condvar>);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    /// The time passes sooner or later. Then all who wait are woken: whoever waits for something else is woken for nothing, which
    /// they must expect.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, ())> {
        let until = Instant::now() + timeout;
        let is_over = Arc::new(AtomicBool::new(false));
        let (condvar, of_timer) = (Arc::clone(&self.0), Arc::clone(&is_over));
        thread::spawn(move || {
            until.pass();
            while !of_timer.load(SeqCst) {
                condvar.notify_all();
                thread::yield_now();
            }
        });
        let waited = self.0.wait(guard);
        is_over.store(true, SeqCst);
        waited
            .map(|guard| (guard, ()))
            .map_err(|error| PoisonError::new((error.into_inner(), ())))
    }
}
