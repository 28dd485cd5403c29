//! Load: requests made ahead, sent by wrk from the other core.

use std::{
    io::{self, BufWriter, Write},
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::{SECS, server::Server};

/// The core of the load generator.
const LOAD_CORE: &str = "1";

/// Requests in the order in which they are sent.
pub struct Requests(NamedTempFile);

/// What one request is made of; the address is the server's.
pub struct Request<'a> {
    pub path: &'a str,
    pub cookie: &'a str,
    /// The JSON of a POST, and headers that the server wants with it.
    pub post: Option<(&'a str, &'a str)>,
}

impl Requests {
    /// As many as `make` makes, called with 0, 1, …
    pub fn to(
        address: &str,
        count: u64,
        make: impl Fn(u64, &mut dyn FnMut(Request<'_>)) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let file = NamedTempFile::new()?;
        let mut out = BufWriter::new(file.as_file());
        for n in 0..count {
            let mut written = Ok(());
            make(n, &mut |request| {
                written = write_request(&mut out, address, &request);
            })?;
            written?;
        }
        out.flush()?;
        drop(out);
        Ok(Self(file))
    }
}

fn write_request(out: &mut impl Write, address: &str, request: &Request<'_>) -> io::Result<()> {
    let Request { path, cookie, post } = request;
    let (method, content) = match post {
        None => ("GET", "\r\n".to_owned()),
        Some((body, headers)) => {
            let length = body.len();
            let content = format!(
                "Content-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
            );
            ("POST", content)
        }
    };
    let text =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n{content}");
    write!(out, "{}\n{text}", text.len())
}

/// What one run measured. Times are in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measure {
    pub sent: u64,
    pub requests_per_sec: f64,
    pub p50: u64,
    pub p99: u64,
    /// Answers that were no 2xx or 3xx, and connections that failed.
    pub errors: u64,
    /// CPU time of the server per request.
    pub cpu: f64,
    /// Memory of the server when the last request was answered, in bytes; it gives little back before that.
    pub memory: u64,
}

/// How to send.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub connections: u32,
    pub secs: u64,
}

impl Shape {
    pub fn connections(connections: u32) -> Self {
        Self {
            connections,
            secs: SECS,
        }
    }

    fn command(self, server: &Server, requests: &Requests) -> Command {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wrk.lua");
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", LOAD_CORE, "wrk", "--latency", "-t1"])
            .arg(format!("-c{}", self.connections))
            .arg(format!("-d{}s", self.secs))
            .args(["--timeout", "10s", "-s", script])
            .arg(format!("http://{}/", server.address))
            .arg("--")
            .arg(requests.0.path());
        wrk
    }
}

/// Sends for a second, so that pages and threads that were idle are there again.
pub fn warm_up(server: &Server, requests: &Requests, connections: u32) -> anyhow::Result<()> {
    let shape = Shape {
        connections,
        secs: 1,
    };
    run(server, requests, shape).map(drop)
}

pub fn run(server: &Server, requests: &Requests, shape: Shape) -> anyhow::Result<Measure> {
    let cpu = server.cpu();
    let output = shape.command(server, requests).output();
    let (cpu, memory) = (server.cpu() - cpu, server.memory());
    let output = output.context("wrk cannot be started: apt-get install wrk")?;
    let mut measure = Measure::read(&output.stdout)?;
    measure.cpu = cpu.as_secs_f64() * 1e6 / measure.sent.max(1) as f64;
    measure.memory = memory;
    Ok(measure)
}

/// Sends until it is dropped; what is answered is not looked at.
pub struct Background(Child);

impl Background {
    pub fn start(server: &Server, requests: &Requests, connections: u32) -> anyhow::Result<Self> {
        let shape = Shape {
            connections,
            secs: 60,
        };
        let mut command = shape.command(server, requests);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Ok(Self(child.context("wrk cannot be started")?))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Measure {
    fn read(output: &[u8]) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(output);
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let numbers: Vec<u64> = line
            .with_context(|| format!("wrk says: {text}"))?
            .split(' ')
            .filter_map(|number| number.parse().ok())
            .collect();
        let &[sent, duration, status, socket, p50, p99, _] = numbers.as_slice() else {
            anyhow::bail!("wrk says: {text}");
        };
        Ok(Self {
            sent,
            requests_per_sec: sent as f64 / (duration as f64 / 1e6),
            p50,
            p99,
            errors: status + socket,
            ..Self::default()
        })
    }
}
