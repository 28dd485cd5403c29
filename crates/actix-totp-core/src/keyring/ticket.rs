//! A ticket: sealed text that names its user itself, since whoever brings it is not signed in.
//!
//! Whether it still counts depends on the time and the device. The caller checks both.

use super::KeyRing;
use crate::{
    device::UserId,
    random::{Randomness, RandomnessError},
    ticket::{Mark, PendingSignIn, SignInTicket},
};

/// That of a service with a name of its own is another one: keys may be shared.
fn purpose(service: Option<&str>) -> String {
    service.map_or_else(|| "ticket".into(), |name| format!("ticket {name}"))
}

// Layout: time (8 bytes), mark (16), user id.
impl KeyRing {
    pub(crate) fn seal_ticket(
        &self,
        service: Option<&str>,
        pending: &PendingSignIn,
        random: &dyn Randomness,
    ) -> Result<SignInTicket, RandomnessError> {
        let content = [
            &pending.at.to_be_bytes()[..],
            &pending.mark.0,
            pending.user.as_str().as_bytes(),
        ]
        .concat();
        let sealed = self.seal_bearer_text(&purpose(service), &content, random)?;
        Ok(SignInTicket::new(sealed))
    }

    /// What is in it, if it was sealed for a service of this name with any key of the ring.
    pub(crate) fn open_ticket(&self, service: Option<&str>, text: &str) -> Option<PendingSignIn> {
        let opened = self.open_bearer_text(&purpose(service), text)?;
        let (at, rest) = opened.split_first_chunk()?;
        let (mark, user) = rest.split_first_chunk()?;
        Some(PendingSignIn {
            user: UserId::new(std::str::from_utf8(user).ok()?).ok()?,
            at: u64::from_be_bytes(*at),
            mark: Mark(*mark),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{proof::Proof, random::OsRandomness, random_number::Epoch};

    fn ring() -> KeyRing {
        KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap()
    }

    fn pending(user: &str) -> PendingSignIn {
        PendingSignIn {
            user: UserId::new(user).unwrap(),
            at: 1_700_000_000,
            mark: Mark(std::array::from_fn(|n| n as u8)),
        }
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let longest = "é".repeat(127) + "e";
        for pending in [pending("alice"), pending("4"), pending(&longest)] {
            let ticket = ring().seal_ticket(None, &pending, &OsRandomness).unwrap();
            assert!(ticket.as_str().len() <= 438, "{}", ticket.as_str().len());
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
        let content = [0; 29];
        for purpose in ["ticket", "ticket admin", ""] {
            let text = ring.seal_text(purpose, &alice, &content, &OsRandomness);
            assert_eq!(ring.open_ticket(None, &text.unwrap()), None);
        }
        let ticket = ring.seal_ticket(None, &pending("alice"), &OsRandomness);
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
            let ticket = ring.seal_ticket(service, &pending("alice"), &OsRandomness);
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
        for length in 0..=24 {
            assert_eq!(open(&vec![1; length]), None, "{length}");
        }
        assert!(open(&[1; 25]).is_some());
        assert_eq!(open(&[0xff; 25]), None, "the user id is no UTF-8");
        assert_eq!(open(&[0; 25]), None, "nor is it a NUL");
    }
}
