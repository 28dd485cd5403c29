//! The device: everything remembered about one user's second factor, and the names it goes by.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    authenticator::AuthenticatorStates,
    causes::debug_with_causes,
    random::{Randomness, RandomnessError},
    random_number::{Epoch, Version},
    throttle::RecentFailures,
};

/// Who a device belongs to: the application's own name for its user, compared byte for byte.
///
/// 1 to 255 bytes of UTF-8 without NUL. `Alice`, `alice` and `alice ` are three users, on every database. Use what
/// never changes and is never given to somebody else (a primary key), not an e-mail address.
///
/// # Example
///
/// ```
/// use actix_totp_core::UserId;
///
/// assert_eq!(UserId::new("42")?.as_str(), "42");
/// assert!(UserId::new("").is_err());
/// # Ok::<(), actix_totp_core::InvalidUserId>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(Arc<str>);

impl UserId {
    /// The longest user id, in bytes. The shortest that databases index without asking (VARBINARY(255)).
    pub const MAX_BYTES: usize = 255;

    /// Takes a user id as it is: nothing is trimmed or folded.
    ///
    /// # Errors
    ///
    /// [`InvalidUserId`] if it is empty, longer than 255 bytes or holds a NUL (PostgreSQL cannot store one).
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, InvalidUserId> {
        let id = id.into();
        if id.is_empty() {
            return Err(InvalidUserId::Empty);
        }
        if id.len() > Self::MAX_BYTES {
            return Err(InvalidUserId::TooLong);
        }
        if id.contains('\0') {
            return Err(InvalidUserId::Nul);
        }
        Ok(Self(id))
    }

    /// The id as the application gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidUserId;

    fn try_from(id: String) -> Result<Self, InvalidUserId> {
        Self::new(id)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.as_str().to_owned()
    }
}

debug_with_causes!(InvalidUserId);

/// Why a string is no user id.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUserId {
    /// It is empty.
    #[error("a user id must not be empty")]
    Empty,
    /// It has more than [`UserId::MAX_BYTES`] bytes.
    #[error("a user id has at most 255 bytes")]
    TooLong,
    /// It holds a NUL character.
    #[error("a user id must not hold a NUL character")]
    Nul,
}

/// A user's second factor, its authenticators and all that belongs to them: one row, one value, one compare-and-swap.
///
/// A [`DeviceStore`](crate::DeviceStore) keeps each field exactly and interprets none. What is secret (live and pending
/// credentials, digests of backup codes) is in [`sealed`](Self::sealed) alone. Times are seconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Whose it is.
    pub user: UserId,
    /// Which writing this is.
    pub version: Version,
    /// Which proofs by backup codes count. The sealed box is bound to it, and to those of the authenticators.
    pub epoch: Epoch,
    /// The secrets, encrypted and authenticated. Opaque; about 100 to 700 bytes with one authenticator, at most 16,384.
    pub sealed: Vec<u8>,
    /// Since when the second factor is on. `None`: nothing is live, the device is only pending.
    pub confirmed_at: Option<u64>,
    /// When the pending secret was generated. `None`: nothing is pending.
    pub pending_at: Option<u64>,
    /// What is not secret of each live authenticator.
    pub authenticators: AuthenticatorStates,
    /// Wrong TOTP codes since the last success.
    pub failures: u32,
    /// When the last wrong TOTP codes came; not cleared by a success.
    pub recent_failures: RecentFailures,
    /// Wrong backup codes since the last success, up to 100.
    pub backup_failures: u32,
    /// Wrong first codes for the pending secret.
    pub pending_failures: u32,
    /// When sessions that hold a proof sent the last wrong codes while others had to wait.
    pub proof_failures: RecentFailures,
    /// Backup codes that are still good.
    pub backup_codes_remaining: u32,
    /// When a token was last accepted.
    pub last_used_at: Option<u64>,
    /// By when the user must have set up the second factor, where users have deadlines of their own. It outlives the credentials.
    /// `None`: none was given.
    pub setup_required_by: Option<u64>,
    /// When the user was last reminded of it, or of a date for all. It outlives the credentials too.
    pub setup_reminded_at: Option<u64>,
    /// When the row was made.
    pub created_at: u64,
    /// When the row was last written.
    pub updated_at: u64,
}

impl Device {
    /// One that holds nothing yet.
    pub(crate) fn new(
        user: &UserId,
        now: u64,
        random: &dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        Ok(Self {
            user: user.clone(),
            version: Version::random(random)?,
            epoch: Epoch::random(random)?,
            sealed: Vec::new(),
            confirmed_at: None,
            pending_at: None,
            authenticators: AuthenticatorStates::default(),
            failures: 0,
            recent_failures: RecentFailures::default(),
            backup_failures: 0,
            pending_failures: 0,
            proof_failures: RecentFailures::default(),
            backup_codes_remaining: 0,
            last_used_at: None,
            setup_required_by: None,
            setup_reminded_at: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// Whether a live credential exists, that is, whether the second factor is on.
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Whether there is a live or a pending credential. Without one the row holds a deadline, and is no device to its user.
    pub(crate) const fn has_credential(&self) -> bool {
        self.is_confirmed() || self.pending_at.is_some()
    }

    /// Failed attempts of both kinds since the last success.
    pub(crate) const fn failed_attempts(&self) -> u32 {
        self.failures.saturating_add(self.backup_failures)
    }

    pub(crate) const fn clear_consecutive_failures(&mut self) {
        self.failures = 0;
        self.backup_failures = 0;
    }

    pub(crate) fn clear_all_failures(&mut self) {
        self.clear_consecutive_failures();
        self.recent_failures = RecentFailures::default();
        self.pending_failures = 0;
        self.proof_failures = RecentFailures::default();
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("user", &self.user)
            .field("version", &self.version)
            .field("confirmed_at", &self.confirmed_at)
            .field("pending_at", &self.pending_at)
            .field("failures", &self.failures)
            .field("backup_failures", &self.backup_failures)
            .field("backup_codes_remaining", &self.backup_codes_remaining)
            .finish_non_exhaustive()
    }
}
