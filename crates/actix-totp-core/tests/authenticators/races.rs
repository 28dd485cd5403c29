//! What several sessions of one user do at once.

use std::{sync::Barrier, thread};

use actix_totp_core::{Error, Operation, Outcome};

use crate::{
    credential,
    support::{Fixture, accepted},
};

/// How many of so many rivals were accepted.
fn race<T: Send>(rivals: u8, attempt: impl Fn(u8) -> Result<Outcome<T>, Error> + Sync) -> usize {
    let start = Barrier::new(rivals.into());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..rivals)
            .map(|n| {
                let (start, attempt) = (&start, &attempt);
                scope.spawn(move || {
                    start.wait();
                    matches!(attempt(n), Ok(Outcome::Accepted(_)))
                })
            })
            .collect();
        let passed = threads.into_iter().map(|it| it.join().unwrap());
        passed.filter(|passed| *passed).count()
    })
}

#[test]
fn of_two_removals_of_the_last_two_at_once_one_is_left() {
    for _ in 0..50 {
        let fixture = Fixture::new();
        let backup = fixture.enroll();
        let ids = [fixture.first(), fixture.add("work").authenticator];
        let passed = race(2, |n| {
            let (id, token) = (ids[usize::from(n)], backup[usize::from(n)].reveal());
            fixture
                .totp
                .remove_authenticator(&fixture.alice, id, &token)
        });
        assert_eq!(passed, 1);
        assert_eq!(fixture.names().len(), 1);
        assert!(fixture.device().is_confirmed());
        assert_eq!(fixture.device().backup_codes_remaining, 9, "one is spent");
    }
}

#[test]
fn of_16_that_are_added_at_once_at_the_limit_no_more_are_than_it_allows() {
    for _ in 0..20 {
        let fixture = Fixture::with(|builder| builder.max_authenticators(5));
        let backup = fixture.enroll();
        accepted(fixture.totp.import(&fixture.alice, &credential(100, 6), 0));
        accepted(fixture.totp.import(&fixture.alice, &credential(101, 6), 0));
        let code = backup[0].reveal();
        let further = Operation::enroll(&fixture.alice, "", Some(&code));
        accepted(fixture.totp.apply(&further));
        let first_code = fixture.code();
        let passed = race(16, |n| match n % 2 {
            0 => fixture.totp.confirm(&fixture.alice, &first_code).map(done),
            _ => {
                let import = Operation::import(&fixture.alice, &credential(n, 6), 0);
                fixture.totp.apply(&import).map(done)
            }
        });
        assert_eq!(passed, 2, "there was room for two");
        assert_eq!(fixture.names().len(), 5);
    }
}

fn done<T>(outcome: Outcome<T>) -> Outcome<()> {
    match outcome {
        Outcome::Accepted(_) => Outcome::Accepted(()),
        Outcome::Rejected(why) => Outcome::Rejected(why),
    }
}
