//! What the application answers itself, and what cannot work.

use std::time::Duration;

use actix_totp::{
    BuildError, Change, Problem,
    pages::{Pages, Texts},
};
use actix_web::{
    App, HttpResponse,
    error::InternalError,
    http::{StatusCode, header},
};

use super::{alice, builder, routes, site};
use crate::support::{PageClient, serve};

#[test]
fn an_answer_of_the_applications_own_stays_as_it_is() {
    let builder = builder()
        .pages(Pages::new())
        .authorize_change(async |_, change| {
            if change == Change::Generate {
                let to = HttpResponse::SeeOther()
                    .insert_header((header::LOCATION, "/password"))
                    .finish();
                return Err(InternalError::from_response("password", to).into());
            }
            let problem = Problem::new(
                StatusCode::FORBIDDEN,
                "password_required",
                "Again <please>.",
            );
            Err(problem.into())
        });
    let server = site(builder, routes);
    let mut alice = alice(&server, "");
    let answer = alice.submit("/auth/otp/generate/", &[]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/password"))
    );
    let answer = alice.submit("/auth/otp/disable/", &[]);
    assert_eq!(answer.status, 403);
    assert!(
        answer.text().contains("Again &#60;please&#62;."),
        "{}",
        answer.text()
    );
}

#[test]
fn without_session_middleware_a_page_says_that_it_does_not_work() {
    let totp = builder()
        .pages(Pages::new())
        .current_user(actix_totp::CurrentUser::from_fn(async |_| {
            let id = actix_totp::UserId::new("alice").unwrap();
            Ok(Some(actix_totp::SignedIn::new(id)))
        }))
        .build()
        .unwrap();
    let server = serve!(App::new().configure(|cfg| routes(&totp, cfg)));
    let mut alice = PageClient::at(server.browser());
    assert_eq!(alice.open("/auth/otp/setup/").status, 200);
    alice.submit("/auth/otp/generate/", &[]);
    let answer = alice.submit("/auth/otp/verify/", &[("token", "123456")]);
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("Try again in a little while."));
}

#[test]
fn bad_settings_are_refused_when_it_is_built() {
    for pages in [
        Pages::new().logo("https://elsewhere.example/logo.svg"),
        Pages::new().logo("logo.svg"),
        Pages::new().stylesheet("//elsewhere.example/own.css"),
        Pages::new().home("javascript:alert(1)"),
        Pages::new().home(""),
        Pages::new().sign_in("/\\elsewhere.example"),
        Pages::new().link("Help", "javascript:alert(1)"),
        Pages::new().report_to("http://reports.example.com"),
        Pages::new().report_to("https://reports.example.com/; script-src *"),
        Pages::new().report_to("/reports\""),
        Pages::new().report_to("/a,b"),
        Pages::new().report_to(""),
        Pages::new().link("Help", "http://help.example.com"),
        Pages::new().only_languages(Vec::<(&str, Texts)>::new()),
        Pages::new().language("", Texts::english()),
        Pages::new().language("en\"", Texts::english()),
    ] {
        let built = builder().pages(pages).build();
        assert!(matches!(built, Err(BuildError::Web(_))), "{built:?}");
    }
}

#[test]
fn browsers_are_told_where_to_report_what_the_policy_stops() {
    for address in ["/reports", "https://reports.example.com/csp?of=totp"] {
        let server = site(builder().pages(Pages::new().report_to(address)), routes);
        let answer = alice(&server, "").open("/auth/otp/setup/");
        let policy = answer.header("content-security-policy").unwrap();
        let told = format!("base-uri 'none'; report-uri {address}; report-to totp");
        assert!(policy.ends_with(&told), "{policy}");
        let endpoints = answer.header("reporting-endpoints");
        assert_eq!(endpoints, Some(&*format!("totp=\"{address}\"")));
    }
}

#[test]
fn a_path_to_report_to_has_the_prefix_that_a_proxy_takes_off() {
    let pages = Pages::new().report_to("/reports");
    let server = site(builder().public_path("/app").pages(pages), routes);
    let answer = alice(&server, "").open("/auth/otp/setup/");
    let endpoints = answer.header("reporting-endpoints");
    assert_eq!(endpoints, Some("totp=\"/app/reports\""));
}

#[test]
fn a_form_that_does_not_arrive_in_time_is_answered_with_a_page() {
    let time = Duration::from_millis(100);
    let server = site(builder().pages(Pages::new()).body_timeout(time), routes);
    let browser = alice(&server, "").browser;
    let headers = [
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    // A body of one byte is announced, and never sent.
    let head = browser.head("POST", "/auth/otp/validate/", &headers, 1);
    let answer = browser.raw(format!("{head}\r\n").as_bytes());
    assert_eq!(answer.status, 408);
    let text = "This form did not arrive in time.";
    assert!(answer.text().contains(text), "{}", answer.text());
}

#[test]
fn the_notices_of_a_plugin_with_a_name_are_its_own() {
    let server = site(builder().name("admin").pages(Pages::new()), routes);
    let mut alice = alice(&server, "");
    let answer = alice.submit("/auth/otp/verify/", &[("token", "")]);
    let cookies = &alice.browser.cookies;
    assert!(cookies.contains_key("totp_notice_admin") && !cookies.contains_key("totp_notice"));
    let page = alice.follow(answer).text();
    assert!(page.contains("Enter a code."), "{page}");
    assert!(!alice.browser.cookies.contains_key("totp_notice_admin"));
}
