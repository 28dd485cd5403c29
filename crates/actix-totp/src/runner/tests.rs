//! What waits, with the time passed in.

use std::time::{Duration, Instant};

use actix_totp_core::{Error, UserId};
use tokio::sync::oneshot;

use super::{
    Limits,
    work::{Ended, Job, SignIn, Task, Work},
};

const LIMITS: Limits = Limits {
    threads: 4,
    waiting: 3,
    answer_within: Duration::from_secs(4),
};

fn work() -> Work {
    Work::new(Some(1), LIMITS)
}

fn sign_in(user: &str, until: Instant) -> SignIn {
    SignIn {
        user: UserId::new(user).unwrap(),
        token: String::new().into(),
        answer: oneshot::channel().0,
        until,
    }
}

fn users(task: Option<Task>) -> Vec<String> {
    match task {
        Some(Task::SignIns(group)) => group.iter().map(|it| it.user.to_string()).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_was_not_begun_in_time_is_never_done() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.answer_within;
    let late = until + Duration::from_millis(1);
    let look = super::work::Look {
        user: UserId::new("alice").unwrap(),
        answer: oneshot::channel().0,
        until,
    };
    work.look(look);
    work.sign_in(sign_in("alice", until), start).unwrap();
    let job = Job {
        run: Box::new(|_| panic!("nobody waits for it")),
        until: Some(until),
    };
    work.job(job);
    assert!(work.has_something_to_take());
    assert!(work.take(late).is_none());
    assert!(!work.has_something_to_take());

    // There is room again, and the user's line is not blocked.
    let fresh = late + LIMITS.answer_within;
    work.sign_in(sign_in("alice", fresh), late).unwrap();
    assert_eq!(users(work.take(late)), ["alice"]);
}

#[test]
fn of_a_line_only_the_late_are_dropped() {
    let (mut work, start) = (work(), Instant::now());
    let late = start + Duration::from_secs(5);
    for (user, secs) in [("alice", 4), ("alice", 6), ("bob", 4)] {
        let until = start + Duration::from_secs(secs);
        work.sign_in(sign_in(user, until), start).unwrap();
    }
    assert_eq!(users(work.take(late)), ["alice"]);
    work.finish(Ended::SignIns(vec![UserId::new("alice").unwrap()]));
    assert!(work.take(late).is_none(), "bob's is gone, alice's are done");
}

#[test]
fn what_was_begun_is_ended_however_late() {
    let mut work = work();
    work.go_on(vec![Box::new(|_| ())], vec![]);
    let late = Instant::now() + Duration::from_secs(3_600);
    assert!(matches!(work.take(late), Some(Task::Alone(_))));
}

#[test]
fn no_more_wait_than_the_setting_says_and_the_late_take_up_no_room() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.answer_within;
    work.sign_in(sign_in("alice", until), start).unwrap();
    assert_eq!(users(work.take(start)), ["alice"]);
    // Hers are behind the one that is under way, and cannot be taken.
    for _ in 0..3 {
        work.require_room(start).unwrap();
        work.sign_in(sign_in("alice", until), start).unwrap();
    }
    let refused = work.require_room(start);
    assert!(matches!(refused, Err(Error::Overloaded)));
    work.require_room(until).unwrap();
}

#[test]
fn a_users_own_late_ones_do_not_keep_her_out() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.answer_within;
    work.sign_in(sign_in("alice", until), start).unwrap();
    assert_eq!(users(work.take(start)), ["alice"]);
    for _ in 0..128 {
        work.sign_in(sign_in("alice", until), start).unwrap();
    }
    let fresh = until + LIMITS.answer_within;
    let refused = work.sign_in(sign_in("alice", fresh), start);
    assert!(matches!(refused, Err(Error::Overloaded)));
    work.sign_in(sign_in("alice", fresh), until).unwrap();
}

#[test]
fn events_that_wait_to_be_told_take_up_room() {
    let mut work = work();
    let tellings: Vec<super::Run> = (0..3).map(|_| Box::new(|_: &_| ()) as super::Run).collect();
    work.go_on(vec![], tellings);
    let refused = work.require_room(Instant::now());
    assert!(matches!(refused, Err(Error::Overloaded)));
}
