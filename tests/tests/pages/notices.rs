//! What the next page says about a form: who sees it, and how often.

use crate::{
    alice, authenticator, enrolled, location,
    support::{Answer, PageClient, TestApp},
    without_proof,
};

const NOTICE: &str = "totp_notice";

fn set_cookies(answer: &Answer) -> Vec<String> {
    answer.all("set-cookie").map(str::to_owned).collect()
}

#[test]
fn a_notice_is_a_sealed_cookie_that_the_next_page_takes_away() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let wrong = [("token", &*phone.wrong_code()), ("form", "code")];
    let answer = alice.submit("/auth/otp/validate/", &wrong);
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 1, "the session is not touched: {cookies:?}");
    let value = alice.browser.cookies[NOTICE].clone();
    assert_eq!(
        cookies[0],
        format!("{NOTICE}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age=60")
    );
    assert!(cookies[0].len() < 4_096);
    for part in ["token", "code", "refused", "alice"] {
        assert!(!value.contains(part), "{value}");
    }
    let answer = alice.submit("/auth/otp/validate/", &wrong);
    assert_ne!(alice.browser.cookies[NOTICE], value, "never the same twice");

    let page = alice.follow(answer);
    assert!(page.text().contains("This code is wrong"));
    assert_eq!(
        set_cookies(&page),
        [format!(
            "{NOTICE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        )]
    );
    let page = alice.open("/auth/otp/challenge/");
    assert!(!page.text().contains("totp-error"));
    assert!(set_cookies(&page).is_empty());
}

#[test]
fn through_tls_the_cookie_is_for_this_host_and_tls_alone() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let body = format!("form=code&token={}", phone.wrong_code());
    let headers = [
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Forwarded-Proto", "https"),
    ];
    let browser = &mut alice.browser;
    let answer = browser.send("POST", "/auth/otp/validate/", &headers, body.as_bytes());
    let cookie = &set_cookies(&answer)[0];
    assert!(cookie.starts_with("__Host-totp_notice="), "{cookie}");
    assert!(
        cookie.contains("; Secure") && cookie.contains("; Path=/;"),
        "{cookie}"
    );

    let page = browser.send("GET", "/auth/otp/challenge/", &headers, b"");
    assert!(page.text().contains("This code is wrong"));
    let cookie = &set_cookies(&page)[0];
    assert!(
        cookie.starts_with("__Host-totp_notice=;") && cookie.contains("; Secure"),
        "{cookie}"
    );
}

#[test]
fn what_was_done_does_not_touch_the_session_either() {
    let app = TestApp::start();
    let (mut alice, ..) = enrolled(&app);
    for fields in [&[("saved", "true")][..], &[]] {
        let answer = alice.submit("/auth/otp/saved/", fields);
        let cookies = set_cookies(&answer);
        assert!(cookies.len() == 1 && cookies[0].starts_with(NOTICE));
    }
    let page = alice.visit("/auth/otp/settings/");
    assert!(page.contains("If you have not saved your backup codes"));
    // Codes that are saved are no news.
    alice.submit("/auth/otp/saved/", &[("saved", "true")]);
    let page = alice.visit("/auth/otp/settings/");
    assert!(!page.contains("role=\"status\""), "{page}");
}

#[test]
fn a_notice_is_shown_to_its_user_alone_and_nobody_can_make_one_up() {
    let app = TestApp::start();
    let (mut alice, phone, _) = without_proof(&app);
    let wrong = [("token", &*phone.wrong_code()), ("form", "code")];
    location(&alice.submit("/auth/otp/validate/", &wrong));
    let alices = alice.browser.cookies[NOTICE].clone();

    let made_up = r#"{"what":"disabled","form":null}"#;
    let mut bob = PageClient::at(app.signed_in("bob"));
    for value in [alices.as_str(), made_up, "", "AAAA", &alices[1..]] {
        (bob.browser.cookies).insert(NOTICE.into(), value.to_owned());
        let page = bob.visit("/auth/otp/setup/");
        let shows = |role: &str| page.contains(&format!("role=\"{role}\""));
        assert!(!shows("alert") && !shows("status"), "{page}");
        assert!(!bob.browser.cookies.contains_key(NOTICE), "it is gone");
    }
    let page = alice.visit("/auth/otp/challenge/");
    assert!(page.contains("This code is wrong"), "{page}");
}

#[test]
fn after_ten_wrong_first_codes_the_user_is_told_to_start_again() {
    let app = TestApp::start();
    let mut alice = alice(&app);
    let page = alice.send("/auth/otp/generate/", &[]);
    let phone = authenticator(&app, &page);
    let wrong = phone.wrong_code();
    for _ in 0..9 {
        let page = alice.send("/auth/otp/verify/", &[("token", &wrong)]);
        assert!(page.contains("This code is wrong"), "{page}");
    }
    let discarded = "Too many wrong codes: this QR code is no longer valid.";
    let page = alice.send("/auth/otp/verify/", &[("token", &wrong)]);
    assert!(page.contains(discarded), "{page}");
    assert_eq!(alice.at, "/auth/otp/setup/");
    assert!(page.contains("<button>Start</button>"), "{page}");

    let page = alice.send("/auth/otp/generate/", &[]);
    let phone = authenticator(&app, &page);
    alice.send("/auth/otp/verify/", &[("token", &phone.code())]);
    app.clock.advance_secs(30);
    let replace = [("token", &*phone.code()), ("form", "replace")];
    let page = alice.send("/auth/otp/generate/", &replace);
    let wrong = authenticator(&app, &page).wrong_code();
    for _ in 0..9 {
        alice.send("/auth/otp/verify/", &[("token", &wrong)]);
        assert_eq!(alice.at, "/auth/otp/setup/");
    }
    let page = alice.send("/auth/otp/verify/", &[("token", &wrong)]);
    assert!(page.contains(discarded), "{page}");
    assert_eq!(alice.at, "/auth/otp/settings/");
    assert!(page.contains("<dd>On</dd>"), "the old authenticator stays");
}
