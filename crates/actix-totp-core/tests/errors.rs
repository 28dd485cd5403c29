//! What an application shows that returns an error from `main`: `Debug`.

use std::fmt::Debug;

use actix_totp_core::{
    CheckError, Error, KeyRing, MemoryStore, SealError, StoreError, TotpService, UserId,
};

fn shown(error: impl Debug) -> String {
    format!("{error:?}")
}

#[test]
fn a_missing_key_is_shown_by_its_variable_and_with_what_to_do() {
    let error = KeyRing::from_env("ACTIX_TOTP_UNSET").unwrap_err();
    assert_eq!(
        shown(error),
        "ACTIX_TOTP_UNSET: no key is set: make one with `openssl rand -base64 32`"
    );
    let error = KeyRing::parse("enE3eA==").unwrap_err();
    assert_eq!(
        shown(error),
        "a key has not 32 bytes: make one with `openssl rand -base64 32`"
    );
}

#[test]
fn a_setting_that_is_refused_is_shown_with_its_range() {
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
    let refused = TotpService::builder(MemoryStore::new(), keys).window(2);
    let text = "the window is at most 1 step on each side (danger_window: 10)";
    assert_eq!(shown(refused.build().unwrap_err()), text);
    assert_eq!(
        shown(UserId::new("").unwrap_err()),
        "a user id must not be empty"
    );
}

#[test]
fn a_fault_is_shown_with_its_causes() {
    let store = || StoreError::unavailable("no route to host");
    assert_eq!(
        shown(CheckError::Store(store())),
        "the device store cannot be read; see that it is up and that the migrations have run: \
         the device store is unavailable: no route to host"
    );
    let shown_error = shown(CheckError::Seal(SealError::UnknownKey));
    assert!(shown_error.contains("TOTP_KEY=new,old"), "{shown_error}");
    assert!(
        shown_error.ends_with(": the key of the sealed box is not in the ring"),
        "{shown_error}"
    );
    assert_eq!(
        shown(Error::from(store())),
        "the device store is unavailable: no route to host"
    );
}
