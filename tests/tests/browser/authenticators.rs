//! Several authenticators, as a user with a phone and a key clicks through them.

use serde_json::json;

use crate::{
    Visit, chromium,
    support::{Authenticator, Browser, TestApp, encode},
};

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

/// Adds one as a program does. The clock moves on, so that the next codes are good.
pub fn add(app: &TestApp, browser: &mut Browser, by: &Authenticator, name: &str) -> Authenticator {
    let wanted = json!({ "token": by.code(), "name": name });
    let generated = browser.post("/auth/otp/generate/", &wanted).json();
    let new = app.authenticator(&generated);
    let verified = browser.token("/auth/otp/verify/", &new.code());
    assert_eq!(verified.status, 200, "{verified:?}");
    app.clock.advance_secs(60);
    new
}

/// Signs alice in with her password and asks her for a code, which leads to her settings.
pub fn ask(visit: &Visit<'_>) {
    let challenge = encode("/auth/otp/challenge/?next=/auth/otp/settings/");
    visit.open(&format!("/login?next={challenge}"));
    visit.sign_in("alice");
    visit.page.wait_for("Enter a code");
}

#[test]
fn without_javascript_a_key_is_added_signs_in_and_is_removed() {
    let Some(page) = chromium(false) else { return };
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let visit = Visit::new(&app, &page);
    let sign_in = |with: &Authenticator| {
        ask(&visit);
        page.type_into("#code", &with.code());
        page.click("form:has(#code) button");
        page.wait_for("Two-factor authentication");
        app.clock.advance_secs(60);
    };
    sign_in(&phone);
    page.click("#section-add summary");
    page.type_into("#add-name", "Key");
    page.type_into("#add", "000000");
    page.click("#section-add button");
    page.wait_until("the refusal", || page.has("#add-error"));
    assert_eq!(page.focused(), "add");
    page.type_into("#add", &phone.code());
    page.click("#section-add button");
    page.wait_for("Add this account to your app");
    let secret = page.text("#key").replace(' ', "");
    let key = app.authenticator(&json!({ "secret": secret }));
    page.type_into("#code", &key.code());
    page.click("form:has(#code) button");
    page.wait_for("Two-factor authentication");
    assert_eq!(page.texts("summary h3[dir]"), ["Authenticator", "Key"]);
    app.clock.advance_secs(60);

    for with in [&phone, &key, &phone] {
        visit.sign_out();
        sign_in(with);
    }
    page.click("section details:nth-of-type(2) summary");
    page.type_into(
        "section details:nth-of-type(2) input[id^=remove-]",
        &phone.code(),
    );
    page.click("section details:nth-of-type(2) .totp-danger");
    page.wait_until("the notice", || page.has(".totp-done"));
    assert_eq!(page.text(".totp-done"), "The authenticator is removed.");
    assert_eq!(page.texts("summary h3[dir]"), ["Authenticator"]);
    visit.assert_quiet();
}

#[test]
fn by_keyboard_one_is_named_anew_and_another_is_added() {
    let Some(page) = chromium(false) else { return };
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let visit = Visit::new(&app, &page);
    ask(&visit);
    page.press(&format!("{}{ENTER}", phone.code()));
    page.wait_for("Two-factor authentication");
    page.focus("section summary");
    page.press(&format!("{ENTER}{TAB}"));
    assert!(page.focused().starts_with("rename-"), "{}", page.focused());
    // A field that is tabbed into is selected as a whole.
    page.press(&format!("Phone{ENTER}"));
    page.wait_until("the notice", || page.has(".totp-done"));
    assert_eq!(page.texts("summary h3[dir]"), ["Phone"]);

    app.clock.advance_secs(60);
    page.focus("section summary");
    page.press(&format!("{TAB}{ENTER}{TAB}"));
    assert_eq!(page.focused(), "add-name");
    page.press(&format!("Key{TAB}{}{ENTER}", phone.code()));
    page.wait_for("Add this account to your app");
    visit.assert_quiet();
}
