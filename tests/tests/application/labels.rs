//! What authenticators call an account, and who issues its codes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{CurrentUser, MemoryStore, SignedIn, Totp, TotpBuilder, UserId};
use actix_web::{
    App, HttpMessage, HttpRequest, HttpResponse, cookie::Key, error::ErrorInternalServerError, web,
};
use serde_json::json;

use crate::{
    site,
    support::{Browser, RunningServer, TestApp, keys, serve},
};

/// The account's name of a new secret, as the URL has it.
#[track_caller]
fn account(alice: &mut Browser) -> String {
    let generated = alice.post("/otp/generate/", &json!({})).json();
    let url = generated["otpauth_url"].as_str().unwrap();
    let path = url.strip_prefix("otpauth://totp/").unwrap();
    path.split_once('?').unwrap().0.to_owned()
}

#[test]
fn the_label_is_looked_up_where_a_secret_is_made_and_nowhere_else() {
    let look_ups = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&look_ups);
    let (_, _, server) = site(|builder| {
        let label = async move |_: &HttpRequest, user: &UserId| {
            count.fetch_add(1, Relaxed);
            Ok(format!("{} & co", user.as_str()))
        };
        builder.current_user(CurrentUser::default().label_with(label))
    });
    let mut alice = server.browser();
    alice.post("/login/alice", &json!({}));
    alice.get("/otp/status/").json();
    alice.get("/vault").problem(403, "totp_setup_required");
    alice
        .token("/otp/validate/", "123456")
        .problem(400, "not_enabled");
    assert_eq!(look_ups.load(Relaxed), 0);
    assert_eq!(account(&mut alice), "actix-totp:alice%20%26%20co");
    assert_eq!(look_ups.load(Relaxed), 1);
}

#[test]
fn a_blank_label_is_the_id_and_a_look_up_that_fails_makes_no_secret() {
    let (totp, _, server) = site(|builder| {
        let label = async |req: &HttpRequest, _: &UserId| match req.headers().get("x-broken") {
            None => Ok(" ".to_owned()),
            Some(_) => Err(ErrorInternalServerError("telling: the directory is down")),
        };
        builder.current_user(CurrentUser::default().label_with(label))
    });
    let mut alice = server.browser();
    alice.post("/login/alice", &json!({}));
    let broken = alice.send("POST", "/otp/generate/", &[("x-broken", "1")], b"");
    broken.problem(503, "store_unavailable");
    assert!(!broken.text().contains("telling"));
    let status = totp.service().status(&crate::alice()).unwrap();
    assert!(!status.pending, "no secret was made");
    assert_eq!(account(&mut alice), "actix-totp:alice");
}

#[test]
fn an_issuer_of_the_users_own_is_checked_as_the_plugins_is() {
    let (totp, _, server) = site(|builder| {
        builder.current_user(CurrentUser::from_fn(async |req: &HttpRequest| {
            let id = UserId::new("alice").unwrap();
            let tenant = req.headers().get("x-tenant").unwrap().to_str().unwrap();
            Ok(Some(SignedIn::new(id).label("a@b").issuer(tenant)))
        }))
    });
    let mut alice = server.browser();
    for bad in ["a:b", "", " ", &"x".repeat(65)] {
        alice
            .send("POST", "/otp/generate/", &[("x-tenant", bad)], b"")
            .problem(503, "store_unavailable");
    }
    assert!(!totp.service().status(&crate::alice()).unwrap().pending);
    let generated = alice
        .send("POST", "/otp/generate/", &[("x-tenant", "Tenant 12")], b"")
        .json();
    let url = generated["otpauth_url"].as_str().unwrap();
    assert!(
        url.starts_with("otpauth://totp/Tenant%2012:a%40b?"),
        "{url}"
    );
    assert!(url.contains("&issuer=Tenant%2012&"), "{url}");
}

#[test]
fn the_quickstart_names_a_user_without_an_address_by_name() {
    let app = TestApp::start();
    let mut bob = app.browser();
    let form = json!({ "username": "bob", "password": "correct horse", "email": "" });
    assert_eq!(bob.post("/register", &form).status, 201);
    assert_eq!(bob.post("/login", &form).status, 200);
    let generated = bob.post("/auth/otp/generate/", &json!({})).json();
    let url = generated["otpauth_url"].as_str().unwrap();
    assert!(
        url.starts_with("otpauth://totp/Example%20Inc:bob?"),
        "{url}"
    );
}

/// A site whose identity is whatever text is posted to `/login`.
fn with_identity(current_user: CurrentUser) -> RunningServer {
    let set = |builder: TotpBuilder| builder.current_user(current_user);
    let totp = set(Totp::builder(MemoryStore::new(), keys()))
        .build()
        .unwrap();
    serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| totp.configure(cfg)))
            .route(
                "/login",
                web::post().to(|req: HttpRequest, text: String| async move {
                    Identity::login(&req.extensions(), text).unwrap();
                    HttpResponse::Ok().finish()
                })
            )
            .wrap(IdentityMiddleware::default())
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .cookie_secure(false)
                    .build()
            )
    )
}

#[test]
fn an_identity_that_is_a_json_object_is_no_user_id() {
    let server = with_identity(CurrentUser::identity());
    let login = |text: &str| {
        let mut browser = server.browser();
        let headers = [("Content-Type", "text/plain")];
        assert_eq!(
            browser
                .send("POST", "/login", &headers, text.as_bytes())
                .status,
            200
        );
        browser
    };
    assert_eq!(account(&mut login("4711")), "actix-totp:4711");
    login("{\"id\":4711,\"role\":\"staff\"}")
        .get("/otp/status/")
        .problem(401, "not_authenticated");
}

#[test]
fn an_identity_of_any_form_is_read_by_the_application() {
    let server = with_identity(CurrentUser::identity_with(|text| {
        let user: serde_json::Value = serde_json::from_str(text).ok()?;
        let id = UserId::new(user["id"].as_i64()?.to_string()).ok()?;
        Some(SignedIn::new(id).label(user["email"].as_str()?))
    }));
    let mut alice = server.browser();
    let headers = [("Content-Type", "text/plain")];
    let text = b"{\"id\":4711,\"email\":\"alice@example.com\"}";
    assert_eq!(alice.send("POST", "/login", &headers, text).status, 200);
    assert_eq!(account(&mut alice), "actix-totp:alice%40example.com");
    assert_eq!(alice.send("POST", "/login", &headers, b"{}").status, 200);
    alice.get("/otp/status/").problem(401, "not_authenticated");
}
