//! Backup codes, another authenticator, trusted browsers.

use crate::{authenticator, codes, enrolled, location, support::TestApp, without_proof};

#[test]
fn few_backup_codes_are_warned_of() {
    let app = TestApp::start();
    let (mut alice, _, backup) = enrolled(&app);
    for (n, code) in backup.iter().take(8).enumerate() {
        let page = alice.visit("/auth/otp/settings/");
        assert!(!page.contains("Few backup codes"), "{n} used");
        alice.send("/auth/otp/validate/", &[("token", code)]);
    }
    let page = alice.visit("/auth/otp/settings/");
    assert!(page.contains("Few backup codes are left.") && page.contains("<dd>2</dd>"));
}

#[test]
fn when_it_was_used_last_is_shown() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    app.clock.advance_secs(3_600);
    alice.send("/auth/otp/validate/", &[("token", &phone.code())]);
    app.clock.advance_secs(600);
    let page = alice.visit("/auth/otp/settings/");
    let time = page.split("<time datetime=\"").nth(1).unwrap();
    let at = alice.browser.get("/auth/otp/status/").json()["last_used_at"].clone();
    assert!(time.starts_with(at.as_str().unwrap()), "{at}: {page}");
    assert!(time.contains(">2023-11-14 23:1"), "{page}");
}

#[test]
fn an_authenticator_is_replaced_without_a_gap() {
    let app = TestApp::start();
    let (mut alice, old, _) = enrolled(&app);
    let replace = [("token", &*old.code()), ("form", "replace")];
    let page = alice.send("/auth/otp/generate/", &replace);
    assert!(
        page.contains("Your old authenticator works until this is done."),
        "{page}"
    );
    let new = authenticator(&app, &page);
    let page = alice.visit("/auth/otp/settings/");
    assert!(
        page.contains("A new authenticator is waiting for its first code."),
        "{page}"
    );
    app.clock.advance_secs(30);
    alice.send("/auth/otp/validate/", &[("token", &old.code())]);
    let page = alice.visit("/auth/otp/setup/");
    assert!(
        page.contains("works until this is done") && !page.contains("generate/"),
        "{page}"
    );
    let page = alice.send("../verify/", &[("token", &new.code())]);
    assert_eq!(codes(&page).len(), 10);
    assert!(alice.visit("/vault").contains("cake"));
    app.clock.advance_secs(30);
    let page = alice.send("/auth/otp/validate/", &[("token", &old.code())]);
    assert!(page.contains("This code is wrong"), "{page}");
}

#[test]
fn a_browser_is_trusted_if_the_box_is_ticked_until_all_are_forgotten() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let page = alice.visit("/auth/otp/challenge/");
    assert!(
        page.contains("Do not ask for a code in this browser for 30 days"),
        "{page}"
    );
    let form = [
        ("token", &*phone.code()),
        ("trust_browser", "true"),
        ("next", "/vault"),
    ];
    assert!(alice.send("../validate/", &form).contains("cake"));
    let sign_in = [
        ("username", "alice"),
        ("password", "correct horse"),
        ("next", "/vault"),
    ];
    assert!(
        alice.send("/login", &sign_in).contains("cake"),
        "no code is asked for"
    );

    // A trusted browser has no proof of its own: it is asked for a code, and led back.
    let answer = alice.submit("/auth/otp/forget-browsers/", &[]);
    assert_eq!(location(&answer), "../challenge/?next=/auth/otp/settings/");
    let page = alice.follow(answer).text();
    assert!(page.contains("Enter a code to go on."), "{page}");
    app.clock.advance_secs(30);
    let form = [("token", &*phone.code()), ("next", "/auth/otp/settings/")];
    alice.send("../validate/", &form);
    assert_eq!(alice.at, "/auth/otp/settings/");
    let page = alice.send("../forget-browsers/?next=/vault", &[]);
    assert!(page.contains("All other browsers are forgotten."), "{page}");
    assert!(page.contains("<a href=\"/vault\">Back to where you were</a>"));
    assert!(alice.visit("/vault").contains("cake"), "this one stays");
    alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/vault");
}
