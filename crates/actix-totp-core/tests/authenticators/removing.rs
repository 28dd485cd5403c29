//! One of several is removed.

use actix_totp_core::{Event, Rejection};

use crate::{
    name,
    support::{Fixture, accepted, rejected},
};

#[test]
fn the_proofs_by_it_end_and_nobody_elses() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let first = fixture.first();
    let [work, home] = ["work", "home"].map(|it| fixture.add(it).authenticator);
    let proofs = [first, work, home].map(|id| fixture.proof_by(id));
    let code = backup[0].reveal();
    let by_backup_code = accepted(fixture.totp.authenticate(&fixture.alice, &code)).proof;
    fixture.clock.advance_secs(90);
    fixture.events();
    let answer = fixture.remove(work, &fixture.code_of(home)).unwrap();
    let removed = Event::AuthenticatorRemoved {
        user: fixture.alice.clone(),
        authenticator: work,
        name: name("work"),
    };
    let events = fixture.events();
    assert!(matches!(
        events[0],
        Event::Verified { authenticator, .. } if authenticator == Some(home)
    ));
    assert_eq!(events[1..], [removed]);
    assert_eq!(
        proofs.each_ref().map(|it| fixture.accepts(it)),
        [true, false, true]
    );
    assert!(fixture.accepts(&by_backup_code));
    assert!(fixture.accepts(&answer.expect("the code was not its own")));
    assert_eq!(fixture.names(), ["Authenticator", "home"]);
    assert_eq!(fixture.device().backup_codes_remaining, 9);
    for id in [first, home] {
        assert!(fixture.accepts(&fixture.proof_by(id)));
    }
}

#[test]
fn its_own_code_removes_it_and_gives_no_proof() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let work = fixture.add("work").authenticator;
    let code = fixture.code_of(work);
    assert_eq!(fixture.remove(work, &code), Ok(None));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    let home = fixture.add("home").authenticator;
    let by_backup_code = fixture.remove(home, &backup[0].reveal()).unwrap();
    assert!(fixture.accepts(&by_backup_code.expect("a proof by a backup code")));
}

#[test]
fn the_last_one_is_not_removed_and_no_token_is_spent_for_it() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let (first, before) = (fixture.first(), fixture.device());
    for token in [fixture.code(), backup[0].reveal(), "junk".into()] {
        let refused = fixture.remove(first, &token);
        assert_eq!(refused, Err(Rejection::LastAuthenticator));
    }
    assert_eq!(fixture.device(), before);
    accepted(fixture.totp.disable(&fixture.alice, Some(&fixture.code())));
    let refused = fixture.remove(first, "000000");
    assert_eq!(refused, Err(Rejection::NoDevice));
}

#[test]
fn a_wrong_token_removes_nothing_and_is_counted() {
    let fixture = Fixture::new();
    fixture.enroll();
    let work = fixture.add("work").authenticator;
    let wrong = fixture.wrong_code();
    assert_eq!(fixture.remove(work, &wrong), Err(Rejection::InvalidToken));
    assert_eq!(fixture.device().failures, 1);
    assert_eq!(fixture.names().len(), 2);
}

#[test]
fn a_ticket_that_was_issued_before_is_void() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let work = fixture.add("work").authenticator;
    let ticket = fixture.totp.begin_sign_in(&fixture.alice).unwrap().unwrap();
    fixture.remove(work, &backup[0].reveal()).unwrap();
    let code = fixture.code();
    let refused = rejected(fixture.totp.complete_sign_in(ticket.as_str(), &code));
    assert_eq!(refused, Rejection::InvalidTicket);
}

#[test]
fn the_proof_that_ends_the_others_has_a_successor_by_the_same_one() {
    let fixture = Fixture::new();
    fixture.enroll();
    let first = fixture.first();
    let work = fixture.add("work").authenticator;
    let [by_first, by_work] = [first, work].map(|id| fixture.proof_by(id));
    let successor = accepted(fixture.totp.end_other_proofs(&by_work));
    assert!(fixture.accepts(&successor));
    assert!(!fixture.accepts(&by_first) && !fixture.accepts(&by_work));
    fixture.clock.advance_secs(90);
    fixture.remove(work, &fixture.code_of(first)).unwrap();
    assert!(
        !fixture.accepts(&successor),
        "it was by the one that is gone"
    );
}
