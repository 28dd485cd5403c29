//! How many instructions a request needs, which is the same on a noisy machine: counted by valgrind, and compared with the
//! figures in instructions.txt. `cargo run --release -p benches --bin instructions`, with `write` to write them anew.

use std::{
    env, fs,
    hint::black_box,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_totp::{Clock, DeviceStore, KeyRing, MemoryStore, Outcome, TotpService, bench::Guarding};
use actix_totp_core::bench::Parts;
use anyhow::{Context, bail, ensure};
use benches::users::{self, PERIOD_SECS, Users};

const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");
const PARTS: [&str; 3] = [
    "guards_decision",
    "matching_a_code",
    "validate_on_the_memory_store",
];
/// A compiler or a library may move a figure by so much.
const MARGIN: f64 = 0.10;
const TIMES: u64 = 2_000;
const START: u64 = 1_760_000_010;

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

/// What is counted, when it is called with 0, 1, …
fn prepare(part: &str) -> anyhow::Result<Box<dyn FnMut(u64)>> {
    Ok(match part {
        "guards_decision" => {
            let guarding = Guarding::new(users::id(1)?, START);
            Box::new(move |_| assert!(black_box(&guarding).decide()))
        }
        "matching_a_code" => {
            let keys = KeyRing::parse(&Users::keys().0)?;
            let parts = Parts::new(keys, users::id(1)?, &[7; 20], START)?;
            let code = parts.good_code();
            Box::new(move |_| {
                black_box(parts.match_code(black_box(&code)));
            })
        }
        "validate_on_the_memory_store" => validate()?,
        _ => bail!("{part} is no part"),
    })
}

/// A right code in each step.
fn validate() -> anyhow::Result<Box<dyn FnMut(u64)>> {
    let (store, user) = (MemoryStore::new(), 1);
    let device = Users::new()?.device(user)?;
    store.swap(&device.user, None, Some(&device))?;
    let clock = SteppingClock::default();
    let service = TotpService::builder(store, KeyRing::parse(&Users::keys().0)?)
        .clock(clock.clone())
        .build()?;
    let codes: Vec<String> = (0..TIMES)
        .map(|step| users::code(user, START / PERIOD_SECS + step))
        .collect::<anyhow::Result<_>>()?;
    Ok(Box::new(move |step| {
        clock.0.store(step, SeqCst);
        let outcome = service.authenticate(&device.user, &codes[step as usize]);
        assert!(matches!(outcome, Ok(Outcome::Accepted(_))), "{outcome:?}");
    }))
}

#[derive(Clone, Default)]
struct SteppingClock(Arc<AtomicU64>);

impl Clock for SteppingClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(START + self.0.load(SeqCst) * PERIOD_SECS)
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
