//! `on_event`: what the application is told.

use std::sync::{Arc, Mutex};

use actix_totp::{Event, Method};
use serde_json::json;

use crate::{alice, code, enroll, site};

#[test]
fn a_function_that_panics_at_an_event_costs_the_user_nothing() {
    let (totp, clock, server) =
        site(|builder| builder.on_event(|_, _| panic!("the audit log is full")));
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser
        .token("/otp/validate/", "000000")
        .problem(400, "invalid_token");
    browser.token("/otp/validate/", &code(&totp)).json();
    assert_eq!(browser.get("/vault").status, 200);
    clock.advance_secs(30);
    browser.token("/otp/disable/", &code(&totp)).json();
}

#[test]
fn the_application_is_told_what_happens() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let (totp, clock, server) =
        site(|builder| builder.on_event(move |event, _| log.lock().unwrap().push(event.clone())));
    enroll(&totp, &clock);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    browser
        .token("/otp/validate/", "000000")
        .problem(400, "invalid_token");
    browser.token("/otp/validate/", &code(&totp)).json();
    let (user, method) = (alice(), Method::Totp);
    assert_eq!(
        *events.lock().unwrap(),
        [
            Event::Enrolled { user: user.clone() },
            Event::Rejected {
                user: user.clone(),
                method,
                failures: 1
            },
            Event::Verified {
                user,
                method,
                failed_attempts: 1
            },
        ]
    );
}
