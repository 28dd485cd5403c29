//! A process of the harness's own: a server, or an instance of the quickstart. Killed when it is dropped.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// The harness waits three times as long as something may take: these machines are shared.
pub fn until<T>(limit: Duration, what: &str, mut request: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        let answer = request();
        assert!(started.elapsed() < 3 * limit, "{what}: not in {limit:?}");
        if let Some(answer) = answer {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody uses now, nor by chance while what listens there is started again: Linux takes the ports of outgoing
/// connections from 32768 on.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % 8_000;
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, SeqCst)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Where the machine has this program.
pub fn program(name: &str, package: &str) -> PathBuf {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.filter_map(|it| Some(it.ok()?.path().join("bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = debian
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin".into(), "/usr/games".into()])
        .map(|folder| folder.join(name))
        .find(|it| it.is_file());
    found.unwrap_or_else(|| panic!("{name} is not on this machine: apt-get install {package}"))
}

/// Runs a command to its end.
pub fn run(command: &mut Command) {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub struct Daemon {
    name: String,
    port: u16,
    log: PathBuf,
    command: Box<dyn FnMut() -> Command + Send>,
    process: Option<Child>,
}

impl Daemon {
    /// A program that serves on `port`; what it says goes to a file in `folder`. Not started yet.
    pub fn new(
        name: &str,
        port: u16,
        folder: &Path,
        command: impl FnMut() -> Command + Send + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            port,
            log: folder.join(format!("{name}.log")),
            command: Box::new(command),
            process: None,
        }
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn start(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(&self.log);
        let log = log.unwrap();
        let mut command = (self.command)();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        let started = command.spawn();
        self.process = Some(started.unwrap_or_else(|error| panic!("{command:?}: {error}")));
    }

    /// Whether somebody listens. A process that ended instead is started again: one that was killed may leave
    /// children that hold what the next one needs for a moment.
    pub fn listens(&mut self) -> bool {
        if let Some(process) = &mut self.process
            && process.try_wait().unwrap().is_some()
        {
            self.process = None;
            self.start();
        }
        TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)).is_ok()
    }

    pub fn wait_until_it_listens(&mut self) {
        let name = self.name.clone();
        let log = self.log.clone();
        let started = Instant::now();
        while !self.listens() {
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "{name} does not listen: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// SIGTERM, and waits for the end.
    pub fn end(&mut self) {
        self.signal("TERM");
        if let Some(mut process) = self.process.take() {
            process.wait().unwrap();
        }
    }

    /// SIGSTOP for it and its children: it neither answers nor refuses.
    pub fn hang(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pids = std::iter::once(self.pid()).chain(children_of(self.pid()));
        let pids: Vec<String> = pids.map(|pid| pid.to_string()).collect();
        let kill = format!("kill -{signal} {}", pids.join(" "));
        let mut shell = Command::new("sh");
        shell.args(["-c", &kill]).stderr(Stdio::null());
        let _ = shell.status(); // a child may have ended meanwhile
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// How many files and sockets a process has open.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// How much memory a process has, in KiB.
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse().unwrap()
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|it| it.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // "pid (name) state parent …"; the name may hold blanks.
        let after_name = stat.rsplit_once(')').map(|(_, rest)| rest);
        after_name.and_then(|rest| rest.split_whitespace().nth(1)) == Some(&*parent.to_string())
    };
    pids.filter(is_child).collect()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.go_on();
        }
        self.kill();
    }
}
