//! What the script adds: nothing that is needed.

use crate::{Visit, chromium, support::TestApp};

#[test]
fn codes_are_copied_and_the_wait_is_counted_down() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    visit.open("/");
    visit.register("alice", "alice@example.com");
    visit.sign_in("alice");
    page.wait_for("Your account");
    visit.open("/auth/otp/setup/");
    page.click("main button");
    page.wait_for("Add this account to your app");
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
