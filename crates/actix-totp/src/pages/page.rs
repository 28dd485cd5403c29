//! What pages show, for the built-in templates and for those of an application.

use std::fmt;

use actix_totp_core::Status;

use super::{
    notice::{Field, Notice},
    texts::{Texts, fill, minutes},
};
use crate::routes::rfc3339;

/// A page with what is particular to it. What is common to all is in [`View`].
///
/// Each form posts to an endpoint, relative to [`View::base`], with the field `next` where there is one, and `form` with the
/// name that [`View::form`] tells again after a refusal: `code`, `backup`, `renew`, `replace` or `disable`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Page<'a> {
    /// `setup/`, nothing begun: a form that posts to `generate/`.
    Start,
    /// A new secret, shown once: a form that posts the first code as `token` to `verify/`.
    Secret(Secret<'a>),
    /// `setup/`, a secret waits for its first code: a form that posts it as `token` to `verify/`.
    FirstCode(FirstCode),
    /// New backup codes, shown once: a form that posts `saved=true` to `saved/` and so leads on.
    BackupCodes(BackupCodes),
    /// `challenge/`: forms that post a `token` to `validate/`, perhaps with `trust_browser=true`.
    Challenge(Challenge),
    /// `settings/`: forms that post a `token` to `backup-codes/`, `generate/` and `disable/`, and nothing to
    /// `forget-browsers/`.
    Settings(Settings),
    /// A refusal or a fault.
    Trouble(Trouble),
}

/// What every page may show.
#[derive(Debug)]
#[non_exhaustive]
pub struct View<'a> {
    /// The texts in the language of the page.
    pub texts: &'a Texts,
    /// The language's tag.
    pub language: &'a str,
    /// The application's name.
    pub name: &'a str,
    /// The path of its logo.
    pub logo: Option<&'a str>,
    /// The links below the page: text and address.
    pub links: &'a [(String, String)],
    /// What a relative address begins with to be in the scope: `../` or `./`.
    pub base: &'a str,
    /// The path to go on to, for a hidden field `next`. Always one of this application.
    pub next: Option<&'a str>,
    /// Where a page leads without it.
    pub home: &'a str,
    /// Where to sign in.
    pub sign_in: Option<&'a str>,
    /// The stylesheets: addresses.
    pub stylesheets: Vec<String>,
    /// The script: an address. Without it everything works, too.
    pub script: String,
    /// What is to be told about what was done or refused just now.
    pub notice: Option<String>,
    /// Whether the notice tells of a refusal.
    pub is_refusal: bool,
    /// The form that it is about, if it is about one.
    pub form: Option<&'static str>,
}

/// A document to be made around a page. `Debug` shows nothing of the content, which may hold a secret.
#[non_exhaustive]
pub struct Layout<'a> {
    /// The title, escaped.
    pub title: &'a str,
    /// The content, HTML.
    pub content: &'a str,
    /// Links to stylesheets and script, and the viewport, for the `<head>`: HTML.
    pub head: &'a str,
    /// What else there is.
    pub view: &'a View<'a>,
}

/// A new secret. `Debug` shows nothing of it.
#[non_exhaustive]
pub struct Secret<'a> {
    /// The secret in groups of four letters, for typing.
    pub secret: String,
    /// The `otpauth://` URL, which opens the app on a phone.
    pub otpauth_url: &'a str,
    /// The QR code as an `<svg>` element.
    pub qr_svg: &'a str,
    /// Whether it replaces an authenticator that still works.
    pub replaces: bool,
    /// How many digits its codes have.
    pub digits: u8,
}

/// A secret that was shown waits for its first code.
#[derive(Debug)]
#[non_exhaustive]
pub struct FirstCode {
    /// Whether it replaces an authenticator that still works.
    pub replaces: bool,
    /// How many digits its codes have. `None`: not known, as the user has typed something else.
    pub digits: Option<u8>,
    /// Whether codes have to wait.
    pub wait: Wait,
}

/// New backup codes. `Debug` shows nothing of them.
#[non_exhaustive]
pub struct BackupCodes {
    /// The codes, like `ABCD-EFGH-JKLM-NPQR`.
    pub codes: Vec<String>,
    /// A `data:` URL of a text with the codes, for a link with `download`.
    pub download: String,
    /// Whether the second factor has just been turned on.
    pub is_new: bool,
}

/// A code is asked for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Challenge {
    /// For how many days the browser may be trusted. `None`: not at all.
    pub trust_days: Option<u64>,
    /// Failed attempts since the last sign-in.
    pub failed_attempts: u32,
    /// How many digits codes have. `None`: not known, as the user has typed something else.
    pub digits: Option<u8>,
    /// Whether codes have to wait.
    pub wait: Wait,
}

/// The state of the second factor.
#[derive(Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Whether it is on.
    pub is_on: bool,
    /// When a token was last accepted, as RFC 3339 in UTC.
    pub last_used_at: Option<String>,
    /// Backup codes that are still good.
    pub backup_codes_remaining: u32,
    /// Whether a new secret waits for its first code.
    pub is_pending: bool,
    /// Whether codes have to wait.
    pub wait: Wait,
}

/// A refusal or a fault.
#[derive(Debug)]
#[non_exhaustive]
pub struct Trouble {
    /// The stable reason, as the endpoints tell it.
    pub code: String,
    /// What to tell the user.
    pub text: String,
    /// Whether signing in helps.
    pub is_nobody: bool,
}

/// Whether codes of the app are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// They are.
    No,
    /// They are not before so many seconds are over. Backup codes are.
    Secs(u64),
    /// They are not before a backup code unlocks them.
    Locked,
}

/// Fewer backup codes than this are few.
const FEW: u32 = 3;

impl Page<'_> {
    /// The heading, which is the title, too.
    pub fn title<'t>(&self, texts: &'t Texts) -> &'t str {
        let t = texts;
        match self {
            Self::Start => &t.start_title,
            Self::Secret(_) => &t.secret_title,
            Self::FirstCode(_) => &t.first_code_title,
            Self::BackupCodes(_) => &t.codes_title,
            Self::Challenge(_) => &t.challenge_title,
            Self::Settings(_) => &t.settings_title,
            Self::Trouble(_) => &t.problem_title,
        }
    }
}

impl View<'_> {
    /// Whether the last refusal was about this form.
    pub(super) fn refused(&self, form: &str) -> bool {
        self.is_refusal && self.form == Some(form)
    }

    pub(super) fn fill(&self, text: &str, value: impl fmt::Display) -> String {
        fill(text, value)
    }

    pub(super) fn minutes(&self, secs: &u64) -> String {
        minutes(*secs)
    }

    /// The notice becomes part of the view.
    pub(super) fn tell(&mut self, notice: &Notice) {
        self.notice = Some(notice.text(self.texts));
        self.is_refusal = notice.is_refusal();
        self.form = notice.field().map(Field::name);
    }
}

impl Wait {
    pub(super) fn of(status: &Status) -> Self {
        match status.retry_after {
            _ if status.locked => Self::Locked,
            Some(wait) => Self::Secs(wait.as_secs()),
            None => Self::No,
        }
    }
}

impl Settings {
    pub(super) fn of(status: &Status) -> Self {
        Self {
            is_on: status.enabled,
            last_used_at: status.last_used_at.and_then(rfc3339),
            backup_codes_remaining: status.backup_codes_remaining,
            is_pending: status.pending,
            wait: Wait::of(status),
        }
    }

    /// Whether there are so few backup codes that the user should make new ones.
    pub const fn has_few_backup_codes(&self) -> bool {
        self.backup_codes_remaining < FEW
    }

    /// `2026-05-01 12:30 UTC`
    pub(super) fn last_used(&self) -> Option<String> {
        let at = self.last_used_at.as_deref()?;
        let (day, time) = (at.get(..10)?, at.get(11..16)?);
        Some(format!("{day} {time} UTC"))
    }
}

impl fmt::Debug for Layout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout")
            .field("title", &self.title)
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("replaces", &self.replaces)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BackupCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupCodes")
            .field("is_new", &self.is_new)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secret = Page::Secret(Secret {
            secret: "zq7x".into(),
            otpauth_url: "otpauth://zq7x",
            qr_svg: "<svg>zq7x</svg>",
            replaces: false,
            digits: 6,
        });
        let codes = Page::BackupCodes(BackupCodes {
            codes: vec!["zq7x".into()],
            download: "data:zq7x".into(),
            is_new: true,
        });
        let texts = Texts::english();
        let view = View {
            texts: &texts,
            language: "en",
            name: "Example Inc",
            logo: None,
            links: &[],
            base: "./",
            next: None,
            home: "/",
            sign_in: None,
            stylesheets: Vec::new(),
            script: String::new(),
            notice: None,
            is_refusal: false,
            form: None,
        };
        let layout = Layout {
            title: "Title",
            content: "<p>zq7x</p>",
            head: "",
            view: &view,
        };
        let shown = format!("{secret:?} {codes:?} {layout:?}");
        assert!(!shown.contains("zq7x"), "{shown}");
        assert!(shown.contains("Secret") && shown.contains("is_new: true"));
    }
}
