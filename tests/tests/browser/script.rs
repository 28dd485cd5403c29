//! What the script adds: nothing that is needed.

use crate::{Visit, chromium, support::TestApp};

/// alice registers, signs in and starts the set-up.
fn show_the_secret(visit: &Visit<'_>) {
    visit.open("/");
    visit.register("alice", "alice@example.com");
    visit.sign_in("alice");
    visit.page.wait_for("Your account");
    visit.open("/auth/otp/setup/");
    visit.page.click("main button");
    visit.page.wait_for("Add this account to your app");
}

#[test]
fn codes_are_copied_and_the_wait_is_counted_down() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    show_the_secret(&visit);
    let clipboard = || {
        let read = "const done = arguments[arguments.length - 1]; \
                    navigator.clipboard.readText().then(done, error => done(String(error)));";
        page.run_async(read).as_str().unwrap().to_owned()
    };
    let secret = page.text("#key").replace(' ', "");
    page.click("[data-copy=key]");
    page.wait_until("the copy", || page.text("[data-copy=key]") == "Copied");
    assert_eq!(clipboard(), secret);

    let phone = app.authenticator(&serde_json::json!({ "secret": secret }));
    page.type_into("#code", &phone.code());
    page.wait_for("Save your backup codes");
    let codes = page.texts("#codes li").join("\n");
    page.click("[data-copy=codes]");
    page.wait_until("the copy", || page.text("[data-copy=codes]") == "Copied");
    assert_eq!(clipboard(), codes);
    let download = page.run(
        "const link = document.querySelector('[download]'); return decodeURIComponent(link.href)",
    );
    let expected = format!("data:text/plain;charset=utf-8,{codes}\n");
    assert_eq!(download.as_str(), Some(&*expected));

    for _ in 0..5 {
        visit.open("/auth/otp/challenge/");
        page.type_into("#code", &phone.wrong_code());
        page.wait_until("the refusal", || page.has("#code-error"));
    }
    let wait = page.text("[data-countdown]");
    assert!(
        wait.contains("in 0:30") || wait.contains("in 0:29"),
        "{wait}"
    );
    page.wait_until("the next second", || page.text("[data-countdown]") != wait);
    // A screen reader is told when it is over, and not every second.
    let is_told = |css: &str| page.has(&format!("{css}[role], {css}[aria-live]"));
    assert!(!is_told("[data-countdown]") && is_told("[data-over]"));
    assert_eq!(page.text("[data-over]"), "");
    page.run("const now = Date.now; Date.now = () => now() + 60_000;");
    page.wait_until("the end", || !page.text("[data-over]").is_empty());
    assert_eq!(page.text("[data-over]"), "You can enter a code again.");
    assert!(!page.is_shown("[data-countdown]"));
    visit.assert_quiet();
}

#[test]
fn what_is_shown_once_does_not_stay_in_a_page_that_the_browser_keeps() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    let leave = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))";
    let come_back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";

    show_the_secret(&visit);
    let secret = page.text("#key");
    page.run(leave);
    assert!(!page.html().contains(&secret) && !page.has("svg"));
    page.run(come_back);
    page.wait_for("Enter the first code");

    let phone = app.authenticator(&serde_json::json!({ "secret": secret.replace(' ', "") }));
    page.type_into("#code", &phone.code());
    page.wait_for("Save your backup codes");
    let code = page.text("#codes li");
    page.run(leave);
    assert!(!page.html().contains(&code));
    page.run(come_back);
    page.wait_for("Two-factor authentication");
    visit.assert_quiet();
}

#[test]
fn a_browser_keeps_the_cookie_that_makes_it_trusted() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let visit = Visit::new(&app, &page);
    visit.open("/login?next=/vault");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    page.click("#trust");
    page.type_into("#code", &phone.code());
    page.wait_for("The vault");
    visit.sign_out();
    visit.open("/login?next=/vault");
    visit.sign_in("alice");
    page.wait_for("The vault");
    visit.open("/auth/otp/settings/");
    page.click("#section-disable summary");
    page.type_into("#disable", "12345");
    page.click("#section-disable button");
    page.wait_until("the refusal", || page.has("#disable-error"));
    app.clock.advance_secs(30);
    page.type_into("#disable", &phone.code());
    page.click("#section-disable button");
    page.wait_until("the notice", || page.has(".totp-done"));
    let kept = page.cdp("Network.getAllCookies", serde_json::json!({}));
    assert!(!kept.to_string().contains("totp_trust"), "{kept}");
    visit.assert_quiet();
}

#[test]
fn a_code_of_another_length_is_not_cut_off() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let (alice, phone, _) = app.enrolled("alice");
    drop(alice);
    let visit = Visit::new(&app, &page);
    visit.open("/login?next=/auth/otp/challenge/");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    // What is no code is sent by a click, and from then on so is everything.
    page.type_into("#code", "123");
    page.click("form:has(#code) button");
    page.wait_until("the refusal", || page.has("#code-error"));
    assert_eq!(page.attribute("#code", "data-digits"), None);
    page.type_into("#code", &phone.code());
    assert_eq!(page.path(), "/auth/otp/challenge/");
    page.click("form:has(#code) button");
    page.wait_for("Hello, alice");
    // Blanks are typed along, and still the last digit sends.
    app.clock.advance_secs(30);
    visit.open("/auth/otp/challenge/?next=/vault");
    let code = phone.code();
    page.type_into("#code", &format!("{} {}", &code[..3], &code[3..]));
    page.wait_for("The vault");
    visit.assert_quiet();
}
