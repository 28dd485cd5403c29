//! Several authenticators for one user.

mod adding;
mod listing;
mod races;
mod removing;
mod renaming;

use serde_json::{Value, json};

use crate::{
    AUTHENTICATORS, GENERATE, VERIFY,
    support::{Authenticator, Browser, TestApp},
};

/// One that nobody has, and texts that are no ids.
const NO_IDS: [&str; 5] = ["0123456789abcdef", "1", "-", "%00", "%C3%A9"];

const MALFORMED_NAMES: [&str; 9] = [
    r#""""#,
    r#"" ""#,
    r#""a\nb""#,
    r#""\u0000""#,
    r#""\u2028""#,
    "5",
    "true",
    "[]",
    "{}",
];

fn rename(id: &str) -> String {
    format!("/auth/otp/authenticators/{id}/rename/")
}

fn remove(id: &str) -> String {
    format!("/auth/otp/authenticators/{id}/remove/")
}

/// Their ids, in order.
fn ids(browser: &mut Browser) -> Vec<String> {
    each(browser, "id")
}

fn names(browser: &mut Browser) -> Vec<String> {
    each(browser, "name")
}

fn each(browser: &mut Browser, member: &str) -> Vec<String> {
    let listed = browser.get(AUTHENTICATORS[0]).json();
    let text = |it: &Value| it[member].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(text).collect()
}

/// Adds a further one with a good token. The clock moves on, so that the next codes are good.
fn add(app: &TestApp, browser: &mut Browser, token: &str, name: &str) -> Authenticator {
    let further = json!({ "token": token, "name": name });
    let added = app.authenticator(&browser.post(GENERATE[0], &further).json());
    let verified = browser.token(VERIFY[0], &added.code()).json();
    assert_eq!(verified["backup_codes"], json!([]));
    app.clock.advance_secs(90);
    added
}
