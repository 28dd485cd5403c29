//! What must hold whatever a stranger sends. Each function takes the bytes and panics where something does not hold: this
//! project's fuzz targets call it, and its tests with each input of `fuzz/seeds`. Not covered by SemVer.
#![allow(
    missing_docs,
    reason = "hidden: for the fuzz targets of this project alone"
)]

use percent_encoding::percent_decode_str;

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName, AuthenticatorState},
    backup_code::{BackupCode, Digest},
    credential::{Credential, InvalidCredential, Parameters},
    device::{Device, UserId},
    keyring::KeyRing,
    proof::Proof,
    provisioning,
    random::{Randomness, RandomnessError},
    random_number::Epoch,
    secrets::{Live, Pending, Place, Secrets},
    ticket::{Mark, PendingSignIn},
    token::{self, Token, TypedToken},
};

/// What came, and whether it came as a number.
pub fn typed(token: &TypedToken) -> (&str, bool) {
    (&token.text, token.is_number)
}

/// A token is read as what was typed without blanks and dashes, or not at all, and its normal form as itself.
pub fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let typed = TypedToken::from(&*text);
    let kept = token::normalized(&text);
    assert_eq!(*token::normalized(&kept), *kept);
    if text.is_ascii() {
        let is_ignored = |c: char| c == '-' || c.is_whitespace();
        assert_eq!(*kept, text.replace(is_ignored, ""));
    }
    for digits in 6..=8 {
        let is_code =
            kept.len() == usize::from(digits) && kept.bytes().all(|it| it.is_ascii_digit());
        match Token::read(&typed, digits) {
            Some(Token::Code(code)) => assert!(is_code && code == kept, "{text:?} is no code"),
            Some(Token::Backup(code)) => {
                assert!(!is_code, "{text:?} is a code");
                let shown = code.reveal();
                assert_eq!(shown.replace('-', ""), kept.to_ascii_uppercase());
                let again = Token::read(&(&*shown).into(), digits);
                assert!(matches!(again, Some(Token::Backup(read)) if read == code));
            }
            None => assert!(!is_code && BackupCode::read(&kept).is_none(), "{text:?}"),
        }
    }
    if typed.is_blank() {
        assert!(Token::read(&typed, 6).is_none());
    }
}

/// No text opens as a proof but the one that was sealed, and that for its user alone.
pub fn proof(bytes: &[u8]) {
    let Ok(known) = Known::new() else { return };
    let Ok(genuine) = known.keys.seal_proof("proof", &known.proof, &Counting) else {
        return;
    };
    let altered = altered(genuine.as_bytes(), bytes);
    for text in [bytes, &altered].map(String::from_utf8_lossy) {
        let expected = (text == genuine).then(|| known.proof.clone());
        assert_eq!(
            known.keys.open_proof("proof", &known.proof.user, &text),
            expected
        );
        assert_eq!(known.keys.open_proof("proof", &known.other, &text), None);
    }
}

/// No ticket opens but the one that was issued, and that for its service alone. A proof is no ticket, and a ticket no proof.
pub fn ticket(bytes: &[u8]) {
    let Ok(known) = Known::new() else { return };
    let (keys, proof) = (&known.keys, &known.proof);
    let pending = PendingSignIn {
        user: proof.user.clone(),
        at: proof.at,
        mark: Mark(std::array::from_fn(|n| n as u8)),
    };
    let (Ok(genuine), Ok(sealed_proof)) = (
        keys.seal_ticket(None, &pending, &Counting),
        keys.seal_proof("proof", proof, &Counting),
    ) else {
        return;
    };
    let genuine = genuine.as_str();
    let altered = altered(genuine.as_bytes(), bytes);
    let sent = [bytes, &altered, sealed_proof.as_bytes()];
    for text in sent.map(String::from_utf8_lossy) {
        let expected = (text == genuine).then(|| pending.clone());
        assert_eq!(keys.open_ticket(None, &text), expected);
        assert_eq!(keys.open_ticket(Some("admin"), &text), None);
    }
    assert_eq!(keys.open_proof("proof", &proof.user, genuine), None);
}

/// No box opens but the one that was sealed, and that for its user, epochs and authenticators alone. What is read of an opened one
/// is all of it.
pub fn sealed_box(bytes: &[u8]) {
    let Ok(known) = Known::new() else { return };
    let Ok(genuine) = known.keys.seal(&known.secrets, &known.device, &Counting) else {
        return;
    };
    let open = |sealed: &[u8], of: &dyn Fn(&mut Device)| {
        let mut device = known.device.clone();
        device.sealed = sealed.to_vec();
        of(&mut device);
        known.keys.open(&device)
    };
    for sealed in [bytes, &altered(&genuine, bytes)] {
        let opened = open(sealed, &|_| {});
        assert_eq!(opened.is_ok(), sealed == genuine);
        assert!(opened.is_err() || opened == Ok(known.secrets.clone()));
        assert!(open(sealed, &|it| it.user = known.other.clone()).is_err());
        let later = |epoch: Epoch| Epoch::from_i64(epoch.to_i64() + 1);
        assert!(open(sealed, &|it| it.epoch = later(it.epoch)).is_err());
        assert!(open(sealed, &|it| it.authenticators.remove(0)).is_err());
        let renew = |it: &mut Device| {
            let states = it.authenticators.iter_mut();
            states.for_each(|state| state.epoch = later(state.epoch));
        };
        assert!(open(sealed, &renew).is_err());
    }
    if let Some(read) = Secrets::from_bytes(bytes) {
        assert_eq!(*read.to_bytes(), bytes);
    }
}

/// Whatever an account is called, its `otpauth://` URI is short enough for a QR code, is made of the characters that a URI may
/// have, and gives back issuer and label; the label is cut only where the URI would be too long.
pub fn label(bytes: &[u8]) {
    const ISSUER: &str = "Ex & Co/#1: é";
    let label = String::from_utf8_lossy(bytes);
    let Ok(known) = Known::new() else { return };
    let credential = &known.secrets.live[0].credential;
    let secret = credential.to_base32();
    let uri = provisioning::otpauth_url(credential.parameters(), &secret, ISSUER, &label);
    let uri = uri.as_str();
    assert!(uri.len() < 1_000, "{uri}");
    let is_plain =
        |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b'~' | b'%');
    let parts = uri
        .strip_prefix("otpauth://totp/")
        .and_then(|rest| rest.split_once('?'))
        .and_then(|(path, query)| Some((path.split_once(':')?, query)));
    let Some(((issuer, read), query)) = parts else {
        panic!("{uri} has not its parts");
    };
    assert!(
        issuer.bytes().chain(read.bytes()).all(is_plain),
        "{uri} is not encoded"
    );
    let decoded = |text| percent_decode_str(text).decode_utf8();
    assert_eq!(decoded(issuer).as_deref(), Ok(ISSUER));
    let rest = format!(
        "secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        secret.as_str()
    );
    assert_eq!(query, rest);
    let Ok(read) = decoded(read) else {
        panic!("{uri} is cut within a character");
    };
    assert!(label.starts_with(&*read), "{uri} has another label");
    if let Some(next) = label[read.len()..].chars().next() {
        let longest = 3 * next.len_utf8(); // %XX for each byte
        assert!(uri.len() + longest > 999, "{uri} is cut too early");
    }
}

/// What the targets seal: always the same, so that inputs that were found once are found again.
struct Known {
    keys: KeyRing,
    proof: Proof,
    device: Device,
    secrets: Secrets,
    other: UserId,
}

impl Known {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let credential = |secret: &[u8]| -> Result<Credential, InvalidCredential> {
            Credential::new(secret, Parameters::default())
        };
        let (user, epoch) = (UserId::new("alice")?, Epoch::from_i64(-7));
        let state = |epoch: i64| AuthenticatorState {
            epoch: Epoch::from_i64(epoch),
            last_step: None,
            last_used_at: None,
        };
        let live =
            |id: u8, name: &str, secret: &[u8]| -> Result<Live, Box<dyn std::error::Error>> {
                Ok(Live {
                    id: AuthenticatorId::from_bytes([id; 8]),
                    name: AuthenticatorName::new(name)?,
                    created_at: 1_700_000_000,
                    credential: credential(secret)?,
                })
            };
        let mut device = Device::new(&user, 0, &Counting)?;
        device.epoch = epoch;
        device.confirmed_at = Some(1_700_000_000);
        device.authenticators = vec![state(-8), state(-9)].try_into()?;
        Ok(Self {
            keys: KeyRing::new([std::array::from_fn(|n| n as u8)])?,
            proof: Proof {
                user,
                epoch,
                at: 1_700_000_000,
            },
            device,
            secrets: Secrets {
                live: vec![live(5, "Authenticator", &[1; 20])?, live(6, "é", &[5; 20])?],
                pending: Some(Pending {
                    place: Place::Of(AuthenticatorId::from_bytes([6; 8])),
                    name: None,
                    credential: credential(&[2; 10])?,
                }),
                backup_codes: vec![Digest([3; 16]), Digest([4; 16])],
            },
            other: UserId::new("Alice")?,
        })
    }
}

/// As many bytes as are asked for, counted from 0.
struct Counting;

impl Randomness for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        (0..).zip(buffer).for_each(|(n, byte)| *byte = n);
        Ok(())
    }
}

/// What was sealed, with the bits flipped that `flips` has.
fn altered(genuine: &[u8], flips: &[u8]) -> Vec<u8> {
    let flips = flips.iter().chain(std::iter::repeat(&0));
    genuine
        .iter()
        .zip(flips)
        .map(|(byte, flip)| byte ^ flip)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_seeds_of_boxes_are_what_their_names_say() {
        let known = Known::new().unwrap();
        let sealed = known.keys.seal(&known.secrets, &known.device, &Counting);
        let (sealed, opened) = (sealed.unwrap(), known.secrets.to_bytes().to_vec());
        let with = |at: usize, bits: u8| {
            let mut bytes = sealed.clone();
            bytes[at] ^= bits;
            bytes
        };
        let seeds = [
            ("altered", with(sealed.len() - 1, 1)),
            ("cut", sealed[..sealed.len() - 1].to_vec()),
            ("other_format", with(0, 3)),
            ("opened_with_a_rest", [&opened[..], &[0]].concat()),
            ("opened_empty", Secrets::default().to_bytes().to_vec()),
            ("opened", opened),
            ("sealed", sealed),
        ];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/sealed_box");
        for (name, bytes) in seeds {
            assert_eq!(fs::read(folder.join(name)).unwrap(), bytes, "{name}");
        }
    }
}
