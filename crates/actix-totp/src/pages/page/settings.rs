//! What the settings show.

use actix_totp_core::{Authenticator, Status};

use super::Wait;
use crate::{pages::form::Form, routes::response::rfc3339};

/// The state of the second factor. `Debug` shows no name of an authenticator.
#[derive(Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Whether it is on.
    pub is_on: bool,
    /// Whether the user must have it, and so cannot turn it off.
    pub is_required: bool,
    /// When a token was last accepted, as RFC 3339 in UTC.
    pub last_used_at: Option<String>,
    /// Backup codes that are still good.
    pub backup_codes_remaining: u32,
    /// Whether a new secret waits for its first code.
    pub is_pending: bool,
    /// Whether codes of the app are checked now.
    pub wait: Wait,
    /// The live authenticators, in the order in which they were added. `None`: it is off, or the browser has shown no proof. Names are
    /// the user's own text: escape them.
    pub authenticators: Option<Vec<Authenticator>>,
    /// How many are live, whether they are shown or not.
    pub authenticators_count: usize,
    /// Whether there may be a further one.
    pub has_room: bool,
    /// Where a code is entered that shows the authenticators, relative to [`View::base`](crate::pages::View::base): the challenge,
    /// which leads back.
    pub challenge: String,
}

/// Below this number of backup codes the user is warned.
const FEW: u32 = 3;

impl Settings {
    pub(in crate::pages) fn of(
        status: &Status,
        is_required: bool,
        authenticators: Option<Vec<Authenticator>>,
        max_authenticators: u8,
        challenge: String,
    ) -> Self {
        let authenticators_count = status.authenticators.len();
        Self {
            is_on: status.enabled,
            is_required,
            last_used_at: status.last_used_at.and_then(rfc3339),
            backup_codes_remaining: status.backup_codes_remaining,
            is_pending: status.pending,
            wait: Wait::of(status),
            authenticators,
            authenticators_count,
            has_room: authenticators_count < usize::from(max_authenticators),
            challenge,
        }
    }

    /// Whether so few backup codes are left that the user should make new ones.
    pub const fn has_few_backup_codes(&self) -> bool {
        self.backup_codes_remaining < FEW
    }

    /// Whether there is one alone: it is replaced with the backup codes, and removed by turning the second factor off.
    pub const fn has_one(&self) -> bool {
        self.authenticators_count == 1
    }

    pub(in crate::pages) fn has(&self, form: Form) -> bool {
        let shows = |id| self.authenticators.iter().flatten().any(|it| it.id == id);
        self.is_on
            && match form {
                Form::Renew => true,
                Form::Disable => !self.is_required,
                Form::Replace => self.has_one(),
                Form::Add | Form::AddName => self.has_room && self.authenticators.is_some(),
                Form::Rename(id) => shows(id),
                Form::ReplaceOne(id) | Form::Remove(id) => !self.has_one() && shows(id),
                Form::Code | Form::Backup => false,
            }
    }
}
