//! examples/sqlx-app before and after the lines that its README shows, each built as a package of its own.

#[allow(dead_code, reason = "the fault harness uses more of it")]
#[path = "cluster/harness/daemon.rs"]
mod daemon;
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use daemon::{Daemon, free_port, run};
use serde_json::{Value, json};
use support::{Answer, Browser, build_foreign, code_at, seconds_now};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/sqlx-app");

const DASHBOARD: &str = "/admin/dashboard";

/// What the README shows as added, as `git diff` writes it.
fn diff() -> String {
    let readme = fs::read_to_string(format!("{EXAMPLE}/README.md")).unwrap();
    let (_, begun) = readme.split_once("```diff\n").unwrap();
    begun.split_once("```").unwrap().0.to_owned()
}

/// A copy of the application in a folder of its own, under another name.
fn copy(name: &str) -> tempfile::TempDir {
    let package = tempfile::tempdir().unwrap();
    run(Command::new("cp")
        .arg("-r")
        .args(["Cargo.toml", "migrations", "src"].map(|it| format!("{EXAMPLE}/{it}")))
        .arg(package.path()));
    let manifest = package.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text = text
        .replace("name = \"sqlx-app\"", &format!("name = \"{name}\""))
        // As in the workspace, so that what it has compiled is used here.
        .replace(
            "[lints]\nworkspace = true",
            "[profile.dev]\ndebug = \"line-tables-only\"",
        );
    fs::write(manifest, text).unwrap();
    package
}

/// The application without the lines that the README shows. Fails where one of them, or of those around them, is another.
fn before() -> tempfile::TempDir {
    let package = copy("sqlx-app-before");
    let patch = package.path().join("added.diff");
    fs::write(&patch, diff()).unwrap();
    run(Command::new("git")
        .current_dir(package.path())
        .args(["apply", "--reverse", "added.diff"]));
    fs::remove_file(patch).unwrap();
    package
}

fn build_after() -> PathBuf {
    let package = copy("sqlx-app-after");
    let manifest = package.path().join("Cargo.toml");
    let crates = Path::new(EXAMPLE)
        .join("../../crates")
        .canonicalize()
        .unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("../../crates", crates.to_str().unwrap()),
    )
    .unwrap();
    build_foreign(package.path(), "sqlx-app-after")
}

static BEFORE: LazyLock<PathBuf> =
    LazyLock::new(|| build_foreign(before().path(), "sqlx-app-before"));
static AFTER: LazyLock<PathBuf> = LazyLock::new(build_after);

struct Newsletter {
    server: Daemon,
    _folder: tempfile::TempDir,
}

/// Starts it on this database, or with no setting but the key.
fn start(program: &'static Path, database_url: Option<&str>) -> Newsletter {
    let folder = tempfile::tempdir().unwrap();
    let (port, path) = (free_port(), folder.path().to_owned());
    let database_url = database_url.map(ToOwned::to_owned);
    let mut server = Daemon::new("newsletter", port, folder.path(), move || {
        let mut command = Command::new(program);
        command
            .current_dir(&path)
            .env_clear()
            .env("BIND", format!("127.0.0.1:{port}"))
            .env("TOTP_KEY", "sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")
            .envs(database_url.iter().map(|url| ("DATABASE_URL", url)));
        command
    });
    server.start();
    server.wait_until_it_listens();
    Newsletter {
        server,
        _folder: folder,
    }
}

impl Newsletter {
    fn browser(&self) -> Browser {
        Browser::new(self.server.address())
    }

    fn registered(&self) -> Browser {
        let mut browser = self.browser();
        assert_leads(&browser.form("/register", ALICE), "/login");
        assert!(
            page(&mut browser, "/login")
                .text()
                .contains("You are registered.")
        );
        browser
    }

    fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        assert_leads(&browser.form("/login", ALICE), DASHBOARD);
        browser
    }
}

const ALICE: &str = "email=alice%40example.com&password=correct+horse+battery";

/// What a browser gets that goes there.
fn page(browser: &mut Browser, path: &str) -> Answer {
    browser.send("GET", path, &[("Accept", "text/html")], b"")
}

#[track_caller]
fn assert_leads(answer: &Answer, to: &str) {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), Some(to));
}

/// A refusal in the application's own format.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["error"]["code"], code);
    assert!(body["error"]["message"].is_string());
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
}

#[test]
fn the_readme_shows_every_line_that_speaks_of_the_plugin_and_they_are_fifteen_at_most() {
    let is_change = |line: &&str| {
        let is_head = line.starts_with("+++ ") || line.starts_with("--- ");
        line.starts_with(['+', '-']) && !is_head
    };
    let diff = diff();
    let changed = diff.lines().filter(is_change).count();
    assert!((1..=15).contains(&changed), "{changed}");
    let package = before();
    let found = Command::new("grep")
        .args(["--recursive", "--ignore-case", "totp"])
        .arg(package.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn without_them_it_is_an_application_that_asks_for_a_password_alone() {
    let newsletter = start(&BEFORE, None);
    newsletter.registered();
    let mut alice = newsletter.signed_in();
    assert_eq!(
        page(&mut alice, DASHBOARD).text(),
        "Welcome, alice@example.com."
    );
    assert_eq!(page(&mut alice, "/account/totp/setup/").status, 404);
}

#[test]
fn who_is_not_signed_in_is_sent_to_the_applications_own_form() {
    let newsletter = start(&AFTER, None);
    let mut stranger = newsletter.browser();
    assert_leads(&page(&mut stranger, DASHBOARD), "/login");
    let to = "/login?next=/account/totp/settings/";
    assert_leads(&page(&mut stranger, "/account/totp/settings/"), to);
    assert_refused(
        &stranger.get("/account/totp/status/"),
        401,
        "not_authenticated",
    );

    newsletter.registered();
    let wrong = ALICE.replace("horse", "house");
    assert_leads(&stranger.form("/login", &wrong), "/login");
    let told = "Wrong address or password.";
    assert!(page(&mut stranger, "/login").text().contains(told));
    assert!(
        !page(&mut stranger, "/login").text().contains(told),
        "it is said once"
    );
    assert_leads(&page(&mut stranger, DASHBOARD), "/login");
}

/// From the registration to the end of the second factor.
fn journey(database_url: Option<&str>) {
    let newsletter = start(&AFTER, database_url);
    newsletter.registered();
    let mut alice = newsletter.signed_in();
    let setup = "/account/totp/setup/?next=/admin/dashboard";
    assert_leads(&page(&mut alice, DASHBOARD), setup);
    assert_refused(&alice.get(DASHBOARD), 403, "totp_setup_required");

    let generated = alice.post("/account/totp/generate/", &json!({})).json();
    let url = generated["otpauth_url"].as_str().unwrap();
    let label = "otpauth://totp/Newsletter:alice%40example.com?";
    assert!(url.starts_with(label), "{url}");
    let secret = generated["secret"].as_str().unwrap();
    let at = seconds_now();
    let verified = alice
        .token("/account/totp/verify/", &code_at(secret, at))
        .json();
    let welcome = "Welcome, alice@example.com.";
    assert_eq!(page(&mut alice, DASHBOARD).text(), welcome);

    let mut saved = alice.clone();
    assert_leads(&alice.form("/logout", ""), "/login");
    assert_leads(&page(&mut saved, DASHBOARD), "/login");

    let mut alice = newsletter.signed_in();
    let challenge = "/account/totp/challenge/?next=/admin/dashboard";
    assert_leads(&page(&mut alice, DASHBOARD), challenge);
    assert_refused(&alice.get(DASHBOARD), 403, "totp_required");
    let shown: Vec<String> = (0..8).map(|n| code_at(secret, at + n * 30 - 60)).collect();
    let wrong = (0..)
        .map(|n| format!("{n:06}"))
        .find(|it| !shown.contains(it));
    let refused = alice.token("/account/totp/validate/", &wrong.unwrap());
    assert_refused(&refused, 400, "invalid_token");
    let next_code = code_at(secret, at + 30); // that of `at` is spent
    alice.token("/account/totp/validate/", &next_code).json();
    assert_eq!(page(&mut alice, DASHBOARD).text(), welcome);

    let backup_code = verified["backup_codes"][0].as_str().unwrap();
    alice.token("/account/totp/disable/", backup_code).json();
    assert_leads(&page(&mut alice, DASHBOARD), setup);
}

#[test]
fn on_sqlite_a_user_sets_it_up_signs_in_with_it_and_turns_it_off() {
    journey(None);
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgresql_a_user_sets_it_up_signs_in_with_it_and_turns_it_off() {
    use actix_totp::diesel::{Connection, PgConnection, connection::SimpleConnection};
    let server = std::env::var("TOTP_TEST_POSTGRES_URL");
    let server = server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
    let name = format!("totp_test_newsletter_{}", std::process::id());
    let mut connection = PgConnection::establish(&server).expect("a server answers");
    connection
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let driven = std::panic::catch_unwind(|| journey(Some(&url)));
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    connection.batch_execute(&drop).unwrap();
    driven.unwrap();
}
