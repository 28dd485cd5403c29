//! The pages of the quickstart, without a script: what a person sees, and what nobody sees again.

mod support;

use actix_totp::{Device, DeviceStore};
use serde_json::json;
use support::{Answer, Authenticator, Browser, Person, TestApp, encode, text_of};

const PAGES: [&str; 3] = [
    "/auth/otp/setup/",
    "/auth/otp/challenge/",
    "/auth/otp/settings/",
];

/// alice, signed in with her password.
fn alice(app: &TestApp) -> Person {
    Person::at(app.signed_in("alice"))
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
fn enrolled(app: &TestApp) -> (Person, Authenticator, Vec<String>) {
    let (browser, phone, backup) = app.enrolled("alice");
    (Person::at(browser), phone, backup)
}

/// alice after a new sign-in with her password.
fn without_proof(app: &TestApp) -> (Person, Authenticator, Vec<String>) {
    let (_, phone, backup) = app.enrolled("alice");
    (alice(app), phone, backup)
}

#[track_caller]
fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("location").unwrap()
}

#[test]
fn the_whole_journey_from_registering_to_disabling() {
    let app = TestApp::start();
    let mut alice = Person::at(app.browser());
    assert!(alice.visit("/").contains("Register"));
    assert!(alice.visit("/vault").contains("<h1>Sign in</h1>"));
    alice.visit("/register");
    let form = [
        ("username", "alice"),
        ("email", "alice@example.com"),
        ("password", "correct horse"),
    ];
    assert!(alice.send("/register", &form).contains("<h1>Sign in</h1>"));
    let sign_in = [form[0], form[2], ("next", "/vault")];
    let page = alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/setup/?next=/vault");
    assert!(page.contains("value=\"/vault\""), "{page}");

    let next = ("next", "/vault");
    let page = alice.send("../generate/", &[next]);
    assert!(page.contains("<svg ") && page.contains("href=\"otpauth://totp/Example%20Inc:alice"));
    let phone = authenticator(&app, &page);
    let page = alice.send("../verify/", &[("token", &phone.code()), next]);
    let backup = codes(&page);
    assert_eq!(backup.len(), 10);
    let page = alice.send("../saved/", &[("saved", "true"), next]);
    assert!(page.contains("the cake is in the cellar"), "{page}");

    alice.send("/logout", &[]);
    app.clock.advance_secs(30);
    alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/vault");
    let code = phone.code();
    let pasted = format!("  {} {}\u{a0}", &code[..3], &code[3..]);
    let page = alice.send("../validate/", &[("token", &pasted), next]);
    assert!(page.contains("the cake is in the cellar"), "{page}");

    alice.send("/logout", &[]);
    let page = alice.send("/login", &[form[0], form[2]]);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/account");
    assert!(page.contains("Use a backup code instead"));
    let backup_code = [
        ("token", &*backup[0]),
        ("form", "backup"),
        ("next", "/account"),
    ];
    let page = alice.send("../validate/", &backup_code);
    assert!(page.contains("alice@example.com"), "{page}");
    let page = alice.visit("/auth/otp/settings/");
    assert!(
        page.contains("<dd>On</dd>") && page.contains("<dd>9</dd>"),
        "{page}"
    );

    let disable = [("token", &*backup[1]), ("form", "disable")];
    let page = alice.send("../disable/", &disable);
    assert_eq!(alice.at, "/auth/otp/settings/");
    assert!(page.contains("Two-factor authentication is off."), "{page}");
    assert!(alice.visit("/account").contains("alice@example.com"));
    assert_eq!(app.device(), None);
}

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
    answers.push(Person::at(app.signed_in("bob")).open("/auth/otp/setup/"));
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
    assert!(page.contains("already on"), "{page}");
    assert_nothing_in(&page, &shown);
    app.clock.advance_secs(30);
    let renew = [("token", &*phone.code()), ("form", "renew")];
    let page = alice.send("/auth/otp/backup-codes/", &renew);
    shown.extend(codes(&page));
    let again = alice.send("/auth/otp/backup-codes/", &renew);
    assert!(again.contains("was used already"), "{again}");
    assert_nothing_in(&again, &shown);
    assert_nothing_shows(&mut alice, &shown);
}

fn assert_nothing_shows(alice: &mut Person, shown: &[String]) {
    let others = [
        "/",
        "/account",
        "/vault",
        "/auth/otp/generate/",
        "/auth/otp/verify/",
        "/auth/otp/backup-codes/",
        "/auth/otp/saved/",
        "/auth/otp/validate/",
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
fn a_refusal_leads_back_to_the_form_and_is_told_once() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let wrong = phone.wrong_code();
    let form = [("token", &*wrong), ("form", "code"), ("next", "/vault?a=b")];
    let answer = alice.submit("/auth/otp/validate/", &form);
    assert_eq!(location(&answer), "../challenge/?next=/vault%3Fa%3Db");
    let page = alice.follow(answer).text();
    assert!(
        page.contains("This code is wrong, or was used already."),
        "{page}"
    );
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("code-hint code-error"));
    assert!(page.contains("id=\"code-error\" role=\"alert\""));
    assert!(!page.contains(&wrong), "what was typed is not repeated");
    let again = alice.visit("/auth/otp/challenge/");
    assert!(!again.contains("role=\"alert\""), "{again}");
    assert_eq!(
        app.device().unwrap().failures,
        1,
        "reloading counts nothing"
    );
}

#[test]
fn each_form_tells_its_own_refusals() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = enrolled(&app);
    let wrong = phone.wrong_code();
    let (validate, settings) = ("/auth/otp/validate/", "/auth/otp/settings/");
    for (address, form, token, at, text) in [
        (
            validate,
            "code",
            "",
            "/auth/otp/challenge/",
            "Enter a code.",
        ),
        (
            validate,
            "code",
            "12345",
            "/auth/otp/challenge/",
            "This is not a code.",
        ),
        (
            validate,
            "backup",
            "ABCD-EFGH-JKLM-NPQR",
            "/auth/otp/challenge/",
            "This backup code is wrong",
        ),
        (
            "/auth/otp/backup-codes/",
            "renew",
            &backup[0],
            settings,
            "A backup code will not do here",
        ),
        (
            "/auth/otp/generate/",
            "replace",
            &wrong,
            settings,
            "This code is wrong",
        ),
        ("/auth/otp/generate/", "replace", "", settings, "already on"),
        (
            "/auth/otp/disable/",
            "disable",
            "",
            settings,
            "Enter a code.",
        ),
        (
            "/auth/otp/disable/",
            "disable",
            "banana",
            settings,
            "This is not a code.",
        ),
        (
            "/auth/otp/verify/",
            "code",
            "123456",
            settings,
            "already on",
        ),
        ("/auth/otp/verify/", "code", "", settings, "Enter a code."),
    ] {
        let page = alice.send(address, &[("token", token), ("form", form)]);
        assert_eq!(alice.at, at);
        assert!(page.contains(text), "{address} {text}: {page}");
        assert!(page.contains("role=\"alert\""));
        if at == settings && !matches!(address, "/auth/otp/verify/") {
            let opened = format!("<details id=\"section-{form}\" open>");
            assert!(page.contains(&opened), "{address}: {page}");
        }
    }
}

#[test]
fn a_clock_that_is_off_is_named_at_the_set_up() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    for (seconds, text) in [
        (300, "clock is fast by 5:00"),
        (-240, "clock is slow by 4:00"),
    ] {
        let page = alice.send("/auth/otp/generate/", &[]);
        let phone = authenticator(&app, &page);
        let form = [("token", &*phone.code_in(seconds)), ("form", "code")];
        let page = alice.send("../verify/", &form);
        assert_eq!(alice.at, "/auth/otp/setup/");
        assert!(page.contains(text), "{page}");
        let page = alice.send("../verify/", &[("token", &phone.code())]);
        assert_eq!(codes(&page).len(), 10);
        app.clock.advance_secs(90);
        alice.send("/auth/otp/disable/", &[("token", &phone.code())]);
    }
}

#[test]
fn how_long_to_wait_is_told_and_how_many_attempts_failed() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = without_proof(&app);
    let page = alice.visit("/auth/otp/challenge/");
    assert!(!page.contains("Failed attempts"), "{page}");
    for n in 1..=5 {
        let form = [("token", &*phone.wrong_code()), ("form", "code")];
        let page = alice.send("/auth/otp/validate/", &form);
        let text = format!("Failed attempts since your last sign-in: {n}.");
        assert!(page.contains(&text), "{page}");
        assert_eq!(page.contains("looked at in 0:30"), n == 5, "{page}");
    }
    app.clock.advance_secs(7);
    for page in ["/auth/otp/challenge/", "/auth/otp/settings/"] {
        let page = alice.visit(page);
        assert!(page.contains("data-countdown=\"23\"") && page.contains("looked at in 0:23"));
        assert!(page.contains("A backup code works at once."));
    }
    let answer = alice.submit("/auth/otp/validate/", &[("token", &phone.code())]);
    assert_eq!(location(&answer), "../challenge/");
    assert_eq!(app.device().unwrap().failures, 5, "not looked at");
    alice.send("/auth/otp/validate/", &[("token", &backup[0])]);
    let page = alice.visit("/auth/otp/challenge/");
    assert!(!page.contains("Failed attempts") && !page.contains("looked at in"));
}

#[test]
fn a_lock_is_told_with_the_way_out() {
    let app = TestApp::start();
    let (mut alice, ..) = without_proof(&app);
    let device = app.device().unwrap();
    let locked = Device {
        failures: 100,
        ..device.clone()
    };
    let swapped = app
        .store
        .swap(&device.user, Some(device.version), Some(&locked));
    assert!(swapped.unwrap());
    let page = alice.visit("/auth/otp/challenge/");
    assert!(
        page.contains("codes from the app are locked. A backup code unlocks them."),
        "{page}"
    );
}

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
        page.contains("A new authenticator waits for its first code."),
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
    let page = alice.send("../forget-browsers/", &[]);
    assert!(page.contains("All other browsers are forgotten."), "{page}");
    assert!(alice.visit("/vault").contains("cake"), "this one stays");
    alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/vault");
}

#[test]
fn where_a_form_was_sent_to_a_get_leads_to_the_form() {
    let app = TestApp::start();
    let mut bob = Person::at(app.signed_in("bob"));
    for (address, leads_to) in [
        ("generate", "setup/"),
        ("verify", "setup/"),
        ("validate", "challenge/"),
        ("backup-codes", "settings/"),
        ("forget-browsers", "settings/"),
        ("disable", "settings/"),
        ("saved", "settings/"),
    ] {
        let answer = bob.open(&format!("/auth/otp/{address}/"));
        assert_eq!(location(&answer), format!("../{leads_to}"));
        let answer = bob.open(&format!("/auth/otp/{address}"));
        assert_eq!(location(&answer), format!("./{leads_to}"));
    }
    assert_eq!(
        location(&bob.open("/auth/otp/challenge/?next=/vault")),
        "../setup/?next=/vault"
    );
    let (mut alice, ..) = enrolled(&app);
    assert_eq!(location(&alice.open("/auth/otp/setup")), "./settings/");
}

#[test]
fn the_scope_itself_leads_to_the_settings_and_what_is_not_there_has_its_style_all_the_same() {
    let app = TestApp::start();
    let mut bob = Person::at(app.signed_in("bob"));
    for scope in ["/auth/otp", "/auth/otp/"] {
        let answer = bob.open(scope);
        location(&answer);
        assert!(bob.follow(answer).text().contains("<dd>Off</dd>"));
        assert_eq!(bob.at, "/auth/otp/settings/");
    }
    for path in ["a", "a/", "a/b", "a/b/", "a/b/c/d"] {
        let page = bob.open(&format!("/auth/otp/{path}")).text();
        let at = page.find("<link rel=\"stylesheet\" href=\"").unwrap();
        let style = page[at..].split('"').nth(3).unwrap();
        assert_eq!(bob.open(style).status, 200, "{path}: {style}");
    }
}

#[test]
fn programs_are_answered_as_without_pages() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    for accept in [
        "*/*",
        "application/json, text/plain, */*",
        "application/json",
    ] {
        let headers = [
            ("Accept", accept),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let mut send = |method: &str, path: &str, body: String| {
            alice.send(method, path, &headers, body.as_bytes())
        };
        app.clock.advance_secs(30);
        send(
            "POST",
            "/auth/otp/validate/",
            format!("token={}", phone.code()),
        )
        .json();
        send("POST", "/auth/otp/validate/", "token=1".into()).problem(400, "malformed_token");
        send("GET", "/auth/otp/validate/", String::new()).problem(405, "method_not_allowed");
        send("GET", "/auth/otp/nothing", String::new()).problem(404, "not_found");
        send("POST", "/auth/otp/forget-browsers/", String::new()).json();
        let headers = [("Accept", accept)];
        app.browser()
            .send("GET", "/vault", &headers, b"")
            .problem(401, "not_authenticated");
        app.signed_in("alice")
            .send("GET", "/vault", &headers, b"")
            .problem(403, "totp_required");
    }
    // What Java accepts by default. No form sends JSON.
    let java = [
        (
            "Accept",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        ),
        ("Content-Type", "application/json"),
    ];
    app.clock.advance_secs(30);
    let token = format!(r#"{{"token":"{}"}}"#, phone.code());
    for status in [200, 400] {
        let answer = alice.send("POST", "/auth/otp/validate/", &java, token.as_bytes());
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[test]
fn what_a_browser_is_refused_is_a_page_with_the_status_of_the_problem() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    #[track_caller]
    fn assert_tells(answer: &Answer, status: u16, text: &str) {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.text().contains(text), "{}", answer.text());
    }
    assert_tells(
        &alice.open("/auth/otp/nothing/"),
        404,
        "There is nothing here.",
    );
    let post = alice.submit("/auth/otp/settings/", &[]);
    assert_tells(&post, 405, "cannot be opened like that");
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
    let long = "1".repeat(5_000);
    let answer = alice.submit("/auth/otp/validate/", &[("token", &long)]);
    assert_tells(&answer, 413, "could not be read");

    let send = |alice: &mut Browser, headers: &[(&str, &str)]| {
        let body = format!("token={}", phone.code());
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let headers = [&[form, ("Accept", "text/html")], headers].concat();
        alice.send("POST", "/auth/otp/disable/", &headers, body.as_bytes())
    };
    for headers in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ] {
        let answer = send(&mut alice.browser, headers);
        assert_tells(&answer, 403, "was sent by another site");
    }
    assert!(app.device().is_some(), "nothing was changed");

    app.store.fail_from(1);
    let answer = alice.open("/auth/otp/settings/");
    assert_tells(&answer, 503, "Try again in a little while.");
    assert_eq!(answer.header("retry-after"), Some("2"));
    let answer = send(&mut alice.browser, &[]);
    assert_tells(&answer, 503, "Try again in a little while.");
    assert!(!answer.text().contains(support::CAUSE));
    app.store.fail_from(0);
    let mut nobody = Person::at(app.browser());
    for page in PAGES {
        let answer = nobody.open(page);
        assert_eq!(
            answer.header("location"),
            Some(&*format!("/login?next={page}"))
        );
    }
}

#[test]
fn next_leads_nowhere_else() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    for attack in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "evil.example",
        "",
    ] {
        let page = alice.visit(&format!("/auth/otp/challenge/?next={}", encode(attack)));
        assert!(
            !page.contains("evil") && !page.contains("alert(1)"),
            "{page}"
        );
        app.clock.advance_secs(30);
        let form = [("token", &*phone.code()), ("next", attack)];
        assert_eq!(location(&alice.submit("/auth/otp/validate/", &form)), "/");
        let form = [("saved", "true"), ("next", attack)];
        assert_eq!(location(&alice.submit("/auth/otp/saved/", &form)), "/");
        let form = [
            ("username", "alice"),
            ("password", "correct horse"),
            ("next", attack),
        ];
        assert_eq!(
            alice.submit("/login", &form).header("location"),
            Some("/account")
        );
    }
    app.clock.advance_secs(30);
    let markup = "/vault?\"'><script>alert(1)</script>";
    let page = alice.visit(&format!("/auth/otp/challenge/?next={}", encode(markup)));
    assert!(
        !page.contains("<script>alert") && !page.contains("\"'>"),
        "{page}"
    );
    let form = [("token", &*phone.code()), ("next", markup)];
    assert_eq!(
        location(&alice.submit("/auth/otp/validate/", &form)),
        markup
    );
}

#[test]
fn style_and_script_are_kept_as_long_as_they_do_not_change() {
    let app = TestApp::start();
    let mut nobody = Person::at(app.browser());
    let page = alice(&app).visit("/auth/otp/setup/");
    for (begin, kind) in [
        (
            "<link rel=\"stylesheet\" href=\"",
            "text/css; charset=utf-8",
        ),
        ("<script src=\"", "text/javascript; charset=utf-8"),
    ] {
        let at = page.find(begin).unwrap() + begin.len();
        let address = page[at..].split('"').next().unwrap();
        nobody.at = "/auth/otp/setup/".into();
        let answer = nobody.open(address);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind))
        );
        let immutable = "private, max-age=31536000, immutable";
        assert_eq!(answer.header("cache-control"), Some(immutable));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let (path, _) = address.split_once('?').unwrap();
        for other in [path.to_owned(), format!("{path}?v=0")] {
            nobody.at = "/auth/otp/setup/".into();
            assert_eq!(
                nobody.open(&other).header("cache-control"),
                Some("no-cache")
            );
        }
    }
}

#[test]
fn german_browsers_get_german_pages() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    alice.language = "de-CH,de;q=0.9,en;q=0.8";
    let page = alice.visit("/auth/otp/setup/");
    assert!(page.contains("<html lang=\"de\">"), "{page}");
    assert!(
        page.contains("Zwei-Faktor-Authentifizierung einrichten"),
        "{page}"
    );
    alice.language = "fr";
    assert!(
        alice
            .visit("/auth/otp/setup/")
            .contains("<html lang=\"en\">")
    );
}
