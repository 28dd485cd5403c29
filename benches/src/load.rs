//! Load: requests made ahead, sent by wrk from the other core.

use std::{
    io::{BufWriter, Write},
    process::Command,
};

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::server::Server;

/// The core of the load generator.
const LOAD_CORE: &str = "1";

/// Requests in the order in which they are sent.
pub struct Requests(NamedTempFile);

/// What one request is made of; the address is the server's.
pub struct Request<'a> {
    pub path: &'a str,
    pub cookie: &'a str,
    /// The token of a POST.
    pub token: Option<&'a str>,
}

impl Requests {
    pub fn to(
        address: &str,
        write: impl FnOnce(&mut dyn FnMut(Request<'_>) -> anyhow::Result<()>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let file = NamedTempFile::new()?;
        let mut out = BufWriter::new(file.as_file());
        write(&mut |request| {
            let Request {
                path,
                cookie,
                token,
            } = request;
            let (method, content) = match token {
                None => ("GET", "\r\n".to_owned()),
                Some(token) => {
                    let body = format!("{{\"token\":\"{token}\"}}");
                    let length = body.len();
                    let content = format!(
                        "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
                    );
                    ("POST", content)
                }
            };
            let text = format!(
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n{content}"
            );
            Ok(write!(out, "{}\n{text}", text.len())?)
        })?;
        out.flush()?;
        drop(out);
        Ok(Self(file))
    }
}

/// What one run measured. Times are in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measure {
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

pub fn run(server: &Server, requests: &Requests, shape: Shape) -> anyhow::Result<Measure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wrk.lua");
    let mut wrk = Command::new("taskset");
    wrk.args(["-c", LOAD_CORE, "wrk", "--latency", "-t1"])
        .arg(format!("-c{}", shape.connections))
        .arg(format!("-d{}s", shape.secs))
        .args(["--timeout", "10s", "-s", script])
        .arg(format!("http://{}/", server.address))
        .arg("--")
        .arg(requests.0.path());
    let cpu = server.cpu();
    let output = wrk.output();
    let (cpu, memory) = (server.cpu() - cpu, server.memory());
    let output = output.context("wrk cannot be started: apt-get install wrk")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = text
        .lines()
        .find_map(|line| line.strip_prefix("RESULT "))
        .with_context(|| {
            format!(
                "wrk says: {text} {}",
                String::from_utf8_lossy(&output.stderr)
            )
        })?
        .split(' ')
        .filter_map(|number| number.parse().ok())
        .collect();
    let &[sent, duration, status, socket, p50, p99, _] = numbers.as_slice() else {
        anyhow::bail!("wrk says: {text}");
    };
    Ok(Measure {
        requests_per_sec: sent as f64 / (duration as f64 / 1e6),
        p50,
        p99,
        errors: status + socket,
        cpu: cpu.as_secs_f64() * 1e6 / sent.max(1) as f64,
        memory,
    })
}
