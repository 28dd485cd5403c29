//! What a request has to look like.

use std::{io::Write, net::TcpStream, time::Duration};

use serde_json::{Value, json};

use crate::{Site, complete, into_the_session, support::Answer, ticket, user};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_page_of_another_site_signs_nobody_in() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let given = ticket(&mut alice, "alice");
    let body = json!({ "ticket": given, "token": phone.code() }).to_string();
    let form = format!("ticket={given}&token={}", phone.code());
    site.store.calls();
    for headers in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
    ] {
        for (kind, body) in [
            ("application/json", &body),
            ("application/x-www-form-urlencoded", &form),
            ("text/plain", &body),
        ] {
            let headers = [headers, &[("Content-Type", kind)]].concat();
            let answer = alice.send("POST", "/otp/sign-in/", &headers, body.as_bytes());
            answer.problem(403, "cross_site");
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    assert_eq!(site.store.calls(), []);
    assert_eq!(complete(&mut alice, &given, &phone.code()).status, 200);
}

#[test]
fn a_body_that_is_too_large_of_another_kind_or_malformed_is_refused_before_the_ticket_is_looked_at()
{
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let given = ticket(&mut alice, "alice");
    let send = |kind: &str, body: &str| {
        let headers = [("Content-Type", kind)];
        site.browser()
            .send("POST", "/otp/sign-in/", &headers, body.as_bytes())
    };
    let large = json!({ "ticket": given, "token": phone.code(), "more": "x".repeat(4_096) });
    send("application/json", &large.to_string()).problem(413, "body_too_large");
    send("text/plain", "{}").problem(415, "unsupported_media_type");
    send("application/json", "[]").problem(400, "malformed_body");
    send("application/json", "").problem(401, "invalid_ticket");
}

#[test]
fn a_token_that_is_missing_or_no_string_is_told_to_whoever_has_a_ticket_and_costs_nothing() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let given = ticket(&mut alice, "alice");
    site.store.calls();
    for token in [Value::Null, json!(""), json!("  ")] {
        let body = json!({ "ticket": given, "token": token });
        alice
            .post("/otp/sign-in/", &body)
            .problem(400, "token_required");
    }
    let body = json!({ "ticket": given });
    alice
        .post("/otp/sign-in/", &body)
        .problem(400, "token_required");
    let body = json!({ "ticket": given, "token": [123_456] });
    alice
        .post("/otp/sign-in/", &body)
        .problem(400, "malformed_token");
    assert_eq!(site.store.calls(), []);
    complete(&mut alice, &given, "12345").problem(400, "malformed_token");
    assert_eq!(complete(&mut alice, &given, &phone.code()).status, 200);
}

#[test]
fn a_ticket_in_the_address_a_cookie_or_a_header_is_not_read() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let given = ticket(&mut alice, "alice");
    alice.cookies.insert("ticket".into(), given.clone());
    let path = format!("/otp/sign-in/?ticket={given}&token={}", phone.code());
    let body = json!({ "token": phone.code() }).to_string();
    let headers = [JSON, ("Ticket", &given), ("Authorization", &given)];
    let answer = alice.send("POST", &path, &headers, body.as_bytes());
    answer.problem(401, "invalid_ticket");
}

#[test]
fn other_methods_sign_nobody_in() {
    let site = Site::start();
    site.enroll(&user("alice"));
    let mut bob = site.browser();
    bob.post("/password/bob", &Value::Null);
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for path in ["/otp/sign-in/", "/otp/sign-in"] {
            let anonymous = site.browser().send(method, path, &[], b"");
            anonymous.problem(401, "not_authenticated");
            let answer = bob.send(method, path, &[], b"");
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
}

#[test]
fn a_body_that_does_not_arrive_in_time_is_refused() {
    let site = Site::with(|builder| {
        let builder = builder.on_signed_in(into_the_session);
        builder.body_timeout(Duration::from_millis(100))
    });
    let mut alice = site.browser();
    site.enroll(&user("alice"));
    let given = ticket(&mut alice, "alice");
    let body = json!({ "ticket": given, "token": "123456" }).to_string();
    let head = alice.head("POST", "/otp/sign-in/", &[JSON], body.len());
    site.store.calls();
    let most = &body[..body.len() - 1];
    let answer = alice.raw(format!("{head}\r\n{most}").as_bytes());
    answer.problem(408, "request_timeout");
    assert_eq!(site.store.calls(), []);
}

/// The session was loaded before the body, which a thief holds back: what is refused does not write it again.
#[test]
fn a_refusal_leaves_the_session_as_it_was() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut bob = site.browser();
    bob.post("/password/bob", &Value::Null);
    let session = bob.session();
    let given = ticket(&mut bob, "alice");
    let refusals: [Answer; 3] = [
        complete(&mut bob, &given, &phone.wrong_code()),
        complete(&mut bob, "zq7x", &phone.code()),
        complete(&mut bob, &given, ""),
    ];
    for answer in refusals {
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(bob.session(), session);
    assert_eq!(bob.get("/me").text(), "bob");
}

/// Whoever sends a ticket and goes away has used it all the same.
#[test]
fn a_client_that_does_not_wait_for_the_answer_has_made_its_guess() {
    let site = Site::start();
    let alice = user("alice");
    let (phone, _) = site.enroll(&alice);
    let mut browser = site.browser();
    let given = ticket(&mut browser, "alice");
    let swapped = std::sync::Arc::new(std::sync::Barrier::new(2));
    let at_swap = swapped.clone();
    site.store.before_swaps(move || {
        at_swap.wait();
    });
    let body = json!({ "ticket": given, "token": phone.wrong_code() }).to_string();
    let head = browser.head("POST", "/otp/sign-in/", &[JSON], body.len());
    let mut stream = TcpStream::connect(browser.address).unwrap();
    write!(stream, "{head}\r\n{body}").unwrap();
    swapped.wait();
    drop(stream);
    site.store.before_swaps(|| ());
    while site.device(&alice).failures == 0 {
        std::thread::yield_now();
    }
}
