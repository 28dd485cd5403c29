//! The pages of the quickstart, without a script: what a user sees, and what nobody sees again.

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod authenticators;
mod changes;
mod journey;
mod markup;
mod negotiation;
mod notices;
mod options;
mod refusals;
mod secrets;

use serde_json::json;
use support::{Answer, Authenticator, PageClient, TestApp, text_of};

const PAGES: [&str; 3] = [
    "/auth/otp/setup/",
    "/auth/otp/challenge/",
    "/auth/otp/settings/",
];

/// alice, signed in with her password.
fn alice(app: &TestApp) -> PageClient {
    PageClient::at(app.signed_in("alice"))
}

/// Reads the secret off the page, as somebody who types it does.
fn authenticator(app: &TestApp, page: &str) -> Authenticator {
    let secret = text_of(page, "<code id=\"key\"").replace(' ', "");
    app.authenticator(&json!({ "secret": secret }))
}

fn codes(page: &str) -> Vec<String> {
    let items = page.split("<li><code>").skip(1);
    items.map(|item| item[..19].to_owned()).collect()
}

/// alice with a second factor and a proof; the time has moved on.
fn enrolled(app: &TestApp) -> (PageClient, Authenticator, Vec<String>) {
    let (browser, phone, backup) = app.enrolled("alice");
    (PageClient::at(browser), phone, backup)
}

/// alice after a new sign-in with her password.
fn without_proof(app: &TestApp) -> (PageClient, Authenticator, Vec<String>) {
    let (_, phone, backup) = app.enrolled("alice");
    (alice(app), phone, backup)
}

#[track_caller]
fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("location").unwrap()
}
