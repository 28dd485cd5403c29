//! Errors that middleware behind a guard returns instead of an answer: what the guard adds is in their answers, too.

use std::{fmt, time::Duration};

use actix_totp::{Demand, Grace, Totp, TotpBuilder, UserId};
use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    dev::{Service, ServiceRequest, ServiceResponse},
    error::ErrorImATeapot,
    http::{StatusCode, header::CACHE_CONTROL},
    web::{self, ServiceConfig},
};

use crate::{
    Site, plain, run,
    support::{NOON, PLACES},
};

const DAY: u64 = 86_400;

/// An error of the application, which says what caches may do with its answer, or does not.
#[derive(Debug)]
struct Gone(Option<&'static str>);

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("gone, and where to")
    }
}

impl ResponseError for Gone {
    fn status_code(&self) -> StatusCode {
        StatusCode::GONE
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::Gone();
        if let Some(caching) = self.0 {
            answer.insert_header((CACHE_CONTROL, caching));
        }
        answer.body(self.to_string())
    }
}

async fn fail(req: ServiceRequest) -> Result<ServiceResponse, Error> {
    let caching = req.path().ends_with("/public").then_some("public");
    Err(Gone(caching).into())
}

fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
    for (path, guard) in [
        ("/failing", totp.require()),
        ("/left", totp.require().leave_cache_control()),
    ] {
        let inside = web::scope(path).default_service(web::to(run));
        let guarded = inside.wrap_fn(|req, _| fail(req)).wrap(guard);
        // Middleware outside of the guard that looks for the type of an error.
        cfg.service(guarded.wrap_fn(|req, service| {
            let answer = service.call(req);
            async move {
                answer
                    .await
                    .map_err(|error| match error.as_error::<Gone>() {
                        Some(gone) => ErrorImATeapot(gone.to_string()),
                        None => error,
                    })
            }
        }));
    }
}

#[test]
fn nobody_keeps_the_answer_of_an_error_unless_it_says_so() {
    for place in PLACES {
        let site = Site::at(place, plain, routes);
        let mut alice = site.verified("alice");
        for (path, expected) in [
            ("/failing", Some("no-store")),
            ("/failing/public", Some("public")),
        ] {
            let answer = alice.get(path);
            assert_eq!(answer.status, 410);
            assert_eq!(answer.text(), "gone, and where to");
            assert_eq!(answer.header("cache-control"), expected, "{path}");
        }
        assert_eq!(site.runs(), 0);
    }
}

#[test]
fn an_error_to_which_nothing_is_added_keeps_its_type() {
    let site = Site::new(plain, routes);
    let answer = site.verified("alice").get("/left");
    assert_eq!(answer.status, 418);
    assert_eq!(answer.header("cache-control"), None);
}

#[test]
fn the_proof_of_a_spent_code_comes_with_the_answer_of_an_error() {
    for place in PLACES.into_iter().filter(|place| !place.is_session()) {
        let site = Site::at(place, plain, routes);
        let mut alice = site.enrolled("alice");
        for path in ["/failing/public", "/left"] {
            let code = site.code("alice");
            let answer = alice.send("GET", path, &[("TOTP-Code", &code)], b"");
            assert_eq!(answer.status, 410, "{path}");
            let proof = answer.header("totp-proof").expect("the proof");
            assert_eq!(proof.len(), 87);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            // It is good: the client asks on with it.
            let again = alice.get("/failing");
            assert_eq!((again.status, again.header("totp-proof")), (410, None));
            site.clock.advance_secs(30);
        }
    }
}

#[test]
fn by_when_a_second_factor_is_required_is_told_with_the_answer_of_an_error() {
    let fortnight = |builder: TotpBuilder| {
        let everyone = async |_: &HttpRequest, _: &UserId| Ok(Demand::Everyone);
        let time = Duration::from_secs(14 * DAY);
        builder.demand(everyone).grace(Grace::per_user(time))
    };
    let site = Site::new(fortnight, routes);
    let answer = site.signed_in("bob").get("/left");
    assert_eq!(answer.status, 410);
    let deadline = (NOON + 14 * DAY).to_string();
    let told = answer.header("totp-setup-required-by");
    assert_eq!(told, Some(deadline.as_str()));
    assert_eq!(answer.header("cache-control"), None);
}
