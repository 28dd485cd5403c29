//! All log output of a full run: TRACE of this project's crates, DEBUG of all others.

mod support;

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex},
};

use actix_session::{SessionExt, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{
    Authenticated, Device, DeviceStore, FakeClock, Level, MemoryStore, Standard, Totp, UserId,
    pages::Pages,
};
use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use support::{
    Answer, Authenticator, NOON, PageClient, TestApp, keys, serve, sign_in_by_headers, text_of,
};
use tracing::Instrument;
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

/// What this process logs.
static LOG: LazyLock<Captured> = LazyLock::new(|| {
    let captured = Captured::default();
    let filter =
        "debug,actix_totp=trace,actix_totp_core=trace,actix_totp_diesel=trace,quickstart=trace";
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .without_time() // its microseconds look like codes
        .with_ansi(false)
        .with_writer(captured.clone())
        .init(); // the `log` crate's records, too
    captured
});

/// Each way in which something secret could be written down.
fn spellings(secret: &str) -> Vec<String> {
    let mut all = vec![
        secret.to_owned(),
        secret.replace('-', ""),
        secret.to_lowercase(),
    ];
    all.extend(spellings_of_bytes(secret.as_bytes()));
    all
}

fn spellings_of_bytes(bytes: &[u8]) -> [String; 4] {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}"); // as a derived `Debug` shows bytes
    let list = list.trim_matches(['[', ']']).to_owned();
    [hex.to_uppercase(), hex, list, STANDARD.encode(bytes)]
}

/// The secrets and backup codes that a body shows, once, to the user.
fn shown_in(answer: &Answer) -> Vec<String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let codes = body["backup_codes"].as_array().into_iter().flatten();
    let shown: Vec<String> = codes
        .chain([&body["secret"]])
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    shown
}

/// What bob is shown and types when he enrolls and signs in by the pages.
fn enroll_by_pages(app: &TestApp) -> Vec<String> {
    let mut bob = PageClient::at(app.signed_in("bob"));
    let page = bob.send("/auth/otp/generate/", &[]);
    let secret = text_of(&page, "<code id=\"key\"").replace(' ', "");
    let phone = app.authenticator(&json!({ "secret": secret }));
    let (first, wrong) = (phone.code(), phone.wrong_code());
    let page = bob.send("/auth/otp/verify/", &[("token", &first)]);
    let codes = page.split("<li><code>").skip(1);
    let mut hidden: Vec<String> = codes.map(|code| code[..19].to_owned()).collect();
    bob.send("/auth/otp/validate/", &[("token", &wrong)]);
    let trust = [("token", &*hidden[0]), ("trust_browser", "true")];
    bob.send("/auth/otp/validate/", &trust);
    assert!(bob.browser.cookies.contains_key("totp_trust"));
    hidden.extend(bob.browser.cookies.values().cloned());
    bob.send("/auth/otp/disable/", &[("token", &hidden[1])]);
    hidden.extend([secret, first, wrong]);
    hidden
}

/// What carol's client sends when she signs in in two steps, by JSON and by the page.
fn sign_in_in_two_steps() -> Vec<String> {
    let clock = FakeClock::at(NOON);
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .pages(Pages::new())
        .on_signed_in(
            async |req: &HttpRequest, user: &UserId, _: &Authenticated| {
                req.get_session().insert("user_id", user.as_str())?;
                Ok(HttpResponse::Ok().finish())
            },
        )
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!({
        let session =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64]));
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .wrap(session.cookie_secure(false).build())
    });
    let (carol, service) = (UserId::new("carol in two steps").unwrap(), totp.service());
    let enrolled = service
        .enroll(&carol, "", None)
        .unwrap()
        .accepted()
        .unwrap();
    let phone = Authenticator::new(enrolled.secret(), &clock);
    assert!(
        service
            .confirm(&carol, &phone.code())
            .unwrap()
            .accepted()
            .is_some()
    );
    clock.advance_secs(90);
    let ticket = || service.begin_sign_in(&carol).unwrap().unwrap();
    let mut hidden = vec![phone.secret.clone()];
    let mut browser = server.browser();
    let mut send = |ticket: &str, token: &str| {
        hidden.extend([ticket, token].map(str::to_owned));
        let body = json!({ "ticket": ticket, "token": token });
        let status = browser.post("/otp/sign-in/", &body).status;
        let mut page = PageClient::at(browser.clone());
        page.submit("/otp/sign-in/", &[("ticket", ticket), ("token", token)]);
        status
    };
    let given = ticket();
    assert_eq!(send(given.as_str(), &phone.wrong_code()), 400);
    assert_eq!(send(&given.as_str()[1..], &phone.code()), 401);
    assert_eq!(send(given.as_str(), &phone.code()), 200);
    assert_eq!(send(given.as_str(), &phone.code_in(30)), 401);
    clock.advance_secs(3_600);
    assert_eq!(send(given.as_str(), "malformed-zq7y"), 401);
    tracing::debug!(ticket = ?ticket(), "a ticket");
    hidden
}

/// What erin calls an authenticator that she adds, renames and removes.
fn name_and_remove() -> [String; 2] {
    let app = TestApp::start();
    let (mut erin, phone, _) = app.enrolled("erin");
    let names = ["zq7x in the safe", "zq7y at work"].map(str::to_owned);
    let further = json!({ "token": phone.code(), "name": names[0] });
    let key = app.authenticator(&erin.post("/auth/otp/generate/", &further).json());
    erin.token("/auth/otp/verify/", &key.code()).json();
    let list = "/auth/otp/authenticators/";
    let id = erin.get(list).json()[1]["id"].as_str().unwrap().to_owned();
    let (rename, remove) = (format!("{list}{id}/rename/"), format!("{list}{id}/remove/"));
    erin.post(&rename, &json!({ "name": names[1] })).json();
    app.clock.advance_secs(90);
    erin.token(&remove, &phone.code()).json();
    names
}

#[test]
fn the_log_of_a_full_run_holds_no_token_secret_backup_code_or_cookie() {
    let captured = LOG.clone();
    log::debug!("the log crate is captured");

    let app = TestApp::start();
    let (mut alice, phone, backup) = app.enrolled("alice");
    let mut hidden = backup.clone();
    hidden.extend(alice.cookies.values().cloned());
    let mut say = |path: &str, token: &str| {
        hidden.push(token.to_owned());
        let answer = alice.token(path, token);
        hidden.extend(shown_in(&answer));
        hidden.extend(alice.cookies.values().cloned());
        alice.get("/vault");
        alice.get("/account");
        alice.get("/auth/otp/status/");
        answer
    };
    assert_eq!(say("/auth/otp/validate/", &phone.code()).status, 200);
    assert_eq!(say("/auth/otp/validate/", &phone.code()).status, 400);
    assert_eq!(say("/auth/otp/validate/", &phone.wrong_code()).status, 400);
    assert_eq!(say("/auth/otp/validate/", "malformed-zq7x").status, 400);
    assert_eq!(say("/auth/otp/validate/", "123456\0\n").status, 400);
    assert_eq!(say("/auth/otp/validate/", &backup[0]).status, 200);
    assert_eq!(
        say("/auth/otp/validate/", "ABCD-EFGH-JKLM-NPQR").status,
        400
    );
    for call in [1, 2] {
        app.store.fail_from(call);
        app.clock.advance_secs(30);
        assert_eq!(say("/auth/otp/validate/", &phone.code()).status, 503);
        assert_eq!(say("/auth/otp/disable/", &backup[1]).status, 503);
        app.store.fail_from(0);
    }
    app.clock.advance_secs(30);
    assert_eq!(say("/auth/otp/backup-codes/", &phone.code()).status, 200);
    app.clock.advance_secs(30);
    let generated = say("/auth/otp/generate/", &phone.code()).json();
    let new_phone = app.authenticator(&generated);
    assert_eq!(say("/auth/otp/verify/", &phone.wrong_code()).status, 400);
    assert_eq!(say("/auth/otp/verify/", &new_phone.code()).status, 200);
    app.clock.advance_secs(30);
    for _ in 0..5 {
        let wrong = new_phone.wrong_code();
        assert_eq!(say("/auth/otp/validate/", &wrong).status, 400);
    }
    assert_eq!(say("/auth/otp/validate/", &new_phone.code()).status, 429);
    app.clock.advance_secs(30);

    // A box that does not open is told of, but not what is in it.
    let device = app.device().unwrap();
    let mut broken = device.clone();
    broken.sealed[50] ^= 1;
    let swap = |from: &Device, to: &Device| {
        app.store
            .swap(&device.user, Some(from.version), Some(to))
            .unwrap()
    };
    assert!(swap(&device, &broken));
    assert_eq!(say("/auth/otp/validate/", &new_phone.code()).status, 503);
    assert!(swap(&broken, &device));
    assert_eq!(say("/auth/otp/disable/", &new_phone.code()).status, 200);
    alice.post("/logout", &json!({}));
    hidden.extend(enroll_by_pages(&app));
    hidden.extend(sign_in_in_two_steps());
    hidden.extend(sign_in_by_headers());
    hidden.extend(name_and_remove());

    let mut spelled: Vec<String> = hidden.iter().flat_map(|it| spellings(it)).collect();
    for phone in [phone, new_phone] {
        spelled.extend(spellings(&phone.secret));
        spelled.extend(spellings_of_bytes(&support::secret_bytes(&phone.secret)));
    }
    let totp_key: [u8; 32] = std::array::from_fn(|n| n as u8); // support::keys()
    spelled.extend(spellings_of_bytes(&totp_key));
    spelled.extend(spellings_of_bytes(&[7; 64])); // the session key
    spelled.extend(spellings("correct horse"));
    spelled.push("otpauth".into());

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for event in [
        "Enrolled",
        "Verified",
        "Rejected",
        "BackupCodeUsed",
        "BackupCodesRenewed",
        "Replaced",
        "AuthenticatorAdded",
        "AuthenticatorRenamed",
        "AuthenticatorRemoved",
        "Throttled",
        "SealBroken",
        "StoreFailed",
        "Disabled",
        "the log crate is captured",
        support::CAUSE, // and of the cause of a fault
    ] {
        assert!(log.contains(event), "the log tells of {event}");
    }
    for secret in spelled {
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

#[test]
fn what_an_operation_logs_stands_in_the_span_of_its_request_whichever_thread_does_it() {
    let captured = LOG.clone();
    let totp = Totp::builder(MemoryStore::new(), keys()).build().unwrap();
    let carol = UserId::new("carol").unwrap();
    let _ = totp.service().enroll(&carol, "", None).unwrap().accepted();
    actix_web::rt::System::new().block_on(async {
        let request = tracing::info_span!("http", request_id = "r-4711");
        let unlocked = totp.unlock(&carol).instrument(request).await;
        assert!(unlocked.unwrap());
    });
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|it| it.contains("Unlocked"));
    let line = line.expect("the event is logged");
    assert!(line.contains("http{request_id=\"r-4711\"}"), "{line}");
}

#[test]
fn a_line_break_in_a_users_id_makes_no_line_of_its_own() {
    let captured = LOG.clone();
    let totp = Totp::builder(MemoryStore::new(), keys()).build().unwrap();
    let odd = UserId::new("dave\nERROR forged: \u{1b}[2J").unwrap();
    let _ = totp.service().enroll(&odd, "", None).unwrap().accepted();
    assert!(totp.service().reset(&odd).unwrap());
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.lines()
            .any(|it| it.contains("Reset") && it.contains("dave\\nERROR"))
    );
    assert!(!log.lines().any(|it| it.starts_with("ERROR forged")));
    assert!(!log.contains('\u{1b}'));
}

#[test]
fn what_is_lacking_for_a_standard_is_one_line_at_the_start_where_that_is_asked_for() {
    let captured = LOG.clone();
    let standard = Standard::Asvs5(Level::L2);
    let builder = || Totp::builder(MemoryStore::new(), keys()).issuer("log shortfalls");
    builder().build().unwrap();
    builder().log_shortfalls(standard).build().unwrap();
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = log
        .lines()
        .filter(|it| it.contains("standard=ASVS 5.0.0 L2"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("WARN") && lines[0].contains("requirements=6.5.5 11.4.1 6.5.2 7.5.1")
    );
}
