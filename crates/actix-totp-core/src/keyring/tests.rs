use super::*;
use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName, AuthenticatorState},
    credential::{Credential, Parameters},
    device::UserId,
    random::OsRandomness,
    random_number::Epoch,
    secrets::Live,
};

fn key(first: u8) -> [u8; KEY_BYTES] {
    std::array::from_fn(|n| first + n as u8)
}

fn ring(firsts: &[u8]) -> KeyRing {
    KeyRing::new(firsts.iter().map(|first| key(*first))).unwrap()
}

/// Alice's, with two authenticators.
fn device(sealed: &[u8]) -> Device {
    let user = UserId::new("alice").unwrap();
    let mut device = Device::new(&user, 0, &OsRandomness).unwrap();
    device.epoch = Epoch::from_i64(7);
    device.sealed = sealed.to_vec();
    let states = [8, 9].map(|epoch| AuthenticatorState {
        epoch: Epoch::from_i64(epoch),
        last_step: None,
        last_used_at: None,
    });
    device.authenticators = states.to_vec().try_into().unwrap();
    device
}

fn secrets() -> Secrets {
    let live = [8, 9].map(|id| Live {
        id: AuthenticatorId::from_bytes([id; 8]),
        name: AuthenticatorName::default(),
        created_at: 0,
        credential: Credential::new(&[id; 20], Parameters::default()).unwrap(),
    });
    Secrets {
        live: live.to_vec(),
        pending: None,
        backup_codes: Vec::new(),
    }
}

fn sealed_by(ring: &KeyRing) -> Vec<u8> {
    ring.seal(&secrets(), &device(&[]), &OsRandomness).unwrap()
}

#[test]
fn what_is_sealed_opens_and_never_looks_the_same_twice() {
    let ring = ring(&[1]);
    let sealed = sealed_by(&ring);
    assert!(ring.open(&device(&sealed)).unwrap() == secrets());
    assert_ne!(sealed, sealed_by(&ring));
}

#[test]
fn every_flipped_bit_and_every_truncation_fails() {
    let ring = ring(&[1, 2]);
    let sealed = sealed_by(&ring);
    let opens = |sealed: &[u8]| ring.open(&device(sealed)).is_ok();
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(!opens(&altered), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(!opens(&sealed[..length]), "{length} bytes");
    }
    assert!(!opens(&[&sealed[..], &[0]].concat()));
}

#[test]
fn a_box_of_another_user_epoch_or_set_of_authenticators_does_not_open() {
    let ring = ring(&[1]);
    let sealed = sealed_by(&ring);
    let open = |alter: &dyn Fn(&mut Device)| {
        let mut device = device(&sealed);
        alter(&mut device);
        ring.open(&device).map(drop)
    };
    let altered = Err(SealError::Altered);
    assert_eq!(open(&|_| {}), Ok(()));
    assert_eq!(open(&|it| it.user = UserId::new("bob").unwrap()), altered);
    assert_eq!(open(&|it| it.epoch = Epoch::from_i64(8)), altered);
    assert_eq!(open(&|it| it.authenticators.remove(1)), altered);
    let exchanged = |it: &mut Device| {
        let mut states: Vec<AuthenticatorState> = it.authenticators.clone().into();
        states.reverse();
        it.authenticators = states.try_into().unwrap();
    };
    assert_eq!(open(&exchanged), altered);
    let used = |it: &mut Device| {
        let states = it.authenticators.iter_mut();
        states.for_each(|state| state.accept(7, 210));
    };
    assert_eq!(open(&used), Ok(()), "a sign-in reseals nothing");
}

#[test]
fn a_box_with_more_authenticators_than_the_column_has_does_not_open() {
    let ring = ring(&[1]);
    let mut device = device(&[]);
    device.authenticators.remove(0);
    device.sealed = ring.seal(&secrets(), &device, &OsRandomness).unwrap();
    assert_eq!(ring.open(&device).map(drop), Err(SealError::Altered));
}

#[test]
fn old_keys_open_and_the_first_seals() {
    let (old, rotating, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
    let sealed = device(&sealed_by(&old));
    assert!(rotating.open(&sealed).is_ok());
    assert!(!rotating.is_current(&sealed.sealed));
    assert_eq!(new.open(&sealed).map(drop), Err(SealError::UnknownKey));
    let resealed = device(&sealed_by(&rotating));
    assert!(rotating.is_current(&resealed.sealed) && new.open(&resealed).is_ok());
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
