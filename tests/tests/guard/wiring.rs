//! The guard among other middleware, in the wrong place, nested, and `Verified` behind it.

use std::{sync::Arc, time::Duration};

use actix_totp::{FakeClock, MemoryStore, RequireTotp, Totp, UserId, Verified};
use actix_web::{
    App, HttpRequest, HttpResponse,
    web::{self, ServiceConfig},
};
use serde_json::json;

use crate::{
    Site, plain, run, session,
    support::{NOON, PLACES, Place, keys, serve},
    vault,
};

#[test]
fn middleware_around_the_guard_runs_for_refusals_too() {
    for place in PLACES {
        let site = Site::at(place, plain, vault);
        let mut alice = site.enrolled("alice");
        assert_eq!(alice.get("/vault").header("x-outside"), Some("ran"));
        assert_eq!(
            site.server.browser().get("/vault").header("x-outside"),
            Some("ran")
        );
    }
}

#[test]
fn the_wrong_order_of_wraps_fails_closed() {
    let site = Site::new(plain, |totp, cfg| {
        // The guard is outside of the session middleware that it needs; the outer one does not help this inner session.
        cfg.service(
            web::scope("/wrong")
                .wrap(session())
                .wrap(totp.require())
                .route("", web::to(run)),
        );
    });
    let totp = site.totp.clone();
    let runs = Arc::clone(&site.runs);
    let server = serve!(
        App::new()
            .app_data(web::Data::from(Arc::clone(&runs)))
            .service(
                web::scope("/vault")
                    .wrap(session())
                    .wrap(totp.require())
                    .route("", web::to(run))
            )
            .service(
                web::scope("/none")
                    .wrap(totp.require())
                    .route("", web::to(run))
            )
            .service(web::scope("/otp").configure(|cfg| totp.configure(cfg)))
    );
    let mut alice = site.enrolled("alice");
    site.validate(&mut alice, "alice");
    let mut elsewhere = server.browser();
    elsewhere.cookies.clone_from(&alice.browser.cookies); // the key is the same
    for path in ["/vault", "/none", "/otp/status/", "/otp/nothing"] {
        elsewhere.get(path).problem(503, "no_session");
    }
    elsewhere
        .token("/otp/validate/", "123456")
        .problem(503, "no_session");
    assert_eq!(site.runs(), 0);
}

#[test]
fn without_session_middleware_no_code_is_spent_and_nobody_passes() {
    use actix_totp::{CurrentUser, SignedIn};
    let clock = FakeClock::at(NOON);
    let alice = UserId::new("alice").unwrap();
    let signed_in = SignedIn::new(alice.clone());
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .current_user(CurrentUser::from_fn(async move |_: &HttpRequest| {
            Ok(Some(signed_in.clone()))
        }))
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .service(
                web::scope("/vault")
                    .wrap(used.require())
                    .route("", web::to(HttpResponse::Ok))
            )
    );
    let mut browser = server.browser();
    browser.post("/otp/generate/", &json!({})).json();
    let code = totp.service().code_for(&alice).unwrap().unwrap();
    browser
        .token("/otp/verify/", &code)
        .problem(503, "no_session");
    assert!(
        !totp.service().status(&alice).unwrap().enabled,
        "nothing was confirmed"
    );
    let _ = totp
        .service()
        .confirm(&alice, &code)
        .unwrap()
        .accepted()
        .unwrap();
    clock.advance_secs(60);
    let code = totp.service().code_for(&alice).unwrap().unwrap();
    browser
        .token("/otp/validate/", &code)
        .problem(503, "no_session");
    browser.get("/vault").problem(503, "no_session");
    assert!(
        totp.service()
            .authenticate(&alice, &code)
            .unwrap()
            .accepted()
            .is_some(),
        "the code is unspent"
    );
}

#[test]
fn nested_guards_all_count() {
    PLACES.into_iter().for_each(nested_guards_count);
}

fn nested_guards_count(place: Place) {
    let site = Site::at(place, plain, |totp, cfg| {
        let fresh = totp.require().max_age(Duration::from_secs(60));
        cfg.service(
            web::scope("/a")
                .wrap(totp.require().if_enrolled())
                .service(web::scope("/b").wrap(fresh).route("", web::to(run)))
                .route("", web::to(run)),
        );
    });
    let mut bob = site.signed_in("bob");
    assert_eq!(bob.get("/a").status, 200);
    bob.get("/a/b").problem(403, "totp_setup_required");
    let mut alice = site.enrolled("alice");
    alice.is_asked_for_a_code("/a/b", "totp_required");
    site.validate(&mut alice, "alice");
    assert_eq!(alice.get("/a/b").status, 200);
    site.clock.advance_secs(31);
    alice.is_asked_for_a_code("/a/b", "stale_proof");
    assert_eq!(alice.get("/a").status, 200);
}

#[test]
fn verified_is_an_argument_that_only_the_verified_have() {
    PLACES.into_iter().for_each(only_the_verified_have_verified);
}

fn only_the_verified_have_verified(place: Place) {
    async fn who(verified: Verified) -> String {
        verified.user().to_string()
    }
    fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
        let guarded = |path: &str, guard: RequireTotp| web::resource(path).wrap(guard).to(who);
        cfg.service(guarded("/guarded", totp.require()))
            .service(guarded("/lenient", totp.require().if_enrolled()))
            .service(
                web::scope("/alone")
                    .app_data(web::Data::new(totp.clone()))
                    .route("", web::to(who)),
            )
            .route("/forgotten", web::to(who));
    }
    let site = Site::at(place, plain, routes);
    let mut nobody = site.server.browser();
    nobody.get("/alone").problem(401, "not_authenticated");
    nobody.get("/forgotten").problem(503, "not_guarded");
    let mut bob = site.signed_in("bob");
    for path in ["/guarded", "/lenient", "/alone"] {
        bob.get(path).problem(403, "totp_setup_required");
    }
    let mut alice = site.enrolled("alice");
    for path in ["/guarded", "/lenient", "/alone"] {
        alice.is_asked_for_a_code(path, "totp_required");
    }
    site.validate(&mut alice, "alice");
    for path in ["/guarded", "/lenient", "/alone"] {
        assert_eq!(alice.get(path).text(), "alice");
    }
    alice.get("/forgotten").problem(503, "not_guarded");
}
