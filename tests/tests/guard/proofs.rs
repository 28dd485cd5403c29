//! Who passes: a proof of the signed-in user, young enough, of this enrollment. Wherever it is.

use actix_totp::{Epoch, Proof};
use serde_json::json;

use crate::{
    Site, id, kinds, plain,
    support::{PLACES, Place},
    vault,
};

#[test]
fn everyone_must_show_a_second_factor() {
    PLACES.into_iter().for_each(everyone_must);
}

fn everyone_must(place: Place) {
    let site = Site::at(place, plain, kinds);
    let mut nobody = site.server.browser();
    nobody.get("/vault").problem(401, "not_authenticated");
    let mut alice = site.signed_in("alice");
    alice.get("/vault").problem(403, "totp_setup_required");
    alice.post("/auth/otp/generate/", &json!({})).json();
    alice.get("/vault").problem(403, "totp_setup_required");
    let code = site.code("alice");
    let verified = alice.token("/auth/otp/verify/", &code).json();
    assert_eq!(alice.get("/vault").status, 200);
    site.clock.advance_secs(60);
    let mut alice = site.signed_in("alice");
    alice.is_asked_for_a_code("/vault", "totp_required");
    let wrong = alice.token("/auth/otp/validate/", "ABCD-EFGH-JKLM-NPQR");
    wrong.problem(400, "invalid_token");
    alice.is_asked_for_a_code("/vault", "totp_required");
    let backup = verified["backup_codes"][0].as_str().unwrap();
    alice.token("/auth/otp/validate/", backup).json();
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn if_enrolled_lets_those_pass_who_have_none() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut nobody = site.server.browser();
        nobody.get("/account").problem(401, "not_authenticated");
        let mut alice = site.signed_in("alice");
        assert_eq!(alice.get("/account").status, 200);
        let mut alice = site.enrolled("alice");
        alice.is_asked_for_a_code("/account", "totp_required");
    }
}

#[test]
fn a_maximum_age_asks_for_a_fresh_code() {
    PLACES.into_iter().for_each(a_fresh_code_is_asked_for);
}

fn a_fresh_code_is_asked_for(place: Place) {
    let site = Site::at(place, plain, kinds);
    let mut alice = site.verified("alice");
    let proved = site.clock.now_secs() - 30;
    site.clock.set(proved + 300);
    assert_eq!(alice.get("/transfer").status, 200);
    site.clock.set(proved + 301);
    alice.is_asked_for_a_code("/transfer", "stale_proof");
    assert_eq!(
        alice.get("/vault").status,
        200,
        "elsewhere it is fresh enough"
    );
    site.validate(&mut alice, "alice");
    assert_eq!(alice.get("/transfer").status, 200);

    let proved = site.clock.now_secs() - 30;
    let mut is_verified = || alice.get("/auth/otp/status/").json()["session_verified"] == true;
    site.clock.set(proved + 12 * 3_600);
    assert!(is_verified());
    site.clock.advance_secs(1);
    assert!(!is_verified());
    alice.is_asked_for_a_code("/vault", "stale_proof");
}

#[test]
fn a_proof_from_the_future_is_none() {
    for place in PLACES {
        let site = Site::at(place, plain, kinds);
        let mut alice = site.verified("alice");
        let proved = site.clock.now_secs() - 30;
        site.clock.set(proved - 60);
        assert_eq!(alice.get("/vault").status, 200);
        site.clock.set(proved - 61);
        alice.is_asked_for_a_code("/vault", "totp_required");
    }
}

#[test]
fn a_proof_does_not_follow_a_session_to_another_user() {
    PLACES.into_iter().for_each(a_proof_does_not_follow);
}

fn a_proof_does_not_follow(place: Place) {
    let site = Site::at(place, plain, vault);
    let (alice, bob) = (site.enrolled("alice"), site.enrolled("bob"));
    let epoch = |user: &str| {
        site.totp
            .service()
            .status(&id(user))
            .unwrap()
            .epoch
            .unwrap()
    };
    let status = |client: &crate::Client, user: &str, epoch: Epoch| {
        let at = site.clock.now_secs();
        let (mut client, user) = (client.clone(), id(user));
        client.take(&site.totp, &Proof { user, epoch, at });
        client.get("/vault").status
    };
    assert_eq!(status(&alice, "alice", epoch("alice")), 200);
    for (client, user, epoch) in [
        (&bob, "alice", epoch("alice")),
        (&alice, "alice", epoch("bob")),
        (&bob, "bob", epoch("alice")),
        (&alice, "bob", epoch("alice")),
    ] {
        assert_eq!(status(client, user, epoch), place.refusal());
    }
}

#[test]
fn junk_in_a_session_is_no_proof() {
    let site = Site::new(plain, vault);
    site.enrolled("alice");
    let now = site.clock.now_secs();
    for junk in [
        json!(null),
        json!(true),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "user": "alice", "at": now }),
    ] {
        let session = json!({ "user_id": "alice", "actix_totp.proof": junk });
        let mut alice = site.with_session(&session);
        alice.get("/vault").problem(403, "totp_required");
    }
}

#[test]
fn odd_user_ids_in_a_session_are_nobody() {
    let site = Site::new(plain, vault);
    for id in [
        json!(true),
        json!(null),
        json!(""),
        json!("x".repeat(256)),
        json!("a\0b"),
        json!([1]),
        json!(1.5),
        json!({ "id": 1 }),
    ] {
        site.with_session(&json!({ "user_id": id }))
            .get("/vault")
            .problem(401, "not_authenticated");
    }
    for id in [
        json!(1),
        json!(-1),
        json!(u64::MAX),
        json!("1"),
        json!("x".repeat(255)),
        json!("élise "),
    ] {
        site.with_session(&json!({ "user_id": id }))
            .get("/vault")
            .problem(403, "totp_setup_required");
    }
    // 7 and "7" are one user.
    site.enrolled("7");
    site.with_session(&json!({ "user_id": 7 }))
        .get("/vault")
        .problem(403, "totp_required");
}
