//! The programs of this workspace that are measured: built, and found where cargo has put them.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The folder of the workspace.
pub const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The target folder that the running program stands in: `CARGO_TARGET_DIR`, `--target-dir` or cargo's default.
pub fn target() -> anyhow::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.context("not in a target folder")?.to_owned())
}

/// Builds the release programs of `package`, with PostgreSQL if the running program has it, and the quickstart with sqlx.
pub fn build(package: &str) -> anyhow::Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(WORKSPACE)
        .args(["build", "--release", "--quiet", "-p", package, "--bins"])
        .arg("--target-dir")
        .arg(target()?);
    let features = match (package, cfg!(feature = "postgres")) {
        ("quickstart", true) => "sqlx-sqlite,sqlx-postgres",
        ("quickstart", false) => "sqlx-sqlite",
        (_, true) => "postgres",
        (_, false) => "",
    };
    cargo.args(["--features", features]);
    ensure!(cargo.status()?.success(), "{package} does not build");
    Ok(())
}

/// A release program that [`build`] has built.
pub fn program(name: &str) -> anyhow::Result<Command> {
    Ok(Command::new(target()?.join("release").join(name)))
}
