//! A front end on another origin: one that CORS allows in reads answers, and nobody else's page gets hold of any.

use actix_cors::Cors;
use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{FakeClock, MemoryStore, Totp, pages::Pages};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
use serde_json::Value;

use crate::{
    chromium,
    support::{NOON, RunningServer, keys, serve},
};

fn front_end() -> RunningServer {
    serve!(App::new().default_service(web::to(async || {
        HttpResponse::Ok()
            .content_type("text/html")
            .body("<!doctype html><title>a front end</title>")
    })))
}

async fn sign_in(req: HttpRequest) -> HttpResponse {
    req.get_session().insert("user_id", "alice").unwrap();
    HttpResponse::Ok().finish()
}

#[test]
fn a_trusted_front_end_reads_answers_and_no_other_page_embeds_one_or_holds_its_window() {
    let Some(page) = chromium(true) else { return };
    let (trusted, stranger) = (front_end(), front_end());
    let [trusted, stranger] = [&trusted, &stranger].map(|it| format!("http://{}", it.address));
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .trusted_origins([trusted.as_str()])
        .pages(Pages::new())
        .build()
        .unwrap();
    let origin = trusted.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .route("/sign-in", web::get().to(sign_in))
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .cookie_secure(false)
                    .build()
            )
            .wrap(
                Cors::default()
                    .allowed_origin(&origin)
                    .allowed_methods(["GET", "POST"])
                    .allowed_header("content-type")
                    .supports_credentials()
            )
    );
    let host = format!("http://{}", server.address);
    page.open(&format!("{host}/sign-in")); // another port is the same site: the cookie is sent along
    let call = |path: &str, options: &str| -> Value {
        page.run_async(&format!(
            "const done = arguments[arguments.length - 1]; \
             fetch('{host}/auth/otp/{path}', {{ credentials: 'include', {options} }}) \
             .then(it => it.type === 'opaque' ? 'opaque' : it.json()).then(done, error => done(error.name));"
        ))
    };
    let post = "method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}'";

    page.open(&trusted);
    assert_eq!(call("status/", "")["otp_enabled"], false);
    assert!(call("generate/", post)["secret"].is_string());
    assert_eq!(
        call("verify/", post)["code"],
        "token_required",
        "a problem is read, too"
    );
    page.open(&stranger);
    assert_eq!(call("status/", ""), "TypeError");
    assert_eq!(call("generate/", post), "TypeError");
    // Without CORS an answer would be embedded, unread: a style, a picture, a script.
    for path in ["status/", "assets/totp.js", "setup/"] {
        assert_eq!(call(path, "mode: 'no-cors'"), "TypeError", "{path}");
    }
    // Whoever opens a page in a window is not told what becomes of it.
    let opened = format!(
        "const done = arguments[arguments.length - 1]; const opened = open('{host}/auth/otp/setup/'); \
         const ask = () => opened.closed ? done('severed') : setTimeout(ask, 20); ask();"
    );
    assert_eq!(page.run_async(&opened), "severed");
}
