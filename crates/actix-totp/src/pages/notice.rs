//! What the next page is to tell about what was done or refused just now. It waits in the session, since a POST is answered
//! with a redirect; nothing of it stands in a URL, where anybody could write it.

use serde::{Deserialize, Serialize};

use super::texts::{Texts, fill, minutes};
use crate::problem::Problem;

/// A stable reason, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    what: What,
    field: Option<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Disabled,
    Forgotten,
    NotSaved,
    Refused {
        code: String,
        skew_secs: Option<i64>,
    },
}

/// The form that a token was typed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Code,
    Backup,
    Renew,
    Replace,
    Disable,
}

impl Field {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Backup => "backup",
            Self::Renew => "renew",
            Self::Replace => "replace",
            Self::Disable => "disable",
        }
    }
}

impl Notice {
    pub(super) const fn disabled() -> Self {
        Self::done(What::Disabled)
    }

    pub(super) const fn forgotten() -> Self {
        Self::done(What::Forgotten)
    }

    pub(super) const fn not_saved() -> Self {
        Self::done(What::NotSaved)
    }

    const fn done(what: What) -> Self {
        Self { what, field: None }
    }

    /// A refusal that the user can do something about on the page that the form was on. `None`: there is no such page.
    pub(super) fn refused(problem: &Problem, field: Option<Field>) -> Option<Self> {
        let code = problem.code();
        let skew_secs = problem.member("skew_seconds").and_then(|it| it.as_i64());
        is_for_the_user(code).then(|| Self {
            what: What::Refused {
                code: code.to_owned(),
                skew_secs,
            },
            field,
        })
    }

    /// What is about a form that is not on the page is told above it.
    pub(super) fn on_a_page_with(mut self, fields: &[Field]) -> Self {
        self.field = self.field.filter(|field| fields.contains(field));
        self
    }

    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self.what, What::Refused { .. })
    }

    pub(super) const fn field(&self) -> Option<Field> {
        self.field
    }

    /// Whether what was typed had no shape of a code: it may have another length than we think.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(&self.what, What::Refused { code, .. } if code == "malformed_token")
    }

    pub(super) fn text(&self, t: &Texts) -> String {
        let time = |secs: i64| minutes(secs.unsigned_abs());
        match &self.what {
            What::Disabled => t.done_disabled.to_string(),
            What::Forgotten => t.done_forgotten.to_string(),
            What::NotSaved => t.not_saved.to_string(),
            What::Refused {
                skew_secs: Some(secs @ 0..),
                ..
            } => fill(&t.clock_ahead, time(*secs)),
            What::Refused {
                skew_secs: Some(secs),
                ..
            } => fill(&t.clock_behind, time(*secs)),
            What::Refused { code, .. } if code == "invalid_token" => match self.field {
                Some(Field::Backup) => t.invalid_backup_code.to_string(),
                Some(Field::Renew) => t.invalid_code_to_renew.to_string(),
                _ => t.invalid_token.to_string(),
            },
            What::Refused { code, .. } => problem(t, code).unwrap_or(&t.unavailable).to_owned(),
        }
    }
}

/// Reasons that are told beside the form that was refused.
fn is_for_the_user(code: &str) -> bool {
    matches!(
        code,
        "invalid_token"
            | "malformed_token"
            | "token_required"
            | "totp_code_needed"
            | "clock_skew"
            | "not_generated"
            | "not_enabled"
            | "already_confirmed"
            | "enrollment_expired"
            | "totp_required"
            | "stale_proof"
            | "throttled"
            | "locked"
    )
}

/// The text for a problem's code: of the reasons that the endpoints tell, each.
pub(super) fn problem<'t>(t: &'t Texts, code: &str) -> Option<&'t str> {
    Some(match code {
        "invalid_token" | "clock_skew" => &t.invalid_token,
        "malformed_token" => &t.malformed_token,
        "token_required" => &t.token_required,
        "totp_code_needed" => &t.totp_code_needed,
        "not_generated" => &t.not_generated,
        "not_enabled" | "totp_setup_required" => &t.not_enabled,
        "already_confirmed" => &t.already_confirmed,
        "enrollment_expired" => &t.enrollment_expired,
        "totp_required" => &t.totp_required,
        "stale_proof" => &t.stale_proof,
        "throttled" => &t.throttled,
        "locked" => &t.locked,
        "not_authenticated" => &t.not_authenticated,
        "cross_site" => &t.cross_site,
        "not_found" => &t.not_found,
        "method_not_allowed" => &t.method_not_allowed,
        "body_too_large" | "unsupported_media_type" | "malformed_body" => &t.bad_request,
        "store_unavailable" | "no_session" | "not_guarded" => &t.unavailable,
        _ => return None,
    })
}
