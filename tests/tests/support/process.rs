//! Programs in processes of their own: the quickstart's own binary, and whatever else a test has built.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

/// The folder of the running test's profile, in cargo's target folder.
pub fn profile_folder() -> PathBuf {
    let mut profile = env::current_exe().unwrap();
    profile.pop();
    if profile.ends_with("deps") {
        profile.pop();
    }
    profile
}

/// A running server, the quickstart if nothing else is said; killed when it is dropped.
pub struct Binary {
    process: Child,
    pub address: SocketAddr,
    /// What it said until it was ready.
    pub log: Vec<String>,
}

impl Binary {
    /// Builds it, once per test process: it is up to date in most cases. Says where it is.
    pub fn path() -> &'static Path {
        static PATH: LazyLock<PathBuf> = LazyLock::new(Binary::build);
        &PATH
    }

    fn build() -> PathBuf {
        let profile = profile_folder();
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "--quiet",
            "--package",
            "quickstart",
            "--target-dir",
        ]);
        build.arg(profile.parent().unwrap());
        for (is_on, feature) in [
            (true, "sqlx-sqlite"),
            (cfg!(feature = "postgres"), "sqlx-postgres"),
            (cfg!(feature = "mysql"), "sqlx-mysql"),
            (cfg!(feature = "redis"), "redis"),
        ] {
            if is_on {
                build.args(["--features", feature]);
            }
        }
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
        profile.join("quickstart")
    }

    /// Starts it in `folder` with these variables and no others, on a free port, and waits until it listens.
    pub fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(Self::path());
        command
            .current_dir(folder)
            .env_clear()
            .env("BIND", "127.0.0.1:0")
            .env("NO_COLOR", "1");
        command
            .envs(variables.iter().copied())
            .stderr(Stdio::inherit());
        Self::run(command)
    }

    /// Starts a server that says on which address it is listening, and waits until it does.
    pub fn run(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut log = Vec::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(|line| line.unwrap())
            .inspect(|line| log.push(line.clone()))
            .find_map(|line| {
                Some(
                    line.split_once("listening on http://")?
                        .1
                        .trim()
                        .parse()
                        .unwrap(),
                )
            })
            .unwrap_or_else(|| panic!("it does not start: {log:?}"));
        std::thread::spawn(move || lines.for_each(drop)); // so that it never waits for us to read
        Self {
            process,
            address,
            log,
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Seconds since the Unix epoch.
pub fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
