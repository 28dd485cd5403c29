//! The seed's own front end, unchanged, with axios: it calls these endpoints as it calls its own.

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, pages::Pages};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
use serde_json::Value;

use crate::{
    chromium, npm,
    support::{NOON, code_at, keys, serve},
};

const PAGE: &str = "<!doctype html><title>a front end</title>\
    <script type=importmap>{\"imports\":{\"axios\":\"/axios.js\"}}</script>";

async fn page(req: HttpRequest) -> HttpResponse {
    req.get_session().insert("user_id", "alice").unwrap();
    HttpResponse::Ok().content_type("text/html").body(PAGE)
}

fn script(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript")
        .body(text)
}

#[test]
fn the_seeds_front_end_works_unchanged() {
    let Some(browser) = chromium(true) else {
        return;
    };
    let clock = FakeClock::at(NOON);
    // With pages: who does not ask for HTML is answered as ever.
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .pages(Pages::new())
        .build()
        .unwrap();
    let axios = npm("axios/dist/esm/axios.min.js");
    let server = serve!({
        let (totp, axios) = (totp.clone(), axios.clone());
        let session =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                .cookie_secure(false)
                .build();
        App::new()
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .route("/", web::get().to(page))
            .route("/favicon.ico", web::get().to(HttpResponse::NoContent))
            .route(
                "/axios.js",
                web::get().to(move || std::future::ready(script(axios.clone()))),
            )
            .route(
                "/front_end.js",
                web::get().to(async || script(include_str!("front_end.js").into())),
            )
            .wrap(session)
    });
    let host = format!("http://{}", server.address);
    browser.open(&host);
    let call = |call: &str| -> Value {
        browser.run_async(&format!(
            "const done = arguments[arguments.length - 1]; \
             import('/front_end.js').then(it => it.{call}).then(done, error => done(error.response?.data ?? String(error)));"
        ))
    };

    assert_eq!(call("checkStatus()")["otp_enabled"], false);
    let generated = call("generateTotp()");
    let secret = generated["secret"].as_str().unwrap().to_owned();
    assert!(
        generated["otpauth_url"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    let code = || code_at(&secret, clock.now_secs());
    assert_eq!(call("verifyTotp('000000')")["detail"], "Invalid token");
    let verified = call(&format!("verifyTotp('{}')", code()));
    assert_eq!(verified["detail"], "TOTP verified successfully");
    let status = call("checkStatus()");
    assert_eq!(
        (&status["otp_enabled"], &status["otp_verified"]),
        (&true.into(), &true.into())
    );
    clock.advance_secs(30);
    assert_eq!(call("validateTotp('000000')")["detail"], "Invalid token");
    let validated = call(&format!("validateTotp('{}')", code()));
    assert_eq!(validated["detail"], "Token is valid");
    let again = call("generateTotp()");
    assert_eq!(again["detail"], "TOTP already enabled and verified.");
    browser.assert_quiet(&host, &["400 (Bad Request)", "Error "]);
}
