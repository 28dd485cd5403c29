//! What must hold whatever a stranger sends. Each target takes the bytes and panics where something does not hold: this
//! project's fuzz targets call it, and its tests with each input of `fuzz/seeds`. Not covered by SemVer.
#![allow(
    missing_docs,
    reason = "hidden: for the fuzz targets of this project alone"
)]

use std::time::Duration;

use actix_totp_core::fuzz::{label, proof, sealed_box, ticket, token};
use actix_web::{
    FromRequest, HttpMessage,
    http::header::{self, HeaderValue},
    rt::{System, SystemRunner},
    test::TestRequest,
    web::Payload,
};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::{accept::prefers_html, body::Body, local, problem::Problem, public_path::PublicPath};

/// A target: its name, which its folder of inputs has, and what it checks.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 9] = [
    ("accept", accept),
    ("body", body),
    ("label", label),
    ("next", next),
    ("prefix", prefix),
    ("proof", proof),
    ("sealed_box", sealed_box),
    ("ticket", ticket),
    ("token", token),
];

/// Runs the target of this name.
///
/// # Panics
///
/// If there is none, or something does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.0 == name);
    let Some((_, check)) = target else {
        panic!("{name} is no target");
    };
    check(bytes);
}

/// A body holds what any other reader of JSON or of forms finds in it, or it is refused with one of four codes.
fn body(bytes: &[u8]) {
    let is_too_large = bytes.len() > 4096;
    let is_blank = bytes.iter().all(u8::is_ascii_whitespace);
    for kind in [
        Some("application/json"),
        Some("application/x-www-form-urlencoded"),
        None,
    ] {
        let sent = match read(bytes, kind) {
            Ok(sent) => sent,
            Err(problem) => {
                let codes: &[&str] = match kind {
                    _ if is_too_large => &["body_too_large"],
                    Some("application/json") => &["malformed_body", "malformed_token"],
                    Some(_) => &["malformed_body", "unsupported_media_type"],
                    None => &["unsupported_media_type"],
                };
                assert!(codes.contains(&problem.code()) && !is_blank | is_too_large);
                continue;
            }
        };
        assert!(!is_too_large && (is_blank || kind.is_some()));
        let expected = match kind {
            _ if is_blank => Some((None, false)),
            Some("application/json") => in_json(bytes),
            _ => Some(in_form(bytes)),
        };
        let text = |token| actix_totp_core::fuzz::typed(token).0.to_owned();
        let found = (sent.token().map(text), sent.trust_browser);
        assert!(expected.is_none_or(|expected| found == expected));
        if let Err(problem) = sent.name() {
            assert_eq!(problem.code(), "invalid_name");
        }
        if let Err(problem) = sent.replaces() {
            assert_eq!(problem.code(), "no_such_authenticator");
        }
        match sent.required_token() {
            Ok(token) => {
                assert!(!token.is_blank());
                actix_totp_core::fuzz::token(text(token).as_bytes());
            }
            Err(problem) => assert_eq!(problem.code(), "token_required"),
        }
    }
}

fn read(bytes: &[u8], kind: Option<&'static str>) -> Result<Body, Problem> {
    thread_local! {
        static SYSTEM: SystemRunner = System::new();
    }
    let mut request = TestRequest::post().set_payload(bytes.to_vec());
    if let Some(kind) = kind {
        request = request.insert_header((header::CONTENT_TYPE, kind));
    }
    let (req, mut payload) = request.to_http_parts();
    SYSTEM.with(|system| {
        system.block_on(async {
            let payload = Payload::from_request(&req, &mut payload).await;
            let payload = payload.map_err(|_| Problem::malformed_body())?;
            Body::read(&req, payload, Duration::from_secs(5)).await
        })
    })
}

/// The token and whether to trust the browser. `None`: a member that we skip holds what a [`Value`] can't.
fn in_json(bytes: &[u8]) -> Option<(Option<String>, bool)> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    assert!(value.is_object());
    let token = &value["token"];
    let number = token.as_u64().map(|number| number.to_string());
    let token = token.as_str().map(str::to_owned).or(number);
    Some((token, value["trust_browser"] == true))
}

fn in_form(bytes: &[u8]) -> (Option<String>, bool) {
    let field = |name: &str| {
        let mut pairs = form_urlencoded::parse(bytes);
        pairs.find(|pair| pair.0 == name).map(|pair| pair.1.into())
    };
    let trust_browser: Option<String> = field("trust_browser");
    (field("token"), trust_browser.as_deref() == Some("true"))
}

/// A `next` that is gone to never leads to another host, however often it is decoded on the way, and a page hands it on as it is.
fn next(bytes: &[u8]) {
    let Ok(next) = std::str::from_utf8(bytes) else {
        return;
    };
    if !local::is_local(next) {
        return;
    }
    assert!(HeaderValue::from_str(next).is_ok(), "{next:?} in Location");
    let Ok(page) = Url::parse("https://app.example/auth/otp/challenge/") else {
        return;
    };
    let stays = |path: &str| {
        let there = page.join(path);
        let is_here = |there: &Url| {
            there.origin() == page.origin()
                && there.username().is_empty()
                && there.password().is_none()
        };
        assert!(there.as_ref().is_ok_and(is_here), "{next:?} to {there:?}");
    };
    stays(next);
    let mut path = next.split(['?', '#']).next().unwrap_or_default().to_owned();
    loop {
        stays(&path);
        let Ok(decoded) = percent_decode_str(&path).decode_utf8() else {
            panic!("{next:?} is no text when decoded");
        };
        if decoded == path {
            break;
        }
        path = decoded.into_owned();
    }
    let handed_on = page.join(&local::with_next("/auth/otp/setup/", Some(next)));
    let Ok(handed_on) = handed_on else {
        panic!("{next:?} makes no URL");
    };
    let pairs: Vec<_> = handed_on.query_pairs().collect();
    assert_eq!(pairs, [("next".into(), next.into())]);
    assert_eq!(handed_on.fragment(), None);
}

/// Whatever a proxy is said to have taken off, what is put in front of a path stays on this host, and means what it says however
/// often it is decoded on the way.
fn prefix(bytes: &[u8]) {
    let (Ok(sent), Ok(forwarded)) = (HeaderValue::from_bytes(bytes), PublicPath::new(None, true))
    else {
        return;
    };
    let request = TestRequest::get().insert_header(("X-Forwarded-Prefix", sent));
    let path = forwarded.of(&request.to_http_request()).before("/vault");
    assert!(path.starts_with('/') && path.ends_with("/vault"), "{path}");
    assert!(local::is_local(&path), "{path}");
    let there = Url::parse("https://app.example").and_then(|here| here.join(&path));
    let there = there.as_ref().map(|it| (it.host_str(), it.path()));
    assert_eq!(there, Ok((Some("app.example"), path.as_str())));
}

/// A client that does not ask for HTML by name, or asks for JSON above it, gets no page.
fn accept(bytes: &[u8]) {
    let prefers_html = |accept: &[u8]| {
        let accept = HeaderValue::from_bytes(accept).ok()?;
        let request = TestRequest::get().insert_header((header::ACCEPT, accept));
        let request = request.to_http_request();
        Some(prefers_html(request.get_header().as_ref()))
    };
    let Some(html) = prefers_html(bytes) else {
        return;
    };
    if String::from_utf8_lossy(bytes)
        .to_ascii_lowercase()
        .contains("text/html")
    {
        return;
    }
    assert!(!html);
    let wants_json = [bytes, b", text/html;q=0.5, application/json"].concat();
    assert_eq!(prefers_html(&wants_json), Some(false));
}
