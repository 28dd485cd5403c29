//! `authenticators/{id}/remove/`.

use serde_json::json;

use super::{NO_IDS, add, ids, names, remove, rename};
use crate::{STATUS, VALIDATE, support::TestApp};

#[test]
fn it_signs_nobody_in_any_more_and_its_proofs_end_and_nobody_elses() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let key = add(&app, &mut alice, &phone.code(), "Key");
    let [mut by_phone, mut by_key, mut by_backup] = [phone.code(), key.code(), backup[0].clone()]
        .map(|token| {
            let mut browser = app.signed_in("alice");
            browser.token(VALIDATE[0], &token).json();
            browser
        });
    let lost = ids(&mut by_key).remove(0);
    let answer = by_backup.token(&remove(&lost), &backup[1]);
    assert_eq!(answer.json(), json!({ "detail": "Authenticator removed" }));
    by_phone.get("/vault").problem(403, "totp_required");
    for browser in [&mut by_key, &mut by_backup] {
        assert_eq!(browser.get("/vault").status, 200);
    }
    assert_eq!(names(&mut by_key), ["Key"]);
    app.clock.advance_secs(90);
    by_phone
        .token(VALIDATE[0], &phone.code())
        .problem(400, "invalid_token");
    by_phone.token(VALIDATE[0], &key.code()).json();
    assert_eq!(by_phone.get(STATUS[0]).json()["authenticators"], 1);
    assert_eq!(by_phone.get(STATUS[0]).json()["backup_codes_remaining"], 8);
}

#[test]
fn a_code_of_another_gives_a_proof_and_a_code_of_its_own_none() {
    for own in [false, true] {
        let app = TestApp::start();
        let (mut alice, phone, _) = app.enrolled("alice");
        let key = add(&app, &mut alice, &phone.code(), "Key");
        alice.token(VALIDATE[0], &phone.code()).json();
        app.clock.advance_secs(90);
        let path = remove(&ids(&mut alice)[0]);
        let mut password_only = app.signed_in("alice");
        let code = if own { phone.code() } else { key.code() };
        let answer = password_only.token(path.trim_end_matches('/'), &code);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("set-cookie").is_some(), !own, "a new id");
        let expected = if own { 403 } else { 200 };
        assert_eq!(password_only.get("/vault").status, expected);
        alice.get("/vault").problem(403, "totp_required");
    }
}

#[test]
fn the_last_one_and_one_of_nobody_are_not_removed_and_no_token_is_spent() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let before = app.device();
    let last = remove(&ids(&mut alice)[0]);
    for token in [phone.code(), backup[0].clone(), phone.wrong_code()] {
        alice
            .token(&last, &token)
            .problem(400, "last_authenticator");
        for id in NO_IDS {
            alice
                .token(&remove(id), &token)
                .problem(404, "no_such_authenticator");
        }
    }
    for body in [json!({}), json!({ "token": null }), json!({ "token": " " })] {
        alice.post(&last, &body).problem(400, "token_required");
    }
    assert_eq!(app.device(), before);
    let mut bob = app.signed_in("bob");
    bob.token(&last, "123456").problem(400, "not_enabled");
}

#[test]
fn a_wrong_token_removes_nothing_and_counts() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let key = add(&app, &mut alice, &phone.code(), "Key");
    let path = remove(&ids(&mut alice)[1]);
    alice.token(VALIDATE[0], &backup[0]).json();
    alice.token(VALIDATE[0], &phone.code()).json();
    for token in [backup[0].as_str(), &phone.code(), "12345"] {
        assert_eq!(alice.token(&path, token).status, 400, "used or malformed");
    }
    let wrong = (0..).map(|n| format!("{n:06}"));
    let wrong = wrong.filter(|code| *code != phone.wrong_code());
    let shown: Vec<_> = (-2..=2)
        .flat_map(|n| [phone.code_in(n * 30), key.code_in(n * 30)])
        .collect();
    for code in wrong.filter(|code| !shown.contains(code)).take(5) {
        alice.token(&path, &code).problem(400, "invalid_token");
    }
    alice.token(&path, &key.code()).problem(429, "throttled");
    assert_eq!(ids(&mut alice).len(), 2);
}

#[test]
fn an_authenticator_of_somebody_else_is_none() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    add(&app, &mut alice, &phone.code(), "Key");
    let (mut mallory, hers, _) = app.enrolled("mallory");
    add(&app, &mut mallory, &hers.code(), "Key");
    let id = &ids(&mut alice)[0];
    for token in [hers.code(), phone.code()] {
        mallory
            .token(&remove(id), &token)
            .problem(404, "no_such_authenticator");
    }
    mallory
        .post(&rename(id), &json!({ "name": "Mine" }))
        .problem(404, "no_such_authenticator");
    let body = json!({ "token": hers.code(), "replaces": id });
    mallory
        .post("/auth/otp/generate/", &body)
        .problem(404, "no_such_authenticator");
    app.clock.advance_secs(90);
    mallory.token(VALIDATE[0], &hers.code()).json();
    alice.token(VALIDATE[0], &phone.code()).json();
    assert_eq!(names(&mut alice), ["Authenticator", "Key"]);
}
