//! Text that is handed to a client to keep: sealed, for one purpose, and for one user or for whoever holds it.
//!
//! XChaCha20-Poly1305 under a key of its own, derived from each key of the ring, so that nothing that is sealed at rest opens
//! here, nor the other way round. Header, purpose and user id are associated data: what is sealed for one purpose or one user
//! does not open for another. Text for whoever holds it is bound to no user id, and no user id is empty: so neither kind opens as
//! the other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{HEADER_BYTES, KEY_BYTES, KeyRing, NONCE_BYTES, header};
use crate::{
    device::UserId,
    random::{Randomness, RandomnessError},
};

/// The cipher for text that belongs to a key.
pub(super) fn cipher(secret: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    let derived = Zeroizing::new(<[u8; KEY_BYTES]>::from(
        Sha256::new()
            .chain_update(b"actix-totp text key 1\0")
            .chain_update(secret)
            .finalize(),
    ));
    XChaCha20Poly1305::new((&*derived).into())
}

impl KeyRing {
    /// The content as letters, digits, dashes and underscores, sealed with the first key.
    pub(crate) fn seal_text(
        &self,
        purpose: &str,
        user: &UserId,
        content: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, RandomnessError> {
        self.seal_for(user.as_str(), purpose, content, random)
    }

    /// The same for whoever holds it.
    pub(crate) fn seal_bearer_text(
        &self,
        purpose: &str,
        content: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, RandomnessError> {
        self.seal_for("", purpose, content, random)
    }

    fn seal_for(
        &self,
        holder: &str,
        purpose: &str,
        content: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, RandomnessError> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce)?;
        let header = header(self.first());
        let payload = Payload {
            msg: content,
            aad: &associated_data(&header, purpose, holder),
        };
        let ciphertext = self
            .first()
            .text_cipher
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_else(|_| unreachable!("the cipher takes up to 256 GiB"));
        Ok(URL_SAFE_NO_PAD.encode([&header[..], &nonce, &ciphertext].concat()))
    }

    /// The content, if it was sealed for this purpose and this user with any key of the ring.
    pub(crate) fn open_text(&self, purpose: &str, user: &UserId, text: &str) -> Option<Vec<u8>> {
        self.open_for(user.as_str(), purpose, text)
    }

    /// The content, if it was sealed for this purpose and whoever holds it.
    pub(crate) fn open_bearer_text(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        self.open_for("", purpose, text)
    }

    fn open_for(&self, holder: &str, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let key = self.keys.iter().find(|key| super::header(key) == *header)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(header, purpose, holder),
        };
        let opened = key.text_cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.ok()
    }
}

/// Unambiguous: the header has a fixed length, and the purpose comes after its length.
fn associated_data(header: &[u8; HEADER_BYTES], purpose: &str, holder: &str) -> Vec<u8> {
    [
        &header[..],
        &(purpose.len() as u64).to_be_bytes(),
        purpose.as_bytes(),
        holder.as_bytes(),
    ]
    .concat()
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

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    fn sealed_by(ring: &KeyRing) -> String {
        let sealed = ring.seal_text("note", &user("alice"), b"sixteen or more.", &OsRandomness);
        sealed.unwrap()
    }

    fn opened(ring: &KeyRing, text: &str) -> Option<Vec<u8>> {
        ring.open_text("note", &user("alice"), text)
    }

    #[test]
    fn sealed_text_opens_for_its_purpose_and_user_and_never_looks_the_same_twice() {
        let ring = ring(&[1]);
        let text = sealed_by(&ring);
        assert_ne!(text, sealed_by(&ring));
        assert_eq!(opened(&ring, &text).unwrap(), b"sixteen or more.");
        for (purpose, id) in [
            ("note", "bob"),
            ("note", "Alice"),
            ("note", "alic"),
            ("note", "alicee"),
            ("not", "ealice"),
            ("notea", "lice"),
            ("", "alice"),
            ("proof", "alice"),
        ] {
            let opened = ring.open_text(purpose, &user(id), &text);
            assert_eq!(opened, None, "{purpose} of {id}");
        }
    }

    #[test]
    fn no_altered_or_truncated_text_opens() {
        let ring = ring(&[1]);
        let text = sealed_by(&ring);
        let sealed = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert_eq!(opened(&ring, &altered), None, "bit {bit}");
        }
        for length in 0..text.len() {
            assert_eq!(opened(&ring, &text[..length]), None);
        }
        for longer in ["A", "AAAA", "="].map(|more| format!("{text}{more}")) {
            assert_eq!(opened(&ring, &longer), None);
        }
    }

    #[test]
    fn any_key_of_the_ring_opens_and_no_other() {
        let text = sealed_by(&ring(&[1]));
        assert!(opened(&ring(&[2, 1]), &text).is_some());
        assert!(opened(&ring(&[2]), &text).is_none());
        let text = sealed_by(&ring(&[2, 1]));
        assert!(opened(&ring(&[1]), &text).is_none(), "the first seals");
    }

    #[test]
    fn the_key_of_the_boxes_seals_no_text() {
        let ring = ring(&[1]);
        let (header, nonce) = (header(ring.first()), [9; NONCE_BYTES]);
        let seal = |cipher: &XChaCha20Poly1305| {
            let payload = Payload {
                msg: &[0; 16],
                aad: &associated_data(&header, "note", "alice"),
            };
            let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
            URL_SAFE_NO_PAD.encode([&header[..], &nonce, &ciphertext].concat())
        };
        assert!(opened(&ring, &seal(&ring.first().text_cipher)).is_some());
        assert_eq!(opened(&ring, &seal(&ring.first().cipher)), None);
    }
}
