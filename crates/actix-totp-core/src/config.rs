//! The settings of the core, with their defaults and limits.

use std::time::Duration;

use crate::{
    authenticator::MOST_AUTHENTICATORS, backup_code::SetShape, credential::Parameters,
    error::BuildError,
};

/// Settings that transitions read. Set through [`TotpBuilder`](crate::TotpBuilder).
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) name: Option<String>,
    pub(crate) issuer: String,
    pub(crate) window: u8,
    pub(crate) widest_window: u8,
    pub(crate) parameters: Parameters,
    pub(crate) enrollment_lifetime_secs: u64,
    pub(crate) sign_in_lifetime_secs: u64,
    pub(crate) backup_codes: SetShape,
    pub(crate) throttle_backup_codes: bool,
    pub(crate) max_authenticators: u8,
    pub(crate) max_tries: u32,
    pub(crate) longest_trying: Duration,
    pub(crate) max_queued_events: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            issuer: "actix-totp".into(),
            window: 1,
            widest_window: 1,
            parameters: Parameters::default(),
            enrollment_lifetime_secs: 15 * 60,
            sign_in_lifetime_secs: 5 * 60,
            backup_codes: SetShape::default(),
            throttle_backup_codes: false,
            max_authenticators: 5,
            max_tries: 10,
            longest_trying: Duration::from_secs(2),
            max_queued_events: 4_096,
        }
    }
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if !self.name.iter().all(|name| is_name(name)) {
            return Err(BuildError::Name);
        }
        check_issuer(&self.issuer)?;
        if !self.parameters.are_valid() {
            return Err(BuildError::Parameters);
        }
        if self.window > self.widest_window {
            return Err(BuildError::Window);
        }
        if !(60..=86_400).contains(&self.enrollment_lifetime_secs) {
            return Err(BuildError::EnrollmentLifetime);
        }
        if !(60..=3_600).contains(&self.sign_in_lifetime_secs) {
            return Err(BuildError::SignInLifetime);
        }
        if !self.backup_codes.is_valid() {
            return Err(BuildError::BackupCodes);
        }
        if !(1..=MOST_AUTHENTICATORS).contains(&self.max_authenticators.into()) {
            return Err(BuildError::MaxAuthenticators);
        }
        if !(1..=100).contains(&self.max_tries) || self.longest_trying > Duration::from_secs(60) {
            return Err(BuildError::ConflictRetries);
        }
        if !(1..=1_000_000).contains(&self.max_queued_events) {
            return Err(BuildError::EventQueue);
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(is_plain)
}

/// 1 to 64 bytes, not blank, and nothing that an authenticator would take for the end of the name.
pub(crate) fn check_issuer(issuer: &str) -> Result<(), BuildError> {
    let is_good = !issuer.trim().is_empty()
        && issuer.len() <= 64
        && !issuer.chars().any(|c| c == ':' || c.is_control());
    is_good.then_some(()).ok_or(BuildError::Issuer)
}
