//! `authenticators/{id}/rename/`.

use serde_json::json;

use super::{MALFORMED_NAMES, NO_IDS, ids, names, rename};
use crate::{VALIDATE, support::TestApp};

#[test]
fn a_session_with_a_proof_renames_and_keeps_its_id() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    let id = ids(&mut alice).remove(0);
    let path = rename(&id);
    let answer = alice.post(&path, &json!({ "name": "Phone" }));
    assert_eq!(answer.json(), json!({ "detail": "Authenticator renamed" }));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(names(&mut alice), ["Phone"]);
    let upper = rename(&id.to_uppercase());
    alice
        .form(upper.trim_end_matches('/'), "name=%20B%C3%BCro+")
        .json();
    assert_eq!(names(&mut alice), ["Büro"]);
    assert_eq!(ids(&mut alice), [id]);
}

#[test]
fn whoever_has_no_proof_or_an_old_one_renames_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let path = rename(&ids(&mut alice)[0]);
    let body = json!({ "name": "Mine", "token": phone.code() });
    let mut thief = app.signed_in("alice");
    thief.post(&path, &body).problem(403, "totp_required");
    app.clock.advance_secs(12 * 3_600);
    alice.post(&path, &body).problem(403, "stale_proof");
    alice.token(VALIDATE[0], &phone.code()).json();
    assert_eq!(names(&mut alice), ["Authenticator"]);
    let mut none = app.signed_in("bob");
    none.post(&path, &body).problem(400, "not_enabled");
}

#[test]
fn a_bad_name_and_an_id_of_none_change_nothing() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    let path = rename(&ids(&mut alice)[0]);
    let before = app.device();
    let json = [("Content-Type", "application/json")];
    let too_long = format!("\"{}\"", "é".repeat(65));
    for name in MALFORMED_NAMES
        .into_iter()
        .chain(["null", too_long.as_str()])
    {
        let body = format!(r#"{{"name":{name}}}"#);
        let answer = alice.send("POST", &path, &json, body.as_bytes());
        answer.problem(400, "invalid_name");
    }
    alice.post(&path, &json!({})).problem(400, "invalid_name");
    for id in NO_IDS {
        alice
            .post(&rename(id), &json!({ "name": "Phone" }))
            .problem(404, "no_such_authenticator");
    }
    assert_eq!(app.device(), before);
}
