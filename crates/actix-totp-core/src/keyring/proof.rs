//! A proof that is handed to a browser to keep: sealed, and good for its user alone.
//!
//! XChaCha20-Poly1305 under a key of its own, derived from each key of the ring, so that nothing that is sealed at rest opens
//! as a proof, nor a proof as something else. Header and user id are associated data. What is inside, the epoch and the
//! time, decides whether it still counts: that is for whoever opens it to ask.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{HEADER_BYTES, KEY_BYTES, KeyRing, NONCE_BYTES, header};
use crate::{
    device::{Epoch, UserId},
    proof::Proof,
    random::{Randomness, RandomnessError},
};

const NUMBER_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
const SEALED_BYTES: usize = HEADER_BYTES + NONCE_BYTES + 2 * NUMBER_BYTES + TAG_BYTES;

/// The cipher for proofs that belongs to a key.
pub(super) fn cipher(secret: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    let derived = Zeroizing::new(<[u8; KEY_BYTES]>::from(
        Sha256::new()
            .chain_update(b"actix-totp proof key 1\0")
            .chain_update(secret)
            .finalize(),
    ));
    XChaCha20Poly1305::new((&*derived).into())
}

impl KeyRing {
    /// A proof as text of 87 letters, digits, dashes and underscores, sealed with the first key.
    pub(crate) fn seal_proof(
        &self,
        proof: &Proof,
        random: &dyn Randomness,
    ) -> Result<String, RandomnessError> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce)?;
        let header = header(self.first());
        let epoch_and_time = [proof.epoch.to_i64().to_be_bytes(), proof.at.to_be_bytes()].concat();
        let payload = Payload {
            msg: &epoch_and_time,
            aad: &associated_data(&header, &proof.user),
        };
        let ciphertext = self
            .first()
            .proof_cipher
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_else(|_| unreachable!("the cipher takes up to 256 GiB"));
        Ok(URL_SAFE_NO_PAD.encode([&header[..], &nonce, &ciphertext].concat()))
    }

    /// The proof, if it was sealed for this user with any key of the ring.
    pub(crate) fn open_proof(&self, user: &UserId, text: &str) -> Option<Proof> {
        let mut sealed = [0; SEALED_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut sealed).ok()?;
        let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let key = self.keys.iter().find(|key| super::header(key) == *header)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(header, user),
        };
        let opened = key.proof_cipher.decrypt(&XNonce::from(*nonce), payload);
        let opened = opened.ok().filter(|_| length == SEALED_BYTES)?;
        let (epoch, at) = opened.split_first_chunk::<NUMBER_BYTES>()?;
        Some(Proof {
            user: user.clone(),
            epoch: Epoch::from_i64(i64::from_be_bytes(*epoch)),
            at: u64::from_be_bytes(at.try_into().ok()?),
        })
    }
}

/// Unambiguous: the header has a fixed length.
fn associated_data(header: &[u8; HEADER_BYTES], user: &UserId) -> Vec<u8> {
    [&header[..], user.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandomness;

    fn ring(firsts: &[u8]) -> KeyRing {
        let keys = firsts
            .iter()
            .map(|it| std::array::from_fn(|n| it + n as u8));
        KeyRing::new(keys).unwrap()
    }

    fn proof_of(user: &str) -> Proof {
        Proof {
            user: UserId::new(user).unwrap(),
            epoch: Epoch::from_i64(-7),
            at: 1_700_000_000,
        }
    }

    #[test]
    fn a_sealed_proof_opens_for_its_user_and_never_looks_the_same_twice() {
        let (ring, proof) = (ring(&[1]), proof_of("alice"));
        let text = ring.seal_proof(&proof, &OsRandomness).unwrap();
        assert_eq!(text.len(), 87);
        assert_ne!(text, ring.seal_proof(&proof, &OsRandomness).unwrap());
        assert_eq!(ring.open_proof(&proof.user, &text), Some(proof));
        for other in ["bob", "Alice", "alice ", "alic", "alicee"] {
            let other = UserId::new(other).unwrap();
            assert_eq!(ring.open_proof(&other, &text), None, "{other}");
        }
    }

    #[test]
    fn no_altered_or_truncated_text_opens() {
        let (ring, proof) = (ring(&[1]), proof_of("alice"));
        let text = ring.seal_proof(&proof, &OsRandomness).unwrap();
        let sealed = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert_eq!(ring.open_proof(&proof.user, &altered), None, "bit {bit}");
        }
        for length in 0..text.len() {
            assert_eq!(ring.open_proof(&proof.user, &text[..length]), None);
        }
        for longer in [
            format!("{text}A"),
            format!("{text}AAAA"),
            format!("{text}="),
        ] {
            assert_eq!(ring.open_proof(&proof.user, &longer), None);
        }
    }

    #[test]
    fn any_key_of_the_ring_opens_and_no_other() {
        let proof = proof_of("alice");
        let text = ring(&[1]).seal_proof(&proof, &OsRandomness).unwrap();
        assert_eq!(
            ring(&[2, 1]).open_proof(&proof.user, &text),
            Some(proof.clone())
        );
        assert_eq!(ring(&[2]).open_proof(&proof.user, &text), None);
        let text = ring(&[2, 1]).seal_proof(&proof, &OsRandomness).unwrap();
        assert_eq!(
            ring(&[1]).open_proof(&proof.user, &text),
            None,
            "the first seals"
        );
    }

    #[test]
    fn the_key_of_the_boxes_seals_no_proof() {
        let (ring, proof) = (ring(&[1]), proof_of("alice"));
        let (header, nonce) = (header(ring.first()), [9; NONCE_BYTES]);
        let payload = Payload {
            msg: &[0; 16],
            aad: &associated_data(&header, &proof.user),
        };
        let cipher = &ring.first().cipher;
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        let text = URL_SAFE_NO_PAD.encode([&header[..], &nonce, &ciphertext].concat());
        assert_eq!(text.len(), 87);
        assert_eq!(ring.open_proof(&proof.user, &text), None);
    }
}
