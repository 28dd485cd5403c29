//! From nothing to a live credential.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use actix_totp_core::{
    Algorithm, BuildError, Event, MemoryStore, Operation, Parameters, Rejection, TotpService,
};
use support::{Fixture, NOON, accepted, keys, rejected};

#[test]
fn a_secret_is_pending_until_its_first_code_confirms_it() {
    let fixture = Fixture::new();
    assert!(!fixture.totp.status(&fixture.alice).unwrap().enabled);
    let enrollment = accepted(
        fixture
            .totp
            .enroll(&fixture.alice, "alice@example.com", None),
    );
    assert_eq!(enrollment.secret().len(), 32);
    assert!(!fixture.totp.status(&fixture.alice).unwrap().enabled);
    assert_eq!(fixture.sign_in(&fixture.code()), Err(Rejection::NotEnabled));

    let confirmed = accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    assert_eq!(confirmed.backup_codes.len(), 10);
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert!(status.enabled && status.accepts(&confirmed.proof));
    assert_eq!(
        (status.backup_codes_remaining, status.last_used_at),
        (10, Some(NOON))
    );
    assert_eq!(
        fixture.events(),
        [Event::Enrolled {
            user: fixture.alice.clone()
        }]
    );
}

#[test]
fn nothing_can_be_confirmed_before_it_was_generated_or_after_it_was_confirmed() {
    let fixture = Fixture::new();
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, "123456")),
        Rejection::NotGenerated
    );
    fixture.enroll();
    let before = fixture.device();
    for code in [fixture.code(), fixture.wrong_code()] {
        assert_eq!(
            rejected(fixture.totp.confirm(&fixture.alice, &code)),
            Rejection::AlreadyConfirmed
        );
    }
    assert_eq!(fixture.device(), before, "nothing was compared");
    assert_eq!(
        rejected(fixture.totp.enroll(&fixture.alice, "", None)),
        Rejection::AlreadyConfirmed
    );
    assert_eq!(
        rejected(fixture.totp.enroll(&fixture.alice, "", Some(" \t"))),
        Rejection::AlreadyConfirmed
    );
}

#[test]
fn a_pending_secret_is_replaced_by_the_next_and_takes_its_failures_with_it() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let old = fixture.code();
    let wrong = fixture.wrong_code();
    for _ in 0..5 {
        assert_eq!(
            rejected(fixture.totp.confirm(&fixture.alice, &wrong)),
            Rejection::InvalidToken
        );
    }
    assert_eq!(fixture.device().pending_failures, 5);
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    assert_eq!(fixture.device().pending_failures, 0);
    assert_ne!(fixture.code(), old);
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, &old)),
        Rejection::InvalidToken
    );
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
}

#[test]
fn a_pending_secret_expires_after_fifteen_minutes() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    fixture.clock.advance_secs(15 * 60 + 1);
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, &fixture.code())),
        Rejection::EnrollmentExpired
    );
    fixture.clock.set(NOON + 15 * 60);
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
}

#[test]
fn a_clock_that_is_off_is_named_during_a_first_enrollment_and_counts() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    for skew_secs in [300_i64, -300] {
        fixture
            .clock
            .set(NOON.checked_add_signed(skew_secs).unwrap());
        let code = fixture.code();
        fixture.clock.set(NOON);
        assert_eq!(
            rejected(fixture.totp.confirm(&fixture.alice, &code)),
            Rejection::ClockSkew { skew_secs }
        );
    }
    assert_eq!(fixture.device().pending_failures, 2);
}

#[test]
fn a_backup_code_confirms_nothing() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let before = fixture.device();
    let rejection = rejected(fixture.totp.confirm(&fixture.alice, "ABCD-EFGH-JKLM-NPQR"));
    assert_eq!(rejection, Rejection::TotpCodeNeeded);
    assert_eq!(fixture.device(), before);
}

#[test]
fn parameters_are_kept_with_each_secret() {
    let parameters = Parameters {
        algorithm: Algorithm::Sha512,
        digits: 8,
        period_secs: 60,
    };
    let fixture = Fixture::with(|builder| builder.parameters(parameters));
    let enrollment = accepted(fixture.totp.enroll(&fixture.alice, "", None));
    assert!(
        enrollment
            .otpauth_url()
            .ends_with("&algorithm=SHA512&digits=8&period=60")
    );
    assert_eq!(fixture.code().len(), 8);
    assert_eq!(
        rejected(fixture.totp.confirm(&fixture.alice, "123456")),
        Rejection::MalformedToken
    );
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));

    // The same store under a service with other settings: the old secret keeps its own.
    let other = TotpService::builder(fixture.store.clone(), keys(&[1]))
        .clock(fixture.clock.clone())
        .build()
        .unwrap();
    fixture.clock.advance_secs(120);
    accepted(other.authenticate(&fixture.alice, &fixture.code()));
}

#[test]
fn the_label_is_the_user_id_if_there_is_none() {
    let fixture = Fixture::new();
    let url = accepted(fixture.totp.enroll(&fixture.alice, "  ", None))
        .otpauth_url()
        .to_owned();
    assert!(url.starts_with("otpauth://totp/actix-totp:alice?"), "{url}");
}

#[test]
fn bad_settings_are_refused_when_it_is_built() {
    use actix_totp_core::BuildError;
    use std::time::Duration;
    let build = |set: fn(actix_totp_core::TotpBuilder) -> actix_totp_core::TotpBuilder| {
        set(TotpService::builder(MemoryStore::new(), keys(&[1])))
            .build()
            .err()
    };
    for (set, error) in [
        (
            (|it| it.issuer(" ")) as fn(actix_totp_core::TotpBuilder) -> _,
            BuildError::Issuer,
        ),
        (|it| it.issuer("a:b"), BuildError::Issuer),
        (|it| it.issuer("x".repeat(65)), BuildError::Issuer),
        (|it| it.issuer("a\nb"), BuildError::Issuer),
        (|it| it.window(2), BuildError::Window),
        (|it| it.danger_window(11), BuildError::Window),
        (
            |it| {
                it.parameters(Parameters {
                    digits: 9,
                    ..Parameters::default()
                })
            },
            BuildError::Parameters,
        ),
        (
            |it| {
                it.parameters(Parameters {
                    period_secs: 14,
                    ..Parameters::default()
                })
            },
            BuildError::Parameters,
        ),
        (
            |it| it.enrollment_lifetime(Duration::from_secs(59)),
            BuildError::EnrollmentLifetime,
        ),
        (
            |it| it.enrollment_lifetime(Duration::from_secs(86_401)),
            BuildError::EnrollmentLifetime,
        ),
        (
            |it| it.conflict_retries(0, Duration::from_secs(2)),
            BuildError::ConflictRetries,
        ),
        (
            |it| it.conflict_retries(101, Duration::from_secs(2)),
            BuildError::ConflictRetries,
        ),
        (
            |it| it.conflict_retries(10, Duration::from_secs(61)),
            BuildError::ConflictRetries,
        ),
    ] {
        assert_eq!(build(set), Some(error));
    }
    assert_eq!(
        build(|it| it.danger_window(10).issuer("x".repeat(64))),
        None
    );
}

#[test]
fn ten_wrong_first_codes_drop_the_secret_and_say_so() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let wrong = fixture.wrong_code();
    for _ in 0..9 {
        assert_eq!(fixture.confirm(&wrong), Err(Rejection::InvalidToken));
    }
    assert_eq!(fixture.confirm(&wrong), Err(Rejection::EnrollmentDiscarded));
    let user = fixture.alice.clone();
    assert_eq!(
        fixture.events().pop(),
        Some(Event::EnrollmentDiscarded { user })
    );
    let status = fixture.totp.status(&fixture.alice).unwrap();
    assert_eq!(status.created_at, None, "the row is gone");
    assert_eq!(fixture.confirm(&wrong), Err(Rejection::NotGenerated));
    fixture.enroll();
}

#[test]
fn nine_wrong_first_codes_and_a_right_one_confirm() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let wrong = fixture.wrong_code();
    for _ in 0..9 {
        assert_eq!(fixture.confirm(&wrong), Err(Rejection::InvalidToken));
    }
    assert_eq!(fixture.confirm(&fixture.code()), Ok(()));
    assert_eq!(fixture.device().pending_failures, 0);
}

#[test]
fn a_clock_that_is_off_by_more_than_ten_minutes_is_just_wrong() {
    for skew_secs in [660_i64, -660] {
        let fixture = Fixture::new();
        accepted(fixture.totp.enroll(&fixture.alice, "", None));
        fixture
            .clock
            .set(NOON.checked_add_signed(skew_secs).unwrap());
        let code = fixture.code();
        fixture.clock.set(NOON);
        assert_eq!(
            rejected(fixture.totp.confirm(&fixture.alice, &code)),
            Rejection::InvalidToken
        );
    }
}

#[test]
fn an_expired_secret_makes_room_for_the_next() {
    let fixture = Fixture::new();
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let old = fixture.code();
    fixture.clock.advance_secs(901);
    accepted(fixture.totp.enroll(&fixture.alice, "", None));
    assert_ne!(fixture.code(), old);
    accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
}

#[test]
fn the_url_stays_short_for_any_label_and_issuer() {
    for label in ["🦀".repeat(500), "a".repeat(5_000), ":/?#&=% ".repeat(200)] {
        let fixture = Fixture::with(|builder| builder.issuer("é".repeat(32)));
        let enrollment = accepted(fixture.totp.enroll(&fixture.alice, &label, None));
        assert!(enrollment.otpauth_url().len() < 1_000);
        assert!(enrollment.otpauth_url().is_ascii());
        assert!(enrollment.otpauth_url().contains(enrollment.secret()));
        assert!(enrollment.qr_svg().starts_with("<svg"));
        accepted(fixture.totp.confirm(&fixture.alice, &fixture.code()));
    }
}

#[test]
fn an_operation_may_name_another_issuer_which_is_checked() {
    let fixture = Fixture::new();
    let enroll = || Operation::enroll(&fixture.alice, "a", None::<&str>);
    for bad in ["", " ", "a:b", "a\nb", &"x".repeat(65)] {
        assert_eq!(enroll().with_issuer(bad).err(), Some(BuildError::Issuer));
    }
    let enroll = enroll().with_issuer("Tenant 12").unwrap();
    let enrollment = accepted(fixture.totp.apply(&enroll));
    let url = enrollment.otpauth_url();
    assert!(url.starts_with("otpauth://totp/Tenant%2012:a?"), "{url}");
    assert!(url.contains("&issuer=Tenant%2012&"), "{url}");
}
