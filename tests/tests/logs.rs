//! All log output of a full run: TRACE of this project's crates, DEBUG of all others.

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::json;
use support::TestApp;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn the_log_of_a_full_run_holds_no_token_secret_backup_code_or_cookie() {
    let captured = Captured::default();
    let filter =
        "debug,actix_totp=trace,actix_totp_core=trace,actix_totp_diesel=trace,quickstart=trace";
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();

    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let mut hidden = backup.clone();
    hidden.extend(alice.cookies.values().cloned());
    let mut say = |path: &str, token: &str| {
        hidden.push(token.to_owned());
        let answer = alice.token(path, token);
        hidden.extend(alice.cookies.values().cloned());
        alice.get("/vault");
        alice.get("/auth/otp/status/");
        answer.status
    };
    assert_eq!(say("/auth/otp/validate/", &phone.code()), 200);
    assert_eq!(say("/auth/otp/validate/", &phone.code()), 400);
    assert_eq!(say("/auth/otp/validate/", &phone.wrong_code()), 400);
    assert_eq!(say("/auth/otp/validate/", "malformed-zq7x"), 400);
    assert_eq!(say("/auth/otp/validate/", &backup[0]), 200);
    assert_eq!(say("/auth/otp/validate/", "ABCD-EFGH-JKLM-NPQR"), 400);
    app.store.fail_from(1);
    assert_eq!(say("/auth/otp/validate/", &phone.code()), 503);
    app.store.fail_from(0);
    app.clock.advance_secs(30);
    assert_eq!(say("/auth/otp/backup-codes/", &phone.code()), 200);
    app.clock.advance_secs(30);
    assert_eq!(say("/auth/otp/generate/", &phone.code()), 200);
    assert_eq!(say("/auth/otp/verify/", &phone.wrong_code()), 400);
    app.clock.advance_secs(30);
    assert_eq!(say("/auth/otp/disable/", &phone.code()), 200);
    alice.post("/logout", &json!({}));

    hidden.push(phone.secret.clone());
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    hidden.push(hex(phone.secret.as_bytes()));
    let squeezed: Vec<String> = hidden.iter().map(|it| it.replace('-', "")).collect();
    hidden.extend(squeezed);
    hidden.push("correct horse".into());
    hidden.push("otpauth".into());

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for event in [
        "Enrolled",
        "Verified",
        "Rejected",
        "BackupCodeUsed",
        "BackupCodesRenewed",
        "Disabled",
    ] {
        assert!(log.contains(event), "the log tells of {event}");
    }
    assert!(log.contains(support::CAUSE), "and of the cause of a fault");
    for secret in hidden {
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}
