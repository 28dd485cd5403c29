//! Every row of the wire: what the seed's front ends see, and what deviates on purpose.

mod support;

use serde_json::{Value, json};
use support::{Answer, Browser, NOON, TestApp};

const GENERATE: [&str; 2] = ["/auth/otp/generate/", "/auth/otp/generate"];
const VERIFY: [&str; 2] = ["/auth/otp/verify/", "/auth/otp/verify"];
const STATUS: [&str; 2] = ["/auth/otp/status/", "/auth/otp/status"];
const VALIDATE: [&str; 2] = ["/auth/otp/validate/", "/auth/otp/validate"];
const BACKUP_CODES: [&str; 2] = ["/auth/otp/backup-codes/", "/auth/otp/backup-codes"];
const DISABLE: [&str; 2] = ["/auth/otp/disable/", "/auth/otp/disable"];

fn detail(answer: &Answer, code: &str) -> String {
    answer.problem(400, code)["detail"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// That the session id was renewed. The cookie alone tells nothing: it is another one whenever the session is written.
#[track_caller]
fn assert_is_dead(before: &Browser) {
    assert_eq!(before.clone().get("/me").status, 401);
}

#[test]
fn an_anonymous_caller_learns_nothing() {
    let app = TestApp::start();
    let mut nobody = app.browser();
    let paths = [GENERATE, VERIFY, STATUS, VALIDATE, BACKUP_CODES, DISABLE].concat();
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
fn generate_shows_a_secret_a_url_and_a_qr_code() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let mut secrets = Vec::new();
    for (path, form) in [
        (GENERATE[0], false),
        (GENERATE[1], false),
        (GENERATE[0], true),
        (GENERATE[1], true),
    ] {
        let answer = if form {
            alice.form(path, "")
        } else {
            alice.post(path, &json!({}))
        };
        let body = answer.json();
        assert_eq!(answer.members(), ["otpauth_url", "qr_svg", "secret"]);
        let secret = body["secret"].as_str().unwrap().to_owned();
        assert!(
            secret.len() == 32
                && secret
                    .bytes()
                    .all(|it| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&it))
        );
        let url = body["otpauth_url"].as_str().unwrap();
        assert!(
            url.starts_with("otpauth://totp/Example%20Inc:alice%40example.com?secret="),
            "{url}"
        );
        assert!(
            url.contains(&secret) && url.contains("&issuer=Example%20Inc"),
            "{url}"
        );
        assert!(body["qr_svg"].as_str().unwrap().starts_with("<svg "));
        assert!(!secrets.contains(&secret), "a pending secret is replaced");
        secrets.push(secret);
    }
    // As axios sends it: no body and no type.
    alice.send("POST", GENERATE[0], &[], b"").json();
    assert_eq!(alice.get("/auth/otp/status/").json()["otp_enabled"], false);
}

#[test]
fn generate_while_confirmed_needs_a_good_token() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    for body in [
        json!({}),
        json!({ "token": null }),
        json!({ "token": "" }),
        json!({ "token": " " }),
    ] {
        let answer = alice.post(GENERATE[0], &body);
        assert_eq!(
            detail(&answer, "already_confirmed"),
            "TOTP already enabled and verified."
        );
    }
    assert_eq!(app.device().unwrap().failures, 0, "that is not counted");
    assert_eq!(
        detail(
            &alice.token(GENERATE[0], &phone.wrong_code()),
            "invalid_token"
        ),
        "Invalid token"
    );
    assert_eq!(app.device().unwrap().failures, 1);
    alice
        .token(GENERATE[0], "12345")
        .problem(400, "malformed_token");

    let session = alice.session();
    let new_phone = app.authenticator(&alice.token(GENERATE[1], &phone.code()).json());
    assert_eq!(alice.session(), session, "it gives no proof");
    let status = alice.get(STATUS[0]).json();
    assert_eq!(
        (&status["replacement_pending"], &status["otp_enabled"]),
        (&json!(true), &json!(true))
    );
    app.clock.advance_secs(30);
    alice.token(VALIDATE[0], &phone.code()).json(); // the live one keeps working
    alice.token(VERIFY[0], &new_phone.code()).json();
    app.clock.advance_secs(30);
    alice
        .token(VALIDATE[0], &phone.code())
        .problem(400, "invalid_token");
    alice
        .token(VALIDATE[0], &backup[0])
        .problem(400, "invalid_token");
    alice.token(VALIDATE[0], &new_phone.code()).json();
    assert_eq!(alice.get(STATUS[0]).json()["replacement_pending"], false);
}

#[test]
fn verify_confirms_with_the_first_code() {
    for (path, form) in [
        (VERIFY[0], false),
        (VERIFY[1], false),
        (VERIFY[0], true),
        (VERIFY[1], true),
    ] {
        let app = TestApp::start();
        let mut alice = app.signed_in("alice");
        let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
        let before = alice.clone();
        let answer = if form {
            alice.form(path, &format!("token={}", phone.code()))
        } else {
            alice.token(path, &phone.code())
        };
        let body = answer.json();
        assert_eq!(answer.members(), ["backup_codes", "detail"]);
        assert_eq!(body["detail"], "TOTP verified successfully");
        let codes = body["backup_codes"].as_array().unwrap();
        assert_eq!(codes.len(), 10);
        for code in codes {
            let groups: Vec<&str> = code.as_str().unwrap().split('-').collect();
            assert!(
                groups.len() == 4 && groups.iter().all(|group| group.len() == 4),
                "{code}"
            );
        }
        assert_is_dead(&before);
        assert_eq!(alice.get(STATUS[0]).json()["session_verified"], true);
    }
}

#[test]
fn verify_is_refused_with_the_seeds_words() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let answer = alice.token(VERIFY[0], "123456");
    assert_eq!(
        detail(&answer, "not_generated"),
        "TOTP not generated. Please generate TOTP first."
    );
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    assert_eq!(
        detail(
            &alice.token(VERIFY[0], &phone.wrong_code()),
            "invalid_token"
        ),
        "Invalid token"
    );
    alice
        .token(VERIFY[0], "ABCD-EFGH-JKLM-NPQR")
        .problem(400, "totp_code_needed");

    let skewed = alice
        .token(VERIFY[0], &phone.code_in(-300))
        .problem(400, "clock_skew");
    assert_eq!(
        (&skewed["skew_seconds"], &skewed["detail"]),
        (&json!(-300), &json!("Invalid token"))
    );

    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &phone.code())
        .problem(400, "enrollment_expired");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(60);
    for code in [phone.code(), phone.wrong_code()] {
        let answer = alice.token(VERIFY[0], &code);
        assert_eq!(
            detail(&answer, "already_confirmed"),
            "TOTP already enabled and verified."
        );
    }
    assert_eq!(app.device().unwrap().failures, 0, "nothing was compared");
}

#[test]
fn status_writes_nothing_and_says_everything() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for path in STATUS {
        let answer = alice.get(path);
        assert_eq!(
            answer.json(),
            json!({
                "otp_enabled": false, "otp_verified": false, "session_verified": false, "replacement_pending": false,
                "backup_codes_remaining": 0, "last_used_at": null, "retry_after": null, "created_at": null, "updated_at": null,
            })
        );
    }
    assert!(app.device().is_none(), "no row is made");
    let head = alice.send("HEAD", STATUS[0], &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));

    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.set(NOON + 90);
    let before = app.device();
    assert_eq!(
        alice.get(STATUS[0]).json(),
        json!({
            "otp_enabled": true, "otp_verified": true, "session_verified": true, "replacement_pending": false,
            "backup_codes_remaining": 10, "last_used_at": "2023-11-14T22:13:30Z", "retry_after": null,
            "created_at": "2023-11-14T22:13:30Z", "updated_at": "2023-11-14T22:13:30Z",
        })
    );
    assert_eq!(app.device(), before);
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    assert_eq!(alice.get(STATUS[0]).json()["retry_after"], 30);
    let mut elsewhere = app.signed_in("alice");
    assert_eq!(elsewhere.get(STATUS[0]).json()["session_verified"], false);
}

#[test]
fn validate_accepts_a_code_and_a_backup_code_once() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    for (path, form) in [
        (VALIDATE[0], false),
        (VALIDATE[1], false),
        (VALIDATE[0], true),
        (VALIDATE[1], true),
    ] {
        let mut alice = app.signed_in("alice");
        let before = alice.clone();
        let code = phone.code();
        let send = |alice: &mut Browser, token: &str| match form {
            true => alice.form(path, &format!("token={}&other=1", token.replace(' ', "+"))),
            false => alice.post(path, &json!({ "token": token, "other": [1] })),
        };
        let answer = send(&mut alice, &format!(" {}-{}", &code[..3], &code[3..]));
        assert_eq!(
            answer.json(),
            json!({ "detail": "Token is valid", "method": "totp", "failed_attempts": 0 })
        );
        assert_is_dead(&before);
        assert_eq!(alice.get("/vault").status, 200);
        let replay = send(&mut alice, &code);
        assert_eq!(detail(&replay, "invalid_token"), "Invalid token");
        app.clock.advance_secs(60);
    }
    let spellings = [
        backup[0].clone(),
        backup[1].to_lowercase(),
        backup[2].replace('-', ""),
        backup[3].replace('-', " "),
    ];
    for (used, spelling) in spellings.iter().enumerate() {
        let mut alice = app.signed_in("alice");
        let body = alice.token(VALIDATE[0], spelling).json();
        let failed = usize::from(used > 0);
        assert_eq!(
            body,
            json!({ "detail": "Token is valid", "method": "backup_code", "failed_attempts": failed })
        );
        assert_eq!(alice.get("/vault").status, 200);
        alice
            .token(VALIDATE[0], spelling)
            .problem(400, "invalid_token");
        assert_eq!(
            alice.get(STATUS[0]).json()["backup_codes_remaining"],
            9 - used
        );
    }
}

#[test]
fn a_replayed_code_gets_exactly_the_answer_of_a_wrong_one() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let code = phone.code();
    alice.token(VALIDATE[0], &code).json();
    let before = app.device();
    let replayed = alice.token(VALIDATE[0], &code);
    assert_eq!(app.device(), before, "it is not counted");
    let wrong = alice.token(VALIDATE[0], &phone.wrong_code());
    assert_eq!(
        (replayed.status, &replayed.body),
        (wrong.status, &wrong.body)
    );
    let names = |answer: &Answer| {
        answer
            .headers
            .iter()
            .map(|header| header.0.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&replayed), names(&wrong));
}

#[test]
fn validate_says_that_nothing_is_enabled() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    assert_eq!(
        detail(&alice.token(VALIDATE[0], "123456"), "not_enabled"),
        "TOTP not enabled"
    );
    alice.post(GENERATE[0], &json!({})).json();
    assert_eq!(
        detail(&alice.token(VALIDATE[0], "123456"), "not_enabled"),
        "TOTP not enabled"
    );
    assert_eq!(
        detail(&alice.token(BACKUP_CODES[0], "123456"), "not_enabled"),
        "TOTP not enabled"
    );
}

#[test]
fn failed_attempts_are_told_and_too_many_must_wait() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    for path in [VALIDATE[0], BACKUP_CODES[0], DISABLE[0], GENERATE[0]] {
        let answer = alice.token(path, &phone.code());
        let problem = answer.problem(429, "throttled");
        assert_eq!(
            problem["detail"],
            "Too many failed attempts. Try again later."
        );
        assert_eq!(problem["retry_after"], 30);
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    app.clock.advance_secs(30);
    assert_eq!(
        alice.token(VALIDATE[0], &phone.code()).json()["failed_attempts"],
        5
    );

    for _ in 0..100 {
        loop {
            if alice.get("/me").status != 200 {
                alice = app.signed_in("alice"); // the session has expired meanwhile
            }
            match alice.get(STATUS[0]).json()["retry_after"].as_u64() {
                Some(wait) => app.clock.advance_secs(wait),
                None => break,
            }
        }
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let answer = alice.token(VALIDATE[0], &phone.code());
    answer.problem(429, "locked");
    assert_eq!(answer.header("retry-after"), None, "waiting does not help");
    assert_eq!(
        alice.token(VALIDATE[0], &backup[0]).json()["failed_attempts"],
        100
    );
}

#[test]
fn backup_codes_are_renewed_with_a_code_of_the_authenticator_only() {
    for (path, form) in [
        (BACKUP_CODES[0], false),
        (BACKUP_CODES[1], false),
        (BACKUP_CODES[0], true),
    ] {
        let app = TestApp::start();
        let (mut alice, phone, backup) = app.enrolled("alice");
        alice
            .token(path, &backup[0])
            .problem(400, "totp_code_needed");
        alice
            .token(path, &phone.wrong_code())
            .problem(400, "invalid_token");
        let code = phone.code();
        let answer = if form {
            alice.form(path, &format!("token={code}"))
        } else {
            alice.token(path, &code)
        };
        let renewed = answer.json();
        assert_eq!(answer.members(), ["backup_codes"]);
        assert_eq!(renewed["backup_codes"].as_array().unwrap().len(), 10);
        alice
            .token(VALIDATE[0], &backup[0])
            .problem(400, "invalid_token");
        alice
            .token(VALIDATE[0], renewed["backup_codes"][0].as_str().unwrap())
            .json();
    }
}

#[test]
fn disable_needs_a_token_and_leaves_nothing() {
    for (path, form) in [
        (DISABLE[0], false),
        (DISABLE[1], false),
        (DISABLE[0], true),
        (DISABLE[1], true),
    ] {
        let app = TestApp::start();
        let (mut alice, phone, backup) = app.enrolled("alice");
        for body in [
            json!({}),
            json!({ "token": null }),
            json!({ "token": "  " }),
        ] {
            let answer = alice.post(path, &body);
            assert_eq!(
                detail(&answer, "token_required"),
                "A valid token is required to disable TOTP."
            );
        }
        assert_eq!(
            detail(&alice.token(path, &phone.wrong_code()), "invalid_token"),
            "Invalid token"
        );
        let before = alice.clone();
        let token = if form {
            backup[0].clone()
        } else {
            phone.code()
        };
        let answer = if form {
            alice.form(path, &format!("token={token}"))
        } else {
            alice.token(path, &token)
        };
        assert_eq!(
            answer.json(),
            json!({ "detail": "TOTP disabled successfully" })
        );
        assert_is_dead(&before);
        assert!(app.device().is_none(), "the row is gone");
        assert_eq!(alice.get(STATUS[0]).json()["session_verified"], false);
        assert_eq!(
            detail(&alice.token(path, &token), "not_enabled"),
            "TOTP not enabled"
        );
    }
}

#[test]
fn a_pending_device_is_disabled_without_a_token() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    alice.post(GENERATE[0], &json!({})).json();
    assert_eq!(
        alice.send("POST", DISABLE[0], &[], b"").json()["detail"],
        "TOTP disabled successfully"
    );
    assert!(app.device().is_none());
}

#[test]
fn other_methods_get_405_and_other_paths_404_in_the_same_shape() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    for path in [GENERATE, VERIFY, VALIDATE, BACKUP_CODES, DISABLE].concat() {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = alice.send(method, path, &[], b"");
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    for path in STATUS {
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
fn a_backup_code_begins_a_replacement_too_and_is_spent() {
    for form in [false, true] {
        let app = TestApp::start();
        let (mut alice, old_phone, backup) = app.enrolled("alice");
        let spelled = backup[0].to_lowercase().replace('-', " ");
        let answer = if form {
            alice.form(GENERATE[0], &format!("token={}", spelled.replace(' ', "+")))
        } else {
            alice.token(GENERATE[1], &spelled)
        };
        let new_phone = app.authenticator(&answer.json());
        alice
            .token(GENERATE[0], &backup[0])
            .problem(400, "invalid_token");
        assert_eq!(alice.get(STATUS[0]).json()["backup_codes_remaining"], 9);
        // Each secret has its own endpoint: neither takes the codes of the other.
        alice
            .token(VERIFY[0], &old_phone.code())
            .problem(400, "invalid_token");
        alice
            .token(VALIDATE[0], &new_phone.code())
            .problem(400, "invalid_token");
        let renewed = alice.token(VERIFY[0], &new_phone.code()).json();
        assert_eq!(renewed["backup_codes"].as_array().unwrap().len(), 10);
        assert_eq!(alice.get(STATUS[0]).json()["backup_codes_remaining"], 10);
        alice
            .token(VALIDATE[0], &backup[1])
            .problem(400, "invalid_token");
        assert_eq!(alice.get("/vault").status, 200, "the proof is new");
    }
}

#[test]
fn a_replacement_that_is_not_confirmed_in_time_changes_nothing() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &new_phone.code())
        .problem(400, "enrollment_expired");
    assert_eq!(alice.get(STATUS[0]).json()["replacement_pending"], false);
    alice.token(VALIDATE[0], &phone.code()).json();
}

#[test]
fn the_code_that_confirms_is_spent() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    let code = phone.code();
    alice.token(VERIFY[0], &code).json();
    for path in [VALIDATE[0], BACKUP_CODES[0], GENERATE[0], DISABLE[0]] {
        alice.token(path, &code).problem(400, "invalid_token");
    }
    assert_eq!(app.device().unwrap().failures, 0);
    alice.token(VALIDATE[0], &phone.code_in(30)).json(); // one step ahead is in the window
}

#[test]
fn codes_are_good_one_step_around_now_and_no_further() {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    app.clock.advance_secs(300);
    for (secs, status) in [
        (-60, 400),
        (60, 400),
        (-30, 200),
        (0, 200),
        (30, 200),
        (0, 400),
    ] {
        assert_eq!(
            alice.token(VALIDATE[0], &phone.code_in(secs)).status,
            status,
            "{secs}"
        );
    }
}

#[test]
fn a_secret_waits_fifteen_minutes_for_its_first_code() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &phone.code())
        .problem(400, "enrollment_expired");
    app.clock.set(NOON + 900);
    alice.token(VERIFY[0], &phone.code()).json();
}

#[test]
fn a_clock_that_is_off_is_named_up_to_ten_minutes_and_only_at_the_first_enrollment() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let mut phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for secs in [-600_i64, 600, -60, 60] {
        let problem = alice
            .token(VERIFY[0], &phone.code_in(secs))
            .problem(400, "clock_skew");
        assert_eq!(problem["skew_seconds"], secs);
        assert_eq!(problem["detail"], "Invalid token");
    }
    assert_eq!(app.device().unwrap().failures, 4, "it counts as a failure");
    phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for secs in [-660, 660] {
        let answer = alice.token(VERIFY[0], &phone.code_in(secs));
        let problem = answer.problem(400, "invalid_token");
        assert!(problem.get("skew_seconds").is_none());
    }
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(60);
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    for answer in [
        alice.token(VERIFY[0], &new_phone.code_in(-300)),
        alice.token(VALIDATE[0], &phone.code_in(300)),
    ] {
        let problem = answer.problem(400, "invalid_token");
        assert!(problem.get("skew_seconds").is_none());
    }
}

#[test]
fn while_nothing_is_confirmed_too_many_wrong_codes_must_wait_until_a_new_secret() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    for _ in 0..5 {
        alice
            .token(VERIFY[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    for code in [phone.code(), phone.code_in(-300)] {
        let answer = alice.token(VERIFY[0], &code);
        assert_eq!(answer.problem(429, "throttled")["retry_after"], 30);
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    alice.token(VERIFY[0], &phone.code()).json();
}

#[test]
fn wrong_codes_of_a_replacement_count_on_the_live_authenticator() {
    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let new_phone = app.authenticator(&alice.token(GENERATE[0], &phone.code()).json());
    app.clock.advance_secs(30);
    for _ in 0..5 {
        alice
            .token(VERIFY[0], &new_phone.wrong_code())
            .problem(400, "invalid_token");
    }
    for path in [VERIFY[0], VALIDATE[0], DISABLE[0], GENERATE[0]] {
        let code = if path == VERIFY[0] {
            new_phone.code()
        } else {
            phone.code()
        };
        alice.token(path, &code).problem(429, "throttled");
    }
    // Without a good live token nothing lowers the count: not another replacement, not its expiry.
    alice
        .post(GENERATE[0], &json!({}))
        .problem(400, "already_confirmed");
    alice
        .post(DISABLE[0], &json!({}))
        .problem(400, "token_required");
    assert_eq!(app.device().unwrap().failures, 5);
    app.clock.advance_secs(901);
    alice
        .token(VERIFY[0], &new_phone.code())
        .problem(400, "enrollment_expired");
    assert_eq!(app.device().unwrap().failures, 5);
    assert_eq!(
        alice.token(VALIDATE[0], &backup[0]).json()["failed_attempts"],
        5
    );
    assert_eq!(app.device().unwrap().failures, 0);
}

#[test]
fn status_tells_of_use_and_of_waiting() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let phone = app.authenticator(&alice.post(GENERATE[0], &json!({})).json());
    let pending = alice.get(STATUS[0]).json();
    for (member, value) in [
        ("otp_enabled", json!(false)),
        ("otp_verified", json!(false)),
        ("session_verified", json!(false)),
        ("replacement_pending", json!(false)),
        ("backup_codes_remaining", json!(0)),
        ("last_used_at", Value::Null),
        ("created_at", json!("2023-11-14T22:13:30Z")),
    ] {
        assert_eq!(pending[member], value, "{member}");
    }
    alice.token(VERIFY[0], &phone.code()).json();
    app.clock.advance_secs(3_600);
    alice.token(VALIDATE[0], &phone.code()).json();
    let status = alice.get(STATUS[0]).json();
    assert_eq!(
        (&status["created_at"], &status["last_used_at"]),
        (
            &json!("2023-11-14T22:13:30Z"),
            &json!("2023-11-14T23:13:30Z")
        )
    );
    assert_eq!(status["updated_at"], "2023-11-14T23:13:30Z");
    for _ in 0..5 {
        alice
            .token(VALIDATE[0], &phone.wrong_code())
            .problem(400, "invalid_token");
    }
    let wait = |alice: &mut Browser| alice.get(STATUS[0]).json()["retry_after"].clone();
    app.clock.advance_secs(29);
    assert_eq!(wait(&mut alice), 1);
    let answer = alice.token(VALIDATE[0], &phone.code());
    assert_eq!(answer.problem(429, "throttled")["retry_after"], 1);
    app.clock.advance_secs(1);
    assert_eq!(wait(&mut alice), Value::Null);
    let last_used = alice.get(STATUS[0]).json()["last_used_at"].clone();
    assert_eq!(last_used, "2023-11-14T23:13:30Z", "a failure is no use");
}

#[test]
fn each_of_the_ten_backup_codes_works_once() {
    let app = TestApp::start();
    let (mut alice, _, backup) = app.enrolled("alice");
    for (used, code) in backup.iter().enumerate() {
        assert_eq!(
            alice.token(VALIDATE[0], code).json()["method"],
            "backup_code"
        );
        assert_eq!(
            alice.get(STATUS[0]).json()["backup_codes_remaining"],
            9 - used
        );
    }
    for code in &backup {
        alice.token(VALIDATE[0], code).problem(400, "invalid_token");
    }
    assert_eq!(app.device().unwrap().failures, 0, "they are counted apart");
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
    let paths = [GENERATE, VERIFY, VALIDATE, BACKUP_CODES, DISABLE].concat();
    for (path, status) in paths
        .into_iter()
        .map(|path| (path, 405))
        .chain(STATUS.map(|path| (path, 200)))
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
