//! A ticket: sealed text that names its user itself, since whoever brings it is not signed in.
//!
//! Whether it still counts depends on the time and the device. The caller checks both.

use super::KeyRing;
use crate::{
    device::{Epoch, UserId},
    random::{Randomness, RandomnessError},
    ticket::{PendingSignIn, SignInTicket},
};

/// That of a service with a name of its own is another one: keys may be shared.
fn purpose(service: Option<&str>) -> String {
    service.map_or_else(|| "ticket".into(), |name| format!("ticket {name}"))
}

// Layout: epoch (8 bytes), time (8), last step (8) after whether there is one (1), backup codes (4), user id.
impl KeyRing {
    pub(crate) fn seal_ticket(
        &self,
        service: Option<&str>,
        pending: &PendingSignIn,
        random: &dyn Randomness,
    ) -> Result<SignInTicket, RandomnessError> {
        let content = [
            &pending.epoch.to_i64().to_be_bytes()[..],
            &pending.at.to_be_bytes(),
            &[pending.last_step.is_some().into()],
            &pending.last_step.unwrap_or_default().to_be_bytes(),
            &pending.backup_codes_remaining.to_be_bytes(),
            pending.user.as_str().as_bytes(),
        ]
        .concat();
        let sealed = self.seal_bearer_text(&purpose(service), &content, random)?;
        Ok(SignInTicket::new(sealed))
    }

    /// What is in it, if it was sealed for a service of this name with any key of the ring.
    pub(crate) fn open_ticket(&self, service: Option<&str>, text: &str) -> Option<PendingSignIn> {
        let opened = self.open_bearer_text(&purpose(service), text)?;
        let (epoch, rest) = opened.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (has_last_step, rest) = rest.split_first()?;
        let (last_step, rest) = rest.split_first_chunk()?;
        let (backup_codes_remaining, user) = rest.split_first_chunk()?;
        Some(PendingSignIn {
            user: UserId::new(std::str::from_utf8(user).ok()?).ok()?,
            epoch: Epoch::from_i64(i64::from_be_bytes(*epoch)),
            at: u64::from_be_bytes(*at),
            last_step: (*has_last_step == 1).then(|| u64::from_be_bytes(*last_step)),
            backup_codes_remaining: u32::from_be_bytes(*backup_codes_remaining),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{proof::Proof, random::OsRandomness};

    fn ring() -> KeyRing {
        KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap()
    }

    fn pending(user: &str, last_step: Option<u64>) -> PendingSignIn {
        PendingSignIn {
            user: UserId::new(user).unwrap(),
            epoch: Epoch::from_i64(-7),
            at: 1_700_000_000,
            last_step,
            backup_codes_remaining: 10,
        }
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let longest = "é".repeat(127) + "e";
        for pending in [
            pending("alice", Some(56_666_667)),
            pending("4", None),
            pending(&longest, Some(0)),
        ] {
            let ticket = ring().seal_ticket(None, &pending, &OsRandomness).unwrap();
            assert!(ticket.as_str().len() <= 444, "{}", ticket.as_str().len());
            assert_eq!(ring().open_ticket(None, ticket.as_str()), Some(pending));
        }
    }

    #[test]
    fn neither_a_proof_nor_a_text_of_the_application_is_a_ticket_nor_the_other_way_round() {
        let (ring, alice) = (ring(), UserId::new("alice").unwrap());
        let proof = Proof {
            user: alice.clone(),
            epoch: Epoch::from_i64(-7),
            at: 1_700_000_000,
        };
        let sealed = ring.seal_proof("proof", &proof, &OsRandomness).unwrap();
        assert_eq!(ring.open_ticket(None, &sealed), None);
        let content = [0; 34];
        for purpose in ["ticket", "ticket admin", ""] {
            let text = ring.seal_text(purpose, &alice, &content, &OsRandomness);
            assert_eq!(ring.open_ticket(None, &text.unwrap()), None);
        }
        let ticket = ring.seal_ticket(None, &pending("alice", None), &OsRandomness);
        let ticket = ticket.unwrap();
        for purpose in ["proof", "ticket"] {
            assert_eq!(ring.open_proof(purpose, &alice, ticket.as_str()), None);
        }
        assert_eq!(ring.open_text("ticket", &alice, ticket.as_str()), None);
    }

    #[test]
    fn a_ticket_of_another_service_with_the_same_keys_does_not_open() {
        let ring = ring();
        let sealed_for = |service| {
            let ticket = ring.seal_ticket(service, &pending("alice", None), &OsRandomness);
            ticket.unwrap()
        };
        for service in [None, Some("admin"), Some("shop")] {
            for other in [None, Some("admin"), Some("shop")] {
                let opened = ring.open_ticket(other, sealed_for(service).as_str());
                assert_eq!(opened.is_some(), service == other, "{service:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_content_that_is_cut_is_no_ticket() {
        let ring = ring();
        let open = |content: &[u8]| {
            let text = ring.seal_bearer_text("ticket", content, &OsRandomness);
            ring.open_ticket(None, &text.unwrap())
        };
        for length in 0..=29 {
            assert_eq!(open(&vec![1; length]), None, "{length}");
        }
        assert!(open(&[1; 30]).is_some());
        assert_eq!(open(&[0xff; 30]), None, "the user id is no UTF-8");
        assert_eq!(open(&[0; 30]), None, "nor is it a NUL");
    }
}
