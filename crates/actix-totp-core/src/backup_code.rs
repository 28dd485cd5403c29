//! Backup codes: made, read as people type them, kept as digests.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    device::UserId,
    random::{Randomness, RandomnessError},
};

/// Letters of a group.
const GROUP: usize = 4;
/// Thirty-two letters without look-alikes: no I, O, 0, 1.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// How long new backup codes are. Those that exist keep their length, and both are read: a code's own length tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BackupCodeLength {
    /// Four groups of four letters, `ABCD-EFGH-JKLM-NPQR`: 80 random bits. The default.
    ///
    /// SP 800-63B-4 §3.1.2 asks for no limit of guesses from 64 bits on.
    #[default]
    FourGroups,
    /// Six groups of four letters: 120 random bits.
    ///
    /// From 112 bits on a plain hash is enough for ASVS 5.0 6.5.2 and SP 800-63B-4 §3.1.2, whether it is sealed or not.
    SixGroups,
}

impl BackupCodeLength {
    const ALL: [Self; 2] = [Self::FourGroups, Self::SixGroups];

    /// How many random bits a code has: 80 or 120.
    pub const fn bits(self) -> u32 {
        5 * self.letters() as u32 // 32 letters
    }

    const fn letters(self) -> usize {
        match self {
            Self::FourGroups => 4 * GROUP,
            Self::SixGroups => 6 * GROUP,
        }
    }
}

/// How many codes a set has, and how long they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetShape {
    pub(crate) count: u8,
    pub(crate) length: BackupCodeLength,
}

impl SetShape {
    pub(crate) fn is_valid(self) -> bool {
        (5..=20).contains(&self.count)
    }
}

impl Default for SetShape {
    fn default() -> Self {
        Self {
            count: 10,
            length: BackupCodeLength::default(),
        }
    }
}

/// A backup code in the clear: shown to its user once and kept nowhere.
///
/// `Debug` shows nothing of it, and there is no `Display` on purpose: no log line or error holds one because somebody formatted a struct.
/// [`reveal`](Self::reveal) is the one way to its text, and easy to find in a review.
///
/// # Example
///
/// ```
/// use actix_totp_core::Confirmed;
///
/// fn lines(confirmed: &Confirmed) -> String {
///     let codes: Vec<String> = confirmed.backup_codes.iter().map(|code| code.reveal()).collect();
///     codes.join("\n")
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BackupCode(String);

impl BackupCode {
    /// The code as it is shown, `ABCD-EFGH-JKLM-NPQR`.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = (0..self.0.len())
            .step_by(GROUP)
            .map(|at| &self.0[at..at + GROUP])
            .collect();
        groups.join("-")
    }

    pub(crate) fn generate(
        length: BackupCodeLength,
        random: &dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        let mut bytes = Zeroizing::new(vec![0; length.letters()]);
        random.fill(&mut bytes)?;
        // 256 is a multiple of 32: the low five bits of a random byte favour no letter.
        let letters = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]);
        Ok(Self(letters.map(char::from).collect()))
    }

    /// Reads what a user typed, already without blanks and dashes; `None` if it does not have the shape of a backup code.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let letters = typed.to_ascii_uppercase();
        let mut lengths = BackupCodeLength::ALL
            .map(BackupCodeLength::letters)
            .into_iter();
        (lengths.any(|length| letters.len() == length)
            && letters.bytes().all(|letter| ALPHABET.contains(&letter)))
        .then_some(Self(letters))
    }

    /// What is kept of a code. A plain hash is enough: 80 random bits cannot be searched, and it is sealed. The user is hashed
    /// in, so that the same code of two users has two digests.
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

/// What is kept of a backup code: 128 bits, as a code has 120 at most. A row with ten of them is 160 bytes smaller than with whole
/// hashes.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digest(pub(crate) [u8; Digest::BYTES]);

impl Digest {
    pub(crate) const BYTES: usize = 16;
}

/// Makes a set: the codes to show, and the digests to keep.
pub(crate) fn generate_set(
    shape: SetShape,
    user: &UserId,
    random: &dyn Randomness,
) -> Result<(Vec<BackupCode>, Vec<Digest>), RandomnessError> {
    let codes = (0..shape.count)
        .map(|_| BackupCode::generate(shape.length, random))
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
        for (length, bits, shown_letters) in [
            (BackupCodeLength::FourGroups, 80, 19),
            (BackupCodeLength::SixGroups, 120, 29),
        ] {
            assert_eq!(length.bits(), bits);
            let code = BackupCode::generate(length, &OsRandomness).unwrap();
            let shown = code.reveal();
            assert_eq!(shown.len(), shown_letters);
            assert!(shown.split('-').all(|group| group.len() == 4));
            let typed: String = shown.to_lowercase().chars().filter(|c| *c != '-').collect();
            assert_eq!(BackupCode::read(&typed), Some(code));
        }
    }

    #[test]
    fn other_shapes_are_no_backup_code() {
        for typed in [
            "",
            "ABCDEFGHJKLMNPQ",
            "ABCDEFGHJKLMNPQRS",
            "ABCDEFGHJKLMNPQRSTUV",
            "ABCDEFGHJKLMNPQRSTUVWXY",
            "ABCDEFGHJKLMNPQRSTUVWXYZ2",
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
            let code = BackupCode::generate(BackupCodeLength::SixGroups, &OsRandomness).unwrap();
            seen.extend(code.0.bytes());
        }
        assert_eq!(seen.len(), 32);
        assert!(b"IO01".iter().all(|letter| !seen.contains(letter)));
    }

    #[test]
    fn the_same_code_of_two_users_has_two_digests() {
        let code = BackupCode::read("ABCDEFGHJKLMNPQR").unwrap();
        let [alice, bob] = ["alice", "bob"].map(|id| code.digest(&UserId::new(id).unwrap()).0);
        assert_ne!(alice, bob);
        assert_eq!(alice.len() * 8, 128);
    }
}
