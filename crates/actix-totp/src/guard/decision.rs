//! Who may pass: a pure function of the policy, the user's status, the session's proof and the time.

use actix_totp_core::{Proof, Status, UserId};

/// Clocks of instances differ a little; a proof from further ahead than this is none.
const TOLERATED_AHEAD_SECS: u64 = 60;

/// Of whom the second factor is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    Everyone,
    IfEnrolled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The second factor was shown at this time.
    Pass { at: u64 },
    /// There is no second factor, and none is demanded.
    PassUnenrolled,
    /// A code must be shown.
    Required,
    /// A second factor must be set up.
    SetupRequired,
    /// The proof is good but too old.
    Stale,
}

pub(crate) fn decide(
    demand: Demand,
    max_age_secs: u64,
    user: &UserId,
    status: &Status,
    proof: Option<&Proof>,
    now: u64,
) -> Decision {
    if !status.enabled {
        return match demand {
            Demand::Everyone => Decision::SetupRequired,
            Demand::IfEnrolled => Decision::PassUnenrolled,
        };
    }
    // A proof does not follow a session to another user, and ends with its epoch.
    let Some(proof) = proof.filter(|proof| proof.user == *user && status.accepts(proof)) else {
        return Decision::Required;
    };
    if proof.at > now.saturating_add(TOLERATED_AHEAD_SECS) {
        return Decision::Required;
    }
    if now.saturating_sub(proof.at) > max_age_secs {
        return Decision::Stale;
    }
    Decision::Pass { at: proof.at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_totp_core::Epoch;

    const NOW: u64 = 1_700_000_000;
    const EPOCH: Epoch = Epoch::from_i64(-7);

    fn enrolled() -> Status {
        Status {
            enabled: true,
            epoch: Some(EPOCH),
            ..Status::default()
        }
    }

    fn decide_for(demand: Demand, status: &Status, proof: Option<(&str, Epoch, u64)>) -> Decision {
        let alice = UserId::new("alice").unwrap();
        let proof = proof.map(|(user, epoch, at)| Proof {
            user: UserId::new(user).unwrap(),
            epoch,
            at,
        });
        decide(demand, 300, &alice, status, proof.as_ref(), NOW)
    }

    #[test]
    fn the_table() {
        use Decision::*;
        use Demand::*;
        let other = Epoch::from_i64(1);
        for (status, proof, everyone, if_enrolled) in [
            (Status::default(), None, SetupRequired, PassUnenrolled),
            (
                Status::default(),
                Some(("alice", EPOCH, NOW)),
                SetupRequired,
                PassUnenrolled,
            ),
            (enrolled(), None, Required, Required),
            (
                enrolled(),
                Some(("alice", EPOCH, NOW)),
                Pass { at: NOW },
                Pass { at: NOW },
            ),
            (enrolled(), Some(("bob", EPOCH, NOW)), Required, Required),
            (enrolled(), Some(("alice", other, NOW)), Required, Required),
            (
                enrolled(),
                Some(("alice", EPOCH, NOW - 300)),
                Pass { at: NOW - 300 },
                Pass { at: NOW - 300 },
            ),
            (enrolled(), Some(("alice", EPOCH, NOW - 301)), Stale, Stale),
            (
                enrolled(),
                Some(("alice", EPOCH, NOW + 60)),
                Pass { at: NOW + 60 },
                Pass { at: NOW + 60 },
            ),
            (
                enrolled(),
                Some(("alice", EPOCH, NOW + 61)),
                Required,
                Required,
            ),
        ] {
            assert_eq!(
                decide_for(Everyone, &status, proof),
                everyone,
                "{status:?} {proof:?}"
            );
            assert_eq!(
                decide_for(IfEnrolled, &status, proof),
                if_enrolled,
                "{status:?} {proof:?}"
            );
        }
    }
}
