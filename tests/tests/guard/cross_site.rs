//! Which requests of clients that keep their proofs themselves are not asked where they come from.

use actix_totp::{CurrentUser, SignedIn, TotpBuilder};
use actix_web::HttpRequest;

use crate::{
    Site, id, kinds, plain,
    support::{PLACES, Place},
};

const FROM_ELSEWHERE: [(&str, &str); 2] = [
    ("Origin", "https://app.example.com"),
    ("Sec-Fetch-Site", "cross-site"),
];

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_program_without_a_cookie_may_come_from_anywhere_and_whoever_sends_one_is_checked() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let mut post = |headers: &[(&str, &str)]| {
            let headers = [&FROM_ELSEWHERE[..], &[JSON], headers].concat();
            alice.send("POST", "/auth/otp/generate/", &headers, b"{}")
        };
        let without = post(&[]);
        if place.is_session() {
            without.problem(403, "cross_site");
        } else {
            without.problem(400, "already_confirmed");
        }
        post(&[("Cookie", "a=b")]).problem(403, "cross_site");
    }
}

/// Whoever is signed in without a header of their own: by a client certificate, by an address, by what browsers send themselves.
fn everybody_is_alice(builder: TotpBuilder) -> TotpBuilder {
    builder.current_user(CurrentUser::from_fn(async |_: &HttpRequest| {
        Ok(Some(SignedIn::new(id("alice"))))
    }))
}

#[test]
fn what_browsers_send_by_themselves_shows_nothing() {
    let site = Site::at(Place::Header, everybody_is_alice, kinds);
    let mut browser = site.server.browser();
    let mut post = |headers: &[(&str, &str)]| {
        let headers = [&FROM_ELSEWHERE[..], &[JSON], headers].concat();
        browser.send(
            "POST",
            "/auth/otp/verify/",
            &headers,
            b"{\"token\":\"123456\"}",
        )
    };
    for by_itself in [
        &[][..],
        &[("Authorization", "Basic YWxpY2U6c2VzYW1l")],
        &[("Authorization", "Digest username=\"alice\"")],
        &[("Authorization", "Negotiate YII=")],
        &[("Authorization", "Bearer")],
        &[
            ("Authorization", "Basic YQ=="),
            ("Authorization", "Bearer x"),
        ],
    ] {
        post(by_itself).problem(403, "cross_site");
    }
    for by_a_program in [
        ("Authorization", "Bearer x"),
        ("Authorization", "bearer x"),
        ("Authorization", "DPoP x"),
        ("Authorization", "Token x"),
        ("TOTP-Proof", "x"),
    ] {
        post(&[by_a_program]).problem(400, "not_generated");
    }
}

#[test]
fn a_token_that_a_proxy_may_have_added_shows_nothing_of_where_a_form_comes_from() {
    let site = Site::at(Place::Header, everybody_is_alice, kinds);
    let mut browser = site.server.browser();
    let bearer = ("Authorization", "Bearer x");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let mut post = |headers: &[(&str, &str)]| {
        let headers = [&[bearer, form], headers].concat();
        browser.send("POST", "/auth/otp/verify/", &headers, b"token=123456")
    };
    for from_elsewhere in FROM_ELSEWHERE {
        post(&[from_elsewhere]).problem(403, "cross_site");
    }
    post(&FROM_ELSEWHERE).problem(403, "cross_site");
    post(&[]).problem(400, "not_generated");
    let own_header = ("TOTP-Proof", "");
    post(&[FROM_ELSEWHERE[0], FROM_ELSEWHERE[1], own_header]).problem(400, "not_generated");
}
