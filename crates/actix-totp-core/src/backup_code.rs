//! Backup codes: made, read as people type them, kept as digests.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    device::UserId,
    random::{Randomness, RandomnessError},
};

/// How many codes a set has.
pub(crate) const SET_SIZE: usize = 10;
/// 16 letters of 5 bits: 80 random bits, where SP 800-63B-4 §4.2.1.1 asks for 64.
const LETTERS: usize = 16;
/// How many random bits a code has.
pub(crate) const BITS: u32 = 5 * LETTERS as u32;
/// Thirty-two letters without look-alikes: no I, O, 0, 1.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A backup code in the clear: shown to its user once and kept nowhere. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BackupCode(String);

impl BackupCode {
    /// The code as it is shown, `ABCD-EFGH-JKLM-NPQR`.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = (0..LETTERS)
            .step_by(4)
            .map(|at| &self.0[at..at + 4])
            .collect();
        groups.join("-")
    }

    pub(crate) fn generate(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = Zeroizing::new([0; LETTERS]);
        random.fill(bytes.as_mut())?;
        // 256 is a multiple of 32: the low five bits of a random byte favour no letter.
        let letters = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]);
        Ok(Self(letters.map(char::from).collect()))
    }

    /// Reads what a user typed, already without blanks and dashes; `None` if it does not have the shape of a backup code.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let letters = typed.to_ascii_uppercase();
        (letters.len() == LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter)))
            .then_some(Self(letters))
    }

    /// What is kept of a code. A plain hash is enough: 80 random bits cannot be searched. The user is hashed in, so that
    /// the same code of two users has two digests.
    pub(crate) fn digest(&self, user: &UserId) -> Digest {
        let hash = Sha256::new()
            .chain_update(b"actix-totp backup code 1\0")
            .chain_update(user.as_str())
            .chain_update(b"\0")
            .chain_update(&self.0);
        let mut digest = [0; Digest::BYTES];
        digest.copy_from_slice(&hash.finalize()[..Digest::BYTES]);
        Digest(digest)
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(..)")
    }
}

/// What is kept of a backup code: 128 bits, as a code has 80. A row with ten of them is 160 bytes smaller than with whole
/// hashes.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digest(pub(crate) [u8; Digest::BYTES]);

impl Digest {
    pub(crate) const BYTES: usize = 16;
}

/// Makes a set: the codes to show, and the digests to keep.
pub(crate) fn generate_set(
    user: &UserId,
    random: &dyn Randomness,
) -> Result<(Vec<BackupCode>, Vec<Digest>), RandomnessError> {
    let codes = (0..SET_SIZE)
        .map(|_| BackupCode::generate(random))
        .collect::<Result<Vec<_>, _>>()?;
    let digests = codes.iter().map(|code| code.digest(user)).collect();
    Ok((codes, digests))
}

/// Where in the set a digest is. Compares all of them, in constant time.
pub(crate) fn position(set: &[Digest], wanted: &Digest) -> Option<usize> {
    let mut found = Choice::from(0);
    let mut position = 0_u64;
    for (at, digest) in set.iter().enumerate() {
        let equal = digest.0.ct_eq(&wanted.0);
        position.conditional_assign(&(at as u64), equal);
        found |= equal;
    }
    bool::from(found).then_some(position as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandomness;

    #[test]
    fn a_code_is_read_in_any_case_as_it_was_shown() {
        let code = BackupCode::generate(&OsRandomness).unwrap();
        let shown = code.reveal();
        assert_eq!(shown.len(), 19);
        let typed: String = shown.to_lowercase().chars().filter(|c| *c != '-').collect();
        assert_eq!(BackupCode::read(&typed), Some(code));
    }

    #[test]
    fn other_shapes_are_no_backup_code() {
        for typed in [
            "",
            "ABCDEFGHJKLMNPQ",
            "ABCDEFGHJKLMNPQRS",
            "ABCDEFGHJKLMNPQ0",
            "ABCDEFGHJKLMNPÄ",
        ] {
            assert_eq!(BackupCode::read(typed), None);
        }
    }

    #[test]
    fn every_letter_of_the_alphabet_occurs_and_none_looks_like_another() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            seen.extend(BackupCode::generate(&OsRandomness).unwrap().0.bytes());
        }
        assert_eq!(seen.len(), 32);
        assert!(b"IO01".iter().all(|letter| !seen.contains(letter)));
    }

    #[test]
    fn the_same_code_of_two_users_has_two_digests() {
        let code = BackupCode::read("ABCDEFGHJKLMNPQR").unwrap();
        let [alice, bob] = ["alice", "bob"].map(|id| code.digest(&UserId::new(id).unwrap()).0);
        assert_ne!(alice, bob);
    }
}
