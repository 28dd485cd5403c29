//! The challenge of RFC 9470 to clients that keep their proofs themselves.

use actix_totp::TotpBuilder;
use serde_json::json;

use crate::{
    Site, kinds, plain,
    support::{Answer, PLACES, Place},
};

fn challenge(answer: &Answer) -> Option<&str> {
    assert!(answer.all("www-authenticate").count() <= 1);
    answer.header("www-authenticate")
}

#[test]
fn a_guard_says_how_old_a_proof_it_takes() {
    for place in PLACES.into_iter().filter(|place| !place.is_session()) {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.enrolled("alice");
        let missing = alice.get("/vault");
        missing.problem(401, "totp_required");
        let expected = "Bearer error=\"insufficient_user_authentication\", \
                        error_description=\"Enter a code from your authenticator to go on.\", max_age=\"43200\"";
        assert_eq!(challenge(&missing), Some(expected));
        site.validate(&mut alice, "alice");
        site.clock.advance_secs(300);
        let stale = alice.get("/transfer");
        stale.problem(401, "stale_proof");
        let expected = "Bearer error=\"insufficient_user_authentication\", \
                        error_description=\"Enter a fresh code from your authenticator to go on.\", max_age=\"300\"";
        assert_eq!(challenge(&stale), Some(expected));
        let no_code = alice.get("/wipe");
        no_code.problem(401, "stale_proof");
        assert!(challenge(&no_code).unwrap().ends_with("max_age=\"0\""));

        let mut other = site.signed_in("alice");
        let forget = other.post("/auth/otp/forget-browsers/", &json!({}));
        forget.problem(401, "totp_required");
        assert!(challenge(&forget).is_some());

        // Whoever has no second factor cannot step up, and whoever is not signed in is not challenged by us.
        let setup = site.signed_in("bob").get("/vault");
        setup.problem(403, "totp_setup_required");
        assert_eq!(challenge(&setup), None);
        let nobody = site.server.browser().get("/vault");
        nobody.problem(401, "not_authenticated");
        assert_eq!(challenge(&nobody), None);
    }
}

#[test]
fn so_does_verify_where_only_a_client_with_a_proof_may_go_on() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        let code = site.code("alice");
        alice.token("/auth/otp/generate/", &code).json();
        let mut other = site.signed_in("alice");
        let code = site.code("alice"); // of the new authenticator
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            let refused = other.token("/auth/otp/verify/", wrong);
            refused.problem(400, "invalid_token");
        }
        let refused = other.token("/auth/otp/verify/", wrong);
        refused.problem(place.refusal(), "totp_required");
        assert_eq!(challenge(&refused).is_some(), !place.is_session());
        alice.token("/auth/otp/verify/", &code).json();
    }
}

#[test]
fn sessions_are_not_challenged() {
    for place in [Place::Session, Place::BrowserOfEither] {
        let site = Site::at(place, plain, kinds);
        let refused = site.enrolled("alice").get("/vault");
        refused.problem(403, "totp_required");
        assert_eq!(challenge(&refused), None);
    }
}

#[test]
fn an_application_names_its_acr_values_or_keeps_403() {
    let get = |set: fn(TotpBuilder) -> TotpBuilder| {
        let site = Site::at(Place::Header, set, kinds);
        site.enrolled("alice").get("/vault")
    };
    let named = get(|builder| builder.step_up_acr_values("urn:example:mfa phr"));
    named.problem(401, "totp_required");
    let named = challenge(&named).unwrap();
    assert!(
        named.ends_with(", max_age=\"43200\", acr_values=\"urn:example:mfa phr\""),
        "{named}"
    );

    let kept = get(TotpBuilder::without_step_up_challenge);
    kept.problem(403, "totp_required");
    assert_eq!(challenge(&kept), None);
}

#[test]
fn a_problem_in_the_format_of_the_application_challenges_all_the_same() {
    let set = |builder: TotpBuilder| {
        builder.on_problem(|_, problem| {
            actix_web::HttpResponse::build(problem.status()).body(problem.code().to_owned())
        })
    };
    let site = Site::at(Place::Header, set, kinds);
    let own = site.enrolled("alice").get("/vault");
    assert_eq!((own.status, own.text().as_str()), (401, "totp_required"));
    assert!(challenge(&own).is_some());
}
