//! When a trusted browser is trusted no longer.

use std::time::Duration;

use serde_json::json;

use super::{COOKIE, DAYS_30, Ends, Site, assert_asks_for_a_code, id, sign_in};
use crate::support::{Authenticator, keys};

#[test]
fn it_ends_when_its_time_is_over() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    site.clock.advance_secs(DAYS_30 + 1);
    assert_asks_for_a_code(&mut alice);
}

#[test]
fn every_change_of_the_second_factor_ends_it() {
    let ends: [(&str, Ends); 6] = [
        ("disabled and enrolled anew", |site, elsewhere| {
            let code = site.code("alice");
            elsewhere.token("/auth/otp/disable/", &code).json();
            site.enroll("alice");
        }),
        ("replaced", |site, elsewhere| {
            let code = site.code("alice");
            elsewhere.token("/auth/otp/generate/", &code).json();
            let code = site.code("alice");
            elsewhere.token("/auth/otp/verify/", &code).json();
        }),
        ("reset and enrolled anew", |site, _| {
            assert!(site.totp.service().reset(&id("alice")).unwrap());
            site.enroll("alice");
        }),
        ("ended by an operator", |site, _| {
            assert!(site.totp.service().end_all_proofs(&id("alice")).unwrap());
        }),
        ("forgotten", |_, elsewhere| {
            elsewhere
                .post("/auth/otp/forget-browsers/", &json!({}))
                .json();
        }),
        ("forgotten by itself", |site, _| {
            let mut here = site.signed_in("alice");
            assert_eq!(site.trust(&mut here, "alice").status, 200);
            here.form("/auth/otp/forget-browsers", "").json();
        }),
    ];
    for (name, end) in ends {
        let site = Site::new();
        let mut trusted = site.trusted("alice");
        let mut elsewhere = site.signed_in("alice");
        let code = site.code("alice");
        elsewhere.token("/auth/otp/validate/", &code).json();
        assert_eq!(trusted.get("/vault").status, 200);
        end(&site, &mut elsewhere);
        let refused = trusted.get("/vault");
        assert_eq!(refused.status, 403, "{name}: {refused:?}");
        refused.problem(403, "totp_required");
    }
}

#[test]
fn it_ends_with_the_authenticator_whose_code_it_was_and_with_no_other() {
    let site = Site::new();
    let mut trusted_by_phone = site.trusted("alice");
    let mut elsewhere = site.signed_in("alice");
    let further = json!({ "token": site.code("alice"), "name": "Key" });
    let generated = elsewhere.post("/auth/otp/generate/", &further).json();
    let key = Authenticator::new(generated["secret"].as_str().unwrap(), &site.clock);
    elsewhere.token("/auth/otp/verify/", &key.code()).json();
    site.clock.advance_secs(90);
    let mut trusted_by_key = site.signed_in("alice");
    let body = json!({ "token": key.code(), "trust_browser": true });
    trusted_by_key.post("/auth/otp/validate/", &body).json();
    sign_in(&mut trusted_by_key, "alice");
    for trusted in [&mut trusted_by_phone, &mut trusted_by_key] {
        assert_eq!(trusted.get("/vault").status, 200);
        assert_eq!(trusted.get("/auth/otp/authenticators/").status, 200);
    }
    let listed = elsewhere.get("/auth/otp/authenticators/").json();
    let path = |n: usize, what: &str| {
        let id = listed[n]["id"].as_str().unwrap();
        format!("/auth/otp/authenticators/{id}/{what}/")
    };
    let name = json!({ "name": "Mine" });
    trusted_by_key
        .post(&path(0, "rename"), &name)
        .problem(403, "totp_required");
    site.clock.advance_secs(90);
    elsewhere.token(&path(0, "remove"), &key.code()).json();
    assert_asks_for_a_code(&mut trusted_by_phone);
    assert_eq!(trusted_by_key.get("/vault").status, 200);
}

#[test]
fn a_disable_without_enrolling_anew_leaves_nothing_to_open() {
    let site = Site::new();
    let mut alice = site.trusted("alice");
    let code = site.code("alice");
    alice.token("/auth/otp/disable/", &code).json();
    assert!(!alice.cookies.contains_key(COOKIE), "and takes the cookie");
    alice.get("/vault").problem(403, "totp_setup_required");
}

#[test]
fn a_guard_that_believes_what_it_has_seen_knows_of_the_end_at_once() {
    let site = Site::with(keys(), |totp| {
        totp.trusted_browsers(Duration::from_secs(DAYS_30))
            .recheck_every(Duration::from_secs(300))
    });
    let mut alice = site.trusted("alice");
    for _ in 0..3 {
        assert_eq!(alice.get("/vault").status, 200);
    }
    site.totp.service().end_all_proofs(&id("alice")).unwrap();
    assert_asks_for_a_code(&mut alice);
}
