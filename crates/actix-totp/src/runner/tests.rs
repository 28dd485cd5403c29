//! What waits, with the time passed in.

mod reads;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_totp_core::{Error, Operation, QueuedOperation, UserId};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::queue::{Limits, Queue, Read, StatusAt, Task};

const TIMEOUT: Duration = Duration::from_secs(4);
/// Operations of one instant are late one nanosecond after the other.
const LATE: Duration = Duration::from_micros(4_000_001);

/// A queue before a store that works for many at the price of one, one batch at a time.
fn queue(max_queued: usize, now: Instant) -> Queue {
    queue_of(4, Some(1), max_queued, now)
}

fn queue_of(threads: usize, batches: Option<usize>, max_queued: usize, now: Instant) -> Queue {
    let limits = Limits {
        worker_threads: threads,
        max_queued,
        operation_timeout: TIMEOUT,
    };
    Queue::new(batches, limits, now)
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// The errors that operations were answered with.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Vec<Error>>>);

impl Answers {
    fn operation(&self, id: &str) -> QueuedOperation {
        let answers = self.clone();
        Operation::authenticate(&user(id), "123456").answered_by(move |result| {
            answers.0.lock().unwrap().extend(result.err());
        })
    }

    fn by_operator(&self, id: &str) -> QueuedOperation {
        let answers = self.clone();
        Operation::end_all_proofs(&user(id)).answered_by(move |result| {
            answers.0.lock().unwrap().extend(result.err());
        })
    }

    /// How many were refused for want of room since this was asked last, and how many were late.
    fn take(&self) -> (usize, usize) {
        let answers = std::mem::take(&mut *self.0.lock().unwrap());
        let is_refused = |it: &&Error| matches!(it, Error::Overloaded | Error::TooManyRequests);
        let overloaded = answers.iter().filter(is_refused);
        let late = answers.iter().filter(|it| matches!(it, Error::TimedOut));
        (overloaded.count(), late.count())
    }
}

fn push(queue: &mut Queue, answers: &Answers, id: &str, now: Instant) {
    queue.push_operation(answers.operation(id), now, now + TIMEOUT);
}

fn push_read(queue: &mut Queue, id: &str, now: Instant) -> oneshot::Receiver<StatusAt> {
    let (answer, answered) = oneshot::channel();
    let read = Read {
        user: user(id),
        answer,
        deadline: now + TIMEOUT,
    };
    queue.push_read(read, now);
    answered
}

fn operations(task: Option<Task>) -> Vec<QueuedOperation> {
    match task {
        Some(Task::Operations(operations)) => operations,
        _ => Vec::new(),
    }
}

fn users(operations: &[QueuedOperation]) -> Vec<String> {
    operations.iter().map(|it| it.user().to_string()).collect()
}

/// A batch of these users has ended, and nothing of it is left.
fn finish(queue: &mut Queue, ids: &[&str], now: Instant) {
    let users = ids.iter().map(|id| user(id)).collect();
    queue.put_back(users, vec![], vec![], now);
}

#[test]
fn what_was_not_begun_in_time_is_never_done() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(8, start), Answers::default());
    let mut read = push_read(&mut queue, "alice", start);
    push(&mut queue, &answers, "alice", start);
    assert!(queue.has_work());
    let late = start + LATE;
    assert!(queue.take(late).is_none());
    assert!(!queue.has_work());
    assert_eq!(answers.take(), (0, 1));
    assert!(matches!(read.try_recv(), Ok(Err(Error::TimedOut))));

    // There is room again, and the user's queue is not blocked.
    push(&mut queue, &answers, "alice", late);
    assert_eq!(users(&operations(queue.take(late))), ["alice"]);
}

#[test]
fn of_a_users_queue_only_the_late_are_dropped() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(8, start), Answers::default());
    let later = start + Duration::from_secs(2);
    for (id, now) in [("alice", start), ("bob", start), ("alice", later)] {
        push(&mut queue, &answers, id, now);
    }
    let late = start + LATE;
    assert_eq!(users(&operations(queue.take(late))), ["alice"]);
    assert_eq!(answers.take(), (0, 2));
    finish(&mut queue, &["alice"], late);
    assert!(
        queue.take(late).is_none(),
        "bob's is gone, alice's are done"
    );
}

#[test]
fn of_one_user_one_batch_is_under_way() {
    let start = Instant::now();
    let (mut queue, answers) = (queue_of(4, None, 8, start), Answers::default());
    push(&mut queue, &answers, "alice", start);
    assert_eq!(users(&operations(queue.take(start))), ["alice"]);
    push(&mut queue, &answers, "alice", start);
    push(&mut queue, &answers, "bob", start);
    assert_eq!(users(&operations(queue.take(start))), ["bob"]);
    assert!(queue.take(start).is_none(), "alice's is under way");
    finish(&mut queue, &["alice"], start);
    assert_eq!(users(&operations(queue.take(start))), ["alice"]);
}

#[test]
fn a_conflict_is_tried_again_after_its_time_before_what_came_later() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(80, start), Answers::default());
    for _ in 0..4 {
        push(&mut queue, &answers, "alice", start);
    }
    let mut taken = operations(queue.take(start));
    let numbers: Vec<u64> = taken.iter().map(QueuedOperation::number).collect();
    push(&mut queue, &answers, "alice", start);
    push(&mut queue, &answers, "bob", start);
    let wait = Duration::from_millis(7);
    let postponed = taken.split_off(1);
    let conflicts = taken.into_iter().map(|it| (it, wait)).collect();
    queue.put_back(vec![user("alice"); 4], conflicts, postponed, start);

    assert_eq!(queue.next_try(), Some(start + wait));
    assert_eq!(
        users(&operations(queue.take(start))),
        ["bob"],
        "alice waits"
    );
    finish(&mut queue, &["bob"], start);
    assert!(!queue.has_work());
    let again = operations(queue.take(start + wait));
    let order: Vec<u64> = again.iter().map(QueuedOperation::number).collect();
    assert_eq!(order[..4], numbers);
    assert_eq!(order.len(), 5);
    assert_eq!(queue.next_try(), None);
}

#[test]
fn a_conflict_that_nobody_waits_for_is_not_tried_again() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(8, start), Answers::default());
    push(&mut queue, &answers, "alice", start);
    let taken = operations(queue.take(start));
    let conflicts = taken.into_iter().map(|it| (it, TIMEOUT)).collect();
    queue.put_back(vec![user("alice")], conflicts, vec![], start);
    let late = start + LATE;
    assert!(queue.take(late).is_none());
    assert_eq!(answers.take(), (0, 1));
    push(&mut queue, &answers, "alice", late);
    assert_eq!(users(&operations(queue.take(late))), ["alice"]);
}

#[test]
fn no_more_wait_than_the_setting_says_and_the_late_take_up_no_room() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(3, start), Answers::default());
    push(&mut queue, &answers, "alice", start);
    assert_eq!(users(&operations(queue.take(start))), ["alice"]);
    // Hers are behind the one that is under way, and cannot be taken.
    for _ in 0..4 {
        push(&mut queue, &answers, "alice", start);
    }
    push(&mut queue, &answers, "bob", start);
    assert_eq!(answers.take(), (2, 0));
    push(&mut queue, &answers, "bob", start + LATE);
    assert_eq!(answers.take(), (0, 3));
}

#[test]
fn a_full_queue_of_one_user_does_not_always_refuse_the_newest() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(4_096, start), Answers::default());
    push(&mut queue, &answers, "alice", start);
    assert_eq!(operations(queue.take(start)).len(), 1);
    for _ in 0..128 {
        push(&mut queue, &answers, "alice", start);
    }
    assert_eq!(answers.take(), (0, 0));
    let owner = Answers::default();
    for _ in 0..100 {
        push(&mut queue, &owner, "alice", start);
    }
    let ((of_others, _), (of_owner, _)) = (answers.take(), owner.take());
    assert_eq!(of_others + of_owner, 100, "one is refused for each");
    assert!(of_owner < 90, "by chance one in two at the end");
    // Nobody else is refused, and the queue is in order.
    push(&mut queue, &answers, "bob", start);
    finish(&mut queue, &["alice"], start);
    let mut taken = 0;
    while let Some(Task::Operations(batch)) = queue.take(start) {
        taken += batch
            .iter()
            .filter(|it| it.user().as_str() == "alice")
            .count();
        finish(&mut queue, &["alice"], start);
    }
    assert_eq!(taken, 128);
}

#[test]
fn reads_have_places_that_operations_cannot_take() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(4, start), Answers::default());
    for id in ["a", "b", "c", "d", "e"] {
        push(&mut queue, &answers, id, start);
    }
    assert_eq!(answers.take(), (1, 0));
    let mut reads: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|id| push_read(&mut queue, id, start))
        .into();
    let refused = reads.pop().unwrap().try_recv();
    assert!(matches!(refused, Ok(Err(Error::Overloaded))));
    for read in &mut reads {
        assert!(matches!(read.try_recv(), Err(TryRecvError::Empty)));
    }
}

/// A user whose operations were all late is no work, and hides none.
#[test]
fn after_a_hang_the_late_users_do_not_stand_in_the_way() {
    let start = Instant::now();
    let (mut queue, answers) = (queue_of(4, None, 4_096, start), Answers::default());
    for n in 0..300 {
        push(&mut queue, &answers, &format!("late {n}"), start);
    }
    let later = start + Duration::from_secs(2);
    push(&mut queue, &answers, "alice", later);
    let late = start + LATE;
    assert_eq!(users(&operations(queue.take(late))), ["alice"]);
    assert_eq!(answers.take(), (0, 300));
    assert!(!queue.has_work());
}

/// `end_all_proofs` after a password change, while a thief hammers the account.
#[test]
fn what_an_operator_does_for_a_user_goes_before_a_flood_and_is_never_refused_for_it() {
    let start = Instant::now();
    let (mut queue, answers) = (queue(4_096, start), Answers::default());
    push(&mut queue, &answers, "alice", start);
    assert_eq!(operations(queue.take(start)).len(), 1);
    for _ in 0..300 {
        push(&mut queue, &answers, "alice", start);
    }
    let operator = Answers::default();
    queue.push_operation(operator.by_operator("alice"), start, start + TIMEOUT);
    for _ in 0..10_000 {
        push(&mut queue, &answers, "alice", start);
    }
    assert_eq!(operator.take(), (0, 0));
    finish(&mut queue, &["alice"], start);
    let batch = operations(queue.take(start));
    assert!(batch[0].is_by_operator(), "it is the first");
}

#[test]
fn a_quarter_of_the_threads_is_left_to_reads() {
    let start = Instant::now();
    for (threads, batches, writing) in [
        (1, None, 1),
        (2, None, 1),
        (4, None, 3),
        (10, None, 7),
        (10, Some(1), 1),
        (10, Some(4), 4),
    ] {
        let (mut queue, answers) = (queue_of(threads, batches, 64, start), Answers::default());
        let mut taken = 0;
        for n in 0..threads {
            push(&mut queue, &answers, &format!("user {n}"), start);
            taken += usize::from(queue.take(start).is_some());
        }
        assert_eq!(taken, writing, "{threads} threads, {batches:?} batches");
        push_read(&mut queue, "alice", start).close();
        assert!(matches!(queue.take(start), Some(Task::Reads(_))));
    }
}

#[test]
fn neither_kind_waits_for_a_flood_of_the_other() {
    let start = Instant::now();
    let (mut queue, answers) = (queue_of(4, None, 64, start), Answers::default());
    for n in 0..4 {
        push(&mut queue, &answers, &format!("user {n}"), start);
        push_read(&mut queue, &format!("user {n}"), start).close();
    }
    let kinds: Vec<bool> = (0..6)
        .map(|_| matches!(queue.take(start), Some(Task::Reads(_))))
        .collect();
    assert_eq!(kinds, [true, false, true, false, true, false]);
}
