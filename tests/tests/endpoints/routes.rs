//! What holds for every route: who is answered, with which methods, and what no answer holds.

use serde_json::{Value, json};

use crate::{
    AUTHENTICATORS, BACKUP_CODES, DISABLE, GENERATE, REMOVE, RENAME, STATUS, VALIDATE, VERIFY,
    support::TestApp,
};

#[test]
fn an_anonymous_caller_learns_nothing() {
    let app = TestApp::start();
    let mut nobody = app.browser();
    let paths = [
        GENERATE,
        VERIFY,
        STATUS,
        VALIDATE,
        BACKUP_CODES,
        DISABLE,
        AUTHENTICATORS,
        RENAME,
        REMOVE,
    ]
    .concat();
    for path in paths
        .into_iter()
        .chain(["/auth/otp/", "/auth/otp/no-such-thing", "/auth/otp"])
    {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = nobody.send(method, path, &[("Origin", "https://evil.example")], b"");
            let problem = answer.problem(401, "not_authenticated");
            assert_eq!(
                problem["detail"],
                "Authentication credentials were not provided."
            );
        }
    }
    assert!(nobody.cookies.is_empty());
}

#[test]
fn other_methods_get_405_and_other_paths_404_in_the_same_shape() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for path in [
        GENERATE,
        VERIFY,
        VALIDATE,
        BACKUP_CODES,
        DISABLE,
        RENAME,
        REMOVE,
    ]
    .concat()
    {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = alice.send(method, path, &[], b"");
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    for path in [STATUS, AUTHENTICATORS].concat() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = alice.send(method, path, &[], b"");
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
    for path in [
        "/auth/otp/",
        "/auth/otp/generat",
        "/auth/otp/status/x",
        "/auth/otp/authenticators/0123456789abcdef/",
        "/auth/otp/authenticators/0123456789abcdef/x/rename/",
        "/auth/otp/authenticators//remove/",
        "/auth/otp//status/",
        "/auth/otp/STATUS/",
    ] {
        alice.get(path).problem(404, "not_found");
    }
}

#[test]
fn no_answer_after_confirmation_holds_the_secret_or_a_backup_code_again() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let answers = [
        alice.get(STATUS[0]),
        alice.token(VALIDATE[0], &backup[0]),
        alice.token(VALIDATE[0], &phone.code()),
        alice.post(GENERATE[0], &json!({})),
        alice.token(VERIFY[0], &phone.code()),
        alice.token(DISABLE[0], &phone.wrong_code()),
    ];
    for answer in answers {
        let shown = format!("{:?} {}", answer.headers, answer.text());
        assert!(
            !shown.contains(&phone.secret) && !shown.contains("otpauth"),
            "{shown}"
        );
        assert!(backup.iter().all(|code| !shown.contains(code)), "{shown}");
    }
}

#[test]
fn the_seeds_workflow_works_as_its_page_tells_it() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let generated = alice.send("POST", "/auth/otp/generate/", &[], b"").json();
    let phone = app.authenticator(&generated);
    alice.token("/auth/otp/verify/", &phone.code()).json();
    alice.post("/logout", &Value::Null);
    app.clock.advance_secs(30);
    let mut alice = app.signed_in("alice");
    assert_eq!(alice.get("/auth/otp/status/").json()["otp_enabled"], true);
    alice.token("/auth/otp/validate/", &phone.code()).json();
    app.clock.advance_secs(30);
    alice.token("/auth/otp/disable/", &phone.code()).json();
    assert_eq!(alice.get("/auth/otp/status/").json()["otp_enabled"], false);
}

#[test]
fn a_refusal_leaves_the_session_as_it_was() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    for path in [
        GENERATE[0],
        VERIFY[0],
        VALIDATE[0],
        BACKUP_CODES[0],
        DISABLE[0],
    ] {
        for token in [
            phone.wrong_code(),
            "12345".into(),
            String::new(),
            backup[0].replace(|c| c != '-', "A"),
        ] {
            let answer = alice.token(path, &token);
            assert_eq!(answer.status, 400, "{path}");
            assert_eq!(answer.header("set-cookie"), None, "{path}");
        }
        assert_eq!(alice.get("/vault").status, 200);
        app.clock.advance_secs(60);
    }
}

#[test]
fn a_head_request_is_answered_without_a_body() {
    let app = TestApp::start();
    let (mut alice, ..) = app.enrolled("alice");
    let before = app.device();
    let paths = [
        GENERATE,
        VERIFY,
        VALIDATE,
        BACKUP_CODES,
        DISABLE,
        RENAME,
        REMOVE,
    ]
    .concat();
    for (path, status) in paths
        .into_iter()
        .map(|path| (path, 405))
        .chain(
            [STATUS, AUTHENTICATORS]
                .concat()
                .into_iter()
                .map(|path| (path, 200)),
        )
        .chain([("/auth/otp/none", 404)])
    {
        for (browser, status) in [(&mut alice, status), (&mut app.browser(), 401)] {
            let head = browser.send("HEAD", path, &[], b"");
            assert_eq!((head.status, head.body.len()), (status, 0), "{path}");
            assert_eq!(head.header("cache-control"), Some("no-store"));
            assert_eq!(head.header("x-content-type-options"), Some("nosniff"));
        }
    }
    assert_eq!(app.device(), before);
}

#[test]
fn a_token_in_the_address_is_not_read() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    for path in [VALIDATE[0], BACKUP_CODES[0], DISABLE[0]] {
        let path = format!("{path}?token={}", phone.code());
        alice.post(&path, &json!({})).problem(400, "token_required");
    }
    alice.token(VALIDATE[0], &phone.code()).json();
}
