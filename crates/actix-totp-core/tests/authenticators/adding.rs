//! A further authenticator, one in the place of another, and the names they have.

use actix_totp_core::{Device, DeviceStore, Event, Method, Operation, Rejection};

use crate::{
    credential, name,
    support::{Fixture, accepted, rejected},
};

#[test]
fn the_first_is_called_as_it_was_named_and_authenticator_otherwise() {
    for (given, called) in [(None, "Authenticator"), (Some("phone"), "phone")] {
        let fixture = Fixture::new();
        let mut enroll = Operation::enroll(&fixture.alice, "", None::<&str>);
        if let Some(given) = given {
            enroll = enroll.named(name(given));
        }
        accepted(fixture.totp.apply(&enroll));
        assert_eq!(fixture.names(), [""; 0], "nothing is live");
        let confirmed = fixture.confirm_pending();
        assert_eq!(confirmed.backup_codes.len(), 10);
        assert_eq!(fixture.names(), [called]);
        let [listed] = &fixture.totp.authenticators(&fixture.alice).unwrap()[..] else {
            panic!("one is live");
        };
        let confirmed_at = fixture.clock.now_secs() - 90;
        assert_eq!(listed.id, confirmed.authenticator);
        assert_eq!(listed.created_at, confirmed_at);
        assert_eq!(listed.last_used_at, Some(confirmed_at));
    }
}

#[test]
fn a_further_one_ends_no_proof_makes_no_backup_codes_and_clears_no_count() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    fixture.fail(2);
    let first = fixture.first();
    let before = (fixture.proof_by(first), fixture.proof());
    fixture.clock.advance_secs(90);
    fixture.begin(first, |it| it.named(name("work"))).unwrap();
    fixture.fail(1);
    fixture.events();
    let (row, count) = (fixture.device(), |it: &Device| {
        (it.failures, it.recent_failures.clone(), it.confirmed_at)
    });
    let confirmed = fixture.confirm_pending();
    let work = confirmed.authenticator;
    let user = fixture.alice.clone();
    let added = Event::AuthenticatorAdded {
        user,
        authenticator: work,
        name: name("work"),
    };
    assert_eq!(fixture.events(), [added]);
    assert!(confirmed.backup_codes.is_empty());
    assert_eq!(count(&fixture.device()), count(&row), "a guesser's stay");
    assert_eq!(fixture.names(), ["Authenticator", "work"]);
    for proof in [&before.0, &before.1, &confirmed.proof] {
        assert!(fixture.accepts(proof));
    }
    let code = backup[0].reveal();
    let by_backup_code = accepted(fixture.totp.authenticate(&fixture.alice, &code));
    assert_eq!(by_backup_code.authenticator, None);
    for id in [first, work] {
        let code = fixture.code_of(id);
        let authenticated = accepted(fixture.totp.authenticate(&fixture.alice, &code));
        assert_eq!(authenticated.authenticator, Some(id));
        assert!(fixture.events().contains(&Event::Verified {
            user: fixture.alice.clone(),
            method: Method::Totp,
            authenticator: Some(id),
            failed_attempts: 0,
        }));
    }
}

#[test]
fn one_in_the_place_of_another_ends_the_proofs_of_that_one_alone() {
    let fixture = Fixture::new();
    fixture.enroll();
    let first = fixture.first();
    let work = fixture.add("work").authenticator;
    let [by_first, by_work] = [first, work].map(|id| fixture.proof_by(id));
    fixture.clock.advance_secs(90);
    fixture.begin(first, |it| it.replacing(work)).unwrap();
    assert!(fixture.accepts(&by_work), "until it is confirmed");
    fixture.events();
    let confirmed = fixture.confirm_pending();
    let (user, called) = (fixture.alice.clone(), name("work"));
    assert_eq!(
        fixture.events(),
        [
            Event::AuthenticatorRemoved {
                user: user.clone(),
                authenticator: work,
                name: called.clone(),
            },
            Event::AuthenticatorAdded {
                user,
                authenticator: confirmed.authenticator,
                name: called,
            },
        ]
    );
    assert!(!fixture.accepts(&by_work));
    assert!(fixture.accepts(&by_first) && fixture.accepts(&confirmed.proof));
    assert_eq!(fixture.names(), ["Authenticator", "work"]);
    assert!(confirmed.backup_codes.is_empty());
    assert_eq!(fixture.device().backup_codes_remaining, 10);
    assert_eq!(fixture.totp.code_of(&fixture.alice, work).unwrap(), None);

    // One that has a name of its own, in the place of the only one of two that is left.
    let removed = fixture.remove(first, &fixture.code_of(first)).unwrap();
    assert_eq!(removed, None);
    let last = confirmed.authenticator;
    fixture
        .begin(last, |it| it.replacing(last).named(name("key")))
        .unwrap();
    assert!(fixture.confirm_pending().backup_codes.is_empty());
    assert_eq!(fixture.names(), ["key"]);
}

#[test]
fn one_whose_place_is_gone_is_a_further_one() {
    let fixture = Fixture::new();
    let backup = fixture.enroll();
    let work = fixture.add("work").authenticator;
    fixture
        .begin(fixture.first(), |it| it.replacing(work))
        .unwrap();
    fixture.remove(work, &backup[0].reveal()).unwrap();
    fixture.events();
    let confirmed = fixture.confirm_pending();
    assert_eq!(fixture.names(), ["Authenticator", "Authenticator"]);
    assert!(matches!(
        fixture.events()[..],
        [Event::AuthenticatorAdded { authenticator, .. }] if authenticator == confirmed.authenticator
    ));
}

#[test]
fn without_a_name_it_takes_the_place_of_the_only_one_and_stands_beside_several() {
    let fixture = Fixture::new();
    fixture.enroll();
    let first = fixture.first();
    let proofs = [fixture.proof_by(first), fixture.proof()];
    let by_backup_code = actix_totp_core::Proof {
        epoch: fixture.device().epoch,
        ..proofs[0].clone()
    };
    assert!(fixture.accepts(&by_backup_code));
    fixture.clock.advance_secs(90);
    fixture.begin(first, |it| it).unwrap();
    fixture.events();
    let confirmed = fixture.confirm_pending();
    let user = fixture.alice.clone();
    assert_eq!(fixture.events(), [Event::Replaced { user }]);
    assert_eq!(confirmed.backup_codes.len(), 10);
    assert!(!proofs.iter().any(|it| fixture.accepts(it)) && !fixture.accepts(&by_backup_code));
    assert_ne!(fixture.first(), first);

    fixture.add("work");
    fixture.begin(fixture.first(), |it| it).unwrap();
    assert!(fixture.confirm_pending().backup_codes.is_empty());
    assert_eq!(fixture.names(), ["Authenticator", "work", "Authenticator"]);
}

#[test]
fn no_token_is_spent_for_one_that_is_not_there() {
    let fixture = Fixture::new();
    let nobodys = "0123456789abcdef".parse().unwrap();
    let first_of_all = Operation::enroll(&fixture.alice, "", None::<&str>).replacing(nobodys);
    let refused = rejected(fixture.totp.apply(&first_of_all));
    assert_eq!(refused, Rejection::NoSuchAuthenticator);
    assert_eq!(fixture.store.load(&fixture.alice).unwrap(), None);
    fixture.enroll();
    fixture.add("work");
    let before = fixture.device();
    let begun = fixture.begin(fixture.first(), |it| it.replacing(nobodys));
    assert_eq!(begun.err(), Some(Rejection::NoSuchAuthenticator));
    let removed = fixture.remove(nobodys, &fixture.code());
    assert_eq!(removed, Err(Rejection::NoSuchAuthenticator));
    assert_eq!(fixture.device(), before, "nothing is spent");
}

#[test]
fn a_name_is_changed_with_a_proof_that_counts_and_nothing_else() {
    let fixture = Fixture::new();
    fixture.enroll();
    let work = fixture.add("work").authenticator;
    let (proof, before) = (fixture.proof(), fixture.device());
    fixture.events();
    let rename = Operation::rename_authenticator(&fixture.alice, work, name("home"));
    let refused = rejected(fixture.totp.apply(&rename));
    assert_eq!(refused, Rejection::ProofNeeded);
    let nobodys = "0123456789abcdef".parse().unwrap();
    let rename = |id, to| fixture.totp.rename_authenticator(&proof, id, name(to));
    assert_eq!(
        rejected(rename(nobodys, "home")),
        Rejection::NoSuchAuthenticator
    );
    accepted(rename(work, "work"));
    assert_eq!(fixture.device(), before, "it is called so already");
    accepted(rename(work, "home"));
    assert_eq!(fixture.names(), ["Authenticator", "home"]);
    assert_eq!(
        fixture.events(),
        [Event::AuthenticatorRenamed {
            user: fixture.alice.clone(),
            authenticator: work,
            name: name("home"),
        }]
    );
    assert_eq!(fixture.device().authenticators, before.authenticators);
    assert!(fixture.totp.end_all_proofs(&fixture.alice).unwrap());
    let refused = rejected(rename(work, "late"));
    assert_eq!(refused, Rejection::ProofNeeded);
}

#[test]
fn an_import_adds_beside_a_live_one_once() {
    let fixture = Fixture::new();
    fixture.enroll();
    fixture.fail(2);
    let (proof, before) = (fixture.proof(), fixture.device());
    let import = |secret| {
        let import = Operation::import(&fixture.alice, &credential(secret, 6), 1_600_000_000);
        fixture.totp.apply(&import.named(name("key")))
    };
    fixture.events();
    let id = accepted(import(7));
    let user = fixture.alice.clone();
    assert_eq!(fixture.events(), [Event::Imported { user }]);
    let after = fixture.device();
    let expected = Device {
        version: after.version,
        sealed: after.sealed.clone(),
        authenticators: after.authenticators.clone(),
        ..before
    };
    assert_eq!(after, expected, "no count is cleared and no code changes");
    assert!(fixture.accepts(&proof));
    let listed = fixture.totp.authenticators(&fixture.alice).unwrap();
    assert_eq!((listed[1].id, listed[1].name.as_str()), (id, "key"));
    assert_eq!(
        (listed[1].created_at, listed[1].last_used_at),
        (1_600_000_000, None)
    );
    assert!(fixture.accepts(&fixture.proof_by(id)));
    assert_eq!(rejected(import(7)), Rejection::AlreadyConfirmed);
}

#[test]
fn a_replacement_of_the_only_one_that_is_not_that_any_more_is_a_further_one() {
    let fixture = Fixture::new();
    fixture.enroll();
    let (first, proof) = (fixture.first(), fixture.proof());
    fixture.begin(first, |it| it).unwrap();
    let code = fixture.code();
    accepted(fixture.totp.import(&fixture.alice, &credential(7, 6), 0));
    let confirmed = accepted(fixture.totp.confirm(&fixture.alice, &code));
    assert!(confirmed.backup_codes.is_empty());
    assert_eq!(fixture.names().len(), 3);
    assert!(fixture.accepts(&proof));
}
