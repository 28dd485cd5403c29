//! Where browsers are sent that do not pass.

use actix_web::web;

use crate::{
    Site, run,
    support::{Answer, Place},
};

#[test]
fn browsers_are_sent_to_a_page_with_a_safe_way_back() {
    // A claim may be in a cookie.
    for place in [Place::Session, Place::BrowserOfEither, Place::Claim] {
        browsers_are_sent_to_a_page(place);
    }
}

fn browsers_are_sent_to_a_page(place: Place) {
    let site = Site::at(
        place,
        |builder| builder.redirect_browsers("/code", "/setup"),
        |totp, cfg| {
            cfg.service(
                web::scope("")
                    .wrap(totp.require())
                    .default_service(web::to(run)),
            );
        },
    );
    let mut alice = site.enrolled("alice");
    let html = [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    let location = |answer: &Answer| {
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (303, Some("no-store")),
            "{answer:?}"
        );
        answer.header("location").unwrap().to_owned()
    };
    for (path, expected) in [
        ("/vault", "/code?next=/vault"),
        (
            "/vault?a=b&c=%2F%20d",
            "/code?next=/vault%3Fa%3Db%26c%3D%252F%2520d",
        ),
        ("//evil.example/x", "/code"),
        ("/\\evil.example", "/code"),
        ("///evil.example", "/code"),
        ("http://evil.example/vault", "/code?next=/vault"),
    ] {
        let answer = alice.send("GET", path, &html, b"");
        if answer.status == 400 {
            continue; // the server does not even take it
        }
        assert_eq!(location(&answer), expected, "{path}");
    }
    assert_eq!(
        location(&alice.send("POST", "/vault", &html, b"")),
        "/code",
        "a POST cannot be gone back to"
    );
    let mut bob = site.signed_in("bob");
    assert_eq!(
        location(&bob.send("GET", "/vault", &html, b"")),
        "/setup?next=/vault"
    );
    site.server
        .browser()
        .send("GET", "/vault", &html, b"")
        .problem(401, "not_authenticated");
    alice
        .send("GET", "/vault", &[("Accept", "application/json")], b"")
        .problem(place.refusal(), "totp_required");
    alice
        .send("GET", "/vault", &[("Accept", "*/*")], b"")
        .problem(place.refusal(), "totp_required");
    // A script would follow the redirect, and take the page for its answer.
    let script = [
        html[0],
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Dest", "empty"),
    ];
    alice
        .send("GET", "/vault", &script, b"")
        .problem(place.refusal(), "totp_required");
    let navigation = [
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ];
    let answer = alice.send("GET", "/vault", &navigation, b"");
    assert_eq!(location(&answer), "/code?next=/vault");
    assert_eq!(site.runs(), 0);
}
