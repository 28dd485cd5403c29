//! From the password to the session.

use std::{sync::mpsc, time::Duration};

use actix_totp::{Event, Method};
use serde_json::{Value, json};

use crate::{Site, complete, into_the_session, ticket, user};

#[test]
fn after_the_password_nobody_is_signed_in_and_after_the_code_the_user_is() {
    let site = Site::start();
    let (phone, backup) = site.enroll(&user("alice"));
    for token in [phone.code(), backup[0].clone()] {
        let mut alice = site.browser();
        let ticket = ticket(&mut alice, "alice");
        assert!(alice.cookies.is_empty(), "no session before the code");
        assert_eq!(alice.get("/me").status, 401);
        alice.get("/vault").problem(401, "not_authenticated");

        let answer = complete(&mut alice, &ticket, &token);
        assert_eq!(answer.status, 200, "the application's own answer");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(alice.get("/me").text(), "alice");
        assert_eq!(alice.get("/vault").status, 200, "with a proof");
        let status = alice.get("/otp/status/").json();
        assert_eq!(status["session_verified"], true);
    }
}

#[test]
fn a_form_signs_in_as_json_does() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let form = format!(
        "ticket={}&token={}",
        ticket(&mut alice, "alice"),
        phone.code()
    );
    assert_eq!(alice.form("/otp/sign-in", &form).status, 200);
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn a_user_without_a_second_factor_is_signed_in_at_once() {
    let site = Site::start();
    let mut bob = site.browser();
    let answer = bob.post("/password/bob", &Value::Null);
    assert_eq!(answer.text(), r#"{"signed_in":true}"#);
    assert_eq!(bob.get("/me").text(), "bob");
}

#[test]
fn while_the_store_does_not_answer_nobody_is_signed_in_at_either_step() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let given = ticket(&mut alice, "alice");
    for failing in [1, 2] {
        site.store.fail_from(failing);
        let answer = complete(&mut alice, &given, &phone.code());
        answer.problem(503, "store_unavailable");
        site.store.fail_from(1);
        assert_eq!(alice.post("/password/bob", &Value::Null).status, 503);
        assert!(alice.cookies.is_empty());
    }
    site.store.fail_from(0);
    assert_eq!(complete(&mut alice, &given, &phone.code()).status, 200);
}

#[test]
fn the_session_id_is_new_and_whoever_knew_the_old_one_has_nothing() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    alice.post("/password/mallory", &Value::Null); // a session that somebody else has put there
    let mut fixed = alice.clone();
    assert_eq!(fixed.get("/me").text(), "mallory");
    let ticket = ticket(&mut alice, "alice");
    assert_eq!(complete(&mut alice, &ticket, &phone.code()).status, 200);
    assert_ne!(alice.session(), fixed.session());
    assert_eq!(alice.get("/me").text(), "alice");
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(fixed.get("/me").status, 401);
    fixed.get("/vault").problem(401, "not_authenticated");
}

#[test]
fn a_browser_is_trusted_where_that_is_asked_for_and_allowed() {
    let month = Duration::from_secs(30 * 86_400);
    for is_allowed in [false, true] {
        let site = Site::with(|builder| {
            let builder = builder
                .on_signed_in(into_the_session)
                .danger_trust_without_tls();
            match is_allowed {
                true => builder.trusted_browsers(month),
                false => builder,
            }
        });
        let (phone, _) = site.enroll(&user("alice"));
        for is_asked in [false, true] {
            let mut alice = site.browser();
            let ticket = ticket(&mut alice, "alice");
            let code = phone.code();
            let body = json!({ "ticket": ticket, "token": code, "trust_browser": is_asked });
            assert_eq!(alice.post("/otp/sign-in/", &body).status, 200);
            let is_trusted = alice.cookies.contains_key("totp_trust");
            assert_eq!(is_trusted, is_allowed && is_asked);
            site.clock.advance_secs(30);
        }
    }
}

#[test]
fn events_tell_of_it_and_from_where_it_came() {
    let (send, events) = mpsc::channel();
    let site = Site::with(|builder| {
        builder
            .on_signed_in(into_the_session)
            .on_event(move |event, context| drop(send.send((event.clone(), context.clone()))))
    });
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let ticket = ticket(&mut alice, "alice");
    let mut send = |token: &str| {
        let body = json!({ "ticket": ticket, "token": token }).to_string();
        let headers = [
            ("Content-Type", "application/json"),
            ("User-Agent", "test/1"),
        ];
        alice.send("POST", "/otp/sign-in/", &headers, body.as_bytes())
    };
    send(&phone.wrong_code()).problem(400, "invalid_token");
    assert_eq!(send(&phone.code()).status, 200);
    site.totp.service().flush_events();
    let told: Vec<_> = events.try_iter().skip(1).collect(); // the enrollment
    let (user, method) = (user("alice"), Method::Totp);
    let authenticators = site.totp.service().authenticators(&user).unwrap();
    let expected = [
        Event::Rejected {
            user: user.clone(),
            method,
            failures: 1,
        },
        Event::Verified {
            user,
            method,
            authenticator: Some(authenticators[0].id),
            failed_attempts: 1,
        },
    ];
    assert_eq!(told.len(), expected.len());
    for ((event, context), expected) in told.iter().zip(expected) {
        assert_eq!(*event, expected);
        assert_eq!(context.user_agent.as_deref(), Some("test/1"));
        assert!(context.peer.is_some());
    }
}

#[test]
fn on_verified_is_told_after_the_user_is_in_the_session() {
    use actix_session::SessionExt;
    use actix_totp::Verified;
    use actix_web::HttpRequest;

    let (send, told) = mpsc::channel();
    let send = std::sync::Mutex::new(send);
    let site = Site::with(|builder| {
        builder.on_signed_in(into_the_session).on_verified(
            async move |req: &HttpRequest, verified: &Verified| {
                let in_session: Option<String> = req.get_session().get("user_id")?;
                let told = (in_session, verified.user().to_string());
                send.lock().unwrap().send(told).unwrap();
                Ok(())
            },
        )
    });
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let ticket = ticket(&mut alice, "alice");
    complete(&mut alice, &ticket, &phone.wrong_code()).problem(400, "invalid_token");
    assert_eq!(complete(&mut alice, &ticket, &phone.code()).status, 200);
    let told: Vec<_> = told.try_iter().collect();
    assert_eq!(told, [(Some("alice".to_owned()), "alice".to_owned())]);
}
