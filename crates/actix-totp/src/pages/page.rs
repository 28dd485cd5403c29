//! What pages show, for the built-in templates and for those of an application.

mod settings;

use std::fmt;

use actix_totp_core::{BackupCode, Status};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use self::settings::Settings;
use super::{form::Form, texts::Texts};
use crate::routes::response::reveal;

/// A page with what only it shows. What all pages share is in [`View`](super::View).
///
/// Each form posts to an endpoint, relative to [`View::base`](super::View::base). It sends the field `next` where there is one,
/// and the field `form` with its name: `code`, `backup`, `renew`, `replace`, `disable` or `add`; or `rename-`, `replace-` or `remove-`
/// and the id of an authenticator. After a refusal [`View::form`](super::View::form) has this name; `add-name` where the name in `add` is
/// refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum Page<'a> {
    /// `setup/` before anything is begun: a form that posts to `generate/`.
    Start,
    /// A new secret, shown once: a form that posts the first code as `token` to `verify/`.
    Secret(Secret<'a>),
    /// `setup/` while a secret waits for its first code: a form that posts it as `token` to `verify/`.
    FirstCode(FirstCode),
    /// New backup codes, shown once: a form that posts `saved=true` to `saved/`, which leads on.
    BackupCodes(BackupCodes),
    /// `challenge/`: forms that post a `token` to `validate/`, perhaps with `trust_browser=true`. Where there is a
    /// [`ticket`](Challenge::ticket) they post it, too, and to `sign-in/`: see [`Challenge::action`].
    Challenge(Challenge<'a>),
    /// `settings/`: forms that post a `token` to `backup-codes/`, `generate/` and `disable/`; and one that posts to
    /// `forget-browsers/`, whose body is not read: its address is made by [`View::with_next`](super::View::with_next). Of each
    /// authenticator that is shown: a `name` to `authenticators/{id}/rename/`, and, unless it is the only one, a `token` to
    /// `authenticators/{id}/remove/`, and a `token` with its id as `replaces` to `generate/`. A further one: a `token` with a `name` to
    /// `generate/`.
    Settings(Settings),
    /// A refusal or a fault.
    Problem(ProblemPage),
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
    /// What it is for.
    pub purpose: Purpose,
    /// How many digits its codes have.
    pub digits: u8,
}

/// What a new secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// The first authenticator.
    First,
    /// To replace the only one. The backup codes are replaced, too.
    ReplacesOnly,
    /// To take the place of one. The backup codes stay.
    ReplacesOne,
    /// A further one, beside those that are live. The backup codes stay.
    Further,
}

/// The secret was shown, and waits for its first code.
#[derive(Debug)]
#[non_exhaustive]
pub struct FirstCode {
    /// Whether the second factor is on: what is live works until the new one is confirmed.
    pub is_on: bool,
    /// How many digits its codes have. `None`: unknown, since the user has typed something else.
    pub digits: Option<u8>,
    /// Whether codes of the app are checked now.
    pub wait: Wait,
}

/// New backup codes. `Debug` shows nothing of them.
#[non_exhaustive]
pub struct BackupCodes {
    /// The codes, like `ABCD-EFGH-JKLM-NPQR`, or six groups where they are longer.
    pub codes: Vec<String>,
    /// A `data:` URL of a text with the codes, for a link with `download`.
    pub download: String,
    /// Whether the second factor has just been turned on.
    pub is_new: bool,
}

/// The user is asked for a code. `Debug` shows nothing of a ticket.
#[non_exhaustive]
pub struct Challenge<'a> {
    /// The ticket of a sign-in in two steps, for a hidden field `ticket`. `None`: the user is signed in.
    pub ticket: Option<&'a str>,
    /// For how many days the browser may be trusted. `None`: not at all.
    pub trust_days: Option<u64>,
    /// Failed attempts since the last sign-in.
    pub failed_attempts: u32,
    /// How many digits codes have. `None`: unknown, since the user has typed something else.
    pub digits: Option<u8>,
    /// Whether codes of the app are checked now.
    pub wait: Wait,
}

/// A refusal or a fault.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProblemPage {
    /// The stable reason, as in the JSON of the endpoints.
    pub code: String,
    /// The text for the user.
    pub text: String,
    /// Whether nobody is signed in.
    pub is_signed_out: bool,
}

/// Whether codes of the app are checked now. Backup codes always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// They are.
    No,
    /// They are in so many seconds.
    Secs(u64),
    /// They are when a backup code has unlocked them.
    Locked,
}

impl Page<'_> {
    /// The heading, which is also the title.
    pub fn title<'t>(&self, texts: &'t Texts) -> &'t str {
        let t = texts;
        match self {
            Self::Start => &t.start_title,
            Self::Secret(_) => &t.secret_title,
            Self::FirstCode(_) => &t.first_code_title,
            Self::BackupCodes(_) => &t.codes_title,
            Self::Challenge(_) => &t.challenge_title,
            Self::Settings(_) => &t.settings_title,
            Self::Problem(_) => &t.problem_title,
        }
    }

    /// Whether it has this form, which a notice can be about.
    pub(super) fn has(&self, form: Form) -> bool {
        match self {
            Self::Secret(_) | Self::FirstCode(_) => form == Form::Code,
            Self::Challenge(_) => matches!(form, Form::Code | Form::Backup),
            Self::Settings(page) => page.has(form),
            Self::Start | Self::BackupCodes(_) | Self::Problem(_) => false,
        }
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

impl BackupCodes {
    pub(super) fn new(codes: &[BackupCode], is_new: bool) -> Self {
        let codes = reveal(codes);
        let text = codes.join("\n") + "\n";
        let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        Self {
            download: format!("data:text/plain;charset=utf-8,{text}"),
            codes,
            is_new,
        }
    }
}

impl Challenge<'_> {
    /// The endpoint that the forms post to, relative to [`View::base`](super::View::base).
    pub const fn action(&self) -> &'static str {
        match self.ticket {
            Some(_) => "sign-in/",
            None => "validate/",
        }
    }
}

impl Purpose {
    /// What becomes of what the user has.
    pub(super) fn hint(self, texts: &Texts) -> Option<&str> {
        let t = texts;
        match self {
            Self::First => None,
            Self::ReplacesOnly => Some(&t.replacing_hint),
            Self::ReplacesOne => Some(&t.replacing_one_hint),
            Self::Further => Some(&t.adding_hint),
        }
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("failed_attempts", &self.failed_attempts)
            .field("wait", &self.wait)
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
