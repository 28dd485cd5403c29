//! What a user would pick instead. Each is installed by this command into target/benches, and seeds its own database.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use benches::{people::People, server::Server};

use crate::contender::{Contender, listed};

const PEOPLE: u32 = 20_000;
const INSTALLED: &str = "target/benches";
const DJANGO: &str = "benches/django";

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// drf-totp or django-otp, with gunicorn. `database` is an absolute path or a URL.
pub fn django(
    peer: &'static str,
    database: &str,
    address: &str,
    folder: &Path,
) -> anyhow::Result<Contender> {
    let bin = virtual_environment(peer)?;
    let people = folder.join(format!("{peer}.tsv"));
    let program = |name: &str| -> Command {
        let mut command = Command::new(bin.join(name));
        command
            .current_dir(DJANGO)
            .env("PEER", peer)
            .env("DATABASE", database)
            .env("BIND", address);
        command
    };
    let mut seed = program("python");
    succeed(seed.arg("seed.py").arg(PEOPLE.to_string()).arg(&people))?;
    let mut serve = program("gunicorn");
    serve.args(["-c", "gunicorn.conf.py", "project:application"]);
    Ok(Contender {
        name: peer,
        server: Server::start(&mut serve, address, "/session/")?,
        routes: vec![
            ("session", "/session/"),
            ("guarded", "/guarded/"),
            ("status", "/otp/status/"),
            ("validate", "/otp/validate/"),
        ],
        crowd: listed(&fs::read_to_string(people)?)?,
        post: ("token", "X-CSRFToken: benchmarkbenchmarkbenchmarkbench\r\n"),
        connections: &[16],
    })
}

fn virtual_environment(peer: &str) -> anyhow::Result<PathBuf> {
    let place = std::path::absolute(Path::new(INSTALLED).join("peers").join(peer))?;
    if !place.join("bin/gunicorn").exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    }
    let mut install = Command::new(place.join("bin/pip"));
    let requirements = format!("{DJANGO}/requirements/{peer}.txt");
    succeed(install.args(["install", "--quiet", "-r", &requirements]))?;
    Ok(place.join("bin"))
}

/// authfix, as far as it reaches: it has no status, and its guard asks no store.
pub fn authfix(address: &str, folder: &Path) -> anyhow::Result<Contender> {
    let target = std::path::absolute(Path::new(INSTALLED).join("authfix"))?;
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--release", "--manifest-path"])
        .arg("benches/authfix/Cargo.toml")
        .env("CARGO_TARGET_DIR", &target);
    succeed(&mut build)?;
    let (database, people) = (folder.join("authfix.db"), folder.join("authfix.tsv"));
    let program = || {
        let mut command = Command::new(target.join("release/authfix-reference"));
        command.env("SESSION_KEY", People::keys().1);
        command.env("BIND", address);
        command
    };
    let seed = &mut program();
    succeed(
        seed.arg("seed")
            .arg(PEOPLE.to_string())
            .args([&database, &people]),
    )?;
    let mut serve = program();
    serve.arg("serve").arg(&database);
    Ok(Contender {
        name: "authfix",
        server: Server::start(&mut serve, address, "/guarded")?,
        routes: vec![("guarded", "/guarded"), ("validate", "/login/mfa")],
        crowd: listed(&fs::read_to_string(people)?)?,
        post: ("code", ""),
        connections: &[16],
    })
}
