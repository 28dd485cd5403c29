//! A code with the request itself, for clients that keep their proofs themselves.

use std::{sync::Barrier, thread};

use actix_totp::{Demand, Totp, TotpBuilder, Verified};
use actix_web::{
    HttpRequest,
    web::{self, ServiceConfig},
};

use crate::{
    Site, id, kinds, plain, run,
    support::{Answer, Client, PLACES, Place},
};

fn clients() -> impl Iterator<Item = Place> {
    PLACES.into_iter().filter(|place| !place.is_session())
}

fn get(client: &mut Client, path: &str, code: &str) -> Answer {
    client.send("GET", path, &[("TOTP-Code", code)], b"")
}

#[test]
fn is_spent_with_its_request_and_the_answer_has_the_proof() {
    for place in clients() {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        let passed = get(&mut alice, "/vault", &code);
        assert_eq!((passed.status, passed.text().as_str()), (200, "the vault"));
        assert_eq!(passed.header("cache-control"), Some("no-store"));
        assert_eq!(passed.header("totp-proof"), Some(alice.proofs[0].as_str()));
        assert_eq!(passed.header("set-cookie"), None);
        assert_eq!(alice.get("/vault").status, 200, "with the proof");
        assert_eq!(alice.get("/transfer").status, 200);

        let mut other = site.signed_in("alice");
        let again = get(&mut other, "/vault", &code);
        again.problem(400, "invalid_token");
        assert_eq!(again.header("totp-proof"), None);
        // It was sent, so it counts: also where a proof would do.
        get(&mut alice, "/vault", &code).problem(400, "invalid_token");
        assert_eq!(site.runs(), 3);
    }
}

#[test]
fn makes_a_stale_proof_fresh() {
    for place in clients() {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        site.clock.advance_secs(300);
        alice.is_asked_for_a_code("/transfer", "stale_proof");
        assert_eq!(
            get(&mut alice, "/transfer", &site.code("alice")).status,
            200
        );
        assert_eq!(alice.get("/transfer").status, 200);
    }
}

#[test]
fn may_be_a_backup_code() {
    let site = Site::at(Place::Header, plain, kinds);
    let mut alice = site.verified("alice");
    let code = site.code("alice");
    let renewed = alice.token("/auth/otp/backup-codes/", &code).json();
    assert!(renewed.get("proof").is_none(), "that makes none");
    let backup = renewed["backup_codes"][0].as_str().unwrap();
    let mut other = site.signed_in("alice");
    assert_eq!(get(&mut other, "/vault", backup).status, 200);
    get(&mut other, "/vault", backup).problem(400, "invalid_token");
}

#[test]
fn is_refused_and_counted_as_validate_does() {
    for place in clients() {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let wrong = wrong_code(&site);
        for malformed in ["", " ", "12345", "x", "é"] {
            let refused = get(&mut alice, "/vault", malformed);
            refused.problem(400, "malformed_token");
        }
        let code = site.code("alice");
        let twice = [("TOTP-Code", code.as_str()), ("totp-code", &code)];
        let twice = alice.send("GET", "/vault", &twice, b"");
        twice.problem(400, "malformed_token");
        for _ in 0..5 {
            get(&mut alice, "/vault", &wrong).problem(400, "invalid_token");
        }
        let waiting = get(&mut alice, "/vault", &code);
        let problem = waiting.problem(429, "throttled");
        assert_eq!(waiting.header("retry-after"), Some("30"));
        assert_eq!(problem["retry_after"], 30);
        assert_eq!(site.runs(), 0);
        site.clock.advance_secs(30);
        assert_eq!(get(&mut alice, "/vault", &site.code("alice")).status, 200);
    }
}

/// A code that is not shown around now.
fn wrong_code(site: &Site) -> String {
    let start = site.clock.now_secs();
    let shown: Vec<String> = (0..40)
        .map(|step| {
            site.clock.set(start - 600 + step * 30);
            site.code("alice")
        })
        .collect();
    site.clock.set(start);
    let all = (0..).map(|n| format!("{n:06}"));
    let mut wrong = all.skip_while(|code| shown.contains(code));
    wrong.next().unwrap()
}

#[test]
fn is_not_spent_for_whoever_is_refused_for_another_reason() {
    for place in clients() {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        let header = [("TOTP-Code", code.as_str())];
        let mut nobody = site.server.browser();
        let nobody = nobody.send("GET", "/vault", &header, b"");
        nobody.problem(401, "not_authenticated");
        // A browser that another site has told to send it, with what browsers send by themselves.
        for from_elsewhere in [
            [("Cookie", "a=b"), ("Sec-Fetch-Site", "cross-site")],
            [("Cookie", "a=b"), ("Origin", "https://evil.example")],
        ] {
            let headers = [&header[..], &from_elsewhere].concat();
            let answer = alice.send("POST", "/vault", &headers, b"");
            answer.problem(403, "cross_site");
        }
        let mut bob = site.signed_in("bob");
        get(&mut bob, "/vault", &code).problem(403, "totp_setup_required");
        assert_eq!(get(&mut bob, "/account", &code).status, 200);
        site.store.fail_from(1);
        get(&mut alice, "/vault", &code).problem(503, "store_unavailable");
        site.store.fail_from(0);
        assert_eq!(site.runs(), 1);
        assert_eq!(
            get(&mut alice, "/vault", &code).status,
            200,
            "it is unspent"
        );
    }
}

#[test]
fn is_not_spent_where_nothing_is_asked_of_the_user() {
    fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
        let of_nobody = totp.require().require_when(async |_, _| Ok(Demand::Nobody));
        let skipped = totp.require().danger_skip(|_| true).each_time();
        cfg.service(web::resource("/nobody").wrap(of_nobody).to(run))
            .service(web::resource("/skipped").wrap(skipped).to(run));
    }
    for place in clients() {
        let site = Site::at(place, plain, routes);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        for path in ["/nobody", "/skipped"] {
            let passed = get(&mut alice, path, &code);
            assert_eq!((passed.status, passed.header("totp-proof")), (200, None));
        }
        alice.token("/auth/otp/validate/", &code).json();
    }
}

#[test]
fn opens_one_request_of_32_at_once() {
    for place in clients() {
        let site = Site::at(place, plain, kinds);
        let alice = site.enrolled("alice");
        let code = site.code("alice");
        let start = Barrier::new(32);
        let statuses: Vec<u16> = thread::scope(|scope| {
            let send = || {
                let mut alice = alice.clone();
                start.wait();
                get(&mut alice, "/vault", &code).status
            };
            let sent: Vec<_> = (0..32).map(|_| scope.spawn(send)).collect();
            sent.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let passed = statuses.iter().filter(|it| **it == 200).count();
        assert_eq!((passed, site.runs()), (1, 1), "{place:?} {statuses:?}");
    }
}

#[test]
fn counts_for_all_guards_around_the_handler_and_is_spent_once() {
    fn nested(totp: &Totp, cfg: &mut ServiceConfig) {
        cfg.service(
            web::scope("/a").wrap(totp.require()).service(
                web::scope("/b")
                    .wrap(totp.require().if_enrolled())
                    .wrap(totp.require().danger_skip(|_| true))
                    .service(web::resource("/c").wrap(totp.require().each_time()).to(run)),
            ),
        );
    }
    for place in clients() {
        let site = Site::at(place, plain, nested);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        assert_eq!(get(&mut alice, "/a/b/c", &code).status, 200, "{place:?}");
        alice.is_asked_for_a_code("/a/b/c", "stale_proof");
        get(&mut alice, "/a/b/c", &code).problem(400, "invalid_token");
        assert_eq!(site.runs(), 1);
    }
}

#[test]
fn is_not_looked_at_where_browsers_have_sessions_or_no_guard_could_hand_the_proof_out() {
    fn routes(totp: &Totp, cfg: &mut ServiceConfig) {
        async fn who(verified: Verified) -> String {
            verified.user().to_string()
        }
        kinds(totp, cfg);
        cfg.route("/alone", web::get().to(who));
    }
    for place in PLACES {
        let site = Site::at(place, plain, routes);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        let mut refused = vec![get(&mut alice, "/alone", &code)];
        if place.is_session() {
            refused.push(get(&mut alice, "/vault", &code));
        }
        for refused in refused {
            refused.problem(place.refusal(), "totp_required");
        }
        alice.token("/auth/otp/validate/", &code).json();
    }
}

#[test]
fn is_told_to_the_application_whose_error_is_the_answer() {
    let refuse = |builder: TotpBuilder| {
        builder.on_verified(async |req: &HttpRequest, verified: &Verified| {
            assert!(verified.proof().is_some());
            if req.headers().contains_key("x-fail") {
                return Err(actix_web::error::ErrorImATeapot("no"));
            }
            Ok(())
        })
    };
    let site = Site::at(Place::Header, refuse, kinds);
    let mut alice = site.enrolled("alice");
    let code = site.code("alice");
    let headers = [("TOTP-Code", code.as_str()), ("x-fail", "1")];
    let failed = alice.send("GET", "/vault", &headers, b"");
    assert_eq!((failed.status, failed.text().as_str()), (418, "no"));
    assert_eq!(failed.header("totp-proof"), None);
    get(&mut alice, "/vault", &code).problem(400, "invalid_token");
    assert_eq!(site.runs(), 0);
    site.clock.advance_secs(30);
    assert_eq!(get(&mut alice, "/vault", &site.code("alice")).status, 200);
}

#[test]
fn events_tell_of_it() {
    use std::sync::{Arc, Mutex};
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let teller = Arc::clone(&told);
    let set = move |builder: TotpBuilder| {
        builder.on_event(move |event, context| {
            let text = format!("{event:?} {:?}", context.user_agent);
            teller.lock().unwrap().push(text);
        })
    };
    let site = Site::at(Place::Header, set, kinds);
    let mut alice = site.enrolled("alice");
    let code = site.code("alice");
    let headers = [("TOTP-Code", code.as_str()), ("User-Agent", "curl/8")];
    assert_eq!(alice.send("GET", "/vault", &headers, b"").status, 200);
    site.totp.service().flush_events();
    let told = told.lock().unwrap();
    let verified = told.iter().find(|it| it.contains("Verified")).unwrap();
    assert!(verified.contains("curl/8") && verified.contains(id("alice").as_str()));
}
