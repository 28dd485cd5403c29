//! The real binary, as `cargo run -p quickstart` starts it.

use std::{fs, process::Command};

use crate::support::{Binary, Browser, code_at, seconds_now};
use serde_json::json;

#[test]
fn it_starts_ready_and_keeps_what_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let running = Binary::start(folder.path(), &[]);
    assert!(
        running
            .log
            .iter()
            .any(|line| line.contains("quickstart.key")),
        "it says that it made keys"
    );
    let mut alice = Browser::new(running.address);
    let form =
        json!({ "username": "alice", "password": "correct horse", "email": "alice@example.com" });
    assert_eq!(alice.post("/register", &form).status, 201);
    assert_eq!(alice.post("/login", &form).status, 200);
    alice.get("/vault").problem(403, "totp_setup_required");
    let generated = alice.post("/auth/otp/generate/", &json!({})).json();
    let url = generated["otpauth_url"].as_str().unwrap();
    assert!(
        url.starts_with("otpauth://totp/actix-totp%20quickstart:alice%40example.com?"),
        "{url}"
    );
    let secret = generated["secret"].as_str().unwrap().to_owned();
    let at = seconds_now();
    let verified = alice
        .token("/auth/otp/verify/", &code_at(&secret, at))
        .json();
    assert_eq!(alice.get("/vault").status, 200);
    drop(running);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for file in [
            "quickstart.key",
            "quickstart.db",
            "quickstart.db-wal",
            "quickstart.db-shm",
        ] {
            let metadata = fs::metadata(folder.path().join(file)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
        }
    }
    let keys = fs::read_to_string(folder.path().join("quickstart.key")).unwrap();
    assert!(keys.starts_with("TOTP_KEY=") && keys.contains("\nSESSION_KEY="));

    let again = Binary::start(folder.path(), &[]);
    assert!(!again.log.iter().any(|line| line.contains("made TOTP_KEY")));
    let mut same = Browser::new(again.address);
    same.cookies = alice.cookies.clone();
    assert_eq!(
        same.get("/vault").status,
        200,
        "the session is in the database"
    );
    let mut alice = Browser::new(again.address);
    assert_eq!(alice.post("/login", &form).status, 200);
    alice.get("/vault").problem(403, "totp_required");
    // The next step's code is in the window already.
    assert_eq!(
        alice
            .token("/auth/otp/validate/", &code_at(&secret, at + 30))
            .json()["method"],
        "totp"
    );
    assert_eq!(alice.get("/transfer").status, 200);
    let backup = verified["backup_codes"][0].as_str().unwrap();
    alice.token("/auth/otp/disable/", backup).json();
    alice.get("/vault").problem(403, "totp_setup_required");
}

/// What it says when it does not start.
fn refusal(variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(Binary::path())
        .current_dir(folder.path())
        .env_clear()
        .env("BIND", "127.0.0.1:0")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    of(&output.stderr) + &of(&output.stdout)
}

#[test]
fn a_bad_setting_is_named_with_its_value() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, value, text) in [
        ("BIND", &*taken, "is in use"),
        ("BIND", "zq7x", "BIND: zq7x"),
        ("STORE", "zq7x", "neither diesel nor sqlx"),
        ("SESSIONS", "zq7x", "neither database nor cookie"),
        ("WORKERS", "zq7x", "no number from 1"),
        ("WORKERS", "0", "no number from 1"),
        ("RECHECK_EVERY", "zq7x", "from 1 to 300"),
        ("RECHECK_EVERY", "301", "from 1 to 300"),
        ("ISSUER", "a:b", "the issuer must"),
        ("DATABASE_URL", "no/such/folder.db", "No such file"),
    ] {
        let said = refusal(&[(name, value)]);
        assert!(said.contains(name) && said.contains(value), "{said}");
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn a_bad_key_is_named_and_not_repeated() {
    for (name, value) in [
        ("TOTP_KEY", "zq7x"),
        ("TOTP_KEY", ""),
        ("SESSION_KEY", "zq7x"),
        ("SESSION_KEY", "enE3eA=="),
    ] {
        let said = refusal(&[(name, value)]);
        assert!(said.contains(name), "{said}");
        assert!(!said.contains("zq7x") && !said.contains("enE3eA"), "{said}");
    }
}

#[test]
fn it_keeps_sessions_in_the_cookie_if_told() {
    let folder = tempfile::tempdir().unwrap();
    let running = Binary::start(folder.path(), &[("SESSIONS", "cookie"), ("WORKERS", "1")]);
    let mut alice = Browser::new(running.address);
    let form =
        json!({ "username": "alice", "password": "correct horse", "email": "alice@example.com" });
    assert_eq!(alice.post("/register", &form).status, 201);
    assert_eq!(alice.post("/login", &form).status, 200);
    let mut saved = alice.clone();
    assert_eq!(alice.post("/logout", &json!({})).status, 200);
    assert_eq!(alice.get("/me").status, 401);
    assert_eq!(saved.get("/me").status, 200, "a cookie is not revoked");
}

/// Drives the quickstart on a database server, in a database that it makes and drops.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn runs_on<C: actix_totp::diesel::Connection>(server: &str, and_drop: &str) {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let name = format!("totp_test_{nanos}");
    let mut server_connection = C::establish(server).expect("a server answers");
    server_connection
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let driven = std::panic::catch_unwind(|| drive(&url));
    server_connection
        .batch_execute(&format!("DROP DATABASE {name} {and_drop}"))
        .unwrap();
    driven.unwrap();
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn drive(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let running = Binary::start(folder.path(), &[("DATABASE_URL", url)]);
    let mut alice = Browser::new(running.address);
    let form =
        json!({ "username": "alice", "password": "correct horse", "email": "alice@example.com" });
    assert_eq!(alice.post("/register", &form).status, 201);
    assert_eq!(alice.post("/register", &form).status, 409);
    assert_eq!(alice.post("/login", &form).status, 200);
    let generated = alice.post("/auth/otp/generate/", &json!({})).json();
    let secret = generated["secret"].as_str().unwrap();
    alice
        .token("/auth/otp/verify/", &code_at(secret, seconds_now()))
        .json();
    assert_eq!(alice.get("/vault").status, 200);
    let mut saved = alice.clone();
    assert_eq!(alice.post("/logout", &json!({})).status, 200);
    saved.get("/vault").problem(401, "not_authenticated");
}

#[cfg(feature = "postgres")]
#[test]
fn it_runs_on_postgresql() {
    let url = std::env::var("TOTP_TEST_POSTGRES_URL");
    let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
    runs_on::<actix_totp::diesel::PgConnection>(&url, "WITH (FORCE)");
}

#[cfg(feature = "mysql")]
#[test]
fn it_runs_on_mysql_or_mariadb() {
    let url = std::env::var("TOTP_TEST_MYSQL_URL");
    let url = url.unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/mysql".into());
    runs_on::<actix_totp::diesel::MysqlConnection>(&url, "");
}
