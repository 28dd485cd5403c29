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
use support::{Scene, accepted, keys};

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
    let scene = Scene::new();
    let mut shown: Vec<(&str, String)> = Vec::new();
    let mut show = |what, value: &dyn Debug| {
        shown.push((what, format!("{value:?}")));
        shown.push((what, format!("{value:#?}")));
    };
    let enrolled = scene.totp.enroll(&scene.alice, "", None);
    show("outcome of enroll", &enrolled);
    let enrollment = accepted(enrolled);
    show("enrollment", &enrollment);
    let code = scene.code();
    let confirmed = accepted(scene.totp.confirm(&scene.alice, &code));
    show("confirmed", &confirmed);
    show("backup codes", &confirmed.backup_codes);
    scene.clock.advance_secs(90);
    let next = scene.code();
    show(
        "authenticated",
        &scene.totp.authenticate(&scene.alice, &next),
    );
    show("replay", &scene.totp.authenticate(&scene.alice, &next));
    let wrong = scene.wrong_code();
    show("rejected", &scene.totp.authenticate(&scene.alice, &wrong));
    scene.clock.advance_secs(90);
    let last = scene.code();
    let renewed = accepted(scene.totp.renew_backup_codes(&scene.alice, &last));
    show("renewed", &renewed);
    show("device", &scene.device());
    show("store", &scene.store);
    show("status", &scene.totp.status(&scene.alice));
    show("service", &scene.totp);
    show(
        "builder",
        &TotpService::builder(MemoryStore::new(), keys(&[1])),
    );
    show("key ring", &keys(&[1, 2]));
    let credential = Credential::from_base32(enrollment.secret(), Parameters::default()).unwrap();
    show("credential", &credential);
    show("events", &scene.events());
    // A box that does not open, told as an error and as an event.
    let other = TotpService::builder(scene.store.clone(), keys(&[2]))
        .build()
        .unwrap();
    show("fault", &other.authenticate(&scene.alice, &next));
    show("report", &other.reseal_all(None));
    show("check", &other.check());
    show(
        "event",
        &Event::SealBroken {
            user: scene.alice.clone(),
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
    secrets.extend(forms(&scene.device().sealed));
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
    let scene = Scene::new();
    let enrollment = accepted(scene.totp.enroll(&scene.alice, "", None));
    let backup = accepted(scene.totp.confirm(&scene.alice, &scene.code())).backup_codes;
    let kept = serde_json::to_string(&scene.device()).unwrap();
    let device: Device = serde_json::from_str(&kept).unwrap();
    assert!(device == scene.device(), "a device survives serde");
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
    let scene = Scene::new();
    scene.enroll();
    let code = scene.code();
    scene.sign_in(&code).unwrap();
    let wrong = scene.wrong_code();
    let [replayed, wrong] = [&code, &wrong].map(|it| {
        let outcome = scene.totp.authenticate(&scene.alice, it).unwrap();
        format!("{outcome:?}")
    });
    assert_eq!(replayed, wrong);
    assert!(scene.store.load(&scene.alice).unwrap().is_some());
}
