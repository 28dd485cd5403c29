//! The threads of the runner and of the notifier under shuttle, which runs them in thousands of orders. Their sources are
//! compiled into this test over the [`sync`] of this test, which is their `crate::sync`.
//!
//! Where a run fails, or where all threads wait for each other, shuttle prints the order; `shuttle::replay` runs it again.

mod notifications;
#[allow(dead_code, clippy::clone_on_copy)]
#[path = "../../../crates/actix-totp-core/src/notifier.rs"]
mod notifier;
mod runner;
mod sync;

use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
};

/// What the notifier is given here: the users are the threads.
mod device {
    pub(crate) type UserId = usize;
}

mod event {
    /// The number of a thread, and of its event.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) struct Event(pub(crate) usize, pub(crate) usize);

    pub(crate) struct EventContext;

    impl Event {
        pub(crate) fn log(&self) {}

        pub(crate) fn user(&self) -> &usize {
            &self.0
        }
    }

    impl EventContext {
        pub(crate) fn new() -> Self {
            Self
        }
    }
}

/// In how many orders a scenario is run by each of the two schedulers.
const ORDERS: usize = 500;

/// Runs a scenario in many orders. One in which a thread is left waiting at the end fails.
fn in_many_orders(scenario: fn()) {
    let mut config = Config::new();
    config.stack_size = 256 * 1_024;
    Runner::new(RandomScheduler::new(ORDERS), config.clone()).run(scenario);
    // Few switches, at the places where they are most likely to hurt.
    Runner::new(PctScheduler::new(3, ORDERS), config).run(scenario);
}
