//! `RouteInventory`: a table of routes that finds the guard that was forgotten.

use actix_session::SessionExt;
use actix_totp::{MemoryStore, Problem, RouteInventory, Totp, TotpBuilder, UserId, Verified};
use actix_web::{
    App, HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{Method, StatusCode, header},
    test::{self, TestRequest},
    web::{self, ServiceConfig},
};

use crate::{
    session,
    support::{Place, keys},
};

/// The application's own check that somebody is signed in.
async fn signed_in(req: HttpRequest) -> HttpResponse {
    match req.get_session().get::<String>("user_id") {
        Ok(Some(_)) => HttpResponse::Ok().finish(),
        _ => HttpResponse::Unauthorized().finish(),
    }
}

async fn signed_in_or_sent_away(req: HttpRequest) -> HttpResponse {
    match req.get_session().get::<String>("user_id") {
        Ok(Some(_)) => HttpResponse::Ok().finish(),
        _ => HttpResponse::SeeOther()
            .insert_header((header::LOCATION, "/login"))
            .finish(),
    }
}

async fn verified(_: Verified) -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn broken() -> HttpResponse {
    HttpResponse::InternalServerError().finish()
}

async fn moved() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/"))
        .finish()
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    cfg.service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
        .service(
            web::scope("/account")
                .wrap(totp.require())
                .route("", web::get().to(HttpResponse::Ok))
                .route("/notes", web::post().to(HttpResponse::Created)),
        )
        .service(
            web::resource("/lenient")
                .wrap(totp.require().if_enrolled())
                .get(HttpResponse::Ok),
        )
        .service(
            web::resource("/verified")
                .app_data(web::Data::new(totp.clone()))
                .get(verified),
        )
        .route("/me", web::get().to(signed_in))
        .route("/home", web::get().to(signed_in_or_sent_away))
        .route("/", web::get().to(HttpResponse::Ok))
        .route("/old", web::get().to(moved))
        .route("/forgotten", web::post().to(HttpResponse::Ok))
        .route("/half-forgotten", web::get().to(signed_in))
        .route("/broken", web::get().to(broken))
        .route("/not-wired", web::get().to(verified))
        .route("/enter", web::post().to(enter));
}

async fn enter(req: HttpRequest) -> HttpResponse {
    req.get_session().insert("user_id", "alice").unwrap();
    HttpResponse::Ok().finish()
}

fn with_alice(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> Totp {
    let totp = set(Totp::builder(MemoryStore::new(), keys()))
        .build()
        .unwrap();
    let alice = UserId::new("alice").unwrap();
    let service = totp.service();
    let _ = service.enroll(&alice, "", None).unwrap();
    let code = service.code_for(&alice).unwrap().unwrap();
    let _ = service.confirm(&alice, &code).unwrap();
    totp
}

/// The application and the cookie of a session after the password alone.
macro_rules! app {
    ($totp:expr) => {{
        let totp = $totp;
        let app = App::new()
            .configure(|cfg| routes(&totp, cfg))
            .wrap(session());
        let app = test::init_service(app).await;
        let entering = TestRequest::post().uri("/enter").to_request();
        let entered = test::call_service(&app, entering).await;
        let cookie: Cookie<'static> = entered.response().cookies().next().unwrap().into_owned();
        (app, cookie)
    }};
}

#[actix_web::test]
async fn a_table_that_says_what_the_application_does_is_good() {
    let own_format = |_: &HttpRequest, problem: &Problem| {
        HttpResponse::build(StatusCode::FORBIDDEN).body(problem.code().len().to_string())
    };
    for totp in [
        with_alice(|it| it),
        with_alice(|it| it.on_problem(own_format)),
    ] {
        let (app, cookie) = app!(totp);
        RouteInventory::new(&app, |request| request.cookie(cookie.clone()))
            .guarded(Method::GET, "/account")
            .guarded(Method::POST, "/account/notes")
            .guarded(Method::GET, "/lenient")
            .guarded(Method::GET, "/verified")
            .exempt(Method::GET, "/me")
            .exempt(Method::GET, "/home")
            .exempt(Method::GET, "/auth/otp/status/")
            .public(Method::GET, "/")
            .public(Method::GET, "/old")
            .public(Method::POST, "/enter")
            .check()
            .await
            .unwrap();
    }
}

#[actix_web::test]
async fn a_guard_that_challenges_clients_to_step_up_is_a_guard() {
    let totp = with_alice(|it| {
        it.current_user(Place::Header.current_user())
            .proof_in(Place::Header.proof_in(0))
    });
    let app = App::new().configure(|cfg| routes(&totp, cfg));
    let app = test::init_service(app).await;
    let bearer = (header::AUTHORIZATION, "Bearer alice");
    RouteInventory::new(&app, |request| request.insert_header(bearer.clone()))
        .guarded(Method::GET, "/account")
        .exempt(Method::GET, "/auth/otp/status/")
        .public(Method::GET, "/")
        .check()
        .await
        .unwrap();
}

#[actix_web::test]
async fn every_route_that_asks_something_else_is_named() {
    let (app, cookie) = app!(with_alice(|it| it));
    let found = RouteInventory::new(&app, |request| request.cookie(cookie.clone()))
        .guarded(Method::POST, "/forgotten")
        .guarded(Method::GET, "/half-forgotten")
        .exempt(Method::GET, "/account")
        .public(Method::GET, "/me")
        .public(Method::GET, "/misspelt")
        .public(Method::DELETE, "/")
        .public(Method::GET, "/broken")
        .guarded(Method::GET, "/not-wired")
        .guarded(Method::GET, "/account")
        .check()
        .await
        .unwrap_err();
    let lines: Vec<String> = found.to_string().lines().map(str::to_owned).collect();
    let expected = [
        "POST /forgotten is public, not guarded: 200 OK for nobody, 200 OK for the user",
        "GET /half-forgotten is exempt, not guarded: 401 Unauthorized for nobody, 200 OK for the user",
        "GET /account is guarded, not exempt: 401 Unauthorized not_authenticated for nobody, 403 Forbidden totp_required for the user",
        "GET /me is exempt, not public: 401 Unauthorized for nobody, 200 OK for the user",
        "GET /misspelt is not there, not public: 404 Not Found for nobody, 404 Not Found for the user",
        "DELETE / is not there, not public: 404 Not Found for nobody, 404 Not Found for the user",
        "GET /broken is failing, not public: 500 Internal Server Error for nobody, 500 Internal Server Error for the user",
        "GET /not-wired is failing, not guarded: 503 Service Unavailable not_guarded for nobody, 503 Service Unavailable not_guarded for the user",
    ];
    assert_eq!(lines, expected);
    assert_eq!(format!("{found:?}"), found.to_string());
}

#[actix_web::test]
async fn a_request_that_is_signed_in_as_nobody_is_found_out() {
    let (app, _) = app!(with_alice(|it| it));
    let found = RouteInventory::new(&app, |request| request)
        .guarded(Method::GET, "/account")
        .check()
        .await
        .unwrap_err();
    assert!(
        found
            .to_string()
            .starts_with("GET /account is refused to a user who is signed in, not guarded"),
        "{found}"
    );
}
