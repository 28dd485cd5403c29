//! Browsers and programs on one scope: who is which, and that neither helps the other out.

use std::time::Duration;

use actix_session::SessionExt;
use actix_totp::{
    CurrentUser, FakeClock, MemoryStore, ProofIn, SignedIn, Totp, TotpBuilder, Verified,
    pages::Pages,
};
use actix_web::{App, HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::{
    Site, id, kinds, plain,
    support::{NOON, PageClient, Place, keys, serve},
};

#[test]
fn a_bad_header_is_not_helped_out_by_a_good_session() {
    let site = Site::at(Place::BrowserOfEither, plain, kinds);
    let mut alice = site.verified("alice");
    assert_eq!(alice.get("/vault").status, 200);
    for bad in ["", "x", &"A".repeat(87)] {
        let refused = alice.send("GET", "/vault", &[("TOTP-Proof", bad)], b"");
        refused.problem(401, "totp_required");
    }
    let mut program = Site::at(Place::ProgramOfEither, plain, kinds).verified("alice");
    program.browser.address = site.server.address; // another epoch
    program.browser.cookies.clone_from(&alice.browser.cookies);
    program.get("/vault").problem(401, "totp_required");
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn a_session_is_a_browsers_whatever_its_proxy_adds() {
    let site = Site::at(Place::BrowserOfEither, plain, kinds);
    let mut alice = site.verified("alice");
    for authorization in ["Basic YWxpY2U6c2VzYW1l", "Bearer alice"] {
        let header = [("Authorization", authorization)];
        assert_eq!(alice.send("GET", "/vault", &header, b"").status, 200);
        let code = site.code("alice");
        let body = json!({ "token": code }).to_string();
        let headers = [header[0], ("Content-Type", "application/json")];
        let answer = alice.send("POST", "/auth/otp/validate/", &headers, body.as_bytes());
        assert!(answer.json().get("proof").is_none());
        site.clock.advance_secs(30);
    }
}

#[test]
fn an_empty_session_makes_no_browser_of_a_program() {
    let site = Site::at(Place::ProgramOfEither, plain, kinds);
    let mut alice = site.enrolled("alice");
    // As an HTTP library that keeps the cookies of a load balancer.
    alice.browser.cookies.insert("route".into(), "7".into());
    site.validate(&mut alice, "alice");
    assert_eq!(alice.proofs[0].len(), 87);
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(alice.browser.cookies.len(), 1, "no session is made");
}

#[test]
fn a_program_is_no_trusted_browser_and_becomes_none() {
    let trust = |builder: TotpBuilder| {
        builder
            .trusted_browsers(Duration::from_secs(30 * 86_400))
            .danger_trust_without_tls()
    };
    let site = Site::at(Place::ProgramOfEither, trust, kinds);
    let mut program = site.enrolled("alice");
    let trusting = json!({ "token": site.code("alice"), "trust_browser": true });
    program.post("/auth/otp/validate/", &trusting).json();
    assert!(program.browser.cookies.is_empty());
    site.clock.advance_secs(30);

    let mut browser = site.server.browser();
    browser.post("/session", &json!({ "user_id": "alice" }));
    let trusting = json!({ "token": site.code("alice"), "trust_browser": true });
    browser.post("/auth/otp/validate/", &trusting).json();
    let trusted = browser.cookies["totp_trust"].clone();
    let mut program = site.signed_in("alice");
    let cookie = format!("totp_trust={trusted}");
    let refused = program.send("GET", "/vault", &[("Cookie", &cookie)], b"");
    refused.problem(401, "totp_required");
    program.proofs[0] = trusted; // nor is its cookie a proof to send
    program.get("/vault").problem(401, "totp_required");
}

#[test]
fn pages_are_for_browsers_and_programs_get_json() {
    let pages = |builder: TotpBuilder| builder.pages(Pages::new());
    let site = Site::at(Place::BrowserOfEither, pages, kinds);
    let alice = site.enrolled("alice");
    let code = site.code("alice");
    let form = format!("token={code}");
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let headers = [
        kind,
        ("Accept", "text/html"),
        ("Authorization", "Bearer alice"),
    ];
    let mut program = site.server.browser();
    let answer = program.send("POST", "/auth/otp/validate/", &headers, form.as_bytes());
    assert!(answer.json()["proof"].is_string());
    let refused = program.send("GET", "/vault", &headers, b"");
    refused.problem(401, "totp_required");

    // A browser says that it navigates: a proxy has added the token.
    let navigates = [&headers[..], &[("Sec-Fetch-Mode", "navigate")]].concat();
    site.clock.advance_secs(30);
    let form = format!("token={}", site.code("alice"));
    let mut browser = alice.browser.clone();
    let answer = browser.send("POST", "/auth/otp/validate/", &navigates, form.as_bytes());
    assert_eq!(answer.header("location"), Some("/"), "{}", answer.text());
    assert_eq!(browser.get("/vault").status, 200);

    site.clock.advance_secs(30);
    let mut alice = PageClient::at(alice.browser);
    let code = site.code("alice");
    let answer = alice.submit("/auth/otp/validate/", &[("token", &code)]);
    assert_eq!(answer.header("location"), Some("/"));
    assert_eq!(alice.browser.get("/vault").status, 200);
}

#[test]
fn a_program_stays_one_whatever_the_application_writes_into_a_session() {
    let writes = |builder: TotpBuilder| {
        builder.on_verified(async |req: &HttpRequest, _: &Verified| {
            req.get_session().insert("seen", true)?;
            Ok(())
        })
    };
    let site = Site::at(Place::ProgramOfEither, writes, kinds);
    let mut alice = site.enrolled("alice");
    let body = json!({ "token": site.code("alice") });
    let answer = alice.post("/auth/otp/validate/", &body);
    assert_eq!(answer.json()["proof"].as_str().map(str::len), Some(87));
}

/// An application that knows its users by itself, and has forgotten the session of its browsers.
#[test]
fn without_session_middleware_browsers_are_told_so_and_programs_go_on() {
    let by_header = CurrentUser::from_fn(async |req: &HttpRequest| {
        let user = req.headers().get("x-user").and_then(|it| it.to_str().ok());
        Ok(user.map(|user| SignedIn::new(id(user))))
    });
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(FakeClock::at(NOON))
        .current_user(by_header)
        .proof_in(ProofIn::Either)
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .service(
                web::resource("/vault")
                    .wrap(used.require())
                    .to(HttpResponse::Ok)
            )
    );
    let service = totp.service();
    let _ = service.enroll(&id("alice"), "", None).unwrap();
    let code = service.code_for(&id("alice")).unwrap().unwrap();
    let user = ("X-User", "alice");
    let verify = |browser: &mut crate::support::Browser, headers: &[(&str, &str)]| {
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let body = format!("token={code}");
        let headers = [headers, &[form, user]].concat();
        browser.send("POST", "/otp/verify/", &headers, body.as_bytes())
    };
    let mut client = server.browser();
    let pages = [
        [("Accept", "*/*"), ("Sec-Fetch-Mode", "navigate")],
        [("Accept", "text/html"), ("Accept-Language", "de")],
    ];
    for page in pages {
        verify(&mut client, &page).problem(503, "no_session");
        assert!(!service.status(&id("alice")).unwrap().enabled, "unspent");
        let anonymous = client.send("GET", "/vault", &page, b"");
        anonymous.problem(503, "no_session");
    }
    let proof = verify(&mut client, &[("Accept", "application/json")]).json();
    let proof = proof["proof"].as_str().expect("the program's proof");
    client
        .send("GET", "/vault", &[user], b"")
        .problem(401, "totp_required");
    for page in pages {
        let refused = client.send("GET", "/vault", &[&page[..], &[user]].concat(), b"");
        refused.problem(503, "no_session");
    }
    let headers = [user, ("TOTP-Proof", proof), ("Accept", "text/html")];
    assert_eq!(client.send("GET", "/vault", &headers, b"").status, 200);
    client
        .send("GET", "/vault", &[], b"")
        .problem(401, "not_authenticated");
}
