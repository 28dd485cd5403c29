//! What a user would pick instead. Each is installed by this command into benches/ of the target folder, and seeds its own database.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use benches::{programs::target, server::Server, users::Users};

use crate::contender::{Contender, listed};

const USERS: u32 = 20_000;
const DJANGO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/django");
const AUTHFIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/authfix/Cargo.toml");

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
    let users = folder.join(format!("{peer}.tsv"));
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
    succeed(seed.arg("seed.py").arg(USERS.to_string()).arg(&users))?;
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
        crowd: listed(&fs::read_to_string(users)?)?,
        post: ("token", "X-CSRFToken: benchmarkbenchmarkbenchmarkbench\r\n"),
        connections: &[16],
    })
}

fn virtual_environment(peer: &str) -> anyhow::Result<PathBuf> {
    let place = target()?.join("benches/peers").join(peer);
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
    let target = target()?.join("benches/authfix");
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--release", "--manifest-path"])
        .arg(AUTHFIX)
        .env("CARGO_TARGET_DIR", &target);
    succeed(&mut build)?;
    let (database, users) = (folder.join("authfix.db"), folder.join("authfix.tsv"));
    let program = || {
        let mut command = Command::new(target.join("release/authfix-reference"));
        command.env("SESSION_KEY", Users::keys().1);
        command.env("BIND", address);
        command
    };
    let seed = &mut program();
    succeed(
        seed.arg("seed")
            .arg(USERS.to_string())
            .args([&database, &users]),
    )?;
    let mut serve = program();
    serve.arg("serve").arg(&database);
    Ok(Contender {
        name: "authfix",
        server: Server::start(&mut serve, address, "/guarded")?,
        routes: vec![("guarded", "/guarded"), ("validate", "/login/mfa")],
        crowd: listed(&fs::read_to_string(users)?)?,
        post: ("code", ""),
        connections: &[16],
    })
}
