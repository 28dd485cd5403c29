//! What an application may want to tell the user or its audit log.

use std::{net::IpAddr, time::Duration};

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName},
    device::UserId,
};

/// Which kind of token it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// A code of the authenticator.
    Totp,
    /// A backup code.
    BackupCode,
}

impl Method {
    /// The name on the wire: `totp` or `backup_code`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::BackupCode => "backup_code",
        }
    }
}

/// Something that happened to a user's second factor.
///
/// The function given to `on_event` receives it after the write, at most once, and those of one user in the order of the writes. No event
/// holds a secret, a token or a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A first authenticator was confirmed: the second factor is on.
    Enrolled {
        /// Who.
        user: UserId,
    },
    /// A new authenticator took the place of the only one: there are new backup codes, and every proof ended.
    Replaced {
        /// Who.
        user: UserId,
    },
    /// An authenticator was confirmed while another was live, or takes the place of one of which this comes after
    /// `AuthenticatorRemoved`.
    AuthenticatorAdded {
        /// Who.
        user: UserId,
        /// Which one.
        authenticator: AuthenticatorId,
        /// What its user calls it.
        name: AuthenticatorName,
    },
    /// An authenticator has another name.
    AuthenticatorRenamed {
        /// Who.
        user: UserId,
        /// Which one.
        authenticator: AuthenticatorId,
        /// What its user calls it from now on.
        name: AuthenticatorName,
    },
    /// An authenticator was removed while another stays live, and the proofs by it ended.
    AuthenticatorRemoved {
        /// Who.
        user: UserId,
        /// Which one.
        authenticator: AuthenticatorId,
        /// What its user called it.
        name: AuthenticatorName,
    },
    /// An operator took over a secret from elsewhere.
    Imported {
        /// Who.
        user: UserId,
    },
    /// The second factor was turned off with a good token.
    Disabled {
        /// Who.
        user: UserId,
        /// With which kind of token.
        method: Method,
    },
    /// A token was accepted.
    Verified {
        /// Who.
        user: UserId,
        /// Which kind.
        method: Method,
        /// Whose code it was. `None`: a backup code.
        authenticator: Option<AuthenticatorId>,
        /// Failed attempts since the success before: a user who did not make them should be told.
        failed_attempts: u32,
    },
    /// A token was compared and wrong.
    Rejected {
        /// Who.
        user: UserId,
        /// Which kind.
        method: Method,
        /// How many of this kind since the last success; of a pending secret, how many of its first codes were wrong.
        failures: u32,
    },
    /// Ten first codes were wrong: the pending secret is gone, and a live one keeps working.
    EnrollmentDiscarded {
        /// Who.
        user: UserId,
    },
    /// A failure began a wait. Once per wait, not for the requests refused in it.
    Throttled {
        /// Who.
        user: UserId,
        /// How long no code is compared.
        retry_after: Duration,
    },
    /// The hundredth consecutive failure: TOTP codes are locked until a backup code or an operator opens them.
    Locked {
        /// Who.
        user: UserId,
    },
    /// Wrong backup codes reached 5, 20 or 100 since the last success.
    BackupCodeGuessing {
        /// Who.
        user: UserId,
        /// How many.
        failures: u32,
    },
    /// A backup code was used up.
    BackupCodeUsed {
        /// Who.
        user: UserId,
        /// How many are left.
        remaining: u32,
    },
    /// A new set of backup codes was made; the old ones are void.
    BackupCodesRenewed {
        /// Who.
        user: UserId,
    },
    /// Every proof of the user was ended.
    ProofsEnded {
        /// Who.
        user: UserId,
    },
    /// An operator cleared the failure counts.
    Unlocked {
        /// Who.
        user: UserId,
    },
    /// An operator deleted the device, or all of it but a deadline for its set-up.
    Reset {
        /// Who.
        user: UserId,
    },
    /// All that was kept about the user was deleted, as an account that is closed.
    Deleted {
        /// Who.
        user: UserId,
    },
    /// The user must set up the second factor within seven days, or within one day. Each is said once, when a guard sees the
    /// user in that time.
    SetupDue {
        /// Who.
        user: UserId,
        /// By when, in seconds since the Unix epoch.
        required_by: u64,
    },
    /// The user's box does not open: a key is missing, or the row was altered.
    SealBroken {
        /// Who.
        user: UserId,
    },
    /// The store failed to read, or to write, for the first time since it last succeeded. It comes once per process and outage,
    /// and once a minute at most; the log has every failure. A store that hangs and gives no answer is in the log only, and
    /// so is a row that is no device.
    StoreFailed {
        /// Whose request met it.
        user: UserId,
    },
}

impl Event {
    /// Whose second factor it is about.
    pub const fn user(&self) -> &UserId {
        match self {
            Self::Enrolled { user }
            | Self::Replaced { user }
            | Self::AuthenticatorAdded { user, .. }
            | Self::AuthenticatorRenamed { user, .. }
            | Self::AuthenticatorRemoved { user, .. }
            | Self::Imported { user }
            | Self::Disabled { user, .. }
            | Self::Verified { user, .. }
            | Self::Rejected { user, .. }
            | Self::EnrollmentDiscarded { user }
            | Self::Throttled { user, .. }
            | Self::Locked { user }
            | Self::BackupCodeGuessing { user, .. }
            | Self::BackupCodeUsed { user, .. }
            | Self::BackupCodesRenewed { user }
            | Self::ProofsEnded { user }
            | Self::Unlocked { user }
            | Self::Reset { user }
            | Self::Deleted { user }
            | Self::SetupDue { user, .. }
            | Self::SealBroken { user }
            | Self::StoreFailed { user } => user,
        }
    }

    pub(crate) fn log(&self) {
        match self {
            Self::SealBroken { .. } | Self::StoreFailed { .. } => {
                tracing::error!(event = ?self, "totp");
            }
            Self::EnrollmentDiscarded { .. }
            | Self::Throttled { .. }
            | Self::Locked { .. }
            | Self::BackupCodeGuessing { .. } => {
                tracing::warn!(event = ?self, "totp");
            }
            _ => tracing::info!(event = ?self, "totp"),
        }
    }
}

/// The request behind an event, for an audit log or a mail ("somebody signed in from …").
///
/// The web plugin fills it. An operation without a request has nothing of it but an `actor`, if the caller names one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EventContext {
    /// The application's own name for the request, if it has one.
    pub request_id: Option<String>,
    /// The address of the client.
    pub peer: Option<IpAddr>,
    /// What the client calls itself: anything, at most 256 bytes.
    pub user_agent: Option<String>,
    /// Who did it, if not the user: an operator, a job.
    pub actor: Option<String>,
}

impl EventContext {
    /// The longest user agent that is kept, in bytes.
    pub const MAX_USER_AGENT_BYTES: usize = 256;

    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the request.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Names the client's address.
    pub fn peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Names the client's software. What is longer than 256 bytes is cut at a character's end.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        let mut end = user_agent.len().min(Self::MAX_USER_AGENT_BYTES);
        while !user_agent.is_char_boundary(end) {
            end -= 1;
        }
        self.user_agent = Some(user_agent[..end].to_owned());
        self
    }

    /// Names who acts.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }
}
