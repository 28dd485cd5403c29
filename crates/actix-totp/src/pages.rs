//! Pages for users, from the same scope as the endpoints: set-up, backup codes, the code at sign-in, and settings.
//!
//! [`TotpBuilder::pages`](crate::TotpBuilder::pages) turns them on. They work without JavaScript and need no other host. They do
//! nothing that the endpoints do not do: each form posts to an endpoint, and a browser that asks for `text/html` gets a page as
//! the answer.
//!
//! | path | page |
//! |---|---|
//! | `setup/` | a start button; then the QR code, a key to type and the field for the first code; then the backup codes |
//! | `challenge/` | the field for a code or a backup code, and "trust this browser" where that is turned on |
//! | `sign-in/` | the same after [`challenge_page`](crate::Totp::challenge_page), for a sign-in in two steps: an answer to POSTs alone |
//! | `settings/` | the state; the authenticators by name, for who has shown a proof; new backup codes, forgetting all browsers, turning it off |
//!
//! 1. A POST is answered with a redirect (303), so that reloading does no harm. One that yields a secret or backup codes is
//!    answered with the page itself, which nothing may store: they are shown once and exist nowhere else. No GET shows a secret.
//! 2. What a form has done, or why it was refused, is shown by the page that the redirect leads to. It travels in a cookie,
//!    `totp_notice` (over TLS `__Host-totp_notice`), which is sealed for the user, holds no secret and lives for a minute at most. The session is not written.
//! 3. `?next=` leads on to a path of this application and nowhere else. That path must not redirect to another host itself:
//!    browsers apply `form-action` to all redirects that follow a form.
//! 4. The `Content-Security-Policy` allows nothing inline and no other host. Nobody may frame the pages.
//! 5. Forms of other sites are refused as at the endpoints, by `Sec-Fetch-Site` and `Origin`.
//!
//! # Example
//!
//! ```
//! use actix_totp::{KeyRing, MemoryStore, Totp, pages::{Page, Pages, Texts}};
//!
//! let mut french = Texts::english();
//! french.challenge_title = "Saisissez un code".into();
//!
//! let pages = Pages::new()
//!     .name("Example Inc")
//!     .logo("/static/logo.svg")
//!     .sign_in("/sign-in")
//!     .link("Help", "https://help.example.com/")
//!     .language("fr", french)
//!     .template(|page, _| match page {
//!         Page::Start => Some("<h1>Protect your account</h1>…".into()), // a form that posts to `generate/`
//!         _ => None,
//!     });
//!
//! let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
//! let totp = Totp::builder(MemoryStore::new(), keys.clone()).pages(pages).build()?;
//!
//! // A path of another host is refused.
//! let pages = Pages::new().stylesheet("//elsewhere.example/style.css");
//! assert!(Totp::builder(MemoryStore::new(), keys).pages(pages).build().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod addresses;
mod answer;
mod assets;
mod browser;
mod challenge;
mod form;
mod html;
mod language;
mod notice;
mod notice_cookie;
mod page;
mod request;
mod routes;
mod settings;
mod setup;
pub(crate) mod site;
mod texts;
mod two_step;
mod view;

pub(crate) use self::{
    addresses::paths,
    routes::{configure, page_for, refused},
};
pub use self::{
    page::{BackupCodes, Challenge, FirstCode, Page, ProblemPage, Purpose, Secret, Settings, Wait},
    site::Pages,
    texts::Texts,
    view::{Layout, View},
};

/// Whether `path` is one of this application and cannot lead to another host. To be asked of a `next` before going there.
///
/// Such a path begins with one slash and has at most 1,024 bytes of ASCII without blanks, control characters and backslashes.
/// Up to the query it has no dot segments. All this also holds after percent-decoding, however often.
///
/// # Example
///
/// ```
/// use actix_totp::pages::is_local;
///
/// assert!(is_local("/account?tab=2"));
/// assert!(!is_local("//evil.example"));
/// assert!(!is_local("/%2Fevil.example"));
/// ```
pub fn is_local(path: &str) -> bool {
    crate::local::is_local(path)
}
