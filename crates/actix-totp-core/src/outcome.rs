//! What operations answer: an outcome, which is either what was asked for or a rejection with a reason.

use std::{fmt, time::Duration};

use zeroize::Zeroizing;

use crate::{
    authenticator::AuthenticatorId, backup_code::BackupCode, event::Method, proof::Proof,
    provisioning,
};

/// What was asked for, or why it was refused. A fault is neither: it is an [`Error`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a rejection must not pass for a success"]
pub enum Outcome<T> {
    /// It was done.
    Accepted(T),
    /// It was refused.
    Rejected(Rejection),
}

impl<T> Outcome<T> {
    /// What was done, or `None`.
    pub fn accepted(self) -> Option<T> {
        self.into_result().ok()
    }

    /// Why it was refused, or `None`.
    pub fn rejected(self) -> Option<Rejection> {
        self.into_result().err()
    }

    /// The same as a `Result`, for `?`.
    ///
    /// # Errors
    ///
    /// The rejection.
    pub fn into_result(self) -> Result<T, Rejection> {
        match self {
            Self::Accepted(value) => Ok(value),
            Self::Rejected(rejection) => Err(rejection),
        }
    }
}

/// Why an operation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The token is wrong or was already used; one answer for both.
    InvalidToken,
    /// The code is right for a clock that is off by this much. Only during a first enrollment.
    ClockSkew {
        /// Seconds by which the authenticator's clock is ahead (positive) or behind.
        skew_secs: i64,
    },
    /// The ticket is forged, too old or used, or its second factor has changed since; one answer for all.
    InvalidTicket,
    /// The token has no shape that could be compared; it was not counted.
    MalformedToken,
    /// A backup code where only a code of the authenticator will do; it was not compared and not counted.
    TotpCodeNeeded,
    /// A token is needed to turn the second factor off.
    TokenNeeded,
    /// There is no device at all, so nothing is pending that could be confirmed.
    NotGenerated,
    /// There is no device at all, so no second factor is on. Its code is that of [`NotEnabled`](Self::NotEnabled).
    NoDevice,
    /// No second factor is on; a new secret waits for its first code.
    NotEnabled,
    /// A second factor is already on; or this secret is already one of its.
    AlreadyConfirmed,
    /// As many authenticators are live as the setting allows, or more.
    TooManyAuthenticators,
    /// The user has no live authenticator of this id.
    NoSuchAuthenticator,
    /// It is the last live authenticator: to remove it is to turn the second factor off.
    LastAuthenticator,
    /// The pending secret is too old to be confirmed.
    EnrollmentExpired,
    /// Ten first codes were wrong: the pending secret is gone.
    EnrollmentDiscarded,
    /// A proof is needed, and there is none or it does not count: it is of an epoch that has ended.
    ProofNeeded,
    /// Too many failures: no code is compared before the time is over.
    Throttled {
        /// How long to wait; whole seconds, at least one.
        retry_after: Duration,
    },
    /// A hundred consecutive failures: no TOTP code is compared until a backup code or an operator unlocks.
    Locked,
}

impl Rejection {
    /// The stable name of the reason.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidToken => "invalid_token",
            Self::ClockSkew { .. } => "clock_skew",
            Self::InvalidTicket => "invalid_ticket",
            Self::MalformedToken => "malformed_token",
            Self::TotpCodeNeeded => "totp_code_needed",
            Self::TokenNeeded => "token_required",
            Self::NotGenerated => "not_generated",
            Self::NoDevice | Self::NotEnabled => "not_enabled",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::TooManyAuthenticators => "too_many_authenticators",
            Self::NoSuchAuthenticator => "no_such_authenticator",
            Self::LastAuthenticator => "last_authenticator",
            Self::EnrollmentExpired => "enrollment_expired",
            Self::EnrollmentDiscarded => "enrollment_discarded",
            Self::ProofNeeded => "totp_required",
            Self::Throttled { .. } => "throttled",
            Self::Locked => "locked",
        }
    }
}

/// A new secret that waits for its first code. Shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrollment {
    pub(crate) secret: Zeroizing<String>,
    pub(crate) otpauth_url: Zeroizing<String>,
    pub(crate) proof: Option<Proof>,
}

impl Enrollment {
    /// The secret in base32 without padding, for typing: 32 letters.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The `otpauth://` URL that the QR code holds.
    pub fn otpauth_url(&self) -> &str {
        &self.otpauth_url
    }

    /// For the session that did it: while something was live a good token was needed, and that is a proof.
    pub const fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// Draws the QR code, an `<svg>` element. It takes longer than everything else about an enrollment.
    pub fn qr_svg(&self) -> Zeroizing<String> {
        provisioning::qr_svg(&self.otpauth_url)
    }
}

impl fmt::Debug for Enrollment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrollment(..)")
    }
}

/// An authenticator was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The new backup codes. Shown once; older ones are void. Empty: another authenticator was live before, whose codes stay as they
    /// are.
    pub backup_codes: Vec<BackupCode>,
    /// For the session that did it.
    pub proof: Proof,
    /// The new authenticator.
    pub authenticator: AuthenticatorId,
}

/// A token was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Which kind of token.
    pub method: Method,
    /// Whose code it was. `None`: a backup code.
    pub authenticator: Option<AuthenticatorId>,
    /// Failed attempts since the success before.
    pub failed_attempts: u32,
    /// For the session that did it.
    pub proof: Proof,
}

/// The second factor is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disabled {
    /// With which kind of token. `None`: the device was only pending, and none was needed.
    pub method: Option<Method>,
}

/// New backup codes were made. Shown once; older ones are void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The new ones.
    pub backup_codes: Vec<BackupCode>,
}

/// An authenticator was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// With which kind of token.
    pub method: Method,
    /// For the session that did it. `None`: the code was that of the removed one, whose proofs have all ended, this one with them.
    pub proof: Option<Proof>,
}
