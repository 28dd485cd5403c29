//! How many a user may have, and how large their row is then.

use actix_totp_core::{
    AuthenticatorName, BuildError, KeyRing, MemoryStore, Operation, Rejection, TotpService,
};

use crate::{
    credential, name,
    support::{Fixture, accepted, keys, rejected},
};

fn service(keys: KeyRing, authenticators: u8) -> Result<TotpService, BuildError> {
    TotpService::builder(MemoryStore::new(), keys)
        .max_authenticators(authenticators)
        .build()
}

#[test]
fn the_limit_is_1_to_20_and_5_unless_it_is_set() {
    for (limit, is_good) in [(0, false), (1, true), (20, true), (21, false)] {
        let built = service(keys(&[1]), limit).map(|it| it.max_authenticators());
        let expected = is_good
            .then_some(limit)
            .ok_or(BuildError::MaxAuthenticators);
        assert_eq!(built, expected);
    }
    assert_eq!(Fixture::new().totp.max_authenticators(), 5);
}

#[test]
fn at_the_limit_a_further_one_is_refused_before_a_token_is_spent_and_a_replacement_is_not() {
    let fixture = Fixture::with(|builder| builder.max_authenticators(2));
    fixture.enroll();
    let first = fixture.first();
    let work = fixture.add("work").authenticator;
    let before = fixture.device();
    for called in [None, Some(name("home"))] {
        let refused = fixture.begin(first, |it| match called {
            Some(called) => it.named(called),
            None => it,
        });
        assert_eq!(refused.err(), Some(Rejection::TooManyAuthenticators));
    }
    let imported = fixture.totp.import(&fixture.alice, &credential(7, 6), 0);
    assert_eq!(rejected(imported), Rejection::TooManyAuthenticators);
    assert_eq!(fixture.device(), before, "nothing is spent");
    fixture.begin(first, |it| it.replacing(work)).unwrap();
    fixture.confirm_pending();
    assert_eq!(fixture.names().len(), 2);
}

#[test]
fn what_was_begun_before_the_limit_was_reached_is_not_confirmed_after() {
    let fixture = Fixture::with(|builder| builder.max_authenticators(2));
    fixture.enroll();
    let first = fixture.first();
    fixture.begin(first, |it| it.named(name("work"))).unwrap();
    let code = fixture.code();
    accepted(fixture.totp.import(&fixture.alice, &credential(7, 6), 0));
    let before = fixture.device();
    let refused = fixture.confirm(&code);
    assert_eq!(refused, Err(Rejection::TooManyAuthenticators));
    assert_eq!(fixture.device(), before);
}

#[test]
fn a_limit_of_one_leaves_replacements() {
    let fixture = Fixture::with(|builder| builder.max_authenticators(1));
    fixture.enroll();
    let first = fixture.first();
    let refused = fixture.begin(first, |it| it.named(name("work")));
    assert_eq!(refused.err(), Some(Rejection::TooManyAuthenticators));
    fixture.begin(first, |it| it).unwrap();
    assert_eq!(fixture.confirm_pending().backup_codes.len(), 10);
}

#[test]
fn a_row_of_20_authenticators_takes_less_than_4_kib_and_of_the_longest_there_are_less_than_16() {
    for (called, secret, of_row) in [("n", 20, 4_096), ("🔑", 128, 16_384)] {
        let fixture = Fixture::with(|builder| builder.max_authenticators(20));
        let longest = AuthenticatorName::new(&called.repeat(64)).unwrap();
        fixture.enroll();
        for n in 1..=20 {
            let parameters = actix_totp_core::Parameters::default();
            let credential = actix_totp_core::Credential::new(&vec![n; secret], parameters);
            let import = Operation::import(&fixture.alice, &credential.unwrap(), 0);
            let imported = fixture.totp.apply(&import.named(longest.clone()));
            assert_eq!(imported.unwrap().accepted().is_some(), n < 20);
        }
        fixture
            .begin(fixture.first(), |it| {
                it.replacing(fixture.first()).named(longest)
            })
            .unwrap();
        let device = fixture.device();
        assert_eq!(device.backup_codes_remaining, 10);
        let lists = [
            device.authenticators.to_bytes().len(),
            device.recent_failures.to_bytes().len(),
            device.proof_failures.to_bytes().len(),
        ];
        let columns = 13 * 8 + device.user.as_str().len();
        let row = device.sealed.len() + lists.iter().sum::<usize>() + columns;
        assert!(row < of_row, "{row} bytes");
        let listed = fixture.totp.authenticators(&fixture.alice).unwrap();
        assert_eq!(listed.len(), 20);
    }
}
