//! Every page in light and dark, on a phone and on a desk: axe-core finds nothing, also of AAA, and a picture is kept.

use actix_totp::{Device, DeviceStore};
use serde_json::Value;

use crate::{
    Chromium, Visit,
    authenticators::{add, ask},
    chromium,
    contrast::assert_parts_are_seen,
    npm,
    support::TestApp,
};

/// Inspects the page that is shown, in every scheme and width. `provoked` is what the browser may complain of.
struct Inspector<'a> {
    page: &'a Chromium,
    axe: String,
    inspected: Vec<String>,
}

impl<'a> Inspector<'a> {
    fn new(page: &'a Chromium) -> Self {
        Self {
            page,
            axe: npm("axe-core/axe.min.js"),
            inspected: Vec::new(),
        }
    }

    fn inspect(&mut self, name: &str) {
        for scheme in ["light", "dark"] {
            for width in [320, 1280] {
                self.page.show_as(scheme, width);
                self.page.keep_picture(&format!("{name}-{scheme}-{width}"));
                self.assert_accessible(name);
                assert_parts_are_seen(self.page, name);
                let wide = self.page.run("return document.documentElement.scrollWidth");
                assert!(
                    wide.as_u64().unwrap() <= width.into(),
                    "{name} is wider than {width}"
                );
            }
        }
        self.inspected.push(name.to_owned());
    }

    fn assert_accessible(&self, name: &str) {
        let found = self.violations(name);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }

    /// Without the rules of AAA nothing would be found.
    fn assert_that_contrast_is_measured(&self) {
        self.page.show_as("light", 1280);
        let faint = "const text = document.querySelector('main p'); text.style.color = '#666';"; // 5.7:1 on white
        self.page.run(faint);
        let found = self.violations("a faint text");
        assert!(
            matches!(&found[..], [it] if it.contains("color-contrast-enhanced")),
            "{found:?}"
        );
        self.page.reload();
    }

    fn violations(&self, name: &str) -> Vec<String> {
        let run = "const done = arguments[arguments.length - 1]; \
                   const rules = {}; \
                   for (const { ruleId } of axe.getRules(['wcag2aaa', 'wcag22aa'])) rules[ruleId] = { enabled: true }; \
                   axe.run(document, { rules }).then(found => done(found.violations.concat(found.incomplete)), error => done(String(error)));";
        let found = self.page.run_async(&format!("{};\n{run}", self.axe));
        let found = found
            .as_array()
            .unwrap_or_else(|| panic!("{name}: {found}"));
        let tell = |it: &Value| format!("{}: {}", it["id"], it["nodes"][0]["html"]);
        found.iter().map(tell).collect()
    }
}

#[test]
fn every_page_is_accessible_in_light_and_dark_on_a_phone_and_on_a_desk() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    let mut inspector = Inspector::new(&page);

    visit.open("/");
    inspector.assert_that_contrast_is_measured();
    inspector.inspect("site-home");
    visit.open("/api");
    inspector.inspect("site-for-programs");
    visit.open("/register");
    inspector.inspect("site-register");
    visit.register("alice", "alice@example.com");
    page.type_into("#username", "alice");
    page.type_into("#password", "wrong horse");
    page.click("main button");
    page.wait_until("the refusal", || page.has("#error"));
    inspector.inspect("site-sign-in-refused");
    page.log("browser"); // the 401
    visit.open("/login?next=/vault");
    visit.sign_in("alice");
    page.wait_for("Set up two-factor authentication");
    inspector.inspect("setup-1-start");
    visit.open("/auth/otp/settings/");
    inspector.inspect("settings-off");
    visit.open("/auth/otp/setup/?next=/vault");
    page.click("main button");
    page.wait_for("Add this account to your app");
    inspector.inspect("setup-2-secret");
    let secret = page.text("#key").replace(' ', "");
    let phone = app.authenticator(&serde_json::json!({ "secret": secret }));
    page.type_into("#code", &phone.code_in(300));
    page.wait_for("Enter the first code");
    inspector.inspect("setup-3-clock-is-off");
    page.type_into("#code", &phone.code());
    page.wait_for("Save your backup codes");
    inspector.inspect("setup-4-backup-codes");
    page.click("#saved");
    page.click("main form button");
    page.wait_for("The vault");
    inspector.inspect("site-vault");
    visit.open("/");
    inspector.inspect("site-home-signed-in");

    visit.open("/auth/otp/settings/");
    inspector.inspect("settings-on");
    page.click("#section-renew summary");
    page.type_into("#renew", "12345");
    page.click("#section-renew button");
    page.wait_until("the refusal", || page.has("#renew-error"));
    for section in ["replace", "forget", "disable"] {
        page.click(&format!("#section-{section} summary"));
    }
    inspector.inspect("settings-all-open-refused");
    page.click("#section-forget button");
    page.wait_until("the notice", || page.has(".totp-done"));
    inspector.inspect("settings-forgotten");

    visit.sign_out();
    app.clock.advance_secs(60);
    page.follow("Sign in");
    visit.sign_in("alice");
    page.wait_for("Enter a code");
    inspector.inspect("challenge");
    page.type_into("#code", &phone.wrong_code());
    page.wait_until("the refusal", || page.has("#code-error"));
    inspector.inspect("challenge-refused");
    page.click("summary");
    page.type_into("#backup", "ABCD-EFGH-JKLM-NPQR");
    page.click("details button");
    page.wait_until("the refusal", || page.has("#backup-error"));
    inspector.inspect("challenge-backup-code-refused");
    assert_eq!(page.focused(), "backup");
    let mut other = app.signed_in("alice");
    for _ in 0..4 {
        other.token("/auth/otp/validate/", &phone.wrong_code());
    }
    set(&app, 5, 2);
    visit.open("/auth/otp/challenge/");
    inspector.inspect("challenge-waiting");
    visit.open("/auth/otp/settings/");
    inspector.inspect("settings-waiting-few-codes");
    set(&app, 100, 2);
    visit.open("/auth/otp/challenge/");
    inspector.inspect("challenge-locked");
    visit.assert_quiet();
    visit.open("/auth/otp/nothing");
    inspector.inspect("problem");
    page.log("browser"); // the 404
    assert_eq!(inspector.inspected.len(), 21);
}

#[test]
fn so_are_the_settings_of_who_has_several_authenticators() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    let mut inspector = Inspector::new(&page);
    let (mut browser, phone, _) = app.enrolled("alice");
    add(&app, &mut browser, &phone, &"W".repeat(64));
    ask(&visit);
    visit.open("/auth/otp/settings/");
    inspector.inspect("settings-without-proof");
    page.follow("Enter a code to see and change them");
    page.type_into("#code", &phone.code());
    page.wait_for("Two-factor authentication");
    inspector.inspect("settings-two-authenticators");
    page.click("section details:nth-of-type(2) summary");
    page.type_into("section details:nth-of-type(2) input[id^=remove-]", "12345");
    page.click("section details:nth-of-type(2) .totp-danger");
    page.wait_until("the refusal", || page.has(".totp-error"));
    page.click("section details:nth-of-type(1) summary");
    page.click("#section-add summary");
    inspector.inspect("settings-two-authenticators-open-refused");
    page.type_into("#add-name", &"x".repeat(65));
    page.type_into("#add", &phone.code());
    page.click("#section-add button");
    page.wait_until("the refusal", || page.has("#add-name-error"));
    inspector.inspect("settings-name-refused");
    app.clock.advance_secs(60);
    page.type_into("#add-name", "Spare");
    page.type_into("#add", &phone.code());
    page.click("#section-add button");
    page.wait_for("Add this account to your app");
    inspector.inspect("setup-2-secret-of-a-further-one");
    visit.open("/auth/otp/setup/");
    inspector.inspect("setup-3-first-code-of-a-further-one");
    app.clock.advance_secs(60);
    for name in ["مفتاح", "Spare", "Key"] {
        add(&app, &mut browser, &phone, name);
    }
    visit.open("/auth/otp/settings/");
    assert!(!page.has("#section-add"), "the limit is reached");
    inspector.inspect("settings-five-authenticators");
    visit.assert_quiet();
    assert_eq!(inspector.inspected.len(), 7);
}

/// So many failures, and so many backup codes left.
fn set(app: &TestApp, failures: u32, backup_codes_remaining: u32) {
    let device = app.device().unwrap();
    let next = Device {
        failures,
        backup_codes_remaining,
        ..device.clone()
    };
    let swapped = app
        .store
        .swap(&device.user, Some(device.version), Some(&next));
    assert!(swapped.unwrap());
}
