//! What a ticket is good for, and how often.

use std::{sync::Arc, time::Duration};

use actix_totp_core::{
    DeviceStore, Error, Event, MemoryStore, Method, Operation, Outcome, Rejection, TotpService,
    UserId,
};

use crate::{
    Watched,
    support::{Fixture, accepted, keys, rejected, user},
};

#[test]
fn a_user_without_a_second_factor_is_given_none() {
    let fixture = Fixture::new();
    let begin = || fixture.totp.begin_sign_in(&fixture.alice).unwrap();
    assert_eq!(begin(), None);
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    assert_eq!(begin(), None, "a pending one does not count");
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    assert!(begin().is_some());
}

#[test]
fn a_store_that_fails_is_never_taken_for_a_user_without_a_second_factor() {
    let store = Arc::new(MemoryStore::new());
    let fixture = Fixture::over(store, |it| Watched(it, Arc::default(), true), |it| it);
    let begun = fixture.totp.begin_sign_in(&fixture.alice);
    assert!(matches!(begun, Err(Error::Store(_))), "{begun:?}");
}

#[test]
fn it_signs_its_user_in_with_a_code_or_a_backup_code_once() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let ticket = fixture.ticket();
    let authenticated = accepted(fixture.totp.complete_sign_in(&ticket, &fixture.code()));
    assert_eq!(authenticated.proof.user, fixture.alice);
    assert_eq!(authenticated.proof.at, fixture.clock.now_secs());
    let verified = |method| Event::Verified {
        user: fixture.alice.clone(),
        method,
        authenticator: Some(fixture.first()),
        failed_attempts: 0,
    };
    assert_eq!(fixture.events(), [verified(Method::Totp)]);
    fixture.clock.advance_secs(30);
    fixture.assert_void(&ticket);

    let ticket = fixture.ticket();
    let code = backup[0].reveal();
    assert_eq!(fixture.complete(&ticket, &code), Ok(Method::BackupCode));
    fixture.assert_void(&ticket);
    assert_eq!(
        fixture.complete(&ticket, &backup[1].reveal()),
        Err(Rejection::InvalidTicket)
    );
    assert_eq!(fixture.device().backup_codes_remaining, 9);
}

#[test]
fn wrong_tokens_count_on_the_user_as_ever_and_leave_it_good() {
    let fixture = Fixture::new();
    fixture.enroll();
    let ticket = fixture.ticket();
    for failures in 1..=5 {
        let wrong = fixture.wrong_code();
        assert_eq!(
            fixture.complete(&ticket, &wrong),
            Err(Rejection::InvalidToken)
        );
        assert_eq!(fixture.device().failures, failures);
    }
    let throttled = fixture.complete(&ticket, &fixture.code());
    let retry_after = Duration::from_secs(30);
    assert_eq!(throttled, Err(Rejection::Throttled { retry_after }));
    assert_eq!(
        fixture.complete(&fixture.ticket(), &fixture.code()),
        throttled,
        "another ticket does not help"
    );
    assert_eq!(
        fixture.complete(&ticket, "12345"),
        Err(Rejection::MalformedToken)
    );
    fixture.clock.advance_secs(30);
    assert_eq!(
        fixture.complete(&ticket, &fixture.code()),
        Ok(Method::Totp),
        "it is still good"
    );
}

#[test]
fn a_locked_user_signs_in_with_a_backup_code() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    fixture.fail(100);
    let ticket = fixture.ticket();
    assert_eq!(
        fixture.complete(&ticket, &fixture.code()),
        Err(Rejection::Locked)
    );
    let code = backup[0].reveal();
    assert_eq!(fixture.complete(&ticket, &code), Ok(Method::BackupCode));
}

#[test]
fn a_ticket_is_no_proof() {
    let fixture = Fixture::new();
    fixture.enroll();
    let ticket = fixture.ticket();
    for purpose in ["proof", "ticket", "notice"] {
        let proof = fixture.totp.open_proof(purpose, &fixture.alice, &ticket);
        assert_eq!(proof, None);
        let opened = fixture.totp.open_text(purpose, &fixture.alice, &ticket);
        assert_eq!(opened, None);
    }
}

#[test]
fn it_names_its_user_whose_token_is_needed_and_on_whom_wrong_ones_count() {
    let fixture = Fixture::new();
    fixture.enroll();
    let bob = user("bob");
    accepted(fixture.totp.enroll(&bob, "", None));
    let code = |it: &UserId| fixture.totp.code_for(it).unwrap().unwrap();
    accepted(fixture.totp.confirm(&bob, &code(&bob)));
    fixture.clock.advance_secs(90);
    let ticket = fixture.ticket();
    assert_eq!(
        fixture.complete(&ticket, &code(&bob)),
        Err(Rejection::InvalidToken)
    );
    assert_eq!(fixture.device().failures, 1);
    assert_eq!(fixture.store.load(&bob).unwrap().unwrap().failures, 0);
    assert_eq!(fixture.complete(&ticket, &fixture.code()), Ok(Method::Totp));
}

#[test]
fn it_opens_while_the_key_that_sealed_it_is_in_the_ring() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (ticket, code) = (fixture.ticket(), fixture.code());
    let with_keys = |ring: &[u8]| {
        let builder = TotpService::builder(Arc::clone(&fixture.store), keys(ring));
        builder.clock(fixture.clock.clone()).build().unwrap()
    };
    assert!(with_keys(&[2, 1]).reseal_all(None).is_ok());
    let retired = with_keys(&[2]).complete_sign_in(&ticket, &code);
    assert_eq!(rejected(retired), Rejection::InvalidTicket);
    let outcome = with_keys(&[2, 1]).complete_sign_in(&ticket, &code);
    assert!(matches!(outcome, Ok(Outcome::Accepted(_))));
}

#[test]
fn debug_shows_nothing_of_it() {
    let fixture = Fixture::new();
    fixture.enroll();
    let ticket = fixture.totp.begin_sign_in(&fixture.alice).unwrap().unwrap();
    assert_eq!(format!("{ticket:?}"), "SignInTicket(..)");
    let pending = accepted(fixture.totp.open_ticket(ticket.as_str()));
    assert_eq!(pending.user(), &fixture.alice);
    let operation = Operation::complete_sign_in(&pending, "123456");
    let shown = format!("{pending:?} {operation:?}");
    assert!(!shown.contains("123456") && !shown.contains(ticket.as_str()));
}
