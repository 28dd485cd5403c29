//! A user who has typed the password and has no code: what is open, and the way out.

use actix_session::Session;
use actix_totp::{FakeClock, Problem, Totp, UserId, pages::Pages};
use actix_web::{App, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{alice, builder, routes, session};
use crate::support::{NOON, RunningServer, serve};

/// An application with a sign-out that is guarded, and one that is not.
fn start(pages: Pages) -> (Totp, RunningServer) {
    let totp = builder().pages(pages).build().unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .configure(|cfg| routes(&used, cfg))
            .route("/sign-out", web::post().to(sign_out))
            .route("/profile", web::get().to(HttpResponse::Ok))
            .service(
                web::resource("/guarded-sign-out")
                    .wrap(used.require())
                    .route(web::post().to(sign_out))
            )
            .wrap(session())
    );
    (totp, server)
}

async fn sign_out(session: Session) -> HttpResponse {
    session.purge();
    HttpResponse::Ok().finish()
}

fn enroll(totp: &Totp) {
    let user = UserId::new("alice").unwrap();
    let service = totp.service();
    let _ = service.enroll(&user, "", None).unwrap();
    let code = service.code_for(&user).unwrap().unwrap();
    let _ = service.confirm(&user, &code).unwrap();
}

#[test]
fn who_has_no_code_can_sign_out_on_the_pages_that_ask_for_one() {
    let (totp, server) = start(Pages::new().sign_out("/sign-out"));
    let mut first = alice(&server, "");
    let button = |page: &str| {
        let form = page.split("action=\"/sign-out\">").nth(1).unwrap();
        let button = form.split("</button>").next().unwrap();
        button.rsplit('>').next().unwrap().to_owned()
    };
    // Before set-up, and while a secret waits for its first code.
    assert_eq!(button(&first.visit("/auth/otp/setup/")), "Sign out");
    first.send("../generate/", &[]);
    assert_eq!(button(&first.visit("/auth/otp/setup/")), "Sign out");
    let settings = first.visit("/auth/otp/settings/");
    assert!(!settings.contains("/sign-out"), "{settings}");

    enroll(&totp);
    let mut second = alice(&server, "");
    second.language = "de";
    assert_eq!(button(&second.visit("/auth/otp/challenge/")), "Abmelden");
    assert_eq!(second.submit("/sign-out", &[]).status, 200);
    assert_eq!(second.open("/vault").status, 401);
}

#[test]
fn without_a_path_to_sign_out_there_is_no_button() {
    let (_, server) = start(Pages::new());
    let page = alice(&server, "").visit("/auth/otp/setup/");
    assert!(!page.contains("Sign out"), "{page}");
}

#[test]
fn after_the_password_alone_what_is_not_guarded_is_open_and_a_guarded_sign_out_is_not() {
    let (totp, server) = start(Pages::new());
    enroll(&totp);
    let mut alice = alice(&server, "");
    let mut browser = alice.browser.clone();
    assert_eq!(browser.get("/profile").status, 200);
    browser
        .post("/guarded-sign-out", &json!({}))
        .problem(403, "totp_required");
    let answer = alice.submit("/guarded-sign-out", &[]);
    assert_eq!(answer.header("location"), Some("/auth/otp/challenge/"));
    assert_eq!(browser.get("/profile").status, 200, "still signed in");
    assert_eq!(browser.post("/sign-out", &json!({})).status, 200);
    browser.get("/vault").problem(401, "not_authenticated");
}

#[test]
fn what_the_application_says_to_a_good_token_is_shown_on_a_page() {
    let clock = FakeClock::at(NOON);
    let totp = builder()
        .clock(clock.clone())
        .pages(Pages::new())
        .on_verified(async |_, _| {
            let detail = "This account is <closed>.";
            Err(Problem::new(StatusCode::FORBIDDEN, "account_closed", detail).into())
        });
    let totp = totp.build().unwrap();
    enroll(&totp);
    clock.advance_secs(60);
    let used = totp.clone();
    let server = serve!(
        App::new()
            .configure(|cfg| routes(&used, cfg))
            .wrap(session())
    );
    let user = UserId::new("alice").unwrap();
    let code = totp.service().code_for(&user).unwrap().unwrap();
    let mut alice = alice(&server, "");
    let answer = alice.submit("/auth/otp/validate/", &[("token", &code)]);
    assert_eq!(answer.status, 403);
    let text = "This account is &#60;closed&#62;.";
    assert!(answer.text().contains(text), "{}", answer.text());
    let answer = alice.open("/vault");
    assert_eq!(
        answer.header("location"),
        Some("/auth/otp/challenge/?next=/vault")
    );
}

#[test]
fn browsers_are_redirected_and_shown_pages_whatever_the_format_of_problems() {
    let builder = builder()
        .pages(Pages::new())
        .on_problem(|_, problem| HttpResponse::build(problem.status()).body("own"));
    let totp = builder.build().unwrap();
    let server = serve!(
        App::new()
            .configure(|cfg| routes(&totp, cfg))
            .wrap(session())
    );
    let mut alice = alice(&server, "");
    let answer = alice.open("/vault");
    assert_eq!(
        answer.header("location"),
        Some("/auth/otp/setup/?next=/vault")
    );
    let page = alice.send("/auth/otp/verify/", &[("token", "123456")]);
    assert!(page.contains("<h1>"), "{page}");
    let answer = alice.open("/auth/otp/nothing");
    assert!(answer.status == 404 && answer.text().contains("<h1>"));
    assert_eq!(alice.browser.get("/vault").text(), "own");
}
