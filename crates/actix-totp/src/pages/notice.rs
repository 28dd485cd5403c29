//! What a page says about the form that was sent just before: that it was done, or why it was refused.

use actix_totp_core::AuthenticatorName;
use serde::{Deserialize, Serialize};

use super::{
    form::Form,
    page::Page,
    texts::{Texts, fill, minutes},
};
use crate::problem::Problem;

/// What was done or refused, and the form that it is about. No `Debug`: a name is the user's own text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    what: What,
    form: Option<Form>,
    /// The name that was typed into it, so that nobody types it again.
    #[serde(default)]
    name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Disabled,
    Forgotten,
    NotSaved,
    Confirmed,
    Renamed,
    Removed,
    Refused {
        code: String,
        skew_secs: Option<i64>,
    },
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

    /// A new authenticator was confirmed, without new backup codes.
    pub(super) const fn confirmed() -> Self {
        Self::done(What::Confirmed)
    }

    pub(super) const fn renamed() -> Self {
        Self::done(What::Renamed)
    }

    pub(super) const fn removed() -> Self {
        Self::done(What::Removed)
    }

    const fn done(what: What) -> Self {
        Self {
            what,
            form: None,
            name: None,
        }
    }

    /// A refusal that the user can do something about on the page with the form. `None`: the problem is shown on a page of
    /// its own. `name`: what was typed into the form beside the token.
    pub(super) fn refused(
        problem: &Problem,
        form: Option<Form>,
        name: Option<&AuthenticatorName>,
    ) -> Option<Self> {
        is_for_the_user(problem.code()).then(|| Self {
            name: name.map(|name| name.as_str().to_owned()),
            ..Self::of(problem, form)
        })
    }

    /// A fault after which the same form may be sent again. `None`: another problem.
    pub(super) fn to_try_again(problem: &Problem, form: Option<Form>) -> Option<Self> {
        let is_fault = matches!(problem.code(), "store_unavailable" | "too_many_requests");
        is_fault.then(|| Self::of(problem, form))
    }

    fn of(problem: &Problem, form: Option<Form>) -> Self {
        let skew_secs = problem.members().get("skew_seconds");
        Self {
            what: What::Refused {
                code: problem.code().to_owned(),
                skew_secs: skew_secs.and_then(|it| it.as_i64()),
            },
            form: match form {
                Some(Form::Add) if problem.code() == "invalid_name" => Some(Form::AddName),
                form => form,
            },
            name: None,
        }
    }

    /// As JSON.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default() // a JSON value is made of it without fail
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// As it is shown on this page. A notice about a form of another page stands above all forms.
    pub(super) fn on(&self, page: &Page<'_>) -> Self {
        Self {
            form: self.form.filter(|form| page.has(*form)),
            ..self.clone()
        }
    }

    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self.what, What::Refused { .. })
    }

    pub(super) const fn form(&self) -> Option<Form> {
        self.form
    }

    pub(super) fn name(&self) -> Option<AuthenticatorName> {
        AuthenticatorName::new(self.name.as_deref()?).ok()
    }

    /// Whether the user has typed something that does not look like a code. Their codes may have another length than we think.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(&self.what, What::Refused { code, .. } if code == "malformed_token")
    }

    pub(super) fn text(&self, t: &Texts) -> String {
        let time = |secs: i64| minutes(secs.unsigned_abs());
        match &self.what {
            What::Disabled => t.done_disabled.to_string(),
            What::Forgotten => t.done_forgotten.to_string(),
            What::NotSaved => t.not_saved.to_string(),
            What::Confirmed => t.done_confirmed.to_string(),
            What::Renamed => t.done_renamed.to_string(),
            What::Removed => t.done_removed.to_string(),
            What::Refused {
                skew_secs: Some(secs @ 0..),
                ..
            } => fill(&t.clock_ahead, time(*secs)),
            What::Refused {
                skew_secs: Some(secs),
                ..
            } => fill(&t.clock_behind, time(*secs)),
            What::Refused { code, .. } if code == "invalid_token" => match self.form {
                Some(Form::Backup) => t.invalid_backup_code.to_string(),
                Some(Form::Renew) => t.invalid_code_to_renew.to_string(),
                _ => t.invalid_token.to_string(),
            },
            What::Refused { code, .. }
                if code == "malformed_token" && self.form == Some(Form::Backup) =>
            {
                t.malformed_backup_code.to_string()
            }
            What::Refused { code, .. }
                if code == "already_confirmed"
                    && matches!(self.form, Some(Form::Add | Form::ReplaceOne(_))) =>
            {
                t.token_required.to_string() // the field was blank: that it is on is no news
            }
            What::Refused { code, .. } => problem(t, code).unwrap_or(&t.unavailable).to_owned(),
        }
    }
}

/// Reasons that are shown beside the form that was refused.
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
            | "enrollment_discarded"
            | "invalid_name"
            | "too_many_authenticators"
            | "no_such_authenticator"
            | "last_authenticator"
            | "totp_required"
            | "totp_is_required"
            | "stale_proof"
            | "throttled"
            | "locked"
    )
}

/// The text for a problem's code. Every reason that an endpoint gives has one.
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
        "enrollment_discarded" => &t.enrollment_discarded,
        "invalid_name" => &t.invalid_name,
        "too_many_authenticators" => &t.too_many_authenticators,
        "no_such_authenticator" => &t.no_such_authenticator,
        "last_authenticator" => &t.last_authenticator,
        "totp_required" => &t.totp_required,
        "totp_is_required" => &t.totp_is_required,
        "stale_proof" => &t.stale_proof,
        "throttled" => &t.throttled,
        "locked" => &t.locked,
        "not_authenticated" => &t.not_authenticated,
        "invalid_ticket" => &t.invalid_ticket,
        "cross_site" => &t.cross_site,
        "not_found" => &t.not_found,
        "method_not_allowed" => &t.method_not_allowed,
        "request_timeout" => &t.request_timeout,
        "body_too_large" | "unsupported_media_type" | "malformed_body" => &t.bad_request,
        "store_unavailable" | "too_many_requests" | "no_session" | "not_guarded" => &t.unavailable,
        _ => return None,
    })
}
