//! Faults. A refusal is no fault: it is a [`Rejection`](crate::Rejection), a value.

use crate::{
    causes::debug_with_causes, device::UserId, keyring::SealError, random::RandomnessError,
};

type Source = Box<dyn std::error::Error + Send + Sync>;

debug_with_causes!(StoreError, Error, BuildError, CheckError);

/// The store failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It does not answer, or answered with a failure. A write may have happened or not.
    #[error("the device store is unavailable")]
    Unavailable(#[source] Source),
    /// It holds a row that is no device.
    #[error("the device store holds a row that is no device")]
    Corrupt(#[source] Source),
}

impl StoreError {
    /// The store does not answer, because of `source`.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(source.into())
    }

    /// A row is no device, because of `source`.
    pub fn corrupt(source: impl Into<Source>) -> Self {
        Self::Corrupt(source.into())
    }

    /// The same error for another caller.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Unavailable(source) => Self::unavailable(source.to_string()),
            Self::Corrupt(source) => Self::corrupt(source.to_string()),
        }
    }
}

/// An operation failed for a reason that is not the user's. Everything fails closed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed. If it failed while writing, the write may have happened: a code may be spent, but is never
    /// accepted twice.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user's box does not open with any key of the ring. Never taken for "not enrolled".
    #[error("the secrets of user {user:?} do not open")]
    Seal {
        /// Whose box it is.
        user: UserId,
        /// Why.
        #[source]
        source: SealError,
    },
    /// Others wrote the same device again and again; nothing was done.
    #[error("the device was written by others too often")]
    Contended,
    /// No random bytes could be had; nothing was done.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The clock shows a time before 1970; nothing was done.
    #[error("the clock shows a time before 1970")]
    Clock,
    /// Too much work waits already, of everybody or of this user; nothing was done.
    #[error("too much work waits")]
    Overloaded,
    /// Too many operations of this user wait already; nothing was done.
    #[error("too many operations of this user wait")]
    TooManyRequests,
    /// There was no answer in time. The work goes on: it is unknown what was done.
    #[error("there was no answer in time")]
    TimedOut,
    /// The thread that did the work ended before it could answer.
    #[error("the work was interrupted")]
    Interrupted,
}

/// A setting that is refused when the plugin is built.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The name is empty, longer than 32 bytes, or holds something else than `a` to `z`, digits and `-`.
    #[error("a name has 1 to 32 letters a to z, digits and dashes")]
    Name,
    /// The issuer is blank, longer than 64 bytes, or holds `:` or a control character.
    #[error(
        "the issuer must have 1 to 64 bytes, not be blank, and hold neither ':' nor control characters"
    )]
    Issuer,
    /// Digits are not 6 to 8, or the period is not 15 to 300 seconds.
    #[error("a code has 6 to 8 digits and a period of 15 to 300 seconds")]
    Parameters,
    /// The window is too wide.
    #[error("the window is at most 1 step on each side (danger_window: 10)")]
    Window,
    /// The lifetime of a pending secret is not between 1 minute and 1 day.
    #[error("a pending secret lives between 1 minute and 1 day")]
    EnrollmentLifetime,
    /// The lifetime of a ticket is not between 1 minute and 1 hour.
    #[error("the ticket of a sign-in in two steps lives between 1 minute and 1 hour")]
    SignInLifetime,
    /// A set would have fewer than 5 or more than 20 backup codes.
    #[error("a set has 5 to 20 backup codes")]
    BackupCodes,
    /// A user could have fewer than 1 or more than 20 authenticators.
    #[error("a user may have 1 to 20 authenticators")]
    MaxAuthenticators,
    /// A lost swap would be tried fewer than 1 or more than 100 times, or for more than a minute.
    #[error("a lost swap is tried 1 to 100 times, for a minute at most")]
    ConflictRetries,
    /// Fewer than 1 or more than 1,000,000 events may be queued.
    #[error("1 to 1,000,000 events may be queued")]
    EventQueue,
    /// The thread that delivers events cannot be started.
    #[error("the thread that delivers events cannot be started")]
    EventThread,
    /// A setting of the web layer is refused; the text says which and why.
    #[error("{0}")]
    Web(&'static str),
}

/// What [`check`](crate::TotpService::check) found wrong.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The store failed: no connection, or the migrations have not run.
    #[error("the device store cannot be read; see that it is up and that the migrations have run")]
    Store(#[source] StoreError),
    /// A device does not open: the key that sealed it is not in the ring.
    #[error(
        "a device does not open; where its key was replaced, keep the old one behind the new one (TOTP_KEY=new,old)"
    )]
    Seal(#[source] SealError),
    /// No random bytes could be had.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The thread of the check ended before it could answer.
    #[error("the check was interrupted")]
    Interrupted,
    /// The clock shows a time before 2020, so no code would ever match.
    #[error("the clock is wrong: it shows a time before 2020")]
    Clock,
}
