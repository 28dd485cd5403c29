//! A PostgreSQL, a MariaDB and a Redis of the harness's own, each in a temporary folder and on a free port, from the
//! programs that the machine has.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, thread, time::Duration};

use super::daemon::{Daemon, free_port, program, run};

/// A server with the folder that it keeps its data in.
pub struct Server {
    pub daemon: Daemon,
    /// What an instance is told.
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(mut daemon: Daemon, url: String, folder: tempfile::TempDir) -> Self {
        daemon.start();
        daemon.wait_until_it_listens();
        Self {
            daemon,
            url,
            _folder: folder,
        }
    }

    /// SIGKILL, and after a while the next start. Returns when it listens again.
    pub fn crash(&mut self, down: Duration) {
        self.daemon.kill();
        thread::sleep(down);
        self.daemon.start();
        self.daemon.wait_until_it_listens();
    }
}

/// A folder that a server may use who does not run as root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// PostgreSQL, with these settings for every connection, as in `default_transaction_isolation=serializable`.
pub fn postgres(settings: &[&str]) -> Server {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    run(Command::new("chown").arg("postgres:").arg(&data));
    run(as_postgres("initdb").arg("--pgdata").arg(&data).args([
        "--username=postgres",
        "--auth=trust",
        "--no-sync",
    ]));
    let port = free_port();
    let settings: Vec<String> = settings.iter().map(|it| (*it).to_owned()).collect();
    let daemon = Daemon::new("postgres", port, folder.path(), move || {
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(&data);
        let own = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            "unix_socket_directories=".into(),
            "shared_buffers=32MB".into(),
        ];
        for setting in own.iter().chain(&settings) {
            command.args(["-c", setting]);
        }
        command
    });
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Server::start(daemon, url, folder)
}

/// PostgreSQL refuses to run as root. `setpriv` becomes the program, so that a signal meets it and not a parent of it.
fn as_postgres(name: &str) -> Command {
    let mut command = Command::new(program("setpriv", "util-linux"));
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program(name, "postgresql"))
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/");
    command
}

/// MariaDB, with these settings, as in `innodb_snapshot_isolation=ON`.
pub fn mariadb(settings: &[&str]) -> Server {
    let folder = folder();
    let port = free_port();
    install_mariadb(&folder.path().join("data"));
    let arguments = mariadb_arguments(folder.path(), port, settings);
    let daemon = Daemon::new("mariadb", port, folder.path(), move || {
        let mut command = Command::new(program("mariadbd", "mariadb-server"));
        command.args(&arguments);
        command
    });
    let url = format!("mysql://root@127.0.0.1:{port}/mysql");
    Server::start(daemon, url, folder)
}

pub fn install_mariadb(data: &Path) {
    run(
        Command::new(program("mariadb-install-db", "mariadb-server")).args([
            "--no-defaults",
            "--user=root",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            &format!("--datadir={}", data.display()),
        ]),
    );
}

pub fn mariadb_arguments(folder: &Path, port: u16, settings: &[&str]) -> Vec<String> {
    let own = [
        "--no-defaults".to_owned(),
        "--user=root".into(),
        format!("--datadir={}", folder.join("data").display()),
        format!("--socket={}", folder.join("socket").display()),
        format!("--pid-file={}", folder.join("pid").display()),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".into(),
        "--skip-name-resolve".into(),
        "--innodb-buffer-pool-size=32M".into(),
        "--innodb-log-file-size=16M".into(),
        "--performance-schema=OFF".into(),
    ];
    let given = settings.iter().map(|setting| format!("--{setting}"));
    own.into_iter().chain(given).collect()
}

/// Redis, whose every write is on the disk before it is answered.
pub fn redis() -> Server {
    let folder = folder();
    let port = free_port();
    let path = folder.path().to_owned();
    let daemon = Daemon::new("redis", port, folder.path(), move || {
        let mut command = Command::new(program("redis-server", "redis-server"));
        command.current_dir(&path).args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]);
        command
    });
    Server::start(daemon, format!("redis://127.0.0.1:{port}"), folder)
}
