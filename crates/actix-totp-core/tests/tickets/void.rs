//! Tickets that are good for nothing, or not any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use actix_totp_core::{BuildError, MemoryStore, Method, Operation, Rejection, TotpService};

use crate::{
    Watched,
    support::{Fixture, accepted, keys, rejected},
};

#[test]
fn it_is_void_once_any_token_was_accepted_since() {
    type Accept = fn(&Fixture, &str);
    let accepts: [Accept; 4] = [
        |it, _| accepted(it.totp.authenticate(&it.alice, &it.code())).failed_attempts = 0,
        |it, backup| accepted(it.totp.authenticate(&it.alice, backup)).failed_attempts = 0,
        |it, _| drop(accepted(it.totp.renew_backup_codes(&it.alice, &it.code()))),
        |it, backup| drop(accepted(it.totp.enroll(&it.alice, "", Some(backup)))),
    ];
    for (n, accept) in accepts.into_iter().enumerate() {
        let fixture = Fixture::new();
        let backup = fixture.enroll();
        let ticket = fixture.ticket();
        accept(&fixture, &backup[0].reveal());
        fixture.clock.advance_secs(60);
        assert_eq!(
            fixture.complete(&ticket, &backup[1].reveal()),
            Err(Rejection::InvalidTicket),
            "{n}"
        );
        fixture.assert_void(&ticket);
    }
}

#[test]
fn it_is_void_when_its_second_factor_was_taken_away_or_is_another_or_all_proofs_were_ended() {
    type Change = fn(&Fixture, &str);
    let changes: [Change; 5] = [
        |it, backup| {
            assert!(
                accepted(it.totp.disable(&it.alice, Some(backup)))
                    .method
                    .is_some()
            )
        },
        |it, _| assert!(it.totp.reset(&it.alice).unwrap()),
        |it, _| {
            assert!(it.totp.reset(&it.alice).unwrap());
            it.enroll();
        },
        |it, backup| {
            accepted(it.totp.enroll(&it.alice, "", Some(backup)));
            accepted(it.totp.confirm(&it.alice, &it.code()));
        },
        |it, _| assert!(it.totp.end_all_proofs(&it.alice).unwrap()),
    ];
    for change in changes {
        let fixture = Fixture::new();
        let backup = fixture.enroll();
        let ticket = fixture.ticket();
        change(&fixture, &backup[0].reveal());
        fixture.assert_void(&ticket);
    }
}

#[test]
fn it_lives_for_five_minutes_or_as_long_as_is_set_and_not_before_it_was_issued() {
    for (lifetime, set) in [(300, None), (60, Some(60)), (3_600, Some(3_600))] {
        for (moved, is_good) in [
            (lifetime, true),
            (lifetime + 1, false),
            (-60, true),
            (-61, false),
        ] {
            let fixture = Fixture::with(|builder| match set {
                Some(secs) => builder.sign_in_lifetime(Duration::from_secs(secs)),
                None => builder,
            });
            fixture.enroll();
            fixture.clock.advance_secs(600);
            let ticket = fixture.ticket();
            let at = fixture.clock.now_secs().checked_add_signed(moved);
            fixture.clock.set(at.unwrap());
            if is_good {
                assert_eq!(fixture.complete(&ticket, &fixture.code()), Ok(Method::Totp));
            } else {
                fixture.assert_void(&ticket);
            }
        }
    }
    for secs in [0, 59, 3_601] {
        let builder = TotpService::builder(MemoryStore::new(), keys(&[1]));
        let refused = builder.sign_in_lifetime(Duration::from_secs(secs)).build();
        assert_eq!(refused.unwrap_err(), BuildError::SignInLifetime);
    }
}

/// It may have waited in a queue.
#[test]
fn one_that_is_too_old_when_its_turn_comes_is_void() {
    let fixture = Fixture::new();
    fixture.enroll();
    let pending = accepted(fixture.totp.open_ticket(&fixture.ticket()));
    let operation = Operation::complete_sign_in(&pending, &fixture.code());
    fixture.clock.advance_secs(301);
    assert_eq!(
        rejected(fixture.totp.apply(&operation)),
        Rejection::InvalidTicket
    );
}

#[test]
fn what_is_no_ticket_gets_one_answer_and_costs_the_store_nothing() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let store = Arc::new(MemoryStore::new());
    let fixture = Fixture::over(store, |it| Watched(it, counter, false), |it| it);
    let backup = fixture.enroll();
    let genuine = fixture.ticket();
    let proof = fixture.proof();
    let mut forged = vec![
        String::new(),
        "zq7x".into(),
        "é".into(),
        "A".repeat(4_000),
        format!("{genuine}A"),
        format!(" {genuine}"),
        genuine[1..].to_owned(),
        genuine.to_lowercase(),
        fixture.totp.seal_proof("proof", &proof).unwrap(),
        fixture
            .totp
            .seal_text("ticket", &fixture.alice, &[0; 34])
            .unwrap(),
    ];
    let other_keys = TotpService::builder(Arc::clone(&fixture.store), keys(&[9]));
    let other_keys = other_keys.clock(fixture.clock.clone()).build().unwrap();
    let foreign = other_keys.begin_sign_in(&fixture.alice).unwrap().unwrap();
    forged.push(foreign.as_str().to_owned());
    forged.extend((0..genuine.len()).map(|length| genuine[..length].to_owned()));
    fixture.clock.advance_secs(301);
    forged.push(genuine); // too old
    let (before, code) = (fixture.device(), fixture.code());
    calls.store(0, SeqCst);
    for ticket in &forged {
        for token in [&code, &backup[0].reveal(), "", "123456"] {
            assert_eq!(
                fixture.complete(ticket, token),
                Err(Rejection::InvalidTicket)
            );
        }
    }
    assert_eq!(calls.load(SeqCst), 0);
    assert!(fixture.device() == before);
    assert_eq!(fixture.events(), []);
}

#[test]
fn a_service_of_another_name_with_the_same_keys_and_store_does_not_take_it() {
    let fixture = Fixture::new();
    fixture.enroll();
    let named = |name: &str| {
        TotpService::builder(Arc::clone(&fixture.store), keys(&[1]))
            .clock(fixture.clock.clone())
            .name(name)
            .build()
    };
    let admin = named("admin").unwrap();
    let refused = admin.complete_sign_in(&fixture.ticket(), &fixture.code());
    assert_eq!(rejected(refused), Rejection::InvalidTicket);
    let ticket = admin.begin_sign_in(&fixture.alice).unwrap().unwrap();
    fixture.assert_void(ticket.as_str());
    accepted(admin.complete_sign_in(ticket.as_str(), &fixture.code()));
    for bad in ["", "Admin", "ticket admin", &"a".repeat(33)] {
        assert_eq!(named(bad).unwrap_err(), BuildError::Name, "{bad:?}");
    }
}
