//! A user's authenticators: the names they go by, and what is known of each without opening the box.

mod name;
mod state;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::{
    name::{AuthenticatorName, InvalidAuthenticatorName},
    state::{AuthenticatorState, AuthenticatorStates, InvalidAuthenticatorStates},
};
use crate::{
    causes::debug_with_causes,
    random::{Randomness, RandomnessError},
};

/// The most that a user may have, whatever the setting says.
pub(crate) const MOST_AUTHENTICATORS: usize = 20;

/// Which authenticator of a user: 64 random bits, given when it is confirmed or imported. Told as 16 hexadecimal digits.
///
/// # Example
///
/// ```
/// use actix_totp_core::AuthenticatorId;
///
/// let id: AuthenticatorId = "0123456789abcdef".parse()?;
/// assert_eq!(id.to_string(), "0123456789abcdef");
/// assert!("123".parse::<AuthenticatorId>().is_err());
/// # Ok::<(), actix_totp_core::InvalidAuthenticatorId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthenticatorId(u64);

impl AuthenticatorId {
    pub(crate) fn random(random: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; 8];
        random.fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    pub(crate) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    pub(crate) const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for AuthenticatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for AuthenticatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatorId({self})")
    }
}

/// From 16 hexadecimal digits, in any case.
impl FromStr for AuthenticatorId {
    type Err = InvalidAuthenticatorId;

    fn from_str(text: &str) -> Result<Self, InvalidAuthenticatorId> {
        let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_id);
        number.map(Self).ok_or(InvalidAuthenticatorId)
    }
}

impl TryFrom<String> for AuthenticatorId {
    type Error = InvalidAuthenticatorId;

    fn try_from(text: String) -> Result<Self, InvalidAuthenticatorId> {
        text.parse()
    }
}

impl From<AuthenticatorId> for String {
    fn from(id: AuthenticatorId) -> Self {
        id.to_string()
    }
}

debug_with_causes!(InvalidAuthenticatorId);

/// A text is no id of an authenticator.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of an authenticator has 16 hexadecimal digits")]
pub struct InvalidAuthenticatorId;

/// An authenticator as its user may see it: [`TotpService::authenticators`](crate::TotpService::authenticators). Times are seconds
/// since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authenticator {
    /// Which one.
    pub id: AuthenticatorId,
    /// What its user calls it.
    pub name: AuthenticatorName,
    /// When it was confirmed; of an imported one, when it was elsewhere.
    pub created_at: u64,
    /// When a code of it was last accepted. `None`: none was yet, since it was imported.
    pub last_used_at: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_16_hexadecimal_digits_in_text_and_in_json() {
        let id: AuthenticatorId = "00ab0000000000EF".parse().unwrap();
        assert_eq!(id.to_string(), "00ab0000000000ef");
        assert_eq!(AuthenticatorId::from_bytes(id.to_bytes()), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#""00ab0000000000ef""#);
        assert_eq!(serde_json::from_str::<AuthenticatorId>(&json).unwrap(), id);
        for text in [
            "",
            "0",
            "00ab0000000000e",
            "00ab0000000000eff",
            "+0ab0000000000ef",
            " 0ab0000000000ef",
            "00ab0000000000eg",
            "٠٠٠٠٠٠٠٠",
        ] {
            assert_eq!(
                text.parse::<AuthenticatorId>(),
                Err(InvalidAuthenticatorId),
                "{text:?}"
            );
        }
    }
}
