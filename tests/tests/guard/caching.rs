//! What caches are told of an answer from behind a guard. What a real one then does: `tests/proxy/cache.rs`.

use actix_totp::Totp;
use actix_web::{
    HttpResponse, error,
    http::header::{CACHE_CONTROL, EXPIRES},
    middleware::DefaultHeaders,
    web::{self, ServiceConfig},
};

use crate::{
    Site, plain, run,
    support::{Answer, PLACES, Place},
};

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    let says = |value: &'static str| {
        web::to(move || {
            std::future::ready(
                HttpResponse::Ok()
                    .insert_header((CACHE_CONTROL, value))
                    .finish(),
            )
        })
    };
    let routes = move |cfg: &mut ServiceConfig| {
        cfg.route("", web::to(run))
            .route("/public", says("public, max-age=60"))
            .route(
                "/expires",
                web::to(async || {
                    HttpResponse::Ok()
                        .insert_header((EXPIRES, "Tue, 01 Jan 2030 00:00:00 GMT"))
                        .finish()
                }),
            )
            .route(
                "/error",
                web::to(async || Err::<HttpResponse, _>(error::ErrorGone("gone"))),
            );
    };
    for (path, guard) in [
        ("/default", totp.require()),
        ("/unverified", totp.require().if_enrolled()),
        ("/left", totp.require().leave_cache_control()),
    ] {
        cfg.service(web::scope(path).wrap(guard).configure(routes));
    }
    let within = DefaultHeaders::new().add((CACHE_CONTROL, "private"));
    let scope = web::scope("/within").configure(routes).wrap(within);
    cfg.service(scope.wrap(totp.require()));
}

#[test]
fn nobody_keeps_a_guarded_answer_unless_the_handler_says_so() {
    PLACES.into_iter().for_each(nobody_keeps_a_guarded_answer);
}

fn nobody_keeps_a_guarded_answer(place: Place) {
    let site = Site::at(place, plain, routes);
    let (alice, bob) = (site.verified("alice"), site.signed_in("bob"));
    let said = |answer: &Answer| answer.all("cache-control").collect::<Vec<_>>().join(" | ");
    for (mut browser, path, expected) in [
        (alice.clone(), "/default", "no-store"),
        (alice.clone(), "/default/nothing", "no-store"),
        (alice.clone(), "/default/expires", "no-store"),
        (alice.clone(), "/default/error", "no-store"),
        (alice.clone(), "/default/public", "public, max-age=60"),
        (alice.clone(), "/within", "private"),
        (alice.clone(), "/within/public", "public, max-age=60"),
        // Let pass without a second factor: it is hers all the same.
        (bob.clone(), "/unverified", "no-store"),
        (alice.clone(), "/left", ""),
        (alice.clone(), "/left/public", "public, max-age=60"),
        // A refusal is never kept.
        (bob, "/left", "no-store"),
    ] {
        assert_eq!(said(&browser.get(path)), expected, "{path}");
    }
}
