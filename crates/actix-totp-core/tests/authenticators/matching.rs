//! Whose code it is.

use actix_totp_core::{AuthenticatorId, Credential, Operation, Parameters, Rejection, TypedToken};

use crate::{
    credential,
    support::{Fixture, accepted, rejected},
};

#[test]
fn each_has_its_own_last_step() {
    let fixture = Fixture::new();
    fixture.enroll();
    let first = fixture.first();
    let work = fixture.add("work").authenticator;
    for id in [first, work] {
        let code = fixture.code_of(id);
        assert_eq!(fixture.sign_in(&code), Ok(()));
        assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    }
    assert_eq!(fixture.device().failures, 0, "a replay is not counted");
    let used = fixture.totp.authenticators(&fixture.alice).unwrap();
    let now = Some(fixture.clock.now_secs());
    assert_eq!([used[0].last_used_at, used[1].last_used_at], [now, now]);
}

#[test]
fn a_code_that_is_that_of_two_is_accepted_once_and_spent_for_both() {
    let fixture = Fixture::new();
    assert_eq!(fixture.clock.now_secs(), 1_700_000_010);
    let [one, other] = shared_code_of_two(&fixture);
    let code = fixture.code_of(one);
    assert_eq!(code, fixture.code_of(other), "found by search");
    let authenticated = accepted(fixture.totp.authenticate(&fixture.alice, &code));
    assert_eq!(authenticated.authenticator, Some(one), "the first is named");
    let now = Some(fixture.clock.now_secs());
    let used = fixture.totp.authenticators(&fixture.alice).unwrap();
    assert_eq!([used[0].last_used_at, used[1].last_used_at], [now, now]);
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    fixture.clock.advance_secs(30);
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
}

#[test]
fn a_code_that_one_has_accepted_is_not_accepted_for_another() {
    let fixture = Fixture::new();
    assert_eq!(fixture.clock.now_secs(), 1_700_000_010);
    let (one, other) = shared_code();
    let first = accepted(fixture.totp.import(&fixture.alice, &one, 0));
    let code = fixture.code_of(first);
    assert_eq!(fixture.sign_in(&code), Ok(()));
    accepted(fixture.totp.import(&fixture.alice, &other, 0));
    assert_eq!(fixture.sign_in(&code), Err(Rejection::InvalidToken));
    assert_eq!(fixture.device().failures, 0, "it is a replay");
}

#[test]
fn codes_of_6_and_8_digits_are_read_side_by_side() {
    let fixture = Fixture::new();
    let ids = [(1, 6), (2, 8), (3, 7)].map(|(secret, digits)| {
        accepted(
            fixture
                .totp
                .import(&fixture.alice, &credential(secret, digits), 0),
        )
    });
    for (id, digits) in ids.into_iter().zip([6, 8, 7]) {
        for as_number in [false, true] {
            fixture.clock.advance_secs(90);
            let code = fixture.code_of(id);
            assert_eq!(code.len(), digits);
            let typed = match as_number {
                true => TypedToken::number(code.parse().unwrap()),
                false => (&code).into(),
            };
            let sign_in = Operation::authenticate(&fixture.alice, typed);
            let authenticated = accepted(fixture.totp.apply(&sign_in));
            assert_eq!(authenticated.authenticator, Some(id));
        }
    }
    for malformed in ["12345", "123456789", ""] {
        let refused = rejected(fixture.totp.authenticate(&fixture.alice, malformed));
        assert_eq!(refused, Rejection::MalformedToken);
    }
    assert_eq!(fixture.device().failures, 0);
}

/// Two that show the same code at 1,700,000,010 seconds: found by search.
fn shared_code() -> (Credential, Credential) {
    let of = |secret: u128| Credential::new(&secret.to_be_bytes(), Parameters::default()).unwrap();
    (of(558), of(1115))
}

fn shared_code_of_two(fixture: &Fixture) -> [AuthenticatorId; 2] {
    let (one, other) = shared_code();
    [one, other].map(|it| accepted(fixture.totp.import(&fixture.alice, &it, 0)))
}
