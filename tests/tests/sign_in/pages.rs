//! The second step as a page, without a script.

use actix_session::SessionExt;
use actix_totp::{Authenticated, UserId};
use actix_web::{HttpRequest, HttpResponse, http::header};

use crate::{
    Site, into_the_session,
    support::{Answer, PageClient},
    user,
};

/// alice, who has shown her password and is shown the page; its hidden fields.
pub(crate) fn asked_for_a_code(site: &Site, next: &str) -> (PageClient, String) {
    let mut alice = PageClient::at(site.browser());
    let answer = alice.submit("/enter/alice", &[("next", next)]);
    let ticket = ticket_in(&answer);
    assert_eq!(answer.status, 200);
    (alice, ticket)
}

/// The ticket in the page's forms, which is the same in both, and in nothing else that browsers keep.
#[track_caller]
pub(crate) fn ticket_in(answer: &Answer) -> String {
    let page = answer.text();
    let field = "<input type=\"hidden\" name=\"ticket\" value=\"";
    let tickets: Vec<&str> = page
        .split(field)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(tickets.len(), 2, "{page}");
    assert_eq!(tickets[0], tickets[1]);
    assert!(!format!("{:?}", answer.headers).contains(tickets[0]));
    assert_eq!(page.matches("sign-in/\">").count(), 2, "{page}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    tickets[0].to_owned()
}

#[test]
fn the_journey_from_the_password_over_a_wrong_code_to_the_page_that_was_wanted() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let (mut alice, ticket) = asked_for_a_code(&site, "/vault");
    assert!(alice.browser.cookies.is_empty(), "no session yet");
    let next = ("next", "/vault");
    let send = |alice: &mut PageClient, token: &str| {
        let fields = [
            ("form", "code"),
            next,
            ("ticket", &ticket),
            ("token", token),
        ];
        alice.submit("/otp/sign-in/", &fields)
    };
    for token in ["", "12345", &*phone.wrong_code()] {
        let answer = send(&mut alice, token);
        assert_eq!(answer.status, 400);
        assert_eq!(ticket_in(&answer), ticket, "it is still there");
        let page = answer.text();
        assert!(
            page.contains("id=\"code-error\"") && page.contains("value=\"/vault\""),
            "{page}"
        );
        assert!(alice.browser.cookies.is_empty());
    }
    let code = phone.code();
    let pasted = format!(" {} {}\u{a0}", &code[..3], &code[3..]);
    let answer = send(&mut alice, &pasted);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/vault"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!format!("{:?}", answer.headers).contains(&ticket));
    assert_eq!(alice.follow(answer).status, 200);
    assert_eq!(alice.browser.get("/me").text(), "alice");

    let again = send(&mut alice, &code);
    assert_eq!(again.status, 401);
    let page = again.text();
    assert!(page.contains("expired or was completed already"), "{page}");
    assert!(
        page.contains("href=\"/enter\"") && !page.contains(&ticket),
        "{page}"
    );
}

#[test]
fn a_backup_code_has_a_form_of_its_own_and_the_page_speaks_german() {
    let site = Site::start();
    let (_, backup) = site.enroll(&user("alice"));
    let mut alice = PageClient::at(site.browser());
    alice.language = "de";
    let answer = alice.submit("/enter/alice", &[]);
    let ticket = ticket_in(&answer);
    assert!(answer.text().contains("<h1>Code eingeben</h1>"));
    let mut send = |token: &str| {
        let fields = [("form", "backup"), ("ticket", &*ticket), ("token", token)];
        alice.submit("/otp/sign-in/", &fields)
    };
    let wrong = send("ABCD-EFGH-JKLM-NPQR");
    assert!(
        wrong.text().contains("Dieser Ersatzcode ist falsch"),
        "{}",
        wrong.text()
    );
    let answer = send(&backup[0]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let again = send(&backup[1]);
    assert!(again.text().contains("Diese Anmeldung ist abgelaufen"));
}

#[test]
fn who_has_to_wait_is_told_so_and_for_how_long() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let (mut alice, ticket) = asked_for_a_code(&site, "/");
    let mut last = None;
    for _ in 0..6 {
        let fields = [("ticket", &*ticket), ("token", &*phone.wrong_code())];
        last = Some(alice.submit("/otp/sign-in/", &fields));
    }
    let answer = last.unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert!(answer.text().contains("data-countdown=\"30\""));
    assert_eq!(ticket_in(&answer), ticket);
    let (_, again) = asked_for_a_code(&site, "/");
    assert_ne!(again, ticket);
}

#[test]
fn a_next_leads_nowhere_else() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:x",
    ] {
        let (mut alice, ticket) = asked_for_a_code(&site, next);
        let code = phone.code();
        let fields = [("next", next), ("ticket", &*ticket), ("token", &*code)];
        let answer = alice.submit("/otp/sign-in/", &fields);
        assert_eq!(answer.header("location"), Some("/"), "{next}");
        site.clock.advance_secs(30);
    }
}

#[test]
fn the_applications_own_answer_is_given_as_it_is_and_its_cookies_go_along_on_the_way() {
    async fn by_name(
        req: &HttpRequest,
        user: &UserId,
        _: &Authenticated,
    ) -> Result<HttpResponse, actix_web::Error> {
        req.get_session().insert("user_id", user.as_str())?;
        Ok(match user.as_str() {
            "alice" => HttpResponse::SeeOther()
                .insert_header((header::LOCATION, "/welcome"))
                .finish(),
            "bob" => HttpResponse::Ok().body("hello"),
            _ => HttpResponse::Ok()
                .insert_header((header::SET_COOKIE, "own=value"))
                .finish(),
        })
    }
    let site = Site::with(|builder| builder.on_signed_in(by_name));
    for (name, status, location, text) in [
        ("alice", 303, Some("/welcome"), ""),
        ("bob", 200, None, "hello"),
        ("carol", 303, Some("/vault"), ""),
    ] {
        let (phone, _) = site.enroll(&user(name));
        let mut browser = PageClient::at(site.browser());
        let shown = browser.submit(&format!("/enter/{name}"), &[("next", "/vault")]);
        let ticket = ticket_in(&shown);
        let code = phone.code();
        let fields = [("next", "/vault"), ("ticket", &*ticket), ("token", &*code)];
        let answer = browser.submit("/otp/sign-in/", &fields);
        assert_eq!(
            (answer.status, answer.header("location")),
            (status, location)
        );
        assert_eq!(answer.text(), text);
        assert_eq!(browser.browser.cookies.contains_key("own"), name == "carol");
        assert_eq!(browser.browser.get("/vault").status, 200);
    }
}

#[test]
fn where_something_is_missing_or_the_ticket_is_void_there_is_a_problem_instead() {
    let without_function = Site::with(|builder| builder);
    without_function.enroll(&user("alice"));
    let mut alice = PageClient::at(without_function.browser());
    let answer = alice.submit("/enter/alice", &[]);
    answer.problem(503, "store_unavailable");

    let site = Site::start();
    site.enroll(&user("alice"));
    let (mut alice, ticket) = asked_for_a_code(&site, "/");
    site.store.fail_from(1);
    let fields = [("ticket", &*ticket), ("token", "123456")];
    let answer = alice.submit("/otp/sign-in/", &fields);
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("does not work at the moment"));
    site.store.fail_from(0);
    let answer = alice.submit("/otp/sign-in/", &[("token", "123456")]);
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("Sign in again."));
}

#[test]
fn whoever_goes_back_to_its_address_is_led_on() {
    let site = Site::start();
    let (phone, _) = site.enroll(&user("alice"));
    let mut nobody = PageClient::at(site.browser());
    let answer = nobody.open("/otp/sign-in/");
    assert_eq!(answer.header("location"), Some("/enter?next=/otp/sign-in/"));
    let (mut alice, ticket) = asked_for_a_code(&site, "/");
    let code = phone.code();
    alice.submit("/otp/sign-in/", &[("ticket", &ticket), ("token", &code)]);
    let answer = alice.open("/otp/sign-in/");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
}

#[test]
fn behind_a_proxy_the_page_posts_to_where_the_browser_finds_the_scope() {
    let site = Site::with(|builder| {
        let builder = builder.on_signed_in(into_the_session);
        builder.public_path("/app")
    });
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = PageClient::at(site.browser());
    let page = alice
        .submit("/enter/alice", &[("next", "/app/vault")])
        .text();
    assert!(page.contains("action=\"/app/otp/sign-in/\""), "{page}");
    assert!(page.contains("src=\"/app/otp/assets/totp.js"), "{page}");
    let ticket = page.split("name=\"ticket\" value=\"").nth(1).unwrap();
    let ticket = ticket.split('"').next().unwrap();
    let code = phone.code();
    let fields = [
        ("next", "/app/vault"),
        ("ticket", ticket),
        ("token", &*code),
    ];
    let answer = alice.submit("/otp/sign-in/", &fields);
    assert_eq!(answer.header("location"), Some("/app/vault"));
}
