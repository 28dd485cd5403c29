//! What becomes of reads and operations, however the threads of the runner take turns.

#[path = "../../../crates/actix-totp/src/runner/lots.rs"]
mod lots;
#[path = "../../../crates/actix-totp/src/runner/operations.rs"]
mod operations;
#[allow(dead_code)]
#[path = "../../../crates/actix-totp/src/runner/queue.rs"]
mod queue;
mod store;
#[path = "../../../crates/actix-totp/src/runner/threads.rs"]
mod threads;

use std::time::Duration;

use actix_totp_core::{
    Enrollment, Error, FakeClock, KeyRing, Operation, Outcome, SeededRandomness, TotpService,
    UserId,
};
use shuttle::future::block_on;
use tokio::sync::oneshot;

use self::{
    queue::{Limits, Read, StatusAt},
    store::Store,
    threads::Threads,
};
use crate::{
    in_many_orders,
    sync::{Arc, Instant, thread},
};

/// Longer than all conflicts together.
const TIMEOUT: Duration = Duration::from_secs(3_600);
const LIMITS: Limits = Limits {
    worker_threads: 3,
    max_queued: 64,
    operation_timeout: TIMEOUT,
};

struct Runner {
    threads: Threads,
    store: Store,
}

impl Runner {
    fn start(store: Store, limits: Limits) -> Arc<Self> {
        let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
        let service = TotpService::builder(store.clone(), keys)
            .clock(FakeClock::at(1_700_000_000))
            .randomness(SeededRandomness::new(7))
            .build()
            .unwrap();
        Arc::new(Self {
            threads: Threads::new(service, limits),
            store,
        })
    }

    /// An operation that writes.
    fn enroll(&self, user: &str) -> oneshot::Receiver<Result<Outcome<Enrollment>, Error>> {
        let (answer, answered) = oneshot::channel();
        let operation = Operation::enroll(&id(user), "", None::<&str>).answered_by(move |result| {
            assert!(answer.send(result).is_ok(), "somebody waits");
        });
        self.threads
            .push(|queue, now| queue.push_operation(operation, now, now + TIMEOUT));
        answered
    }

    fn read(&self, user: &str) -> oneshot::Receiver<StatusAt> {
        let (answer, answered) = oneshot::channel();
        let user = id(user);
        self.threads.push(|queue, now: Instant| {
            let deadline = now + TIMEOUT;
            let read = Read {
                user,
                answer,
                deadline,
            };
            queue.push_read(read, now);
        });
        answered
    }
}

fn id(user: &str) -> UserId {
    UserId::new(user).unwrap()
}

/// Waits for an answer, and panics if it was lost. `None`: there was no room.
fn answer<T>(answered: oneshot::Receiver<Result<T, Error>>) -> Option<T> {
    match block_on(answered).expect("an answer") {
        Ok(answer) => Some(answer),
        Err(Error::Overloaded) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Two clients of alice's and one of bob's. The runner is gone before the last answers are there.
fn three_clients(store: Store, limits: Limits) -> (usize, Store) {
    let runner = Runner::start(store.clone(), limits);
    let clients = ["alice", "alice", "bob"].map(|user| {
        let runner = Arc::clone(&runner);
        thread::spawn(move || {
            let mut answers = 0;
            let (one, read) = (runner.enroll(user), runner.read(user));
            answers += usize::from(answer(one).is_some());
            answers += usize::from(answer(read).is_some());
            let two = runner.enroll(user);
            drop(runner);
            answers + usize::from(answer(two).is_some())
        })
    });
    drop(runner);
    let answers = clients.map(|client| client.join().unwrap());
    (answers.into_iter().sum(), store)
}

#[test]
fn each_request_is_answered_and_of_one_user_no_two_batches_are_under_way() {
    in_many_orders(|| {
        let (answers, store) = three_clients(Store::one_by_one(), LIMITS);
        assert_eq!((answers, store.lost()), (9, 0));
    });
}

#[test]
fn each_request_is_answered_also_in_batches() {
    in_many_orders(|| {
        let (answers, store) = three_clients(Store::in_batches(2), LIMITS);
        assert_eq!((answers, store.lost()), (9, 0));
    });
}

#[test]
fn one_thread_is_enough() {
    in_many_orders(|| {
        let limits = Limits {
            worker_threads: 1,
            ..LIMITS
        };
        let (answers, store) = three_clients(Store::in_batches(1), limits);
        assert_eq!((answers, store.lost()), (9, 0));
    });
}

/// Another process writes first, every other time.
#[test]
fn a_conflict_is_tried_again_also_when_the_runner_is_gone() {
    in_many_orders(|| {
        let (answers, store) = three_clients(Store::one_by_one().with_conflicts(), LIMITS);
        assert_eq!(answers, 9);
        assert!(store.lost() > 0);
    });
    in_many_orders(|| {
        let (answers, _) = three_clients(Store::in_batches(1).with_conflicts(), LIMITS);
        assert_eq!(answers, 9);
    });
}

#[test]
fn where_there_is_no_room_a_request_is_refused_and_the_next_one_is_done() {
    in_many_orders(|| {
        let limits = Limits {
            max_queued: 1,
            ..LIMITS
        };
        let runner = Runner::start(Store::one_by_one(), limits);
        let clients = ["alice", "bob"].map(|user| {
            let runner = Arc::clone(&runner);
            thread::spawn(move || {
                for (operation, read) in [0; 3].map(|_| (runner.enroll(user), runner.read(user))) {
                    let _done_or_refused = (answer(operation), answer(read));
                }
            })
        });
        for client in clients {
            client.join().unwrap();
        }
        assert!(answer(runner.enroll("alice")).is_some());
        assert!(answer(runner.read("bob")).is_some());
        assert_eq!(runner.store.lost(), 0);
    });
}

#[test]
fn a_read_is_done_while_as_many_operations_hang_as_may() {
    in_many_orders(|| {
        let store = Store::one_by_one();
        let gate = store.close_until(usize::MAX);
        let runner = Runner::start(store, LIMITS);
        let hanging = ["alice", "bob", "carol"].map(|user| runner.enroll(user));
        assert!(answer(runner.read("dora")).is_some());
        gate.open();
        for operation in hanging {
            assert!(answer(operation).is_some());
        }
    });
}

#[test]
fn operations_that_block_are_done_by_as_many_threads_as_may() {
    in_many_orders(|| {
        let store = Store::one_by_one();
        store.close_until(2); // each waits for the other
        let runner = Runner::start(store, LIMITS);
        for operation in ["alice", "bob"].map(|user| runner.enroll(user)) {
            assert!(answer(operation).is_some());
        }
    });
}
