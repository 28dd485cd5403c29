//! `GET authenticators/`.

use serde_json::json;

use super::{add, ids};
use crate::{
    AUTHENTICATORS, STATUS, VALIDATE, VERIFY,
    support::{NOON, TestApp},
};

#[test]
fn who_has_shown_the_second_factor_sees_each_with_its_times_and_nothing_is_written() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.set(NOON + 90);
    add(&app, &mut alice, &phone.code(), " Key in the safe ");
    app.clock.set(NOON + 3_600);
    alice.token(VALIDATE[0], &phone.code()).json();
    let before = app.device();
    for path in AUTHENTICATORS {
        let answer = alice.get(path);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let ids = ids(&mut alice);
        assert_eq!(
            answer.json(),
            json!([
                { "id": ids[0], "name": "Authenticator", "created_at": "2023-11-14T22:13:30Z", "last_used_at": "2023-11-14T23:13:30Z" },
                { "id": ids[1], "name": "Key in the safe", "created_at": "2023-11-14T22:15:00Z", "last_used_at": "2023-11-14T22:15:00Z" },
            ])
        );
        assert!(ids.iter().all(|id| id.len() == 16), "{ids:?}");
        let head = alice.send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
    assert_eq!(alice.get(STATUS[0]).json()["authenticators"], 2);
    assert_eq!(app.device(), before);
}

#[test]
fn who_has_the_password_alone_or_an_old_proof_sees_no_name() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    let mut thief = app.signed_in("alice");
    thief.get(AUTHENTICATORS[0]).problem(403, "totp_required");
    app.clock.advance_secs(12 * 3_600);
    alice.get(AUTHENTICATORS[0]).problem(403, "stale_proof");
}

#[test]
fn who_has_no_second_factor_has_none() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    assert_eq!(alice.get(AUTHENTICATORS[0]).json(), json!([]));
    let generated = alice.post("/auth/otp/generate/", &json!({})).json();
    assert_eq!(alice.get(AUTHENTICATORS[1]).json(), json!([]), "pending");
    let phone = app.authenticator(&generated);
    alice.token(VERIFY[0], &phone.code()).json();
    assert_eq!(ids(&mut alice).len(), 1);
}
