//! The pages in a real browser. Needs chromium, chromium-driver and, for some, `npm ci` in `tests/browser/`; `.ci/run` installs
//! them.
//!
//! `cargo test -p tests --features browser --test browser`; pictures of every page are then in `target/screenshots/`.

#[path = "../support/mod.rs"]
mod support;

mod accessibility;
mod appearance;
mod authenticators;
mod chromium;
mod contrast;
mod digits;
mod front_end;
mod journey;
mod markup;
mod other_origin;
mod script;
mod text;

use std::{fs, path::Path};

use chromium::{Chromium, chromium};
use support::TestApp;

/// A browser before an application, as a user who clicks.
struct Visit<'a> {
    page: &'a Chromium,
    host: String,
}

impl<'a> Visit<'a> {
    fn new(app: &TestApp, page: &'a Chromium) -> Self {
        let host = format!("http://{}", app.address());
        Self { page, host }
    }

    fn open(&self, path: &str) {
        self.page.open(&format!("{}{path}", self.host));
    }

    fn register(&self, name: &str, email: &str) {
        self.open("/register");
        self.page.type_into("#username", name);
        self.page.type_into("#email", email);
        self.page.type_into("#password", "correct horse");
        self.page.click("main button");
        self.page.wait_for("Sign in");
    }

    /// Fills the form that is shown.
    fn sign_in(&self, name: &str) {
        self.page.type_into("#username", name);
        self.page.type_into("#password", "correct horse");
        self.page.click("main button");
    }

    fn sign_out(&self) {
        self.open("/");
        self.page.click("form[action='/logout'] button");
        self.page.wait_for("A site with a second factor");
    }

    #[track_caller]
    fn assert_quiet(&self) {
        self.page.assert_quiet(&self.host, &[]);
    }
}

/// A file of an npm package that the tests use.
fn npm(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules");
    let file = folder.join(path);
    fs::read_to_string(&file)
        .unwrap_or_else(|_| panic!("{path} is missing: run `npm ci` in tests/tests/browser"))
}
