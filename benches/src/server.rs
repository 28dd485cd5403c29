//! A server under measurement: started, pinned to a core, watched and stopped.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// The core of every server; the load generator has the other.
const SERVER_CORE: &str = "0";
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

/// CPU time is counted by the kernel in these, per second.
const TICKS: f64 = 100.0;

impl Server {
    /// Starts `command`, which must listen on `address`, and waits until `GET path` is answered.
    pub fn start(command: &mut Command, address: &str, path: &str) -> anyhow::Result<Self> {
        if TcpStream::connect(address).is_ok() {
            bail!("somebody listens on {address} already");
        }
        let mut pinned = Command::new("taskset");
        pinned
            .args(["-c", SERVER_CORE])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            value.map(|value| pinned.env(name, value));
        }
        if let Some(folder) = command.get_current_dir() {
            pinned.current_dir(folder);
        }
        let log = fs::File::create(std::env::temp_dir().join("benches-server.log"))?;
        let started = Instant::now();
        let child = pinned
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?} cannot be started"))?;
        let mut server = Self {
            child,
            address: address.to_owned(),
            started_in: Duration::ZERO,
        };
        while server.answer(path).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{command:?} ended with {status}");
            }
            if started.elapsed() > PATIENCE {
                bail!("{command:?} does not answer");
            }
            thread::sleep(Duration::from_millis(1));
        }
        server.started_in = started.elapsed();
        Ok(server)
    }

    /// The first line of what the server answers to a GET.
    fn answer(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )?;
        let mut answer = String::new();
        stream.take(1024).read_to_string(&mut answer)?;
        let line = answer.lines().next().context("no answer")?;
        Ok(line.to_owned())
    }

    /// The process and its children.
    fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let mut at = 0;
        while let Some(pid) = all.get(at) {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            let children = children.unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|it| it.parse::<u32>().ok()),
            );
            at += 1;
        }
        all
    }

    /// Memory of all processes, in bytes; what they share is counted once.
    pub fn memory(&self) -> u64 {
        let kib = |pid: &u32| -> Option<u64> {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        self.processes().iter().filter_map(kib).sum::<u64>() * 1024
    }

    /// CPU time that all processes have used.
    pub fn cpu(&self) -> Duration {
        let ticks = |pid: &u32| -> Option<f64> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (_, fields) = stat.rsplit_once(')')?;
            let fields: Vec<&str> = fields.split_whitespace().collect();
            Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
        };
        Duration::from_secs_f64(self.processes().iter().filter_map(ticks).sum::<f64>() / TICKS)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // gunicorn stops its workers when it is asked to, not when it is killed.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let asked = Instant::now();
        while let Ok(None) = self.child.try_wait() {
            if asked.elapsed() > Duration::from_secs(10) {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
