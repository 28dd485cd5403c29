//! `generate/` with a name, or with whose place the new one takes.

use serde_json::json;

use super::{MALFORMED_NAMES, NO_IDS, add, ids, names};
use crate::{GENERATE, STATUS, VALIDATE, VERIFY, support::TestApp};

#[test]
fn a_further_one_signs_in_beside_the_first_and_ends_no_proof_and_no_backup_code() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let mut elsewhere = app.signed_in("alice");
    elsewhere.token(VALIDATE[0], &backup[0]).json();
    let key = add(&app, &mut alice, &phone.code(), "Key");
    assert_eq!(names(&mut alice), ["Authenticator", "Key"]);
    for browser in [&mut alice, &mut elsewhere] {
        assert_eq!(browser.get("/vault").status, 200);
    }
    for token in [key.code(), phone.code(), backup[1].clone()] {
        app.signed_in("alice").token(VALIDATE[0], &token).json();
    }
    assert_eq!(alice.get(STATUS[0]).json()["backup_codes_remaining"], 8);
}

#[test]
fn the_first_one_and_one_from_a_form_are_called_as_is_said() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let first = json!({ "name": "<b>Ülkü's \"phone\"</b>" });
    let phone = app.authenticator(&alice.post(GENERATE[0], &first).json());
    let verified = alice.token(VERIFY[0], &phone.code()).json();
    assert_eq!(verified["backup_codes"].as_array().unwrap().len(), 10);
    app.clock.advance_secs(90);
    let form = format!("token={}&name=Key+%F0%9F%94%91", phone.code());
    let key = app.authenticator(&alice.form(GENERATE[1], &form).json());
    alice.token(VERIFY[0], &key.code()).json();
    assert_eq!(names(&mut alice), ["<b>Ülkü's \"phone\"</b>", "Key 🔑"]);
}

#[test]
fn one_in_the_place_of_another_keeps_its_name_and_the_proofs_of_the_others() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let key = add(&app, &mut alice, &phone.code(), "Key");
    let mut by_key = app.signed_in("alice");
    by_key.token(VALIDATE[0], &key.code()).json();
    let mut by_phone = app.signed_in("alice");
    by_phone.token(VALIDATE[0], &phone.code()).json();
    let before = ids(&mut by_phone);
    let in_its_place = json!({ "token": backup[0], "replaces": before[1] });
    let new_key = app.authenticator(&by_phone.post(GENERATE[0], &in_its_place).json());
    let verified = by_phone.token(VERIFY[0], &new_key.code()).json();
    assert_eq!(verified["backup_codes"], json!([]));
    app.clock.advance_secs(90);

    assert_eq!(names(&mut by_phone), ["Authenticator", "Key"]);
    let after = ids(&mut by_phone);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    by_key.get("/vault").problem(403, "totp_required");
    by_key
        .token(VALIDATE[0], &key.code())
        .problem(400, "invalid_token");
    by_key.token(VALIDATE[0], &new_key.code()).json();
    by_key.token(VALIDATE[0], &backup[1]).json();
}

#[test]
fn without_a_name_the_only_one_is_replaced_and_of_several_none_is() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let again = alice.token(GENERATE[0], &phone.code()).json();
    let again = app.authenticator(&again);
    let verified = alice.token(VERIFY[0], &again.code()).json();
    assert_eq!(verified["backup_codes"].as_array().unwrap().len(), 10);
    app.clock.advance_secs(90);
    assert_eq!(ids(&mut alice).len(), 1);
    add(&app, &mut alice, &again.code(), "Key");
    let null = json!({ "token": again.code(), "name": null, "replaces": null });
    let third = app.authenticator(&alice.post(GENERATE[0], &null).json());
    alice.token(VERIFY[0], &third.code()).json();
    assert_eq!(names(&mut alice), ["Authenticator", "Key", "Authenticator"]);
}

#[test]
fn a_bad_name_an_id_of_none_and_one_too_many_are_refused_and_no_token_is_spent() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let before = app.device();
    let json = [("Content-Type", "application/json")];
    let too_long = format!("\"{}\"", "x".repeat(65));
    for name in MALFORMED_NAMES.into_iter().chain([too_long.as_str()]) {
        let body = format!(r#"{{"token":"{}","name":{name}}}"#, phone.code());
        let answer = alice.send("POST", GENERATE[0], &json, body.as_bytes());
        answer.problem(400, "invalid_name");
    }
    let form = format!("token={}&name=", phone.code());
    alice.form(GENERATE[0], &form).problem(400, "invalid_name");
    for id in NO_IDS
        .map(|id| json!(id))
        .into_iter()
        .chain([json!(7), json!([])])
    {
        let body = json!({ "token": phone.code(), "replaces": id });
        alice
            .post(GENERATE[0], &body)
            .problem(404, "no_such_authenticator");
    }
    assert_eq!(app.device(), before);
    for name in ["2", "3", "4", "5"] {
        add(&app, &mut alice, &phone.code(), name);
    }
    let before = app.device();
    for token in [phone.code(), backup[0].clone(), phone.wrong_code()] {
        alice
            .post(GENERATE[0], &json!({ "token": token, "name": "6" }))
            .problem(400, "too_many_authenticators");
        alice
            .token(GENERATE[0], &token)
            .problem(400, "too_many_authenticators");
    }
    assert_eq!(app.device(), before);
    // One may still take the place of another.
    let last = ids(&mut alice).pop();
    let body = json!({ "token": phone.code(), "replaces": last });
    let again = app.authenticator(&alice.post(GENERATE[0], &body).json());
    alice.token(VERIFY[0], &again.code()).json();
    assert_eq!(names(&mut alice).last().unwrap(), "5");
}

#[test]
fn whoever_has_the_password_alone_adds_none() {
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let mut thief = app.signed_in("alice");
    let body = json!({ "name": "Mine" });
    thief
        .post(GENERATE[0], &body)
        .problem(400, "already_confirmed");
    let body = json!({ "token": phone.wrong_code(), "name": "Mine" });
    thief.post(GENERATE[0], &body).problem(400, "invalid_token");
    assert_eq!(thief.get(STATUS[0]).json()["replacement_pending"], false);
}
