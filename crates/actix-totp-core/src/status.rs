//! The state of a user's second factor.

use std::time::Duration;

use crate::{
    authenticator::AuthenticatorStates,
    device::Device,
    proof::Proof,
    random_number::Epoch,
    throttle::{self, Gate},
};

/// The state of a user's second factor. Reading it writes nothing and opens no box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether an authenticator is live.
    pub enabled: bool,
    /// Whether a new secret waits for its first code and is not too old for it.
    pub pending: bool,
    /// Whether a new authenticator waits beside what is live.
    pub replacement_pending: bool,
    /// Failed attempts of both kinds since the last success.
    pub failed_attempts: u32,
    /// Backup codes that are still good.
    pub backup_codes_remaining: u32,
    /// When a token was last accepted, in seconds since the Unix epoch.
    pub last_used_at: Option<u64>,
    /// By when the second factor must be set up, as it was noted for this user, in seconds since the Unix epoch. It outlives what it
    /// asks for; [`Grace::required_by`](crate::Grace::required_by) says what it is worth.
    pub setup_required_by: Option<u64>,
    /// When the user was last reminded of it, or of a date for all, in seconds since the Unix epoch.
    pub setup_reminded_at: Option<u64>,
    /// How long no TOTP code is compared. `None`: not waiting, or locked.
    pub retry_after: Option<Duration>,
    /// Whether TOTP codes are locked.
    pub locked: bool,
    /// When the row was made, in seconds since the Unix epoch.
    pub created_at: Option<u64>,
    /// When the row was last written, in seconds since the Unix epoch.
    pub updated_at: Option<u64>,
    /// Which proofs by backup codes count, if an authenticator is live.
    pub epoch: Option<Epoch>,
    /// The live authenticators, each with which proofs of it count. Their ids and names are in the box.
    pub authenticators: AuthenticatorStates,
}

impl Status {
    pub(crate) fn of(device: &Device, now: u64, enrollment_lifetime_secs: u64) -> Self {
        let enabled = device.is_confirmed();
        let gate = throttle::gate(device.failures, &device.recent_failures, now);
        let pending = device
            .pending_at
            .is_some_and(|at| now.saturating_sub(at) <= enrollment_lifetime_secs);
        Self {
            enabled,
            pending,
            replacement_pending: enabled && pending,
            failed_attempts: device.failed_attempts(),
            backup_codes_remaining: device.backup_codes_remaining,
            last_used_at: device.last_used_at,
            setup_required_by: device.setup_required_by,
            setup_reminded_at: device.setup_reminded_at,
            retry_after: match gate {
                Gate::Wait(secs) => Some(Duration::from_secs(secs)),
                Gate::Open | Gate::Locked => None,
            },
            locked: gate == Gate::Locked,
            created_at: Some(device.created_at),
            updated_at: Some(device.updated_at),
            epoch: enabled.then_some(device.epoch),
            authenticators: device.authenticators.clone(),
        }
    }

    /// Whether `proof` proves the second factor of the user whose status this is: something is live, and the proof was
    /// given under its epoch or that of a live authenticator. The caller checks whose proof it is and how old it may be.
    pub fn accepts(&self, proof: &Proof) -> bool {
        self.epoch.is_some_and(|epoch| {
            epoch == proof.epoch || self.authenticators.position(proof.epoch).is_some()
        })
    }
}
