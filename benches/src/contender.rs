//! Who is measured: a server, its routes, and its users.

use std::process::Command;

use anyhow::{Context, ensure};
use benches::{
    SECS,
    load::{self, Measure, Request, Requests, Shape},
    now,
    programs::program,
    server::Server,
    users::{self, PERIOD_SECS, Users},
};

/// Each sign-in of a run is somebody else's: a code is accepted once.
pub const SIGN_INS_PER_RUN: u64 = 100_000;
/// Whom the other routes are asked for.
const VISITORS: u64 = 10_000;

pub struct Contender {
    pub name: &'static str,
    pub server: Server,
    /// What a route is called in the results, and its path here.
    pub routes: Vec<(&'static str, &'static str)>,
    pub crowd: Crowd,
    /// The JSON member of a code, and headers that a POST needs.
    pub post: (&'static str, &'static str),
    /// With how many connections it is measured.
    pub connections: &'static [u32],
}

/// The users of a server.
pub enum Crowd {
    /// As many as one likes: their sessions are made here.
    Forged(Users),
    /// Those that the server's own seeding has listed.
    Listed(Vec<Listed>),
}

pub struct Listed {
    /// The `Cookie` header before and after the second factor.
    pub before: String,
    pub after: String,
    pub secret: Vec<u8>,
}

impl Crowd {
    fn cookie(&self, n: u64, proved: bool) -> anyhow::Result<String> {
        match self {
            Self::Forged(users) => users.cookie(n, proved.then(now)),
            Self::Listed(listed) if proved => Ok(at(listed, n).after.clone()),
            Self::Listed(listed) => Ok(at(listed, n).before.clone()),
        }
    }

    fn code(&self, n: u64, step: u64) -> anyhow::Result<String> {
        match self {
            Self::Forged(_) => users::code(n, step),
            Self::Listed(listed) => users::code_of(&at(listed, n).secret, step),
        }
    }

    /// How many sign in during a run, and how many others are asked for.
    fn sizes(&self) -> (u64, u64) {
        match self {
            Self::Forged(_) => (SIGN_INS_PER_RUN, VISITORS),
            Self::Listed(listed) => (listed.len() as u64 / 4, listed.len() as u64),
        }
    }
}

fn at(listed: &[Listed], n: u64) -> &Listed {
    &listed[n as usize % listed.len()]
}

impl Contender {
    /// Measures one route. `run` counts the runs, so that each signs in others.
    pub fn measure(
        &self,
        route: &str,
        connections: u32,
        run: u64,
    ) -> anyhow::Result<Option<Measure>> {
        let Some((_, path)) = self.routes.iter().find(|it| it.0 == route) else {
            return Ok(None);
        };
        let signs_in = route == "validate";
        let (sign_ins, visitors) = self.crowd.sizes();
        let (first, count) = if signs_in {
            (run * sign_ins, sign_ins)
        } else {
            (0, visitors)
        };
        if signs_in {
            wait_for_time_within_a_step();
        }
        let step = now() / PERIOD_SECS;
        let (member, headers) = self.post;
        let requests = Requests::to(&self.server.address, count, |n, write| {
            let n = first + n;
            let cookie = self.crowd.cookie(n, !signs_in)?;
            let body = format!("{{\"{member}\":\"{}\"}}", self.crowd.code(n, step)?);
            write(Request {
                path,
                cookie: &cookie,
                post: signs_in.then_some((&body, headers)),
            });
            Ok(())
        })?;
        if !signs_in {
            load::warm_up(&self.server, &requests, connections)?;
        }
        let shape = Shape {
            connections,
            secs: SECS,
        };
        let measure = load::run(&self.server, &requests, shape)?;
        ensure!(
            measure.errors == 0,
            "{path} of {} failed: {measure:?}",
            self.name
        );
        println!(
            "{:16} {route:9} {connections:3} {:8.0}/s  p99 {} µs  CPU {:.1} µs",
            self.name, measure.requests_per_sec, measure.p99, measure.cpu
        );
        Ok(Some(measure))
    }
}

/// drf-totp 0.1.5 accepts the code of the running step alone: a run must end in the step in which it began.
fn wait_for_time_within_a_step() {
    const NEEDED_SECS: u64 = 2 * SECS + 2;
    let left = PERIOD_SECS - now() % PERIOD_SECS;
    if left < NEEDED_SECS {
        std::thread::sleep(std::time::Duration::from_secs(left));
    }
}

/// What the work cannot do without, and no plugin.
pub fn bare(database: &str, address: &str) -> anyhow::Result<Contender> {
    let mut command = program("bare")?;
    command
        .env("BIND", address)
        .env("DATABASE_URL", database)
        .env("SESSION_KEY", Users::keys().1);
    Ok(Contender {
        name: "bare",
        server: Server::start(&mut command, address, "/static")?,
        routes: vec![
            ("session", "/session"),
            ("guarded", "/guarded"),
            ("status", "/status"),
            ("validate", "/validate"),
        ],
        crowd: Crowd::Forged(Users::new()?),
        post: ("token", ""),
        connections: &[16, 64],
    })
}

/// How the quickstart is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quickstart {
    /// With its defaults, and so with diesel.
    Plain,
    /// With `RECHECK_EVERY=60`; it is measured where that makes a difference.
    Rechecks,
    /// With `STORE=sqlx`.
    Sqlx,
}

pub fn quickstart(database: &str, address: &str, how: Quickstart) -> anyhow::Result<Contender> {
    let mut command = quickstart_command(database, address)?;
    let name = match how {
        Quickstart::Plain => "quickstart",
        Quickstart::Rechecks => {
            command.env("RECHECK_EVERY", "60");
            "quickstart, recheck"
        }
        Quickstart::Sqlx => {
            command.env("STORE", "sqlx");
            "quickstart, sqlx"
        }
    };
    let mut routes = vec![("session", "/me"), ("guarded", "/vault")];
    if how != Quickstart::Rechecks {
        routes.extend([
            ("status", "/auth/otp/status/"),
            ("validate", "/auth/otp/validate/"),
        ]);
    }
    Ok(Contender {
        name,
        server: Server::start(&mut command, address, "/")?,
        routes,
        crowd: Crowd::Forged(Users::new()?),
        post: ("token", ""),
        connections: &[16, 64],
    })
}

pub fn quickstart_command(database: &str, address: &str) -> anyhow::Result<Command> {
    let (totp, session) = Users::keys();
    let mut command = program("quickstart")?;
    command
        .env("BIND", address)
        .env("DATABASE_URL", database)
        .env("SESSION_KEY", session)
        .env("TOTP_KEY", totp)
        .env("SESSIONS", "cookie")
        .env("WORKERS", "1")
        .env("RUST_LOG", "warn");
    Ok(command)
}

/// Reads lines of cookies and a base32 secret: one cookie for both, or one before and one after the second factor.
pub fn listed(lines: &str) -> anyhow::Result<Crowd> {
    let users = lines.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let (&secret, cookies) = fields.split_last().context("an empty line")?;
        let [before, .., after] = cookies else {
            let &[both] = cookies else {
                anyhow::bail!("a line without a cookie");
            };
            return user(both, both, secret);
        };
        user(before, after, secret)
    });
    Ok(Crowd::Listed(users.collect::<anyhow::Result<_>>()?))
}

fn user(before: &str, after: &str, secret: &str) -> anyhow::Result<Listed> {
    Ok(Listed {
        before: before.to_owned(),
        after: after.to_owned(),
        secret: users::from_base32(secret)?,
    })
}
