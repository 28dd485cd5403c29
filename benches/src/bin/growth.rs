//! How the quickstart takes it: more users, more connections, one account that is hammered, and users with several authenticators.
//! SQLite. See README.md.
//!
//! A thousand users sign in more often than once in 30 seconds here, so the server's clock is not the machine's: it goes
//! on by one step whenever everybody has signed in once.

use std::{
    env, fs,
    net::TcpListener,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_totp::{
    BatchStore, Clock, Credential, Device, DeviceStore, DieselStore, KeyRing, Parameters,
    StoreError, Swap, TotpService, UserId, Version, diesel::SqliteConnection,
};
use actix_web::cookie::Key;
use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use benches::{
    ROUNDS,
    load::{self, Background, Measure, Request, Requests, Shape},
    now,
    programs::{build, program},
    report::{self, Figure, Target, median},
    seed,
    server::Server,
    users::{self, PERIOD_SECS, Users},
};
use quickstart::{Config, Driver, SessionPlace};

const ADDRESS: &str = "127.0.0.1:7110";
const SIZES: [u64; 3] = [1_000, 100_000, 10_000_000];
const CONNECTIONS: [u32; 6] = [1, 4, 16, 64, 256, 512];
/// More sign-ins than a run makes.
const SIGN_INS: u64 = 110_000;
/// So many sign-ins, and the clock goes on by one step.
const SIGN_INS_PER_STEP: u64 = 1_000;
/// Whom the other routes are asked for.
const VISITORS: u64 = 20_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", database, start] => serve(database, start.parse()?),
        ["authenticators"] => authenticators(),
        [] => measure(),
        _ => anyhow::bail!("growth takes no arguments, or authenticators"),
    }
}

/// The quickstart with a clock that starts at `start` and counts sign-ins.
fn serve(database: &str, start: u64) -> anyhow::Result<()> {
    let (totp, session) = Users::keys();
    let config = Config {
        database_url: database.to_owned(),
        store: Driver::Diesel,
        issuer: "growth".into(),
        totp_keys: KeyRing::parse(&totp)?,
        session_key: Key::from(&STANDARD.decode(session)?),
        sessions: SessionPlace::Cookie,
        recheck_every: None,
        workers: 1,
    };
    let clock = SignInClock {
        start,
        written: Arc::default(),
    };
    let store = Counting {
        store: config.open_store()?,
        written: Arc::clone(&clock.written),
    };
    let listener = TcpListener::bind(ADDRESS)?;
    let served = async {
        anyhow::Ok(
            quickstart::app(config, listener, clock, store)
                .await?
                .await?,
        )
    };
    actix_web::rt::System::new().block_on(served)
}

#[derive(Clone)]
struct SignInClock {
    start: u64,
    written: Arc<AtomicU64>,
}

impl Clock for SignInClock {
    fn now(&self) -> SystemTime {
        let steps = self.written.load(SeqCst) / SIGN_INS_PER_STEP;
        UNIX_EPOCH + Duration::from_secs(self.start + steps * PERIOD_SECS)
    }
}

struct Counting {
    store: Arc<dyn DeviceStore>,
    written: Arc<AtomicU64>,
}

impl Counting {
    fn count(&self, swapped: &Result<bool, StoreError>) {
        let written = matches!(swapped, Ok(true));
        self.written.fetch_add(written.into(), SeqCst);
    }
}

impl DeviceStore for Counting {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.store.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let swapped = self.store.swap(user, expected, next);
        self.count(&swapped);
        swapped
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.store.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        self.store.batch().map(|_| self as _)
    }
}

impl BatchStore for Counting {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        let together = self.store.batch();
        together.map_or_else(Vec::new, |it| it.load_batch(users))
    }

    fn max_concurrent_batches(&self) -> usize {
        self.store
            .batch()
            .map_or(1, |it| it.max_concurrent_batches())
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let together = self.store.batch();
        let swapped = together.map_or_else(Vec::new, |it| it.swap_batch(swaps));
        swapped.iter().for_each(|it| self.count(it));
        swapped
    }
}

/// A server that has just started, for one run.
struct Run {
    server: Server,
    start: u64,
    users: Users,
    size: u64,
}

impl Run {
    /// `runs` counts the runs on this database: each starts later than the one before has ended.
    fn start(database: &str, size: u64, runs: &mut u64) -> anyhow::Result<Self> {
        *runs += 1;
        let start = now() / PERIOD_SECS * PERIOD_SECS + *runs * 4 * 3_600;
        let mut command = program("growth")?;
        command
            .args(["serve", database, &start.to_string()])
            .env("RUST_LOG", "warn");
        Ok(Self {
            server: Server::start(&mut command, ADDRESS, "/")?,
            start,
            users: Users::new()?,
            size,
        })
    }

    fn get(&self, path: &str) -> anyhow::Result<Requests> {
        Requests::to(ADDRESS, VISITORS, |n, write| {
            let cookie = self.users.cookie(self.somebody(n), Some(self.start))?;
            write(Request {
                path,
                cookie: &cookie,
                post: None,
            });
            Ok(())
        })
    }

    /// Everybody in turn, with the code that is good when it is their turn.
    fn sign_ins(&self) -> anyhow::Result<Requests> {
        Requests::to(ADDRESS, SIGN_INS, |n, write| {
            let step = self.start / PERIOD_SECS + n / SIGN_INS_PER_STEP;
            let who = self.somebody(n);
            let (cookie, code) = (self.users.cookie(who, None)?, users::code(who, step)?);
            write_sign_in(write, &cookie, &code);
            Ok(())
        })
    }

    /// All over the table; with the fewest users the same one comes again after [`SIGN_INS_PER_STEP`].
    fn somebody(&self, n: u64) -> u64 {
        1 + n * (self.size / SIZES[0]).max(1) % self.size
            + n / SIGN_INS_PER_STEP % (self.size / SIZES[0])
    }

    /// Wrong codes for the one account that is nobody else's.
    fn hammering(&self) -> anyhow::Result<Requests> {
        Requests::to(ADDRESS, 1, |_, write| {
            write_sign_in(write, &self.users.cookie(0, None)?, "000000");
            Ok(())
        })
    }
}

fn write_sign_in(write: &mut dyn FnMut(Request<'_>), cookie: &str, code: &str) {
    write(Request {
        path: "/auth/otp/validate/",
        cookie,
        post: Some((&format!("{{\"token\":\"{code}\"}}"), "")),
    });
}

const ROUTES: [(&str, &str); 2] = [("status", "/auth/otp/status/"), ("guarded", "/vault")];

fn measure() -> anyhow::Result<()> {
    build("benches")?;
    let folder = tempfile::tempdir()?;
    let mut databases = Vec::new();
    for size in SIZES {
        databases.push(seeded(folder.path(), size)?);
    }
    let mut runs = 0;
    let (growth, figures) = growth(&databases, &mut runs)?;
    let connections = connections(&databases[1], &mut runs)?;
    let hammered = hammered(&databases[1], &mut runs)?;
    let text = format!(
        "Made by `cargo run --release -p benches --bin growth`: the quickstart on SQLite. {}\n{}\n{growth}\n{connections}",
        report::machine(),
        report::figures(&[figures, vec![hammered]].concat()),
    );
    report::write("growth", &text)
}

/// A thousand users sign in, who have one authenticator or five each.
fn authenticators() -> anyhow::Result<()> {
    const MANY: u8 = 5;
    let folder = tempfile::tempdir()?;
    let [one, many] = ["one", "many"].map(|name| folder.path().join(name));
    for path in [&one, &many] {
        fs::create_dir(path)?;
    }
    let databases = [seeded(&one, SIZES[0])?, seeded(&many, SIZES[0])?];
    add_authenticators(&databases[1], MANY)?;
    let (mut rates, mut runs) = ([const { Vec::new() }; 2], 0);
    for _ in 0..2 * ROUNDS + 1 {
        for (database, rates) in databases.iter().zip(&mut rates) {
            let run = Run::start(database, SIZES[0], &mut runs)?;
            let measure = load::run(&run.server, &run.sign_ins()?, Shape::connections(16))?;
            said("validate", &measure)?;
            rates.push(measure.requests_per_sec);
        }
    }
    let [one, many] = rates.map(median);
    let figure = Figure {
        name: format!("validate, {MANY} authenticators against 1, 1,000 users, 16 connections"),
        measured: many / one,
        target: Target::AtLeast(0.90),
    };
    let text = format!(
        "Made by `cargo run --release -p benches --bin growth -- authenticators`: the quickstart on SQLite, by turns. {}\n{}\n\
         With 1: {one:.0} requests/s; with {MANY}: {many:.0}.\n",
        report::machine(),
        report::figures(&[figure]),
    );
    report::write("authenticators", &text)
}

/// Gives each user others beside the one that they have, up to `count`.
fn add_authenticators(database: &str, count: u8) -> anyhow::Result<()> {
    let store = DieselStore::<SqliteConnection>::open(database)?;
    let (totp, _) = Users::keys();
    let totp = TotpService::builder(store, KeyRing::parse(&totp)?).build()?;
    for n in 0..SIZES[0] {
        for other in 1..count {
            let mut secret = [other; 20];
            secret[..8].copy_from_slice(&n.to_be_bytes());
            let credential = Credential::new(&secret, Parameters::default())?;
            let added = totp.import(&users::id(n)?, &credential, now())?;
            ensure!(added.accepted().is_some(), "user {n} has too many");
        }
    }
    Ok(())
}

fn seeded(folder: &Path, size: u64) -> anyhow::Result<String> {
    let path = folder.join(format!("{size}.db"));
    let path = path.to_str().context("a path that is no text")?;
    seed::sqlite(path, size + 1)?;
    println!("{size} users: {} MiB", fs::metadata(path)?.len() >> 20);
    Ok(path.to_owned())
}

fn said(what: &str, measure: &Measure) -> anyhow::Result<()> {
    println!(
        "{what:40} {:8.0}/s  p99 {} µs",
        measure.requests_per_sec, measure.p99
    );
    ensure!(measure.errors == 0, "{what}: {measure:?}");
    Ok(())
}

fn growth(databases: &[String], runs: &mut u64) -> anyhow::Result<(String, Vec<Figure>)> {
    let mut rates = vec![[const { Vec::new() }; 3]; SIZES.len()];
    for _ in 0..ROUNDS {
        for (at, size) in SIZES.into_iter().enumerate() {
            let run = Run::start(&databases[at], size, runs)?;
            for (nth, (route, path)) in ROUTES.into_iter().enumerate() {
                let requests = run.get(path)?;
                load::warm_up(&run.server, &requests, 16)?;
                let measure = load::run(&run.server, &requests, Shape::connections(16))?;
                said(&format!("{route}, {size} users"), &measure)?;
                rates[at][nth].push(measure.requests_per_sec);
            }
            let measure = load::run(&run.server, &run.sign_ins()?, Shape::connections(16))?;
            said(&format!("validate, {size} users"), &measure)?;
            rates[at][2].push(measure.requests_per_sec);
        }
    }
    let medians: Vec<[f64; 3]> = rates.into_iter().map(|it| it.map(median)).collect();
    let mut table =
        String::from("| users | status/s | guarded/s | validate/s |\n|---|---|---|---|\n");
    for (size, [status, guarded, validate]) in SIZES.into_iter().zip(&medians) {
        table += &format!("| {size} | {status:.0} | {guarded:.0} | {validate:.0} |\n");
    }
    let (few, many) = (medians[0], medians[SIZES.len() - 1]);
    let figure = |(name, nth): (&str, usize)| Figure {
        name: format!("{name}, 10 million users against 1 thousand, 16 connections"),
        measured: many[nth] / few[nth],
        target: Target::AtLeast(0.80),
    };
    let figures = [("validate", 2), ("guarded route", 1)].map(figure);
    Ok((table, figures.into()))
}

fn connections(database: &str, runs: &mut u64) -> anyhow::Result<String> {
    let mut table = String::from(
        "| connections (100,000 users) | status/s, p99 µs | guarded/s, p99 µs | validate/s, p99 µs |\n|---|---|---|---|\n",
    );
    for connections in CONNECTIONS {
        let run = Run::start(database, SIZES[1], runs)?;
        table += &format!("| {connections} |");
        for (route, path) in ROUTES {
            let requests = run.get(path)?;
            load::warm_up(&run.server, &requests, connections)?;
            let measure = load::run(&run.server, &requests, Shape::connections(connections))?;
            said(&format!("{route}, {connections} connections"), &measure)?;
            table += &format!(" {:.0}, {} |", measure.requests_per_sec, measure.p99);
        }
        let measure = load::run(
            &run.server,
            &run.sign_ins()?,
            Shape::connections(connections),
        )?;
        said(&format!("validate, {connections} connections"), &measure)?;
        table += &format!(" {:.0}, {} |\n", measure.requests_per_sec, measure.p99);
    }
    Ok(table)
}

/// 63 users sign in as fast as they are answered, without and with 64 clients that guess codes of one account.
fn hammered(database: &str, runs: &mut u64) -> anyhow::Result<Figure> {
    let mut p99 = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (at, name) in ["63 users", "63 users while one is hammered"]
            .into_iter()
            .enumerate()
        {
            let run = Run::start(database, SIZES[1], runs)?;
            let (sign_ins, guesses) = (run.sign_ins()?, run.hammering()?);
            let hammering = if at == 1 {
                Some(Background::start(&run.server, &guesses, 64)?)
            } else {
                None
            };
            let measure = load::run(&run.server, &sign_ins, Shape::connections(63))?;
            drop(hammering);
            said(name, &measure)?;
            p99[at].push(measure.p99 as f64);
        }
    }
    let [without, with] = p99.map(median);
    Ok(Figure {
        name: "p99 of 63 users who sign in, while 64 clients hammer one account, against without"
            .into(),
        measured: with / without,
        target: Target::AtMost(2.0),
    })
}
