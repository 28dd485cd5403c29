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
    work.look(look).unwrap();
    work.sign_in(sign_in("alice", until)).unwrap();
    let job = Job {
        run: Box::new(|_| panic!("nobody waits for it")),
        until: Some(until),
    };
    work.job(job).unwrap();
    assert!(work.has_something_to_take());
    assert!(work.take(late).is_none());
    assert!(!work.has_something_to_take());

    // There is room again, and the user's line is not blocked.
    let fresh = late + LIMITS.answer_within;
    work.sign_in(sign_in("alice", fresh)).unwrap();
    assert_eq!(users(work.take(late)), ["alice"]);
}

#[test]
fn of_a_line_only_the_late_are_dropped() {
    let (mut work, start) = (work(), Instant::now());
    let late = start + Duration::from_secs(5);
    for (user, secs) in [("alice", 4), ("alice", 6), ("bob", 4)] {
        let until = start + Duration::from_secs(secs);
        work.sign_in(sign_in(user, until)).unwrap();
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
fn no_more_wait_than_the_setting_says() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.answer_within;
    for n in 0..3 {
        work.sign_in(sign_in(&n.to_string(), until)).unwrap();
    }
    let refused = work.sign_in(sign_in("3", until));
    assert!(matches!(refused, Err(Error::Overloaded)));
    assert_eq!(users(work.take(start)).len(), 3);
    work.sign_in(sign_in("3", until)).unwrap();
}
