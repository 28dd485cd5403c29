//! The ticket of a sign-in in two steps: what a client holds between the password and the code.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    authenticator::AuthenticatorStates,
    device::{Device, UserId},
    random_number::Epoch,
};

/// By how many seconds the clock of the instance that issued a ticket may be ahead.
const CLOCK_TOLERANCE_SECS: u64 = 60;

/// Says that its user has shown the first factor and may now show the second. A sealed text of at most 438 letters, digits, `-`
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
    /// When the ticket was issued, in seconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) mark: Mark,
}

/// Which second factor it is, and which tokens it has accepted: the first half of a SHA-256.
///
/// An accepted code raises a step, and only a code makes new backup codes; epochs are random. So no mark comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) [u8; Mark::BYTES]);

impl Mark {
    pub(crate) const BYTES: usize = 16;

    pub(crate) fn new(
        epoch: Epoch,
        authenticators: &AuthenticatorStates,
        backup_codes_remaining: u32,
    ) -> Self {
        let hash = Sha256::new()
            .chain_update(epoch.to_i64().to_be_bytes())
            .chain_update(backup_codes_remaining.to_be_bytes())
            .chain_update(authenticators.to_bytes())
            .finalize();
        let mut mark = [0; Self::BYTES];
        mark.copy_from_slice(&hash[..Self::BYTES]);
        Self(mark)
    }
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

    /// Whether the second factor is the one that it was issued for, and no token was accepted since.
    pub(crate) fn counts_for(&self, device: &Device) -> bool {
        let mark = || {
            Mark::new(
                device.epoch,
                &device.authenticators,
                device.backup_codes_remaining,
            )
        };
        device.is_confirmed() && self.user == device.user && self.mark == mark()
    }
}
