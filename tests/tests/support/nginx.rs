//! nginx in front of an application, on a free port, with its files in a folder of its own.

use std::{
    env, fs,
    io::{ErrorKind, Write as _},
    net::{SocketAddr, TcpListener},
    os::fd::AsRawFd,
    process::{Child, Command, Stdio},
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::{Pid, Signal, kill_process},
};

use super::Browser;

/// A running nginx; ended when it is dropped.
pub struct Nginx {
    process: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Starts it with these directives in its `http` block and in its `server` block. Relative paths lead to its own folder.
    /// `None` on a machine without it, which says so. CI has one.
    pub fn start(http: &str, server: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // The socket is ours and nginx inherits it: no port is lost to somebody else, and who connects early only waits.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap(); // nginx takes it as it is
        let address = listener.local_addr().unwrap();
        let config = config(address, http, server);
        fs::write(folder.path().join("nginx.conf"), &config).unwrap();
        let command = || {
            let mut command = Command::new("nginx");
            let path = env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{path}:/usr/sbin")); // where Debian has it, and users have no path to
            command.arg("-p").arg(folder.path());
            command.args(["-c", "nginx.conf", "-e", "/dev/null"]); // until it has read where to
            command
        };
        let checked = match command().arg("-t").output() {
            Ok(checked) => checked,
            Err(error) if error.kind() == ErrorKind::NotFound => return missing(),
            Err(error) => panic!("nginx: {error}"),
        };
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{said}\n{config}");
        fcntl_setfd(&listener, FdFlags::empty()).unwrap();
        let process = command()
            .env("NGINX", format!("{};", listener.as_raw_fd()))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self {
            process,
            address,
            _folder: folder,
        })
    }

    /// A browser that knows nginx alone.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Not killed: the process that answers is a child of this one, and is ended by it.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}

/// As root it stays root: its folder is its user's alone.
fn config(address: SocketAddr, http: &str, server: &str) -> String {
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|kind| format!("{kind}_temp_path {kind};"));
    format!(
        "user root;\ndaemon off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{}\n{http}\n\
         server {{\nlisten {address};\n{server}\n}}\n}}\n",
        folders.join("\n")
    )
}

fn missing<T>() -> Option<T> {
    assert!(
        env::var_os("CI").is_none(),
        "nginx is missing: apt-get install nginx-light"
    );
    // Not `eprintln!`, which nobody sees of a test that passes.
    let notice = "SKIPPED: there is no nginx (apt-get install nginx-light)";
    let _ = writeln!(std::io::stderr(), "{notice}");
    None
}
