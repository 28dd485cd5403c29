//! What this project's benches measure and is not public. Not covered by SemVer.
#![allow(missing_docs, reason = "hidden: for the benches of this project alone")]

use actix_totp_core::{Epoch, Proof, Status, UserId};

use crate::guard::{Decision, Demand, Policy, decide};

/// Somebody with a good proof, and the guard's decision.
pub struct Guarding {
    user: UserId,
    status: Status,
    proof: Proof,
    now: u64,
}

impl Guarding {
    pub fn new(user: UserId, now: u64) -> Self {
        let epoch = Epoch::from_i64(7);
        let status = Status {
            enabled: true,
            epoch: Some(epoch),
            ..Status::default()
        };
        let proof = Proof {
            user: user.clone(),
            epoch,
            at: now,
        };
        Self {
            user,
            status,
            proof,
            now,
        }
    }

    pub fn decide(&self) -> bool {
        let Self {
            user,
            status,
            proof,
            now,
        } = self;
        let policy = Policy {
            grace: None,
            max_age_secs: 300,
            trusted_secs: None,
        };
        let decision = decide(
            policy,
            user,
            Demand::Everyone,
            status,
            Some(proof),
            || None,
            *now,
        );
        matches!(decision, Decision::Pass { .. })
    }
}
