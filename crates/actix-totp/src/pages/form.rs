//! The forms that a token is typed into.

use serde::{Deserialize, Serialize};

/// Which one it was: a refusal is shown beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    Code,
    Backup,
    Renew,
    Replace,
    Disable,
}

impl Form {
    /// What its hidden field `form` holds.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Backup => "backup",
            Self::Renew => "renew",
            Self::Replace => "replace",
            Self::Disable => "disable",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        use Form::{Backup, Code, Disable, Renew, Replace};
        [Code, Backup, Renew, Replace, Disable]
            .into_iter()
            .find(|form| form.name() == name)
    }
}
