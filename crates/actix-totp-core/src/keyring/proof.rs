//! A proof that is handed to a client to keep: sealed text, good for its user and its purpose alone.
//!
//! Whether it still counts depends on the epoch and the time in it. The caller checks both.

use super::KeyRing;
use crate::{
    device::UserId,
    proof::Proof,
    random::{Randomness, RandomnessError},
    random_number::Epoch,
};

impl KeyRing {
    /// A proof as text of 87 letters, digits, dashes and underscores, sealed with the first key.
    pub(crate) fn seal_proof(
        &self,
        purpose: &str,
        proof: &Proof,
        random: &dyn Randomness,
    ) -> Result<String, RandomnessError> {
        let epoch_and_time = [proof.epoch.to_i64().to_be_bytes(), proof.at.to_be_bytes()].concat();
        self.seal_text(purpose, &proof.user, &epoch_and_time, random)
    }

    /// The proof, if it was sealed for this purpose and this user with any key of the ring.
    pub(crate) fn open_proof(&self, purpose: &str, user: &UserId, text: &str) -> Option<Proof> {
        let opened = self.open_text(purpose, user, text)?;
        let (epoch, at) = opened.split_first_chunk()?;
        Some(Proof {
            user: user.clone(),
            epoch: Epoch::from_i64(i64::from_be_bytes(*epoch)),
            at: u64::from_be_bytes(at.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandomness;

    const PURPOSE: &str = "proof";

    #[test]
    fn a_sealed_proof_opens_for_its_user_and_nothing_else_opens_as_one() {
        let ring = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
        let proof = Proof {
            user: UserId::new("alice").unwrap(),
            epoch: Epoch::from_i64(-7),
            at: 1_700_000_000,
        };
        let text = ring.seal_proof(PURPOSE, &proof, &OsRandomness).unwrap();
        assert_eq!(text.len(), 87);
        let open =
            |purpose, user: &str| ring.open_proof(purpose, &UserId::new(user).unwrap(), &text);
        assert_eq!(open(PURPOSE, "alice"), Some(proof.clone()));
        assert_eq!(open(PURPOSE, "bob"), None);
        assert_eq!(open("trust", "alice"), None);

        let seal = |purpose, content| {
            let sealed = ring.seal_text(purpose, &proof.user, content, &OsRandomness);
            ring.open_proof(PURPOSE, &proof.user, &sealed.unwrap())
        };
        assert!(seal(PURPOSE, &[0; 16]).is_some());
        assert_eq!(seal("notice", &[0; 16]), None);
        assert_eq!(seal(PURPOSE, &[0; 15]), None);
        assert_eq!(seal(PURPOSE, &[0; 17]), None);
        assert_eq!(seal(PURPOSE, &[]), None);
    }
}
