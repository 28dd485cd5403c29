//! What all pages share, and the layout around them.

use std::{borrow::Cow, fmt};

use actix_totp_core::AuthenticatorName;

use super::{
    form::Form,
    notice::Notice,
    page::Page,
    texts::{Texts, fill, minutes, time},
};
use crate::{local::with_next, routes::response::rfc3339};

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
    /// The path to go on to, for a hidden field `next`. It is always one of this application.
    pub next: Option<&'a str>,
    /// The path to go on to where there is no `next`.
    pub home: &'a str,
    /// The path of the sign-in page.
    pub sign_in: Option<&'a str>,
    /// Where a POST signs the user out.
    pub sign_out: Option<&'a str>,
    /// The stylesheets: addresses.
    pub stylesheets: Vec<String>,
    /// The script: an address. Everything works without it, too.
    pub script: String,
    /// What was done or refused just before, for the user to read.
    pub notice: Option<String>,
    /// Whether the notice is about a refusal.
    pub is_refusal: bool,
    /// The name of the form that the notice is about, if it is about one on this page.
    pub form: Option<Cow<'static, str>>,
    /// The name of an authenticator that was typed into that form, to be shown there again. It is the user's own text: escape it.
    pub typed_name: Option<AuthenticatorName>,
}

/// What a document is made of. `Debug` shows nothing of the content, which may hold a secret.
#[non_exhaustive]
pub struct Layout<'a> {
    /// The title, escaped.
    pub title: &'a str,
    /// The content, HTML.
    pub content: &'a str,
    /// Links to stylesheets and script, and the viewport, for the `<head>`: HTML.
    pub head: &'a str,
    /// What all pages share.
    pub view: &'a View<'a>,
}

impl View<'_> {
    /// The address of an endpoint or page of the scope, with [`next`](Self::next) in its query where there is one.
    pub fn with_next(&self, path: &str) -> String {
        with_next(&format!("{}{path}", self.base), self.next)
    }

    /// Whether the last refusal was about this form.
    pub(super) fn refused(&self, form: &str) -> bool {
        self.is_refusal && self.form.as_deref() == Some(form)
    }

    pub(super) fn fill(&self, text: &str, value: impl fmt::Display) -> String {
        fill(text, value)
    }

    pub(super) fn minutes(&self, secs: &u64) -> String {
        minutes(*secs)
    }

    /// What the field for a name holds at first: what was typed into this form, or else `name`.
    pub(super) fn name_in<'a>(&'a self, form: &str, name: &'a str) -> &'a str {
        let typed = self.typed_name.as_ref().filter(|_| self.refused(form));
        typed.map_or(name, AuthenticatorName::as_str)
    }

    /// Seconds since the Unix epoch as RFC 3339 in UTC; empty beyond the year 9999.
    pub(super) fn rfc3339(&self, secs: &u64) -> String {
        rfc3339(*secs).unwrap_or_default()
    }

    pub(super) fn time(&self, rfc3339: &str) -> String {
        time(rfc3339)
    }

    /// Takes the notice into the view of this page.
    pub(super) fn set_notice(&mut self, notice: &Notice, page: &Page<'_>) {
        let notice = notice.on(page);
        self.notice = Some(notice.text(self.texts));
        self.is_refusal = notice.is_refusal();
        self.form = notice.form().map(Form::name);
        self.typed_name = notice.name();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::page::{BackupCodes, Page, Purpose, Secret};

    #[test]
    fn debug_shows_no_secret() {
        let secret = Page::Secret(Secret {
            secret: "zq7x".into(),
            otpauth_url: "otpauth://zq7x",
            qr_svg: "<svg>zq7x</svg>",
            purpose: Purpose::First,
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
            sign_out: None,
            stylesheets: Vec::new(),
            script: String::new(),
            notice: None,
            is_refusal: false,
            form: None,
            typed_name: None,
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
