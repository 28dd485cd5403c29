//! `X-Forwarded-Prefix` from whoever can reach the application.

use std::{fs, fs::File, sync::Arc};

use super::Site;
use crate::support::Browser;

/// Where a guard sends a browser that has sent these headers.
#[track_caller]
fn location(browser: &mut Browser, headers: &[(&str, &str)]) -> String {
    let headers = [&[("Accept", "text/html")], headers].concat();
    let answer = browser.send("GET", "/vault", &headers, b"");
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

const NAME: &str = "X-Forwarded-Prefix";

/// The only test here that reads the log, which a process has one of.
#[test]
fn a_header_that_is_no_plain_path_is_never_believed_and_the_log_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(File::create(&log).unwrap()))
        .init();
    let site = Site::start(|builder| builder.trust_forwarded_prefix());
    let mut browser = site.server.browser();
    let said = || fs::read_to_string(&log).unwrap().matches(NAME).count();
    assert_eq!(
        location(&mut browser, &[(NAME, "/app")]),
        "/app/sign-in?next=/app/vault"
    );
    assert_eq!(location(&mut browser, &[]), "/sign-in?next=/vault");
    assert_eq!(said(), 0);
    for attack in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/app/../..//evil.example",
        "/%2Fevil.example",
        "/app\t/evil.example",
        "/app, /evil",
        &format!("/{}", "a".repeat(4_000)),
    ] {
        let location = location(&mut browser, &[(NAME, attack)]);
        assert_eq!(location, "/sign-in?next=/vault", "{attack}");
    }
    let twice = [(NAME, "/app"), (NAME, "/app")];
    assert_eq!(location(&mut browser, &twice), "/sign-in?next=/vault");
    assert_eq!(said(), 1);
    assert!(!fs::read_to_string(&log).unwrap().contains("evil"));
}

#[test]
fn nobody_reads_it_unless_the_application_says_so() {
    let site = Site::start(|builder| builder);
    let mut browser = site.server.browser();
    let location = location(&mut browser, &[(NAME, "/app")]);
    assert_eq!(location, "/sign-in?next=/vault");
}
