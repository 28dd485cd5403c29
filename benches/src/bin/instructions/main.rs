//! How many instructions a request needs, which is the same on a noisy machine: counted by valgrind, and compared with the
//! figures in instructions.txt. `cargo run --release -p benches --bin instructions`, with `write` to write them anew.

mod parts;

use std::{env, fs, process::Command};

use anyhow::{Context, bail, ensure};

use self::parts::{PARTS, prepare};

const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
/// A compiler or a library may move a figure by so much.
const MARGIN: f64 = 0.10;
const TIMES: u64 = 2_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", part] => prepare(part).map(drop),
        ["do", part] => prepare(part).map(|work| (0..TIMES).for_each(work)),
        ["write"] => write(),
        [] => compare(),
        _ => bail!("instructions takes no argument but write"),
    }
}

/// Instructions of one call: the difference between doing it and only preparing it.
fn count(part: &str) -> anyhow::Result<u64> {
    let [done, prepared] = [counted("do", part)?, counted("prepare", part)?];
    Ok((done - prepared) / TIMES)
}

fn counted(what: &str, part: &str) -> anyhow::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([what, part])
        .output()
        .context("valgrind cannot be started: apt-get install valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let count = said.lines().find_map(|line| line.split_once("Collected :"));
    Ok(count
        .context("valgrind counted nothing")?
        .1
        .trim()
        .parse()?)
}

fn write() -> anyhow::Result<()> {
    let mut figures = String::new();
    for part in PARTS {
        figures += &format!("{part} {}\n", count(part)?);
    }
    Ok(fs::write(FIGURES, figures)?)
}

fn compare() -> anyhow::Result<()> {
    let figures = fs::read_to_string(FIGURES)?;
    let mut too_many = false;
    for part in PARTS {
        let line = figures.lines().find_map(|line| line.strip_prefix(part));
        let figure: u64 = line.context(part)?.trim().parse()?;
        let counted = count(part)?;
        let change = counted as f64 / figure as f64 - 1.0;
        println!("{part}: {counted} instructions, {:+.1} %", 100.0 * change);
        too_many |= change > MARGIN;
        if change < -MARGIN {
            println!("  fewer than in instructions.txt: write it anew");
        }
    }
    ensure!(
        !too_many,
        "more instructions than in instructions.txt allow"
    );
    Ok(())
}
