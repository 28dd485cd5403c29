//! What is told of a refusal, and where.

use actix_totp::{Device, DeviceStore};

use crate::{
    PAGES, alice, authenticator, codes, enrolled, location,
    support::{Answer, Browser, PageClient, TestApp},
    without_proof,
};

#[test]
fn a_refusal_leads_back_to_the_form_and_is_shown_once() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let wrong = phone.wrong_code();
    let form = [("token", &*wrong), ("form", "code"), ("next", "/vault?a=b")];
    let answer = alice.submit("/auth/otp/validate/", &form);
    assert_eq!(location(&answer), "../challenge/?next=/vault%3Fa%3Db");
    let page = alice.follow(answer).text();
    assert!(
        page.contains("This code is wrong or was already used."),
        "{page}"
    );
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("code-error code-hint"));
    assert!(page.contains("id=\"code-error\""));
    assert!(!page.contains(&wrong), "what was typed is not repeated");
    let answer = alice.submit("/auth/otp/validate/", &form);
    location(&answer);
    let html = [("Accept", "text/html")];
    alice
        .browser
        .send("HEAD", "/auth/otp/challenge/", &html, b"");
    let page = alice.visit("/auth/otp/challenge/");
    assert!(page.contains("totp-error"), "told to who sees it");
    let again = alice.visit("/auth/otp/challenge/");
    assert!(!again.contains("totp-error"), "{again}");
    assert_eq!(
        app.device().unwrap().failures,
        2,
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
            validate,
            "backup",
            "ABCD-EFGH-JKLM-NPQ0",
            "/auth/otp/challenge/",
            "never has a 0, 1, I or O",
        ),
        (
            "/auth/otp/backup-codes/",
            "renew",
            &backup[0],
            settings,
            "A backup code does not work here",
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
        assert!(page.contains("totp-error"));
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
fn how_long_to_wait_is_shown_and_how_many_attempts_failed() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = without_proof(&app);
    let page = alice.visit("/auth/otp/challenge/");
    assert!(!page.contains("Failed attempts"), "{page}");
    for n in 1..=5 {
        let form = [("token", &*phone.wrong_code()), ("form", "code")];
        let page = alice.send("/auth/otp/validate/", &form);
        let text = format!("Failed attempts since your last sign-in: {n}.");
        assert!(page.contains(&text), "{page}");
        assert_eq!(page.contains("next code in 0:30"), n == 5, "{page}");
    }
    app.clock.advance_secs(7);
    for page in ["/auth/otp/challenge/", "/auth/otp/settings/"] {
        let page = alice.visit(page);
        assert!(page.contains("data-countdown=\"23\"") && page.contains("next code in 0:23"));
        assert!(page.contains("A backup code works at once."));
    }
    let answer = alice.submit("/auth/otp/validate/", &[("token", &phone.code())]);
    assert_eq!(location(&answer), "../challenge/");
    assert_eq!(app.device().unwrap().failures, 5, "not looked at");
    alice.send("/auth/otp/validate/", &[("token", &backup[0])]);
    let page = alice.visit("/auth/otp/challenge/");
    assert!(!page.contains("Failed attempts") && !page.contains("next code in"));
}

#[test]
fn a_lock_is_shown_with_the_way_out() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
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
    let notice = "codes from the app are locked. A backup code unlocks them.";
    assert!(page.contains(notice), "{page}");
    let page = alice.send(
        "../validate/",
        &[("token", &phone.code()), ("form", "code")],
    );
    let at = page.find("id=\"code-error\"").unwrap();
    assert!(
        page[at..].contains("codes from the app are locked."),
        "{page}"
    );
    assert!(!page.contains("Wait a little"), "waiting helps nobody here");
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
    assert_tells(&post, 405, "cannot be opened this way");
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
    let answer = send(&mut alice.browser, &[("Sec-Fetch-Site", "cross-site")]);
    assert_tells(&answer, 403, "was sent by another site");
    assert!(app.device().is_some(), "nothing was changed");

    app.store.fail_from(1);
    let answer = alice.open("/auth/otp/settings/");
    assert_tells(&answer, 503, "Try again in a little while.");
    assert_eq!(answer.header("retry-after"), Some("2"));
    let answer = send(&mut alice.browser, &[]);
    assert_tells(&answer, 503, "Try again in a little while.");
    assert!(!answer.text().contains(crate::support::CAUSE));
    app.store.fail_from(0);
    let mut nobody = PageClient::at(app.browser());
    for page in PAGES {
        let answer = nobody.open(page);
        assert_eq!(
            answer.header("location"),
            Some(&*format!("/login?next={page}"))
        );
    }
}
