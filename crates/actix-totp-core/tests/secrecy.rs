//! Nothing leaks: not by `Debug`, not by an error, not by what is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{
    error::Error as _,
    fmt::{Debug, Display},
};

use actix_totp_core::{
    Credential, Device, DeviceStore, Error, Event, KeyRing, MemoryStore, Parameters, StoreError,
    TotpService,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use support::{Fixture, accepted, keys};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret as it might be printed: base64, hexadecimal, or a list of numbers.
fn forms(bytes: &[u8]) -> Vec<String> {
    let numbers = format!("{bytes:?}");
    let numbers = numbers.trim_matches(['[', ']']).to_owned();
    vec![
        STANDARD.encode(bytes),
        hex(bytes),
        hex(bytes).to_uppercase(),
        numbers,
    ]
}

#[test]
fn nothing_that_is_shown_holds_a_secret_a_code_or_a_key() {
    let fixture = Fixture::new();
    let mut shown: Vec<(&str, String)> = Vec::new();
    let mut show = |what, value: &dyn Debug| {
        shown.push((what, format!("{value:?}")));
        shown.push((what, format!("{value:#?}")));
    };
    let enrolled = fixture.totp.enroll(&fixture.alice, "", None);
    show("outcome of enroll", &enrolled);
    let enrollment = accepted(enrolled);
    show("enrollment", &enrollment);
    let code = fixture.code();
    let confirmed = accepted(fixture.totp.confirm(&fixture.alice, &code));
    show("confirmed", &confirmed);
    show("backup codes", &confirmed.backup_codes);
    fixture.clock.advance_secs(90);
    let next = fixture.code();
    show(
        "authenticated",
        &fixture.totp.authenticate(&fixture.alice, &next),
    );
    show("replay", &fixture.totp.authenticate(&fixture.alice, &next));
    let wrong = fixture.wrong_code();
    show(
        "rejected",
        &fixture.totp.authenticate(&fixture.alice, &wrong),
    );
    fixture.clock.advance_secs(90);
    let last = fixture.code();
    let renewed = accepted(fixture.totp.renew_backup_codes(&fixture.alice, &last));
    show("renewed", &renewed);
    show("device", &fixture.device());
    show("store", &fixture.store);
    show("status", &fixture.totp.status(&fixture.alice));
    show("service", &fixture.totp);
    show(
        "builder",
        &TotpService::builder(MemoryStore::new(), keys(&[1])),
    );
    show("key ring", &keys(&[1, 2]));
    let credential = Credential::from_base32(enrollment.secret(), Parameters::default()).unwrap();
    show("credential", &credential);
    show("events", &fixture.events());
    // A box that does not open, told as an error and as an event.
    let other = TotpService::builder(fixture.store.clone(), keys(&[2]))
        .build()
        .unwrap();
    show("fault", &other.authenticate(&fixture.alice, &next));
    show("report", &other.reseal_all(None));
    show("check", &other.check());
    show(
        "event",
        &Event::SealBroken {
            user: fixture.alice.clone(),
        },
    );

    let backup = [confirmed.backup_codes, renewed.backup_codes].concat();
    let backup = backup.iter().map(|code| code.reveal());
    let mut secrets: Vec<String> = backup.flat_map(|it| [it.replace('-', ""), it]).collect();
    secrets.push(enrollment.secret().to_owned());
    secrets.push("otpauth".into());
    for key in [1_u8, 2] {
        secrets.extend(forms(&std::array::from_fn::<u8, 32, _>(|n| key + n as u8)));
    }
    secrets.extend(forms(&fixture.device().sealed));
    for (what, shown) in shown {
        for secret in &secrets {
            assert!(
                !shown.contains(secret.as_str()),
                "{what} shows {secret}: {shown}"
            );
        }
        let numbers = shown.split(|c: char| !c.is_ascii_alphanumeric());
        for number in numbers {
            assert!(
                ![&code, &next, &last, &wrong].contains(&&number.to_owned()),
                "{what}: {shown}"
            );
        }
    }
}

#[test]
fn what_is_kept_holds_no_secret_in_the_clear() {
    let fixture = Fixture::new();
    let enrollment = accepted(fixture.totp.enroll(&fixture.alice, "", None));
    let backup = accepted(fixture.totp.confirm(&fixture.alice, &fixture.code())).backup_codes;
    let kept = serde_json::to_string(&fixture.device()).unwrap();
    let device: Device = serde_json::from_str(&kept).unwrap();
    assert!(device == fixture.device(), "a device survives serde");
    assert!(!kept.contains(enrollment.secret()));
    let secret = device.sealed;
    for code in &backup {
        let code = code.reveal().replace('-', "");
        assert!(!secret.windows(16).any(|part| part == code.as_bytes()));
        assert!(!kept.contains(&code));
    }
}

#[test]
fn a_refused_key_is_not_repeated_by_its_error() {
    let telling = "telling-key-material";
    let short = STANDARD.encode(b"telling but short");
    let twice = STANDARD.encode(std::array::from_fn::<u8, 32, _>(|n| n as u8));
    for text in [
        telling.to_owned(),
        short.clone(),
        format!("{short},{telling}"),
        format!("{twice},{twice}"),
        STANDARD.encode([7; 32]),
        "=".into(),
        format!("{twice};{twice}"),
        format!("{twice},"),
    ] {
        let error = KeyRing::parse(&text).unwrap_err();
        for part in text.split([',', ';']).filter(|part| part.len() > 3) {
            assert!(!format!("{error} {error:?}").contains(part));
        }
    }
}

#[test]
fn a_fault_names_its_cause_as_its_source_and_not_in_its_text() {
    fn both(error: &(impl Display + ?Sized)) -> String {
        error.to_string()
    }
    for store in [
        StoreError::unavailable("postgres://app:hunter2@db/"),
        StoreError::corrupt("postgres://app:hunter2@db/"),
    ] {
        assert!(!both(&store).contains("hunter2"));
        let error = Error::from(store);
        assert!(!both(&error).contains("hunter2"));
        assert!(
            error
                .source()
                .is_some_and(|it| both(it).contains("hunter2"))
        );
    }
}

#[test]
fn the_answer_to_a_replay_is_that_to_a_wrong_code() {
    let fixture = Fixture::new();
    fixture.enroll();
    let code = fixture.code();
    fixture.sign_in(&code).unwrap();
    let wrong = fixture.wrong_code();
    let [replayed, wrong] = [&code, &wrong].map(|it| {
        let outcome = fixture.totp.authenticate(&fixture.alice, it).unwrap();
        format!("{outcome:?}")
    });
    assert_eq!(replayed, wrong);
    assert!(fixture.store.load(&fixture.alice).unwrap().is_some());
}
