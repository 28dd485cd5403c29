//! Whatever is sent: a 4xx problem that repeats nothing of it, never a 5xx, and nothing is counted.

use crate::{
    REMOVE, RENAME,
    support::{Answer, Browser, TestApp},
};
use serde_json::json;

const NEED_TOKEN: [&str; 3] = [
    "/auth/otp/verify/",
    "/auth/otp/validate/",
    "/auth/otp/backup-codes/",
];
const TAKE_TOKEN: [&str; 2] = ["/auth/otp/generate/", "/auth/otp/disable/"];
/// Of an authenticator that nobody has.
const OF_ONE: [&str; 2] = [RENAME[0], REMOVE[0]];
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// Stands in every input that has room for it.
const MARK: &str = "zq7x";

/// Somebody with a live device and a replacement pending, so that every endpoint has something to compare with.
fn with_replacement() -> (TestApp, Browser) {
    let app = TestApp::start();
    let (mut alice, phone, _) = app.enrolled("alice");
    alice.token("/auth/otp/generate/", &phone.code()).json();
    (app, alice)
}

fn send(alice: &mut Browser, path: &str, kind: &str, body: &[u8]) -> Answer {
    alice.send("POST", path, &[("Content-Type", kind)], body)
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let code = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["code"].clone();
    answer.problem(status, code.as_str().unwrap());
    let shown = format!("{:?} {}", answer.headers, answer.text());
    assert!(!shown.contains(MARK), "the input is repeated: {shown}");
}

#[test]
fn tokens_that_are_none_are_refused_and_not_counted() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    let bodies = [
        json!({ "token": 1_000_000 }),
        json!({ "token": -123_456 }),
        json!({ "token": 123_456.0 }),
        json!({ "token": u64::MAX }),
        json!({ "token": true }),
        json!({ "token": ["123456"] }),
        json!({ "token": { "token": MARK } }),
        json!({ "token": 1e5 }),
        json!({ "token": "12345" }),
        json!({ "token": "1234567" }),
        json!({ "token": "123456789" }),
        json!({ "token": "①②③④⑤⑥" }),
        json!({ "token": "١٢٣٤٥" }),
        json!({ "token": "+12345" }),
        json!({ "token": "1e5" }),
        json!({ "token": "12345\0" }),
        json!({ "token": "123456\0" }),
        json!({ "token": "12345\r\n" }),
        json!({ "token": "\u{202e}12345" }),
        json!({ "token": format!("<script>{MARK}</script>") }),
        json!({ "token": MARK.repeat(900) }),
    ];
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN) {
        for body in &bodies {
            let answer = alice.post(path, body);
            assert_refused(&answer, 400);
            assert_eq!(
                answer.problem(400, "malformed_token")["token"]
                    .as_array()
                    .unwrap()
                    .len(),
                1,
                "{body}"
            );
        }
    }
    assert_eq!(app.device(), before);
}

#[test]
fn a_missing_token_is_named_as_the_seed_names_it() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    for path in NEED_TOKEN {
        for (body, message) in [
            (json!({}), "This field is required."),
            (json!({ "other": MARK }), "This field is required."),
            (json!({ "token": null }), "This field may not be null."),
            (json!({ "token": " " }), "This field may not be blank."),
        ] {
            assert_eq!(
                alice.post(path, &body).problem(400, "token_required")["token"],
                json!([message])
            );
        }
        assert_refused(&alice.send("POST", path, &[], b""), 400);
        assert_refused(
            &alice.send("POST", path, &[("Content-Type", JSON)], b""),
            400,
        );
        assert_refused(&send(&mut alice, path, FORM, b"other=1"), 400);
        assert_refused(&send(&mut alice, path, FORM, b"token="), 400);
    }
    assert_eq!(app.device(), before);
}

#[test]
fn bodies_that_cannot_be_read_are_refused_and_not_counted() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    let deep = format!("{{\"token\":{}", "[".repeat(3_000));
    let bodies: [(&str, &[u8]); 17] = [
        (JSON, b"{\"token\":012345}"),
        (JSON, b"[]"),
        (JSON, b"[\"123456\"]"),
        (JSON, b"\"123456\""),
        (JSON, b"123456"),
        (JSON, b"null"),
        (JSON, b"true"),
        (JSON, b"{\"token\":\"123456\""),
        (JSON, b"{\"token\":\"123456\"} zq7x"),
        (JSON, b"{\"token\":\"123456\",\"token\":\"123456\"}"),
        (JSON, b"{\"token\":\"\xff\xfe3456\"}"),
        (JSON, b"{'token':'zq7x'}"),
        (JSON, b"\xef\xbb\xbf{\"token\":\"123456\"}"),
        (JSON, b"token=123456"),
        (JSON, deep.as_bytes()),
        (FORM, b"token=123456&token=123456"),
        (FORM, b"token=%ff%fe%00zq7x"),
    ];
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN) {
        for (kind, body) in bodies {
            assert_refused(&send(&mut alice, path, kind, body), 400);
        }
    }
    assert_eq!(app.device(), before);
}

#[test]
fn other_types_are_refused() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    let multipart =
        b"--zq7x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n123456\r\n--zq7x--\r\n";
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN) {
        for kind in [
            "text/plain",
            "text/html",
            "application/xml",
            "application/jsonp",
            "zq7x",
            "",
            "application/json2",
            "\u{e9}",
        ] {
            let answer = send(&mut alice, path, kind, b"{\"token\":\"123456\"}");
            assert_refused(&answer, 415);
            answer.problem(415, "unsupported_media_type");
        }
        assert_refused(
            &send(
                &mut alice,
                path,
                "multipart/form-data; boundary=zq7x",
                multipart,
            ),
            415,
        );
        // Parameters are no other type.
        assert_eq!(
            send(
                &mut alice,
                path,
                "Application/JSON; charset=utf-8",
                b"{\"token\":\"12345\"}"
            )
            .status,
            400
        );
    }
    assert_eq!(app.device(), before);
}

/// As curl sends it where nobody tells it the type.
#[test]
fn json_without_its_type_is_told_so_and_not_that_its_token_is_missing() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN).chain(OF_ONE) {
        for headers in [&[][..], &[("Content-Type", FORM)]] {
            for body in ["{\"token\":\"123456\"}", " {\"token\": 1", "{zq7x"] {
                let answer = alice.send("POST", path, headers, body.as_bytes());
                assert_refused(&answer, 415);
                assert_eq!(
                    answer.problem(415, "unsupported_media_type")["detail"],
                    "This is JSON: send it with Content-Type: application/json."
                );
            }
        }
    }
    assert_eq!(app.device(), before);
}

#[test]
fn bodies_over_four_kibibytes_are_refused() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    let megabyte = format!("{{\"token\":\"{}\"}}", MARK.repeat(250_000));
    let brackets = "[".repeat(200_000);
    let mut chunked = format!("{:x}\r\n", megabyte.len()).into_bytes();
    chunked.extend_from_slice(megabyte.as_bytes());
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN) {
        for body in [megabyte.as_bytes(), brackets.as_bytes(), &[b' '; 4_097]] {
            assert_refused(&send(&mut alice, path, JSON, body), 413);
        }
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: id={}\r\nContent-Type: {JSON}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            alice.session(),
        );
        assert_refused(&alice.raw(&[head.as_bytes(), &chunked].concat()), 413);
        let filled = format!(
            "{{\"token\":\"12345\",\"other\":\"{}\"}}",
            "x".repeat(4_096 - 28)
        );
        assert_eq!(filled.len(), 4_096);
        assert_refused(&send(&mut alice, path, JSON, filled.as_bytes()), 400);
    }
    assert_eq!(app.device(), before);
}

#[test]
fn bodies_about_one_authenticator_are_read_as_all_others() {
    let (app, mut alice) = with_replacement();
    let before = app.device();
    for path in OF_ONE {
        for (kind, body, status) in [
            (JSON, &b"[]"[..], 400),
            (JSON, b"{\"token\":\"1\",\"token\":\"1\"}", 400),
            (FORM, b"name=zq7x&name=zq7x", 400),
            (JSON, &[b' '; 4_097], 413),
            ("text/plain", b"{\"name\":\"zq7x\"}", 415),
        ] {
            assert_refused(&send(&mut alice, path, kind, body), status);
        }
    }
    assert_eq!(app.device(), before);
}

#[test]
fn a_session_that_was_tampered_with_is_nobodys() {
    let (_app, mut alice) = with_replacement();
    let good = alice.session();
    for cookie in [
        "",
        "x",
        &good[1..],
        &good[..good.len() - 2],
        &good.replace('a', "b"),
        &"x".repeat(5_000),
        "%00",
        "a=b",
    ] {
        if cookie == good {
            continue;
        }
        alice.cookies.insert("id".into(), cookie.to_owned());
        alice
            .clone()
            .get("/auth/otp/status/")
            .problem(401, "not_authenticated");
        alice
            .clone()
            .get("/vault")
            .problem(401, "not_authenticated");
    }
}

/// Where no token is needed, a body that cannot be read must not pass for one without a token.
#[test]
fn a_body_that_cannot_be_read_does_nothing_where_no_token_is_needed() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let refuse = |alice: &mut Browser, path: &str| {
        for (kind, body, status) in [
            (JSON, &b"[]"[..], 400),
            (JSON, b"null", 400),
            (JSON, b"zq7x", 400),
            (JSON, b"{\"token\":1.5}", 400),
            (JSON, b"{\"token\":[]}", 400),
            (JSON, b"{\"token\":null,\"token\":null}", 400),
            (JSON, b"{\"token\":\"\xff\"}", 400),
            (JSON, &[b' '; 4_097], 413),
            (FORM, b"token=1&token=2", 400),
            (FORM, &[b'x'; 4_097], 413),
            ("text/plain", b"{}", 415),
            ("text/plain", b"", 415),
            ("multipart/form-data; boundary=zq7x", b"--zq7x--", 415),
        ] {
            assert_refused(&send(alice, path, kind, body), status);
        }
        assert_refused(&alice.send("POST", path, &[], b"{}"), 415);
    };
    refuse(&mut alice, "/auth/otp/generate/");
    assert!(app.device().is_none(), "no secret was made");
    alice.post("/auth/otp/generate/", &json!({})).json();
    let before = app.device();
    refuse(&mut alice, "/auth/otp/generate/");
    refuse(&mut alice, "/auth/otp/disable/");
    assert_eq!(app.device(), before);
    for (kind, body) in [(JSON, &b"{\"token\":null}"[..]), (FORM, b"other=1")] {
        send(&mut alice, "/auth/otp/generate/", kind, body).json();
        send(&mut alice, "/auth/otp/disable/", kind, body).json();
    }
}

#[test]
fn an_anonymous_caller_is_told_so_whatever_is_sent() {
    let app = TestApp::start();
    let mut nobody = app.browser();
    for path in NEED_TOKEN.into_iter().chain(TAKE_TOKEN).chain(OF_ONE) {
        for (kind, body) in [
            (JSON, &b"[]"[..]),
            (JSON, &[b'['; 200_000]),
            ("text/plain", b"zq7x"),
            (FORM, b"token=%ff"),
        ] {
            let answer = send(&mut nobody, path, kind, body);
            answer.problem(401, "not_authenticated");
            assert_refused(&answer, 401);
        }
    }
}
