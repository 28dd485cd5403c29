//! Of whom the second factor is demanded, as the application says of each user.

use actix_totp::{Demand, Totp, TotpBuilder, UserId, Verified};
use actix_web::{
    HttpRequest,
    error::ErrorInternalServerError,
    web::{self, ServiceConfig},
};
use serde_json::json;

use crate::{Site, plain, run};

/// Staff must; guests need not; of others it is asked if they have one.
async fn by_role(_: &HttpRequest, user: &UserId) -> Result<Demand, actix_web::Error> {
    match user.as_str().split('-').next() {
        Some("staff") => Ok(Demand::Everyone),
        Some("guest") => Ok(Demand::Nobody),
        Some("broken") => Err(ErrorInternalServerError("telling: host db7.internal")),
        _ => Ok(Demand::IfEnrolled),
    }
}

async fn verified(_: Verified) -> &'static str {
    "verified"
}

fn of_the_plugin(builder: TotpBuilder) -> TotpBuilder {
    builder.demand(by_role)
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let of_the_guard = totp.require().require_when(by_role);
    cfg.service(
        web::scope("/guard")
            .wrap(of_the_guard)
            .route("/verified", web::to(verified))
            .route("", web::to(run)),
    )
    .service(
        web::scope("/plugin")
            .wrap(totp.require())
            .route("/verified", web::to(verified))
            .route("", web::to(run)),
    )
    .service(
        web::scope("/alone")
            .app_data(web::Data::new(totp.clone()))
            .route("", web::to(verified)),
    );
}

#[test]
fn of_each_user_is_demanded_what_the_function_says() {
    for (path, set) in [("/guard", plain as fn(_) -> _), ("/plugin", of_the_plugin)] {
        let site = Site::new(set, routes);
        let get = |user: &str| site.with_session(&json!({ "user_id": user })).get(path);
        get("staff-1").problem(403, "totp_setup_required");
        assert_eq!(get("carol").status, 200);
        assert_eq!(get("guest-1").status, 200);
        for user in ["staff-2", "dave"] {
            let mut browser = site.enrolled(user);
            browser.get(path).problem(403, "totp_required");
            site.validate(&mut browser, user);
            assert_eq!(browser.get(path).status, 200);
        }
        let anonymous = site.server.browser().get(path);
        anonymous.problem(401, "not_authenticated");
    }
}

#[test]
fn who_cannot_be_judged_does_not_pass_and_learns_nothing() {
    let site = Site::new(of_the_plugin, routes);
    for user in ["broken-1", "broken-2"] {
        let mut browser = site.enrolled(user);
        if user == "broken-2" {
            site.validate(&mut browser, user);
        }
        for path in ["/guard", "/plugin", "/auth/otp/status/"] {
            let answer = browser.get(path);
            answer.problem(503, "store_unavailable");
            assert!(!answer.text().contains("telling"));
        }
        let answer = browser.token("/auth/otp/disable/", "123456");
        answer.problem(503, "store_unavailable");
    }
    assert_eq!(site.runs(), 0);
}

#[test]
fn where_nobody_is_asked_nobody_is_verified() {
    let site = Site::new(of_the_plugin, routes);
    let mut guest = site.enrolled("guest-1");
    site.validate(&mut guest, "guest-1");
    for path in ["/guard/verified", "/plugin/verified"] {
        guest.get(path).problem(403, "totp_required");
    }
    let alone = guest.get("/alone");
    assert_eq!(alone.text(), "verified", "a handler that asks for itself");
    let mut stranger = site.with_session(&json!({ "user_id": "guest-2" }));
    stranger.get("/alone").problem(403, "totp_setup_required");
}

#[test]
fn what_a_guard_remembers_skips_no_demand() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    static FAILS: AtomicBool = AtomicBool::new(false);
    fn set(builder: TotpBuilder) -> TotpBuilder {
        builder
            .recheck_every(std::time::Duration::from_secs(300))
            .demand(
                async |_: &HttpRequest, _: &UserId| match FAILS.load(SeqCst) {
                    true => Err(ErrorInternalServerError("gone")),
                    false => Ok(Demand::Everyone),
                },
            )
    }
    let site = Site::new(set, routes);
    let mut alice = site.enrolled("alice");
    site.validate(&mut alice, "alice");
    assert_eq!(alice.get("/plugin").status, 200);
    FAILS.store(true, SeqCst);
    alice.get("/plugin").problem(503, "store_unavailable");
    FAILS.store(false, SeqCst);
    assert_eq!(alice.get("/plugin").status, 200);
}

#[test]
fn who_must_have_it_replaces_it_and_cannot_turn_it_off() {
    let site = Site::new(of_the_plugin, routes);
    let id = UserId::new("staff-1").unwrap();
    let code = || site.totp.service().code_for(&id).unwrap().unwrap();
    let mut staff = site.enrolled("staff-1");
    staff
        .token("/auth/otp/disable/", &code())
        .problem(403, "totp_is_required");
    site.validate(&mut staff, "staff-1"); // the code is unspent
    staff.token("/auth/otp/generate/", &code()).json();
    staff
        .token("/auth/otp/disable/", "123456")
        .problem(403, "totp_is_required");
    staff.token("/auth/otp/verify/", &code()).json();
    assert!(site.totp.service().status(&id).unwrap().enabled);
    assert!(site.totp.service().reset(&id).unwrap(), "an operator may");

    // Whom it is not demanded of may.
    let mut dave = site.enrolled("dave");
    let id = UserId::new("dave").unwrap();
    let code = site.totp.service().code_for(&id).unwrap().unwrap();
    dave.token("/auth/otp/disable/", &code).json();
}
