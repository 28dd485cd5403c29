//! Who may pass: a pure function of the policy, the user's status, the request's proof and the time.

#[cfg(test)]
mod tests;

use actix_totp_core::{Grace, Proof, Status, UserId};

use super::{demand::Demand, grace::Deadline};

/// Clocks of instances differ a little; a proof from further ahead than this is none.
const TOLERATED_AHEAD_SECS: u64 = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The second factor was shown at this time.
    Pass { at: u64 },
    /// A browser stands in for it that is trusted since this time.
    PassTrusted { at: u64 },
    /// There is no second factor, and none is demanded.
    PassUnenrolled,
    /// There is no second factor, and one must be set up, but not yet.
    PassUntil(Deadline),
    /// A code must be shown.
    Required,
    /// A second factor must be set up.
    SetupRequired,
    /// The proof is good but too old.
    Stale,
}

impl Decision {
    /// Whether the second factor was shown.
    pub(crate) const fn is_pass(&self) -> bool {
        matches!(self, Self::Pass { .. } | Self::PassTrusted { .. })
    }
}

/// What a guard asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// How long whoever must have a second factor may go on without. `None`: not at all.
    pub(crate) grace: Option<Grace>,
    /// How old the request's proof may be.
    pub(crate) max_age_secs: u64,
    /// How old a trusted browser's proof may be. `None`: it is not asked for.
    pub(crate) trusted_secs: Option<u64>,
}

/// `session` is the proof that the request brings, wherever it is kept; `browser` finds that of a trusted browser, and is asked
/// only where the other will not do.
pub(crate) fn decide(
    policy: Policy,
    user: &UserId,
    demand: Demand,
    status: &Status,
    session: Option<&Proof>,
    browser: impl FnOnce() -> Option<Proof>,
    now: u64,
) -> Decision {
    if !status.enabled {
        return match demand {
            Demand::Everyone => weigh_grace(policy.grace, status, now),
            Demand::IfEnrolled | Demand::Nobody => Decision::PassUnenrolled,
        };
    }
    let decision = weigh(session, policy.max_age_secs, user, status, now);
    let Some(trusted_secs) = policy.trusted_secs else {
        return decision;
    };
    if matches!(decision, Decision::Pass { .. }) {
        return decision;
    }
    // The answer says what the request's proof lacks, not what the browser's does.
    match weigh(browser().as_ref(), trusted_secs, user, status, now) {
        Decision::Pass { at } => Decision::PassTrusted { at },
        _ => decision,
    }
}

/// Whether somebody who must have a second factor and has none may go on.
fn weigh_grace(grace: Option<Grace>, status: &Status, now: u64) -> Decision {
    let Some(grace) = grace else {
        return Decision::SetupRequired;
    };
    let required_by = grace.required_by(status);
    if required_by.is_some_and(|at| now >= at) {
        return Decision::SetupRequired;
    }
    Decision::PassUntil(Deadline {
        grace,
        required_by,
        is_to_be_noted: grace.is_to_be_noted(status, now),
    })
}

/// Whether a proof counts, for somebody who is enrolled.
fn weigh(
    proof: Option<&Proof>,
    max_age_secs: u64,
    user: &UserId,
    status: &Status,
    now: u64,
) -> Decision {
    // A proof does not follow a session to another user, and ends with its epoch.
    let Some(proof) = proof.filter(|proof| proof.user == *user && status.accepts(proof)) else {
        return Decision::Required;
    };
    if is_from_the_future(proof, now) {
        return Decision::Required;
    }
    if is_stale(proof, max_age_secs, now) {
        return Decision::Stale;
    }
    Decision::Pass { at: proof.at }
}

fn is_from_the_future(proof: &Proof, now: u64) -> bool {
    proof.at > now.saturating_add(TOLERATED_AHEAD_SECS)
}

fn is_stale(proof: &Proof, max_age_secs: u64, now: u64) -> bool {
    now.saturating_sub(proof.at) > max_age_secs
}

/// Whether a proof is of an age that may count.
pub(crate) fn is_timely(proof: &Proof, max_age_secs: u64, now: u64) -> bool {
    !is_from_the_future(proof, now) && !is_stale(proof, max_age_secs, now)
}
