//! `on_event`: what the application is told.

use std::sync::{Arc, Mutex};

use actix_totp::{Event, EventContext, Method};
use actix_web::HttpRequest;
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
    totp.service().flush_events();
    assert_eq!(totp.service().missed_events(), 4, "each was told once");
}

/// As applications do it that run on actix.
#[test]
fn an_asynchronous_function_may_spawn_tasks_of_its_thread() {
    let (told, events) = std::sync::mpsc::channel();
    let (totp, clock, _server) = site(|builder| {
        builder.on_event_async(async move |event: &Event, _: &EventContext| {
            let event = event.clone();
            let told = told.clone();
            let task = actix_web::rt::spawn(async move { told.send(event).unwrap() });
            task.await.unwrap();
        })
    });
    enroll(&totp, &clock);
    totp.service().flush_events();
    assert_eq!(totp.service().missed_events(), 0);
    assert_eq!(events.try_recv(), Ok(Event::Enrolled { user: alice() }));
}

#[test]
fn the_application_receives_what_happens() {
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
    totp.service().flush_events();
    let authenticators = totp.service().authenticators(&user).unwrap();
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
                authenticator: Some(authenticators[0].id),
                failed_attempts: 1
            },
        ]
    );
}

type Contexts = Arc<Mutex<Vec<EventContext>>>;

/// Signs alice in with these headers; what the events were told of the request.
fn contexts_of_a_sign_in(
    set: impl FnOnce(actix_totp::TotpBuilder) -> actix_totp::TotpBuilder,
    headers: &[(&str, &str)],
) -> (actix_totp::Totp, Contexts) {
    let contexts = Contexts::default();
    let log = Arc::clone(&contexts);
    let (totp, clock, server) = site(|builder| {
        set(builder).on_event(move |_, context| log.lock().unwrap().push(context.clone()))
    });
    enroll(&totp, &clock);
    totp.service().flush_events();
    contexts.lock().unwrap().clear();
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    let body = json!({ "token": code(&totp) }).to_string();
    let kind = ("Content-Type", "application/json");
    let headers = [headers, &[kind]].concat();
    let answer = browser.send("POST", "/otp/validate/", &headers, body.as_bytes());
    assert_eq!(answer.status, 200);
    totp.service().flush_events();
    (totp, contexts)
}

#[test]
fn an_event_says_from_where_it_came_and_believes_no_forwarded_header() {
    let headers = [
        ("User-Agent", "Mozilla/5.0"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1"),
    ];
    let (_, contexts) = contexts_of_a_sign_in(|builder| builder, &headers);
    let contexts = contexts.lock().unwrap();
    let localhost = [127, 0, 0, 1].into();
    assert_eq!(
        *contexts,
        [EventContext::new()
            .peer(localhost)
            .user_agent("Mozilla/5.0")]
    );
}

#[test]
fn what_an_event_says_of_its_request_is_for_the_application_to_decide() {
    let describe = |req: &HttpRequest| {
        let id = req.headers().get("x-request-id").unwrap();
        EventContext::new().request_id(id.to_str().unwrap())
    };
    let (totp, contexts) = contexts_of_a_sign_in(
        |builder| builder.event_context(describe),
        &[("X-Request-Id", "17")],
    );
    assert_eq!(
        *contexts.lock().unwrap(),
        [EventContext::new().request_id("17")]
    );

    // What an operator does has no request, but somebody who did it.
    let operator = EventContext::new().actor("support: jane");
    let by_operator = totp.with_context(operator.clone());
    actix_web::rt::System::new().block_on(async {
        assert!(by_operator.unlock(&alice()).await.unwrap());
        assert!(totp.unlock(&alice()).await.unwrap());
        let ended = by_operator.end_everybodys_proofs(None).await.unwrap();
        assert_eq!((ended.changed, ended.unchanged), (1, 0));
    });
    totp.service().flush_events();
    assert_eq!(
        contexts.lock().unwrap()[1..],
        [operator.clone(), EventContext::new(), operator]
    );
}
