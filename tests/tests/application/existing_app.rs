//! The application that existed before: everything works as its README says.

use crate::support::{Browser, NOON, RunningServer, code_at, keys};
use actix_totp::FakeClock;
use actix_web::cookie::Key;
use diesel_migrations::MigrationHarness;
use serde_json::json;

struct Notes {
    pool: existing_app::DbPool,
    clock: FakeClock,
    server: RunningServer,
    _folder: tempfile::TempDir,
}

fn start() -> Notes {
    let folder = tempfile::tempdir().unwrap();
    let pool = existing_app::open(folder.path().join("notes.db").to_str().unwrap()).unwrap();
    let clock = FakeClock::at(NOON);
    let (used, time) = (pool.clone(), clock.clone());
    let server = RunningServer::start(async move |listener| {
        existing_app::app(used, Key::from(&[1; 64]), keys(), time, listener)
    });
    Notes {
        pool,
        clock,
        server,
        _folder: folder,
    }
}

impl Notes {
    /// Turns the second factor on; the authenticator's secret.
    fn enroll(&self, browser: &mut Browser) -> String {
        let generated = browser.post("/auth/otp/generate/", &json!({})).json();
        let secret = generated["secret"].as_str().unwrap().to_owned();
        let code = code_at(&secret, self.clock.now_secs());
        browser.token("/auth/otp/verify/", &code).json();
        secret
    }

    fn signed_in(&self) -> Browser {
        let mut browser = self.server.browser();
        let form = json!({ "email": "alice@example.com", "password": "correct horse" });
        browser.post("/account/register", &form);
        assert_eq!(browser.post("/account/login", &form).status, 200);
        browser
    }
}

#[test]
fn the_plugin_shares_pool_and_identity() {
    let notes = start();
    notes
        .server
        .browser()
        .get("/notes")
        .problem(401, "not_authenticated");
    let mut alice = notes.signed_in();
    assert_eq!(alice.post("/notes", &json!("buy milk")).status, 201);
    let secret = notes.enroll(&mut alice);
    assert_eq!(alice.get("/notes").text(), "[\"buy milk\"]");

    let mut again = notes.signed_in();
    again.get("/notes").problem(403, "totp_required");
    notes.clock.advance_secs(60);
    again
        .token("/auth/otp/validate/", &code_at(&secret, NOON + 60))
        .json();
    assert_eq!(again.get("/notes").text(), "[\"buy milk\"]");
}

#[test]
fn a_new_password_ends_every_proof_also_in_a_cookie_that_was_saved() {
    let notes = start();
    let mut alice = notes.signed_in();
    notes.enroll(&mut alice);
    let mut saved = alice.clone();
    assert_eq!(alice.post("/account/logout", &json!({})).status, 200);
    assert_eq!(
        saved.get("/notes").status,
        200,
        "a cookie session outlives the logout"
    );
    let change = json!({ "old": "correct horse", "new": "battery staple" });
    assert_eq!(saved.post("/account/password", &change).status, 200);
    saved.get("/notes").problem(403, "totp_required");
}

#[test]
fn a_cookie_from_before_the_disable_is_worthless_after_it() {
    let notes = start();
    let mut alice = notes.signed_in();
    for _ in 0..2 {
        let secret = notes.enroll(&mut alice);
        let mut saved = alice.clone();
        notes.clock.advance_secs(30);
        alice
            .token(
                "/auth/otp/disable/",
                &code_at(&secret, notes.clock.now_secs()),
            )
            .json();
        assert_eq!(
            saved.get("/auth/otp/status/").json()["session_verified"],
            false
        );
        let secret = notes.enroll(&mut alice);
        saved.get("/notes").problem(403, "totp_required");
        notes.clock.advance_secs(30);
        alice
            .token(
                "/auth/otp/disable/",
                &code_at(&secret, notes.clock.now_secs()),
            )
            .json();
    }
}

#[test]
fn the_applications_own_migrations_can_still_be_redone() {
    let notes = start();
    let mut connection = notes.pool.get().unwrap();
    connection
        .revert_last_migration(existing_app::MIGRATIONS)
        .unwrap();
    connection
        .run_pending_migrations(existing_app::MIGRATIONS)
        .unwrap();
    drop(connection);
    let mut alice = notes.signed_in();
    alice.post("/auth/otp/generate/", &json!({})).json();
}
