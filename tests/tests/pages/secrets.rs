//! What is shown once, and by nothing again.

use serde_json::json;

use crate::{
    PAGES, alice, authenticator, codes, enrolled,
    support::{Answer, PageClient, TestApp, encode},
};

#[test]
fn every_page_is_strict_and_nothing_in_it_is_inline() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let mut answers: Vec<Answer> = PAGES.map(|page| alice.open(page)).into();
    answers.push(alice.open("/auth/otp/no-such-page"));
    let replace = [("token", &*phone.code()), ("form", "replace")];
    answers.push(alice.submit("/auth/otp/generate/", &replace));
    answers.push(alice.open("/auth/otp/setup/"));
    app.clock.advance_secs(30);
    let renew = [("token", &*phone.code()), ("form", "renew")];
    answers.push(alice.submit("/auth/otp/backup-codes/", &renew));
    answers.push(PageClient::at(app.signed_in("bob")).open("/auth/otp/setup/"));
    answers.retain(|answer| answer.status != 303);
    assert_eq!(answers.len(), 7, "setup/ leads to the settings");
    for answer in answers {
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        let page = answer.text();
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
        for inline in ["<style", " style=", "<script>", " onclick", "javascript:"] {
            assert!(!page.contains(inline), "{inline} in {page}");
        }
    }
}

#[test]
fn a_qr_code_that_is_asked_for_again_is_a_new_one_and_only_that_counts() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    let first = alice.send("/auth/otp/generate/", &[]);
    let first = authenticator(&app, &first);
    let page = alice.send("/auth/otp/generate/", &[]);
    let second = authenticator(&app, &page);
    assert_ne!(first.secret, second.secret);
    let page = alice.send("/auth/otp/verify/", &[("token", &first.code())]);
    assert!(page.contains("Only the newest one counts."), "{page}");
    let page = alice.send("/auth/otp/verify/", &[("token", &second.code())]);
    assert_eq!(codes(&page).len(), 10);
}

/// Chromium keeps no-store pages for its back button until a cookie changes that no script can read.
#[test]
fn every_form_that_leads_off_a_page_with_secrets_changes_a_cookie() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    let page = alice.submit("/auth/otp/generate/", &[]).text();
    let phone = authenticator(&app, &page);
    assert_changes_a_cookie(&mut alice, "verify", &phone.wrong_code());
    assert_changes_a_cookie(&mut alice, "verify", "");
    alice.submit("/auth/otp/generate/", &[]);
    let page = alice.submit("/auth/otp/generate/", &[]).text();
    let phone = authenticator(&app, &page);
    assert_changes_a_cookie(&mut alice, "verify", &phone.code());
    for _ in 0..2 {
        assert_changes_a_cookie(&mut alice, "saved", "");
    }
    assert!(alice.visit("/vault").contains("cake"), "the proof stays");
}

fn assert_changes_a_cookie(alice: &mut PageClient, form: &str, token: &str) {
    let before = alice.browser.cookies.clone();
    let fields = [("token", token), ("saved", "true")];
    let answer = alice.submit(&format!("/auth/otp/{form}/"), &fields);
    assert_ne!(alice.browser.cookies, before, "{form}");
    let mut cookies = answer.all("set-cookie");
    assert!(cookies.all(|it| it.contains("; HttpOnly")), "{answer:?}");
}

#[test]
fn no_get_shows_a_secret_and_nothing_shows_one_twice() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    let mut shown = Vec::new();
    let page = alice.send("/auth/otp/generate/", &[]);
    let phone = authenticator(&app, &page);
    shown.push(phone.secret.clone());
    assert_nothing_shows(&mut alice, &shown);
    let page = alice.send("/auth/otp/verify/", &[("token", &phone.code())]);
    shown.extend(codes(&page));
    assert_eq!(shown.len(), 11);
    assert_nothing_shows(&mut alice, &shown);
    // Reloading sends the form again: it is refused, and shows nothing.
    let page = alice.send("/auth/otp/verify/", &[("token", &phone.code())]);
    let hint = "already on. If you have not seen its backup codes, make new ones here.";
    assert!(page.contains(hint), "{page}");
    assert_nothing_in(&page, &shown);
    app.clock.advance_secs(30);
    let renew = [("token", &*phone.code()), ("form", "renew")];
    let page = alice.send("/auth/otp/backup-codes/", &renew);
    shown.extend(codes(&page));
    let again = alice.send("/auth/otp/backup-codes/", &renew);
    let hint = "new backup codes were made that you have not seen";
    assert!(again.contains(hint), "{again}");
    assert_nothing_in(&again, &shown);
    assert_nothing_shows(&mut alice, &shown);
    let json = alice.browser.post("/auth/otp/forget-browsers/", &json!({}));
    assert_nothing_in(&json.text(), &shown);
    app.clock.advance_secs(30);
    let json = alice.browser.token("/auth/otp/validate/", &phone.code());
    assert_nothing_in(&json.text(), &shown);
    app.clock.advance_secs(30);
    let page = alice.send("/auth/otp/disable/", &[("token", &phone.code())]);
    assert!(page.contains("Two-factor authentication is off."), "{page}");
    assert_nothing_in(&page, &shown);
    assert_nothing_shows(&mut alice, &shown);
}

pub(crate) fn assert_nothing_shows(alice: &mut PageClient, shown: &[String]) {
    let others = [
        "/",
        "/account",
        "/vault",
        "/auth/otp/generate/",
        "/auth/otp/verify/",
        "/auth/otp/backup-codes/",
        "/auth/otp/saved/",
        "/auth/otp/validate/",
        "/auth/otp/authenticators/",
    ];
    for page in PAGES.into_iter().chain(others) {
        let answer = alice.open(page);
        let page = alice.follow(answer).text();
        assert_nothing_in(&page, shown);
    }
    let status = alice.browser.get("/auth/otp/status/").text();
    assert_nothing_in(&status, shown);
}

fn assert_nothing_in(page: &str, shown: &[String]) {
    let page = page.replace([' ', '-'], "");
    for secret in shown {
        assert!(!page.contains(&secret.replace('-', "")), "{secret}");
    }
    assert!(!page.contains("otpauth:") && !page.contains("<svg"));
}

#[test]
fn who_does_not_say_that_the_codes_are_saved_is_told_how_to_have_others() {
    let app = TestApp::start();
    let (mut alice, ..) = enrolled(&app);
    let page = alice.send("/auth/otp/saved/", &[("next", "/vault")]);
    assert_eq!(alice.at, "/auth/otp/settings/?next=/vault");
    assert!(
        page.contains("If you have not saved your backup codes"),
        "{page}"
    );
}

#[test]
fn backup_codes_can_be_taken_along_as_text() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let page = alice.send("/auth/otp/backup-codes/", &[("token", &phone.code())]);
    let expected: String = codes(&page)
        .iter()
        .map(|code| format!("{code}\n"))
        .collect();
    let link = format!(
        "href=\"data:text/plain;charset=utf-8,{}\" download=\"backup-codes.txt\"",
        encode(&expected)
    );
    assert!(page.contains(&link), "{page}");
}
