//! The ticket of a sign-in in two steps: what a client holds between the password and the code.

use std::fmt;

use zeroize::Zeroizing;

use crate::device::{Device, Epoch, UserId};

/// By how many seconds the clock of the instance that issued a ticket may be ahead.
const CLOCK_TOLERANCE_SECS: u64 = 60;

/// Says that its user has shown the first factor and may now show the second. A sealed text of at most 444 letters, digits, `-`
/// and `_`, which the client hands back with a token.
///
/// It is worth nothing without the token: it names who may try, and the user's own throttle bounds the tries. It signs in once,
/// for a few minutes ([`TotpBuilder::sign_in_lifetime`](crate::TotpBuilder::sign_in_lifetime)). It is void as soon as any token of
/// the user was accepted after it was issued, and when the epoch has ended: after a disable, a reset, a replacement, or when all
/// proofs were ended.
///
/// Hand it out in the body of an answer, never in a URL. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInTicket(Zeroizing<String>);

impl SignInTicket {
    pub(crate) fn new(sealed: String) -> Self {
        Self(Zeroizing::new(sealed))
    }

    /// The text for the client.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignInTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInTicket(..)")
    }
}

/// What is in a ticket: a sign-in that waits for its second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    pub(crate) user: UserId,
    pub(crate) epoch: Epoch,
    /// When the ticket was issued, in seconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) last_step: Option<u64>,
    pub(crate) backup_codes_remaining: u32,
}

impl PendingSignIn {
    /// Who is about to sign in.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    pub(crate) const fn is_timely(&self, now: u64, lifetime_secs: u64) -> bool {
        self.at <= now.saturating_add(CLOCK_TOLERANCE_SECS)
            && now.saturating_sub(self.at) <= lifetime_secs
    }

    /// Whether the second factor is the one that it was issued for, and no token was accepted since. Within an epoch an accepted
    /// code raises the step, and only a code makes new backup codes: so the two numbers never come back.
    pub(crate) fn counts_for(&self, device: &Device) -> bool {
        device.is_confirmed()
            && self.user == device.user
            && self.epoch == device.epoch
            && self.last_step == device.last_step
            && self.backup_codes_remaining == device.backup_codes_remaining
    }
}
