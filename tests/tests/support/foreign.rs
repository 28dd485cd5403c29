//! Packages that are not of this workspace: what they are built with is what they ask for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::profile_folder;

/// Builds a package and says where its program is. Its lock begins as ours, so that what is compiled is used again.
pub fn build_foreign(package: &Path, program: &str) -> PathBuf {
    let lock = package.join("Cargo.lock");
    if !lock.exists() {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(ours, &lock).unwrap();
    }
    let target = profile_folder().parent().unwrap().to_owned();
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    assert!(build.status().unwrap().success(), "{}", package.display());
    target.join("debug").join(program)
}
