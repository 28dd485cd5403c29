//! README's "Add it", as a stranger does it: packages of their own, outside of this workspace, that hold what the text says and
//! nothing else.

#[allow(dead_code, reason = "the fault harness uses more of it")]
#[path = "cluster/harness/daemon.rs"]
mod daemon;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use daemon::{Daemon, free_port};
use serde_json::json;
use support::{Browser, build_foreign, code_at, seconds_now};

const README: &str = include_str!("../../README.md");

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Before the dependencies and the code of an application, with its name.
const MARK: &str = "<!-- builds: ";

/// An application that the README shows whole.
struct Application {
    name: &'static str,
    dependencies: &'static str,
    code: &'static str,
}

/// The next block of this language, and what comes after it.
fn block(text: &'static str, language: &str) -> (&'static str, &'static str) {
    let (_, begun) = text.split_once(&format!("```{language}")).unwrap();
    let (_, begun) = begun.split_once('\n').unwrap();
    begun.split_once("```").unwrap()
}

fn applications() -> impl Iterator<Item = Application> {
    README.split(MARK).skip(1).map(|text| {
        let (name, text) = text.split_once(" -->").unwrap();
        let (dependencies, text) = block(text, "toml");
        let (code, _) = block(text, "rust");
        Application {
            name,
            dependencies,
            code,
        }
    })
}

impl Application {
    /// Builds it. What is not published yet comes from here; the address is the test's.
    fn build(&self) -> PathBuf {
        let hidden = self
            .code
            .lines()
            .any(|line| line == "#" || line.starts_with("# "));
        assert!(!hidden, "{}: a reader does not see hidden lines", self.name);
        let program = format!("readme-{}", self.name);
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        let manifest = format!(
            "[package]\nname = \"{program}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{}\n\
             [patch.crates-io]\nactix-totp = {{ path = {:?} }}\n\n\
             # As in the workspace, so that what it has compiled is used here.\n[profile.dev]\ndebug = \"line-tables-only\"\n",
            self.dependencies,
            crates.join("actix-totp").canonicalize().unwrap(),
        );
        let address = "(\"127.0.0.1\", 8080)";
        assert!(self.code.contains(address), "{}", self.name);
        let code = self.code.replace(address, "std::env::var(\"ADDRESS\")?");
        let package = tempfile::tempdir().unwrap();
        fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
        fs::create_dir(package.path().join("src")).unwrap();
        fs::write(package.path().join("src/main.rs"), code).unwrap();
        build_foreign(package.path(), &program)
    }
}

/// The program of each, by its name.
static BUILT: LazyLock<BTreeMap<&str, PathBuf>> =
    LazyLock::new(|| applications().map(|it| (it.name, it.build())).collect());

struct Running {
    server: Daemon,
    _folder: tempfile::TempDir,
}

/// Starts it, in a folder of its own.
fn start(name: &'static str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let (port, path) = (free_port(), folder.path().to_owned());
    let mut server = Daemon::new("readme", port, &path.clone(), move || {
        let mut command = Command::new(&BUILT[name]);
        command
            .current_dir(&path)
            .env("ADDRESS", format!("127.0.0.1:{port}"))
            .env("TOTP_KEY", "sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=");
        command
    });
    server.start();
    server.wait_until_it_listens();
    Running {
        server,
        _folder: folder,
    }
}

impl Running {
    fn browser(&self) -> Browser {
        Browser::new(self.server.address())
    }
}

#[test]
fn every_application_of_the_readme_is_built_from_its_text_alone() {
    let names: Vec<&str> = BUILT.keys().copied().collect();
    assert_eq!(names, ["jwt", "sessions"]);
}

#[test]
fn who_does_what_the_readme_says_signs_in_with_a_second_factor() {
    let running = start("sessions");
    let signed_in = || {
        let mut browser = running.browser();
        assert_eq!(browser.post("/sign-in", &json!({})).status, 200);
        browser
    };

    let mut stranger = running.browser();
    stranger.get("/account").problem(401, "not_authenticated");
    let mut alice = signed_in();
    alice.get("/account").problem(403, "totp_setup_required");
    let generated = alice.post("/auth/otp/generate/", &json!({})).json();
    let secret = generated["secret"].as_str().unwrap();
    let code = code_at(secret, seconds_now());
    let verified = alice.token("/auth/otp/verify/", &code).json();
    assert_eq!(alice.get("/account").text(), "hello, alice");

    let mut alice = signed_in();
    alice.get("/account").problem(403, "totp_required");
    let backup_code = verified["backup_codes"][0].as_str().unwrap();
    alice.token("/auth/otp/validate/", backup_code).json();
    assert_eq!(alice.get("/account").text(), "hello, alice");
}

#[test]
fn whoever_has_a_jwt_keeps_the_proof_beside_it() {
    let running = start("jwt");
    let mut client = running.browser();
    client.get("/account").problem(401, "not_authenticated");
    let bearer = format!("Bearer {}", client.post("/sign-in", &json!({})).text());
    let mut send = |method: &str, path: &str, proof: Option<&str>, body: &str| {
        let mut headers = vec![("Authorization", bearer.as_str()), JSON];
        headers.extend(proof.map(|proof| ("TOTP-Proof", proof)));
        client.send(method, path, &headers, body.as_bytes())
    };
    send("GET", "/account", None, "").problem(403, "totp_setup_required");
    let generated = send("POST", "/auth/otp/generate/", None, "{}").json();
    let secret = generated["secret"].as_str().unwrap();
    let first_code = json!({ "token": code_at(secret, seconds_now()) }).to_string();
    let verified = send("POST", "/auth/otp/verify/", None, &first_code).json();
    send("GET", "/account", None, "").problem(401, "totp_required");
    let proof = verified["proof"].as_str();
    assert_eq!(send("GET", "/account", proof, "").text(), "hello, alice");
}
