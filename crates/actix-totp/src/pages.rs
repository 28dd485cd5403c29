//! Pages for people: set-up, backup codes, code at sign-in and settings, from the same scope as the endpoints.
//!
//! Turned on with [`TotpBuilder::pages`](crate::TotpBuilder::pages). They work without JavaScript, need no other host, and do
//! nothing that the endpoints do not do: a form posts to an endpoint, and a browser that asks for `text/html` is answered with
//! a page.
//!
//! | path | page |
//! |---|---|
//! | `setup/` | a start button; then QR code, key for typing and the field for the first code; then the backup codes |
//! | `challenge/` | the field for a code or a backup code, and "trust this browser" where that is turned on |
//! | `settings/` | state, new backup codes, another authenticator, forget all browsers, turn it off |
//!
//! 1. A POST is answered with a redirect (303), so that reloading is harmless. One that yields a secret or backup codes is
//!    answered with the page itself, which nothing may store: they are shown once and exist nowhere else. No GET shows a secret.
//! 2. `?next=` leads on to a path of this application and nowhere else. That path must not redirect to another host by itself:
//!    browsers hold a form to its `form-action` over all redirects that follow.
//! 3. The `Content-Security-Policy` allows nothing inline and no other host; nobody may frame the pages.
//! 4. Forms of other sites are refused as at the endpoints, by `Sec-Fetch-Site` and `Origin`.
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
//! // What is no path of this application is refused.
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
mod site;
mod texts;
mod view;

pub(crate) use self::{
    addresses::paths,
    routes::{configure, page_for, refused},
    site::Site,
};
pub use self::{
    page::{BackupCodes, Challenge, FirstCode, Page, ProblemPage, Secret, Settings, Wait},
    site::Pages,
    texts::Texts,
    view::{Layout, View},
};

/// Whether `path` is one of this application, and no way to another host: what to ask of a `next` before going there.
///
/// It begins with one slash, has at most 1,024 bytes of ASCII without blanks, control characters and backslashes, and up to
/// the query it has no dot segments; all this holds after percent-decoding, too, however often.
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
