//! Who passes: a proof of the session's user, young enough, of this enrollment.

use actix_totp::UserId;
use serde_json::json;

use crate::{
    Site, plain,
    support::{NOON, TestApp},
    vault,
};

#[test]
fn everyone_must_show_a_second_factor() {
    let app = TestApp::start();
    app.browser()
        .get("/vault")
        .problem(401, "not_authenticated");
    let mut alice = app.signed_in("alice");
    alice.get("/vault").problem(403, "totp_setup_required");
    alice.post("/auth/otp/generate/", &json!({})).json();
    alice.get("/vault").problem(403, "totp_setup_required");
    let (mut enrolled, phone, backup) = app.enrolled("alice");
    assert_eq!(enrolled.get("/vault").status, 200);
    let mut alice = app.signed_in("alice");
    alice.get("/vault").problem(403, "totp_required");
    alice
        .token("/auth/otp/validate/", &phone.wrong_code())
        .problem(400, "invalid_token");
    alice.get("/vault").problem(403, "totp_required");
    alice.token("/auth/otp/validate/", &backup[0]).json();
    assert_eq!(alice.get("/vault").status, 200);
}

#[test]
fn if_enrolled_lets_those_pass_who_have_none() {
    let app = TestApp::start();
    app.browser()
        .get("/account")
        .problem(401, "not_authenticated");
    let mut alice = app.signed_in("alice");
    assert_eq!(alice.get("/account").status, 200);
    app.enrolled("alice");
    alice.get("/account").problem(403, "totp_required");
}

#[test]
fn a_maximum_age_asks_for_a_fresh_code() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.set(NOON + 300);
    assert_eq!(alice.get("/transfer").status, 200);
    app.clock.set(NOON + 301);
    alice.get("/transfer").problem(403, "stale_proof");
    assert_eq!(
        alice.get("/vault").status,
        200,
        "elsewhere it is fresh enough"
    );
    alice.token("/auth/otp/validate/", &phone.code()).json();
    assert_eq!(alice.get("/transfer").status, 200);

    let proved = app.clock.now_secs();
    app.clock.set(proved + 12 * 3_600);
    assert_eq!(alice.get("/vault").status, 200);
    assert_eq!(
        alice.get("/auth/otp/status/").json()["session_verified"],
        true
    );
    app.clock.advance_secs(1);
    alice.get("/vault").problem(403, "stale_proof");
    assert_eq!(
        alice.get("/auth/otp/status/").json()["session_verified"],
        false
    );
}

#[test]
fn a_proof_from_the_future_is_none() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    app.clock.set(NOON - 60);
    assert_eq!(alice.get("/vault").status, 200);
    app.clock.set(NOON - 61);
    alice.get("/vault").problem(403, "totp_required");
}

#[test]
fn a_proof_does_not_follow_a_session_to_another_user() {
    let site = Site::new(plain, vault);
    let (_alice, _bob) = (site.enrolled("alice"), site.enrolled("bob"));
    let epoch = |user: &str| {
        site.totp
            .service()
            .status(&UserId::new(user).unwrap())
            .unwrap()
            .epoch
            .unwrap()
    };
    let proof = |user: &str, epoch: actix_totp::Epoch, at: u64| json!({ "user": user, "epoch": epoch, "at": at });
    let now = site.clock.now_secs();
    let status = |user: &str, proof: serde_json::Value| {
        let mut browser = site.with_session(&json!({ "user_id": user, "actix_totp.proof": proof }));
        browser.get("/vault").status
    };
    assert_eq!(status("alice", proof("alice", epoch("alice"), now)), 200);
    assert_eq!(status("bob", proof("alice", epoch("alice"), now)), 403);
    assert_eq!(status("alice", proof("alice", epoch("bob"), now)), 403);
    assert_eq!(status("bob", proof("bob", epoch("alice"), now)), 403);
    assert_eq!(status("alice", proof("bob", epoch("alice"), now)), 403);
    for junk in [
        json!(null),
        json!(true),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "user": "alice", "at": now }),
    ] {
        assert_eq!(status("alice", junk), 403);
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
