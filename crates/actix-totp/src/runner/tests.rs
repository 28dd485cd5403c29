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
    operation_timeout: Duration::from_secs(4),
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
    let until = start + LIMITS.operation_timeout;
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
        of: None,
    };
    work.job(job);
    assert!(work.has_something_to_take());
    assert!(work.take(late).is_none());
    assert!(!work.has_something_to_take());

    // There is room again, and the user's line is not blocked.
    let fresh = late + LIMITS.operation_timeout;
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

/// What is left of a sign-in.
fn rest(user: &str, until: Option<Instant>) -> Job {
    Job {
        run: Box::new(|_| ()),
        until,
        of: UserId::new(user).ok(),
    }
}

#[test]
fn what_was_written_is_told_however_late_and_what_was_lost_is_not_begun_again_when_nobody_waits() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.operation_timeout;
    let again = || rest("alice", Some(until));
    work.go_on(vec![again(), again()], vec![rest("bob", None)]);
    for _ in 0..2 {
        work.tell_faults(rest("", None)); // of nobody; once is enough
    }
    assert!(matches!(work.take(start), Some(Task::Alone(_))));
    for of in ["bob", "nobody"] {
        let Some(Task::Telling(job)) = work.take(until) else {
            panic!("{of}");
        };
        assert_eq!(job.of.as_ref().map_or("nobody", |it| it.as_str()), of);
    }
    assert!(work.take(until).is_none());
}

#[test]
fn a_user_has_one_sign_in_under_way_until_it_is_told_or_nobody_waits_for_it() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.operation_timeout;
    let rest = |until| rest("alice", until);
    let begin = |work: &mut Work, lost, told| {
        for _ in 0..2 {
            work.sign_in(sign_in("alice", until), start).unwrap();
        }
        assert_eq!(users(work.take(start)), ["alice"]);
        work.go_on(lost, told);
        work.finish(Ended::SignIns(vec![])); // of the group, but not of alice
    };
    for (lost, told) in [
        (vec![rest(Some(until))], vec![]),
        (vec![], vec![rest(None)]),
    ] {
        begin(&mut work, lost, told);
        let Some(task @ (Task::Alone(_) | Task::Telling(_))) = work.take(start) else {
            panic!("the rest");
        };
        assert!(work.take(start).is_none(), "it is under way");
        work.finish(task.when_ended());
        assert_eq!(users(work.take(start)), ["alice"]);
        work.finish(Ended::SignIns(vec![UserId::new("alice").unwrap()]));
    }
    let before = until - Duration::from_secs(1);
    begin(&mut work, vec![rest(Some(before))], vec![]);
    assert_eq!(users(work.take(before)), ["alice"], "the rest is dropped");
}

#[test]
fn no_more_wait_than_the_setting_says_and_the_late_take_up_no_room() {
    let (mut work, start) = (work(), Instant::now());
    let until = start + LIMITS.operation_timeout;
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
    let until = start + LIMITS.operation_timeout;
    work.sign_in(sign_in("alice", until), start).unwrap();
    assert_eq!(users(work.take(start)), ["alice"]);
    for _ in 0..128 {
        work.sign_in(sign_in("alice", until), start).unwrap();
    }
    let fresh = until + LIMITS.operation_timeout;
    let refused = work.sign_in(sign_in("alice", fresh), start);
    assert!(matches!(refused, Err(Error::Overloaded)));
    work.sign_in(sign_in("alice", fresh), until).unwrap();
}

#[test]
fn events_that_wait_to_be_told_take_up_room() {
    let mut work = work();
    let tellings = ["alice", "bob", "carol"].map(|user| rest(user, None));
    work.go_on(vec![], tellings.into());
    let refused = work.require_room(Instant::now());
    assert!(matches!(refused, Err(Error::Overloaded)));
}
