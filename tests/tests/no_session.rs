//! Applications whose session the plugin cannot see: none, in the wrong order, or of another version of actix-session. Nobody is
//! signed in for the plugin then, so it says why instead of 401.

mod support;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{CurrentUser, MemoryStore, Totp};
use actix_web::{App, HttpResponse, cookie::Key, web};
use serde_json::json;
use support::{Binary, Browser, build_foreign, keys, serve};
use tracing_subscriber::fmt::MakeWriter;

/// What the log says, so that whoever reads it finds two versions in one tree.
const EXPLANATION: &str =
    "this plugin was built with actix-session 0.11; cargo tree -i actix-session";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn totp(current_user: CurrentUser) -> Totp {
    let builder = Totp::builder(MemoryStore::new(), keys());
    builder.current_user(current_user).build().unwrap()
}

fn session() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
        .cookie_secure(false)
        .build()
}

#[track_caller]
fn every_endpoint_answers(browser: &mut Browser, status: u16, code: &str) {
    browser.get("/auth/otp/status/").problem(status, code);
    let authenticators = browser.get("/auth/otp/authenticators/");
    authenticators.problem(status, code);
    for path in [
        "generate",
        "verify",
        "validate",
        "backup-codes",
        "forget-browsers",
        "disable",
        "authenticators/0123456789abcdef/remove",
    ] {
        let path = format!("/auth/otp/{path}/");
        browser.token(&path, "123456").problem(status, code);
    }
}

/// One test, since a process has one log: the servers have threads of their own.
#[test]
fn an_application_without_session_middleware_or_in_the_wrong_order_is_told_so() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let nobody = CurrentUser::from_fn(async |_| Ok(None));
    for (who, current_user) in [
        ("session key", CurrentUser::default()),
        ("function", nobody),
    ] {
        let totp = totp(current_user);
        let server = serve!(
            App::new()
                .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
                .service(
                    web::scope("/vault")
                        .wrap(totp.require())
                        .route("", web::to(HttpResponse::Ok))
                )
                .service(
                    web::scope("/wrong-order")
                        .wrap(session())
                        .wrap(totp.require())
                        .route("", web::to(HttpResponse::Ok))
                )
        );
        let mut browser = server.browser();
        every_endpoint_answers(&mut browser, 503, "no_session");
        for guarded in ["/vault", "/wrong-order"] {
            log.take();
            browser.get(guarded).problem(503, "no_session");
            let said = log.take();
            assert!(said.contains(EXPLANATION), "{who}, {guarded}: {said}");
        }
    }

    // In the right order nobody is signed in, and that is all.
    let totp = totp(CurrentUser::default());
    let server = serve!(
        App::new()
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::scope("/vault")
                    .wrap(totp.require())
                    .route("", web::to(HttpResponse::Ok))
            )
            .wrap(session())
    );
    let mut browser = server.browser();
    log.take();
    browser.get("/vault").problem(401, "not_authenticated");
    every_endpoint_answers(&mut browser, 401, "not_authenticated");
    let said = log.take();
    assert!(!said.contains(EXPLANATION), "{said}");
}

#[test]
fn an_application_on_another_version_of_actix_session_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps/actix-session-0.10");
    let mut command = Command::new(build_foreign(&package, "foreign-session"));
    command.stderr(File::create(&log).unwrap());
    let server = Binary::run(command);

    let mut alice = Browser::new(server.address);
    assert_eq!(alice.post("/login", &json!({})).status, 200);
    let me = alice.get("/me").text();
    assert_eq!(me, "alice", "the application itself has its session");

    alice.get("/vault").problem(503, "no_session");
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains(EXPLANATION), "{said}");
    every_endpoint_answers(&mut alice, 503, "no_session");
}
