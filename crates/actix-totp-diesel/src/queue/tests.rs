use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
    mpsc::Receiver,
};

use actix_totp_core::{Device, DeviceStore, Epoch, RecentFailures, UserId, Version};
use diesel::SqliteConnection;

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
use crate::DieselStore;

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
        last_step: None,
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: 0,
        last_used_at: None,
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

/// A database in memory that two connections share, one of each test.
fn in_memory(
    test: &str,
) -> (
    DieselStore<SqliteConnection>,
    Pool<ConnectionManager<SqliteConnection>>,
) {
    let connection = ConnectionManager::new(format!("file::{test}?mode=memory&cache=shared"));
    let pool = Pool::builder().max_size(2).build(connection).unwrap();
    let store = DieselStore::from_pool(pool.clone());
    store.migrate().unwrap();
    (store, pool)
}

fn send(queue: &Queue, devices: Vec<Device>) -> Receiver<Answers> {
    let (answer, answered) = sync_channel(1);
    let swaps = devices.into_iter().map(insert).collect();
    let until = Instant::now() + PATIENCE;
    let job = Job {
        swaps,
        answer,
        until,
    };
    queue.jobs.send(job).unwrap();
    answered
}

fn received(answers: &Receiver<Answers>) -> Vec<bool> {
    let answers = answers.recv().unwrap();
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

#[test]
fn a_panic_is_a_fault_of_its_batch_and_the_writer_goes_on() {
    static PANICS: AtomicUsize = AtomicUsize::new(1);
    let (_, pool) = in_memory("panic");
    let queue = Queue::start(
        pool,
        |connection: &mut SqliteConnection, run| {
            assert!(PANICS.swap(0, SeqCst) == 0, "this test panics on purpose");
            connection.immediate_transaction(|connection| run(connection))
        },
        PATIENCE,
    )
    .unwrap();
    let alice = device("alice");
    let swap = || queue.swap(vec![insert(alice.clone())]).unwrap().remove(0);
    assert!(swap().is_err());
    assert!(swap().unwrap());
}

#[test]
fn swaps_that_wait_together_share_one_commit_and_each_gets_its_own_answer() {
    let connection = crate::diesel::r2d2::ConnectionManager::<SqliteConnection>::new(":memory:");
    let pool = Pool::builder().max_size(1).build(connection).unwrap();
    let store = DieselStore::from_pool(pool.clone());
    store.migrate().unwrap();
    let queue = Queue::start(
        pool,
        |connection: &mut SqliteConnection, run| {
            COMMITS.fetch_add(1, SeqCst);
            drop(GATE.lock().unwrap());
            connection.immediate_transaction(|connection| run(connection))
        },
        PATIENCE,
    )
    .unwrap();

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

/// Runs the statements and then stands before the COMMIT until the test says how that ends.
#[test]
fn no_answer_precedes_its_commit() {
    static BEFORE_COMMIT: AtomicUsize = AtomicUsize::new(0);
    static GOES_WELL: AtomicUsize = AtomicUsize::new(0);
    static DOOR: Mutex<()> = Mutex::new(());
    let connection = crate::diesel::r2d2::ConnectionManager::<SqliteConnection>::new(":memory:");
    let pool = Pool::builder().max_size(1).build(connection).unwrap();
    let store = DieselStore::from_pool(pool.clone());
    store.migrate().unwrap();
    let queue = Queue::start(
        pool,
        |connection: &mut SqliteConnection, run| {
            connection.immediate_transaction(|connection| {
                run(connection)?;
                BEFORE_COMMIT.fetch_add(1, SeqCst);
                drop(DOOR.lock().unwrap());
                match GOES_WELL.load(SeqCst) {
                    0 => Err(diesel::result::Error::RollbackTransaction),
                    _ => Ok(()),
                }
            })
        },
        PATIENCE,
    )
    .unwrap();

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
        assert!(answers.iter().all(|it| matches!(it, Ok(true)) == goes_well));
        let there = store.page(None, 9).unwrap().len();
        assert_eq!(there, if goes_well { 2 } else { 0 });
    }
}

/// Whoever waited was told that it is unknown, and may have gone another way since.
#[test]
fn what_the_writer_had_not_begun_in_time_is_never_written() {
    let (store, pool) = in_memory("late");
    let queue = Queue::start(
        pool,
        |connection: &mut SqliteConnection, run| {
            connection.immediate_transaction(|connection| run(connection))
        },
        PATIENCE,
    )
    .unwrap();
    let alice = device("alice");
    let (answer, answered) = sync_channel(1);
    let late = Job {
        swaps: vec![insert(alice.clone())],
        answer,
        until: Instant::now(),
    };
    queue.jobs.send(late).unwrap();
    assert!(answered.recv().is_err(), "dropped");
    let bob = insert(device("bob"));
    assert!(matches!(queue.swap(vec![bob]).unwrap()[..], [Ok(true)]));
    assert_eq!(store.load(&alice.user).unwrap(), None);
}
