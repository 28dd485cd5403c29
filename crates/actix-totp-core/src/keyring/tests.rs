use super::*;
use crate::{
    credential::{Credential, Parameters},
    random::OsRandomness,
};

const EPOCH: Epoch = Epoch::from_i64(7);

fn key(first: u8) -> [u8; KEY_BYTES] {
    std::array::from_fn(|n| first + n as u8)
}

fn ring(firsts: &[u8]) -> KeyRing {
    KeyRing::new(firsts.iter().map(|first| key(*first))).unwrap()
}

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.live = Some(Credential::new(&[9; 20], Parameters::default()).unwrap());
    secrets
}

fn sealed_by(ring: &KeyRing) -> Vec<u8> {
    ring.seal(&secrets(), &alice(), EPOCH, &OsRandomness)
        .unwrap()
}

#[test]
fn what_is_sealed_opens_and_never_looks_the_same_twice() {
    let ring = ring(&[1]);
    let sealed = sealed_by(&ring);
    assert!(ring.open(&sealed, &alice(), EPOCH).unwrap() == secrets());
    assert_ne!(sealed, sealed_by(&ring));
}

#[test]
fn every_flipped_bit_and_every_truncation_fails() {
    let ring = ring(&[1, 2]);
    let sealed = sealed_by(&ring);
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(ring.open(&altered, &alice(), EPOCH).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(
            ring.open(&sealed[..length], &alice(), EPOCH).is_err(),
            "{length} bytes"
        );
    }
    assert!(
        ring.open(&[&sealed[..], &[0]].concat(), &alice(), EPOCH)
            .is_err()
    );
}

#[test]
fn a_box_of_another_user_or_epoch_does_not_open() {
    let ring = ring(&[1]);
    let sealed = sealed_by(&ring);
    let altered = Err(SealError::Altered);
    let bob = UserId::new("bob").unwrap();
    assert_eq!(ring.open(&sealed, &bob, EPOCH).map(drop), altered);
    assert_eq!(
        ring.open(&sealed, &alice(), Epoch::from_i64(8)).map(drop),
        altered
    );
}

#[test]
fn old_keys_open_and_the_first_seals() {
    let (old, rotating, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
    let sealed = sealed_by(&old);
    assert!(rotating.open(&sealed, &alice(), EPOCH).is_ok());
    assert!(!rotating.is_current(&sealed));
    assert_eq!(
        new.open(&sealed, &alice(), EPOCH).map(drop),
        Err(SealError::UnknownKey)
    );
    let resealed = sealed_by(&rotating);
    assert!(rotating.is_current(&resealed) && new.open(&resealed, &alice(), EPOCH).is_ok());
}

#[test]
fn missing_short_placeholder_and_repeated_keys_are_refused() {
    let good = base64::engine::general_purpose::STANDARD.encode(key(1));
    assert!(KeyRing::parse(&good).is_ok());
    assert!(KeyRing::parse(&format!(" {good} , {} ", BASE64.encode(key(2)))).is_ok());
    assert!(KeyRing::parse(good.trim_end_matches('=')).is_ok());
    let short = BASE64.encode([1; 31]);
    for (text, why) in [
        ("", InvalidKeyRing::Missing),
        (" ", InvalidKeyRing::Missing),
        (",", InvalidKeyRing::Length),
        (&short, InvalidKeyRing::Length),
        ("not base64!", InvalidKeyRing::Base64),
        (&BASE64.encode([0; 32]), InvalidKeyRing::Placeholder),
        (&format!("{good},{good}"), InvalidKeyRing::Repeated),
    ] {
        let refused = KeyRing::parse(text).unwrap_err();
        assert_eq!(refused, why, "{text:?}");
    }
    let shown = format!("{} {0:?}", KeyRing::parse("c2VjcmV0IGtleQ==").unwrap_err());
    assert!(
        !shown.contains("c2VjcmV0"),
        "nothing that was read is repeated"
    );
    let variable = KeyRing::from_env("ACTIX_TOTP_NO_SUCH_VARIABLE");
    let error = variable.map(drop).unwrap_err();
    assert_eq!(error.reason, InvalidKeyRing::Missing);
    assert_eq!(KeyRing::new([]).map(drop), Err(InvalidKeyRing::Missing));
}

#[test]
fn debug_shows_ids_only() {
    let shown = format!("{:?}", ring(&[65]));
    assert!(shown.starts_with("KeyRing { ids: ["), "{shown}");
    assert!(
        !shown.contains("41424344") && !shown.contains("ABCD"),
        "{shown}"
    );
}
