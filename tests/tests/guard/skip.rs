//! `danger_skip` and CORS: what is open inside of a guarded scope, and what is not.

use actix_cors::Cors;
use actix_totp::{Totp, Verified};
use actix_web::web::{self, ServiceConfig};
use serde_json::json;

use crate::{Site, plain, run};

async fn verified(_: Verified) -> &'static str {
    "verified"
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let is_health = |pattern: Option<String>| pattern.as_deref() == Some("/admin/health");
    let guard = totp
        .require()
        .danger_skip(move |req| is_health(req.match_pattern()));
    let everything = totp.require().danger_skip(|_| true);
    cfg.service(
        web::scope("/admin")
            .wrap(guard)
            .route("/health", web::get().to(run))
            .default_service(web::to(run)),
    )
    .service(
        web::scope("/open")
            .wrap(everything)
            .route("", web::to(verified)),
    );
}

#[test]
fn what_is_skipped_is_open_to_everybody_and_nothing_beside_it_is() {
    let site = Site::new(plain, routes);
    let mut nobody = site.server.browser();
    assert_eq!(nobody.get("/admin/health").status, 200);
    assert_eq!(site.runs(), 1);
    for path in [
        "/admin",
        "/admin/",
        "/admin/health/",
        "/admin//health",
        "/admin/users/health",
        "/admin/health/../users",
        "/admin/health%2Fx",
        "/admin/HEALTH",
        "/admin/health;x",
    ] {
        let answer = nobody.get(path);
        assert_ne!(answer.status, 200, "{path}");
    }
    let mut alice = site.enrolled("alice");
    assert_eq!(alice.get("/admin/health").status, 200);
    alice.get("/admin/users").problem(403, "totp_required");
    assert_eq!(site.runs(), 2);
}

#[test]
fn a_handler_that_needs_the_second_factor_is_not_reached_by_skipping() {
    let site = Site::new(plain, routes);
    let mut alice = site.enrolled("alice");
    site.validate(&mut alice, "alice");
    alice.get("/open").problem(403, "totp_required");
    let anonymous = site.server.browser().get("/open");
    anonymous.problem(403, "totp_required");
}

const PREFLIGHT: [(&str, &str); 3] = [
    ("Origin", "https://app.example.com"),
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "content-type"),
];

#[test]
fn a_preflight_is_answered_by_cors_outside_of_the_guard_and_opens_nothing() {
    let site = Site::new(plain, |totp, cfg| {
        let cors = Cors::default()
            .allowed_origin("https://app.example.com")
            .allowed_methods(["GET", "PUT"])
            .allowed_header("content-type")
            .supports_credentials();
        cfg.service(
            web::scope("/api")
                .wrap(totp.require())
                .wrap(cors) // the last one is the outermost
                .default_service(web::to(run)),
        )
        .service(
            web::scope("/bare")
                .wrap(totp.require())
                .default_service(web::to(run)),
        );
    });
    let mut nobody = site.server.browser();
    let answer = nobody.send("OPTIONS", "/api/notes", &PREFLIGHT, b"");
    assert_eq!(answer.status, 200);
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example.com"));

    // The refusal of the request itself can be read by the front end.
    let mut bob = site.with_session(&json!({ "user_id": "bob" }));
    let refused = bob.send("PUT", "/api/notes", &PREFLIGHT[..1], b"");
    refused.problem(403, "totp_setup_required");
    let allowed = refused.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example.com"));

    // No preflight, or none that CORS answers: the guard does.
    for (path, headers) in [("/api/notes", &PREFLIGHT[..0]), ("/bare/notes", &PREFLIGHT)] {
        let answer = nobody.send("OPTIONS", path, headers, b"");
        answer.problem(401, "not_authenticated");
        let answer = bob.send("OPTIONS", path, headers, b"");
        answer.problem(403, "totp_setup_required");
    }
    assert_eq!(site.runs(), 0);
}
