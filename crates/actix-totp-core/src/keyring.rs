//! Sealing and opening what is secret in a device.
//!
//! XChaCha20-Poly1305 with a random nonce of 192 bits. The header (format version, key id), the user id and the epochs of the device
//! and its authenticators are associated data: a box that is copied to another user, or put back after an epoch ended or an
//! authenticator was removed, does not open.

mod id;
mod proof;
mod text;
mod ticket;

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

pub use id::KeyId;

use crate::{
    causes::debug_with_causes,
    device::Device,
    random::{Randomness, RandomnessError},
    secrets::Secrets,
};

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;
const HEADER_BYTES: usize = 1 + ID_BYTES;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The keys that seal secrets at rest: the first seals, all of them open.
///
/// To rotate, put a new key first, keep the old ones behind it, restart every instance, run
/// [`reseal_all`](crate::TotpService::reseal_all), and drop the old ones when it reports no failures. While instances
/// with different first keys run side by side, each must know both keys.
///
/// More than two keys are a rotation that was not finished (ASVS 5.0 13.3.4). `Debug` shows key ids only.
///
/// # Example
///
/// ```
/// use actix_totp_core::KeyRing;
///
/// // One key, as `openssl rand -base64 32` prints it.
/// assert!(KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=").is_ok());
/// assert!(KeyRing::parse("too short").is_err());
/// ```
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
    text_cipher: XChaCha20Poly1305,
}

impl Key {
    fn new(secret: &[u8; KEY_BYTES]) -> Self {
        let hash = Sha256::new()
            .chain_update(b"actix-totp key id 1\0")
            .chain_update(secret)
            .finalize();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&hash[..ID_BYTES]);
        Self {
            id,
            cipher: XChaCha20Poly1305::new(secret.into()),
            text_cipher: text::cipher(secret),
        }
    }
}

impl KeyRing {
    /// A ring of raw keys, 32 random bytes each. The first one seals.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyRing`] if there is no key, or one whose bytes are all the same (all zero, a placeholder), or one twice.
    pub fn new(keys: impl IntoIterator<Item = [u8; KEY_BYTES]>) -> Result<Self, InvalidKeyRing> {
        let mut ring = Self { keys: Vec::new() };
        for mut secret in keys {
            let placeholder = secret.iter().all(|byte| *byte == secret[0]);
            let key = Key::new(&secret);
            secret.zeroize();
            if placeholder {
                return Err(InvalidKeyRing::Placeholder);
            }
            if ring.keys.iter().any(|other| other.id == key.id) {
                return Err(InvalidKeyRing::Repeated);
            }
            ring.keys.push(key);
        }
        if ring.keys.is_empty() {
            return Err(InvalidKeyRing::Missing);
        }
        Ok(ring)
    }

    /// Reads keys as the environment holds them: base64 of 32 bytes each, separated by commas. The first one seals.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyRing`], which never repeats what was read.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyRing> {
        if text.trim().is_empty() {
            return Err(InvalidKeyRing::Missing);
        }
        let mut keys = Zeroizing::new(Vec::new());
        for part in text.split(',') {
            let decoded = BASE64.decode(part.trim()).map(Zeroizing::new);
            let bytes = decoded.map_err(|_| InvalidKeyRing::Base64)?;
            keys.push(
                <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
                    .map_err(|_| InvalidKeyRing::Length)?,
            );
        }
        Self::new(keys.iter().copied())
    }

    /// Reads keys from an environment variable, `TOTP_KEY` by convention; see [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// [`InvalidKeyVariable`], which names the variable; its reason is [`Missing`](InvalidKeyRing::Missing) if it is not set.
    pub fn from_env(variable: &str) -> Result<Self, InvalidKeyVariable> {
        let ring = match std::env::var(variable).map(Zeroizing::new) {
            Ok(text) => Self::parse(&text),
            Err(std::env::VarError::NotPresent) => Err(InvalidKeyRing::Missing),
            Err(std::env::VarError::NotUnicode(_)) => Err(InvalidKeyRing::Base64),
        };
        ring.map_err(|reason| InvalidKeyVariable {
            variable: variable.to_owned(),
            reason,
        })
    }

    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key that seals. `new` refuses an empty ring.
    fn first(&self) -> &Key {
        &self.keys[0]
    }

    /// Whether a box is sealed with the first key.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.get(..HEADER_BYTES) == Some(&header(self.first())[..])
    }

    /// The box for a device whose other fields are as they will be written.
    pub(crate) fn seal(
        &self,
        secrets: &Secrets,
        device: &Device,
        random: &dyn Randomness,
    ) -> Result<Vec<u8>, RandomnessError> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce)?;
        let header = header(self.first());
        let payload = Payload {
            msg: &secrets.to_bytes(),
            aad: &associated_data(&header, device),
        };
        let ciphertext = self
            .first()
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_else(|_| unreachable!("the cipher takes up to 256 GiB"));
        Ok([&header[..], &nonce, &ciphertext].concat())
    }

    pub(crate) fn open(&self, device: &Device) -> Result<Secrets, SealError> {
        let (header, rest) = device
            .sealed
            .split_at_checked(HEADER_BYTES)
            .ok_or(SealError::Format)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Format)?;
        if header[0] != FORMAT {
            return Err(SealError::Format);
        }
        let key = self.keys.iter().find(|key| key.id == header[1..]);
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(header, device),
        };
        let bytes = key
            .ok_or(SealError::UnknownKey)?
            .cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Altered)?;
        let secrets = Secrets::from_bytes(&bytes).ok_or(SealError::Format)?;
        if secrets.live.len() != device.authenticators.len() {
            return Err(SealError::Altered);
        }
        Ok(secrets)
    }
}

fn header(key: &Key) -> [u8; HEADER_BYTES] {
    let mut header = [FORMAT; HEADER_BYTES];
    header[1..].copy_from_slice(&key.id);
    header
}

/// Unambiguous: header and epochs have a fixed length, and the number of epochs comes before them.
fn associated_data(header: &[u8], device: &Device) -> Vec<u8> {
    let (user, states) = (device.user.as_str(), &device.authenticators);
    let mut data = Vec::with_capacity(header.len() + 9 + 8 * states.len() + user.len());
    data.extend_from_slice(header);
    data.push(states.len() as u8);
    for epoch in states.iter().map(|it| it.epoch).chain([device.epoch]) {
        data.extend_from_slice(&epoch.to_i64().to_be_bytes());
    }
    data.extend_from_slice(user.as_bytes());
    data
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self
            .keys
            .iter()
            .map(|key| format!("{:016x}", u64::from_be_bytes(key.id)));
        f.debug_struct("KeyRing")
            .field("ids", &ids.collect::<Vec<_>>())
            .finish()
    }
}

debug_with_causes!(InvalidKeyRing, InvalidKeyVariable, SealError);

/// Why keys are refused. Nothing of them is repeated.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeyRing {
    /// There is no key.
    #[error("no key is set: make one with `openssl rand -base64 32`")]
    Missing,
    /// A key is no base64.
    #[error("a key is no base64: make one with `openssl rand -base64 32`")]
    Base64,
    /// A key does not have 32 bytes.
    #[error("a key has not 32 bytes: make one with `openssl rand -base64 32`")]
    Length,
    /// All bytes of a key are the same.
    #[error("all bytes of a key are the same: make one with `openssl rand -base64 32`")]
    Placeholder,
    /// A key is in the ring twice.
    #[error("a key stands in the ring twice")]
    Repeated,
}

/// Why the keys of an environment variable are refused. Nothing of them is repeated.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
#[non_exhaustive]
pub struct InvalidKeyVariable {
    /// The variable's name.
    pub variable: String,
    /// What is wrong with its value.
    pub reason: InvalidKeyRing,
}

/// Why a box does not open.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It is shorter than a box, or of a format that this version does not know.
    #[error("the sealed box has an unknown format")]
    Format,
    /// The key that sealed it is not in the ring.
    #[error("the key of the sealed box is not in the ring")]
    UnknownKey,
    /// It was altered, or belongs to another user, epoch or set of authenticators.
    #[error("the sealed box was altered, or belongs to another user or epoch")]
    Altered,
}

#[cfg(test)]
mod tests;
