use std::{
    cell::RefCell,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::Receiver,
    },
};

use self::memory::{Failure, Memory, Rows};
use super::*;
use crate::{
    driver::{ConnectionPool, Transaction},
    pools::Pools,
};
use actix_totp_core::{Device, DeviceStore, Epoch, RecentFailures, UserId, Version};

mod memory;

const TIMEOUT: Duration = Duration::from_secs(60);

static COMMITS: AtomicUsize = AtomicUsize::new(0);
static GATE: Mutex<()> = Mutex::new(());

fn device(id: &str) -> Device {
    Device {
        user: UserId::new(id).unwrap(),
        version: Version::from_i64(1),
        epoch: Epoch::from_i64(1),
        sealed: Vec::new(),
        confirmed_at: None,
        pending_at: None,
        authenticators: Default::default(),
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
        setup_required_by: None,
        setup_reminded_at: None,
        created_at: 0,
        updated_at: 0,
    }
}

fn insert(next: Device) -> Swap {
    Swap {
        user: next.user.clone(),
        expected: None,
        next: Some(next),
    }
}

/// A store, and a pool of another connection to the same database.
fn in_memory() -> (Pools<Memory>, ConnectionPool<Memory>) {
    let pool = memory::pool(2);
    (Pools::without_writer(pool.clone()), pool)
}

fn queue(pool: ConnectionPool<Memory>, transaction: Transaction<Memory>) -> Queue {
    let writer = WriterConnection {
        pool,
        transaction,
        after_commit: Box::new(|_| ()),
    };
    Queue::start::<Memory>(writer, TIMEOUT).unwrap()
}

fn send(queue: &Queue, devices: Vec<Device>) -> Receiver<Answers<bool>> {
    let (answer, answered) = sync_channel(1);
    let swaps = devices.into_iter().map(insert).collect();
    let until = Instant::now() + TIMEOUT;
    let request = Request {
        swaps,
        answer,
        until,
    };
    queue.requests.send(request).unwrap();
    answered
}

fn received(answers: &Receiver<Answers<bool>>) -> Vec<bool> {
    let answers = answers.recv().unwrap();
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

#[test]
fn a_panic_is_a_fault_of_its_batch_and_the_writer_goes_on() {
    static PANICS: AtomicUsize = AtomicUsize::new(1);
    let (_, pool) = in_memory();
    let queue = queue(pool, |connection: &mut Rows, run| {
        assert!(PANICS.swap(0, SeqCst) == 0, "this test panics on purpose");
        Memory::transaction(connection, run)
    });
    let alice = device("alice");
    let swap = || queue.swap(vec![insert(alice.clone())]).unwrap().remove(0);
    assert!(swap().is_err());
    assert!(swap().unwrap());
}

#[test]
fn swaps_that_wait_together_share_one_commit_and_each_gets_its_own_answer() {
    let (store, pool) = in_memory();
    let queue = queue(pool, |connection: &mut Rows, run| {
        COMMITS.fetch_add(1, SeqCst);
        drop(GATE.lock().unwrap());
        Memory::transaction(connection, run)
    });

    let closed = GATE.lock().unwrap();
    let first = send(&queue, vec![device("first")]);
    while COMMITS.load(SeqCst) == 0 {
        thread::yield_now(); // until the writer has taken the first alone and waits at the gate
    }
    let alone: Vec<_> = (0..20)
        .map(|n| send(&queue, vec![device(&format!("user {n}"))]))
        .collect();
    let mut together: Vec<_> = (20..30).map(|n| device(&format!("user {n}"))).collect();
    together.insert(3, device("first")); // is there by then
    together.push(device("user 7")); // is there since this very commit
    let together = send(&queue, together);
    drop(closed);

    assert_eq!(received(&first), [true]);
    assert!(alone.iter().all(|answers| received(answers) == [true]));
    let expected = [vec![true; 3], vec![false], vec![true; 7], vec![false]];
    assert_eq!(received(&together), expected.concat());
    assert_eq!(COMMITS.load(SeqCst), 2);
    assert_eq!(store.page(None, 100).unwrap().len(), 31);
}

#[test]
fn while_the_writer_hangs_what_waits_is_bounded_and_one_more_is_refused_at_once() {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    static HANGS: Mutex<()> = Mutex::new(());
    let (store, pool) = in_memory();
    let queue = queue(pool, |connection: &mut Rows, run| {
        TAKEN.fetch_add(1, SeqCst);
        drop(HANGS.lock().unwrap());
        Memory::transaction(connection, run)
    });
    let hangs = HANGS.lock().unwrap();
    let first = send(&queue, vec![device("first")]);
    while TAKEN.load(SeqCst) == 0 {
        thread::yield_now();
    }
    let waiting: Vec<_> = (0..MOST_REQUESTS)
        .map(|n| send(&queue, vec![device(&format!("user {n}"))]))
        .collect();
    let refused = queue.swap(vec![insert(device("one more"))]);
    let refused = format!("{refused:?}");
    assert!(refused.contains("is full"), "{refused}");
    drop(hangs);
    assert_eq!(received(&first), [true]);
    assert!(waiting.iter().all(|answers| received(answers) == [true]));
    assert_eq!(store.load(&device("one more").user).unwrap(), None);
}

/// Runs the statements and then stands before the COMMIT until the test says how that ends.
#[test]
fn no_answer_precedes_its_commit() {
    static BEFORE_COMMIT: AtomicUsize = AtomicUsize::new(0);
    static GOES_WELL: AtomicUsize = AtomicUsize::new(0);
    static DOOR: Mutex<()> = Mutex::new(());
    let (store, pool) = in_memory();
    let queue = queue(pool, |connection: &mut Rows, run| {
        Memory::transaction(connection, &mut |connection| {
            run(connection)?;
            BEFORE_COMMIT.fetch_add(1, SeqCst);
            drop(DOOR.lock().unwrap());
            match GOES_WELL.load(SeqCst) {
                0 => Err(Failure::OnPurpose),
                _ => Ok(()),
            }
        })
    });

    for (nth, goes_well) in [false, true].into_iter().enumerate() {
        let door = DOOR.lock().unwrap();
        GOES_WELL.store(goes_well.into(), SeqCst);
        let answers = send(&queue, vec![device("alice"), device("bob")]);
        while BEFORE_COMMIT.load(SeqCst) <= nth {
            thread::yield_now();
        }
        assert!(
            answers.try_recv().is_err(),
            "it is written, but not committed"
        );
        drop(door);
        let answers = answers.recv().unwrap();
        assert_eq!(answers.len(), 2);
        let is_told = |it: &Result<bool, StoreError>| match it {
            Ok(written) => *written && goes_well,
            Err(_) => !goes_well, // it is unknown, and not lost
        };
        assert!(answers.iter().all(is_told), "{answers:?}");
        let there = store.page(None, 9).unwrap().len();
        assert_eq!(there, if goes_well { 2 } else { 0 });
    }
}

/// Whoever waited was told that it is unknown, and may have gone another way since.
#[test]
fn what_the_writer_had_not_begun_in_time_is_never_written() {
    let (store, pool) = in_memory();
    let queue = queue(pool, |connection: &mut Rows, run| {
        Memory::transaction(connection, run)
    });
    let alice = device("alice");
    let (answer, answered) = sync_channel(1);
    let late = Request {
        swaps: vec![insert(alice.clone())],
        answer,
        until: Instant::now(),
    };
    queue.requests.send(late).unwrap();
    assert!(answered.recv().is_err(), "dropped");
    let bob = insert(device("bob"));
    assert!(matches!(queue.swap(vec![bob]).unwrap()[..], [Ok(true)]));
    assert_eq!(store.load(&alice.user).unwrap(), None);
}

/// What these swaps are answered, and how many went into each commit. The time is a second later after each.
fn answered(
    swaps: &[(&Swap, Instant)],
    start: Instant,
    commit: impl Fn(&[&Swap]) -> Result<Vec<bool>, Fault<Failure>>,
) -> (Vec<Option<bool>>, Vec<usize>) {
    let commits = RefCell::new(Vec::new());
    let counted = |swaps: &[&Swap]| {
        commits.borrow_mut().push(swaps.len());
        commit(swaps)
    };
    let now = || start + Duration::from_secs(commits.borrow().len() as u64);
    let answers = answers::<Memory>(swaps, counted, now);
    let answers = answers.into_iter().map(Result::ok).collect();
    (answers, commits.into_inner())
}

#[test]
fn after_a_statement_failed_each_is_tried_alone_while_somebody_waits_for_it() {
    let start = Instant::now();
    let swaps = ["alice", "bob", "carol", "dave"].map(|id| insert(device(id)));
    let waiting: Vec<_> = swaps.iter().zip([9, 1, 9, 9]).collect();
    let waiting: Vec<_> = waiting
        .iter()
        .map(|(swap, seconds)| (*swap, start + Duration::from_secs(*seconds)))
        .collect();
    let (answers, commits) = answered(&waiting, start, |swaps| match swaps {
        [swap] => Ok(vec![swap.user.as_str() != "dave"]),
        _ => Err(Fault::Statement(Failure::OnPurpose)),
    });
    assert_eq!(answers, [Some(true), None, Some(true), Some(false)]);
    assert_eq!(commits, [4, 1, 1, 1], "nobody waited for bob's any more");
}

#[test]
fn a_writer_that_fails_again_and_again_is_not_asked_for_each() {
    let start = Instant::now();
    let swaps = ["alice", "bob", "carol", "dave"].map(|id| insert(device(id)));
    let waiting: Vec<_> = swaps.iter().map(|swap| (swap, start + TIMEOUT)).collect();
    let fails = |_: &[&Swap]| Err(Fault::Statement(Failure::OnPurpose));
    let (answers, commits) = answered(&waiting, start, fails);
    assert_eq!((answers, commits), (vec![None; 4], vec![4, 1, 1]));

    // A lock that somebody else holds is a conflict each time, and takes its time.
    let seconds = |seconds| start + Duration::from_secs(seconds);
    let waiting: Vec<_> = swaps.iter().map(|swap| (swap, seconds(3))).collect();
    let (answers, commits) = answered(&waiting, start, |swaps| match swaps {
        [_] => Err(Fault::Transaction(Failure::Conflict)),
        _ => Err(Fault::Statement(Failure::OnPurpose)),
    });
    let expected = [Some(false), Some(false), None, None];
    assert_eq!(
        (&answers[..], &commits[..]),
        (&expected[..], &[4, 1, 1][..])
    );
}

/// What a failed commit has written is unknown.
#[test]
fn after_a_failed_commit_nothing_is_tried_again() {
    let until = Instant::now() + TIMEOUT;
    let swaps = ["alice", "bob"].map(|id| insert(device(id)));
    let waiting = swaps.each_ref().map(|swap| (swap, until));
    let commit = |_: &[&Swap]| Err(Fault::Transaction(Failure::OnPurpose));
    let (answers, commits) = answered(&waiting, Instant::now(), commit);
    assert_eq!((answers, commits), (vec![None, None], vec![2]));
}

#[test]
fn only_a_conflict_is_answered_as_lost() {
    let answer = |fault: Fault<Failure>| fault.answer::<Memory>().ok();
    let connection = StoreError::unavailable("none to be had");
    assert_eq!(answer(Fault::Connection(connection)), None);
    assert_eq!(answer(Fault::Statement(Failure::OnPurpose)), None);
    assert_eq!(answer(Fault::Transaction(Failure::OnPurpose)), None);
    assert_eq!(answer(Fault::Statement(Failure::Conflict)), Some(false));
    assert_eq!(answer(Fault::Transaction(Failure::Conflict)), Some(false));
}
