//! Who gets a page, and in which language.

use crate::{alice, support::TestApp};

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
fn a_script_is_answered_like_a_program_whatever_it_accepts() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let mut send = |method: &str, path: &str, body: &str| {
        let headers = [
            ("Accept", "text/html,*/*"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Dest", "empty"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        alice.send(method, path, &headers, body.as_bytes())
    };
    let token = format!("token={}", phone.code());
    send("POST", "/auth/otp/validate/", &token).json();
    send("POST", "/auth/otp/validate/", &token).problem(400, "invalid_token");
    send("GET", "/auth/otp/validate/", "").problem(405, "method_not_allowed");
    send("GET", "/auth/otp/nothing", "").problem(404, "not_found");
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
