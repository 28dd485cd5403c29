//! Guards that ask for a code with every request, wherever proofs are.

use actix_totp::{CurrentUser, SignedIn};
use serde_json::json;

use crate::{
    Site, id, kinds, plain,
    support::{Answer, Client, PLACES, Place},
};

fn wipe(client: &mut Client, code: &str) -> Answer {
    client.send("DELETE", "/wipe", &[("TOTP-Code", code)], b"")
}

#[test]
fn a_proof_never_does_and_a_code_does_once() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        assert_eq!(alice.get("/vault").status, 200);
        alice.is_asked_for_a_code("/wipe", "stale_proof");
        let code = site.code("alice");
        assert_eq!(wipe(&mut alice, &code).status, 200, "{place:?}");
        alice.is_asked_for_a_code("/wipe", "stale_proof");
        wipe(&mut alice, &code).problem(400, "invalid_token");
        site.clock.advance_secs(30);
        assert_eq!(wipe(&mut alice, &site.code("alice")).status, 200);
        assert_eq!(site.runs(), 3);
    }
}

#[test]
fn the_code_gives_a_proof_for_other_guards_under_a_new_session_id() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        alice.is_asked_for_a_code("/wipe", "totp_required");
        let before = alice.browser.session();
        let answer = wipe(&mut alice, &site.code("alice"));
        assert_eq!(answer.header("totp-proof").is_some(), !place.is_session());
        assert_eq!(alice.browser.session() != before, place.is_session());
        assert_eq!(alice.get("/vault").status, 200);
        assert_eq!(alice.get("/transfer").status, 200);
    }
}

#[test]
fn another_sites_page_spends_no_code() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let code = site.code("alice");
        let mut headers = vec![
            ("TOTP-Code", code.as_str()),
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", "https://evil.example"),
        ];
        if alice.browser.cookies.is_empty() {
            headers.push(("Cookie", "a=b"));
        }
        let refused = alice.send("POST", "/wipe", &headers, b"");
        refused.problem(403, "cross_site");
        assert_eq!(site.runs(), 0);
        assert_eq!(wipe(&mut alice, &code).status, 200);
    }
}

#[test]
fn no_browser_is_sent_to_a_page_whose_code_would_not_do() {
    let html = [("Accept", "text/html")];
    let redirects = |builder: actix_totp::TotpBuilder| builder.redirect_browsers("/code", "/setup");
    let site = Site::at(Place::Session, redirects, kinds);
    let mut alice = site.verified("alice");
    let refused = alice.send("GET", "/wipe", &html, b"");
    refused.problem(403, "stale_proof");
    let setup = site.signed_in("bob").send("GET", "/wipe", &html, b"");
    assert_eq!(setup.header("location"), Some("/setup?next=/wipe"));
}

#[test]
fn no_code_is_spent_where_no_session_can_keep_its_proof() {
    let site = Site::at(Place::Session, plain, kinds);
    site.enrolled("alice");
    let by_fn = CurrentUser::from_fn(async |_: &actix_web::HttpRequest| {
        Ok(Some(SignedIn::new(id("alice"))))
    });
    let totp = actix_totp::Totp::builder(site.devices.clone(), crate::keys())
        .clock(site.clock.clone())
        .current_user(by_fn)
        .build()
        .unwrap();
    let server = crate::serve!(actix_web::App::new().configure(|cfg| kinds(&totp, cfg)));
    let code = site.code("alice");
    let mut browser = server.browser();
    let refused = browser.send("DELETE", "/wipe", &[("TOTP-Code", &code)], b"");
    refused.problem(503, "no_session");
    let mut alice = site.signed_in("alice");
    alice
        .post("/auth/otp/validate/", &json!({ "token": code }))
        .json();
}
