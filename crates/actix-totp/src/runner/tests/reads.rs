//! Reads that wait, where they are too many of one user.

use std::time::{Duration, Instant};

use actix_totp_core::Error;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::{TIMEOUT, push_read, queue};
use crate::runner::queue::{StatusAt, Task};

/// How many of these reads were refused since they are too many of one user.
fn refused_of(reads: &mut [oneshot::Receiver<StatusAt>]) -> usize {
    let refused =
        |it: &mut oneshot::Receiver<_>| matches!(it.try_recv(), Ok(Err(Error::TooManyRequests)));
    reads.iter_mut().map(refused).filter(|it| *it).count()
}

#[test]
fn reads_of_one_user_leave_room_for_the_others() {
    let start = Instant::now();
    let mut queue = queue(200, start);
    let mut of_alice: Vec<_> = (0..129)
        .map(|_| push_read(&mut queue, "alice", start))
        .collect();
    assert_eq!(refused_of(&mut of_alice), 1);
    let mut of_bob = push_read(&mut queue, "bob", start);
    assert!(matches!(of_bob.try_recv(), Err(TryRecvError::Empty)));
    let Some(Task::Reads(reads)) = queue.take(start) else {
        panic!("reads wait");
    };
    assert_eq!(reads.len(), 32);
    let mut again = push_read(&mut queue, "alice", start);
    assert!(matches!(again.try_recv(), Err(TryRecvError::Empty)));
}

#[test]
fn too_many_reads_of_one_user_do_not_always_refuse_the_newest() {
    let start = Instant::now();
    let mut queue = queue(4_096, start);
    let mut of_bob = vec![push_read(&mut queue, "bob", start)];
    let mut of_others: Vec<_> = (0..128)
        .map(|_| push_read(&mut queue, "alice", start))
        .collect();
    assert_eq!(refused_of(&mut of_others), 0);
    let later = start + Duration::from_secs(1);
    let mut of_owner: Vec<_> = (0..100)
        .map(|_| push_read(&mut queue, "alice", later))
        .collect();
    let (of_others, of_owner) = (refused_of(&mut of_others), refused_of(&mut of_owner));
    assert_eq!(of_others + of_owner, 100, "one is refused for each");
    assert!(of_owner < 90, "by chance one in two at the end");
    assert_eq!(refused_of(&mut of_bob), 0, "and nobody else");
    // The oldest still stand in front: they are dropped when they are late, and no others.
    let late = start + TIMEOUT;
    let mut taken = 0;
    while let Some(Task::Reads(reads)) = queue.take(late) {
        taken += reads.len();
    }
    assert_eq!(taken, 100 - of_owner);
}
