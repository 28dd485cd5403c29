//! The forms that a refusal is shown beside.

use std::borrow::Cow;

use actix_totp_core::AuthenticatorId;
use serde::{Deserialize, Serialize};

/// Which one it was: a refusal is shown beside it. As text it is what its hidden field `form` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum Form {
    Code,
    Backup,
    Renew,
    /// Replaces the only authenticator, and the backup codes with it.
    Replace,
    Disable,
    Add,
    /// The name in it: what is wrong with a name is shown beside that.
    AddName,
    Rename(AuthenticatorId),
    /// Takes the place of this one.
    ReplaceOne(AuthenticatorId),
    Remove(AuthenticatorId),
}

impl Form {
    pub(super) fn name(self) -> Cow<'static, str> {
        match self {
            Self::Code => "code".into(),
            Self::Backup => "backup".into(),
            Self::Renew => "renew".into(),
            Self::Replace => "replace".into(),
            Self::Disable => "disable".into(),
            Self::Add => "add".into(),
            Self::AddName => "add-name".into(),
            Self::Rename(id) => format!("rename-{id}").into(),
            Self::ReplaceOne(id) => format!("replace-{id}").into(),
            Self::Remove(id) => format!("remove-{id}").into(),
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "code" => Self::Code,
            "backup" => Self::Backup,
            "renew" => Self::Renew,
            "replace" => Self::Replace,
            "disable" => Self::Disable,
            "add" => Self::Add,
            "add-name" => Self::AddName,
            _ => {
                let (kind, id) = name.split_once('-')?;
                let id = id.parse().ok()?;
                match kind {
                    "rename" => Self::Rename(id),
                    "replace" => Self::ReplaceOne(id),
                    "remove" => Self::Remove(id),
                    _ => return None,
                }
            }
        })
    }
}

impl From<Form> for String {
    fn from(form: Form) -> Self {
        form.name().into_owned()
    }
}

impl TryFrom<String> for Form {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::named(&name).ok_or("there is no such form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_by_its_name() {
        use Form::*;
        let id = "00ab0000000000ef".parse().unwrap();
        let forms = [
            Code,
            Backup,
            Renew,
            Replace,
            Disable,
            Add,
            AddName,
            Rename(id),
            ReplaceOne(id),
            Remove(id),
        ];
        for form in forms {
            assert_eq!(Form::named(&form.name()), Some(form));
        }
        for name in ["", "rename", "rename-", "rename-1", "code-00ab0000000000ef"] {
            assert_eq!(Form::named(name), None, "{name}");
        }
    }
}
