//! A Galera cluster of three MariaDB nodes on this machine.
//!
//! No state is transferred: a node is bootstrapped alone and shut down, and three copies of it, each with a file that names
//! all three as the last members, find each other as after a power cut (`pc.recovery`).

use std::{fs, path::Path, process::Command, time::Duration};

use super::{
    daemon::{Daemon, free_port, program, run, until},
    servers::{install_mariadb, mariadb_arguments},
};

pub struct Galera {
    pub nodes: Vec<Daemon>,
    /// Of each node.
    pub urls: Vec<String>,
    _folder: tempfile::TempDir,
}

/// Where a node listens: for SQL, for the group, for state.
struct Ports {
    sql: u16,
    group: u16,
    state: u16,
}

impl Ports {
    fn free() -> Self {
        Self {
            sql: free_port(),
            group: free_port(),
            state: free_port(),
        }
    }
}

/// A disable must be seen at once on every node: reads, conditional writes and inserts wait for what was committed elsewhere.
const SYNC_WAIT: &str = "wsrep-sync-wait=7";

impl Galera {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = bootstrapped(&folder.path().join("template"));
        let ports: Vec<Ports> = (0..3).map(|_| Ports::free()).collect();
        let peers: Vec<String> = ports
            .iter()
            .map(|it| format!("127.0.0.1:{}", it.group))
            .collect();
        let peers = format!("gcomm://{}", peers.join(","));
        let mut nodes: Vec<Daemon> = (0..3)
            .map(|n| {
                let path = folder.path().join(format!("node {n}"));
                fs::create_dir(&path).unwrap();
                run(Command::new("cp")
                    .arg("-a")
                    .arg(&template)
                    .arg(path.join("data")));
                fs::write(path.join("data/gvwstate.dat"), last_view(n)).unwrap();
                let mut node = node(&format!("node {n}"), &path, &ports[n], &peers, false);
                node.start();
                node
            })
            .collect();
        for (node, ports) in nodes.iter_mut().zip(&ports) {
            node.wait_until_it_listens();
            wait_until_synced(node, ports.sql, 3);
        }
        let urls = ports
            .iter()
            .map(|it| format!("mysql://root@127.0.0.1:{}/mysql", it.sql));
        Self {
            nodes,
            urls: urls.collect(),
            _folder: folder,
        }
    }
}

/// A data folder that knows a position in a cluster's history.
fn bootstrapped(folder: &Path) -> std::path::PathBuf {
    fs::create_dir(folder).unwrap();
    let data = folder.join("data");
    install_mariadb(&data);
    let ports = Ports::free();
    let mut alone = node("template", folder, &ports, "gcomm://", true);
    alone.start();
    alone.wait_until_it_listens();
    wait_until_synced(&alone, ports.sql, 1);
    alone.end();
    for of_this_node in ["galera.cache", "gvwstate.dat"] {
        let _ = fs::remove_file(data.join(of_this_node));
    }
    data
}

/// All three were members, and none of them left.
fn last_view(own: usize) -> String {
    let id = |n: usize| format!("0000000{}-0000-11ee-8000-0000000000aa", n + 1);
    let members: String = (0..3).map(|n| format!("member: {} 0\n", id(n))).collect();
    format!(
        "my_uuid: {}\n#vwbeg\nview_id: 3 {} 3\nbootstrap: 0\n{members}#vwend\n",
        id(own),
        id(0)
    )
}

fn node(name: &str, folder: &Path, ports: &Ports, peers: &str, is_first: bool) -> Daemon {
    let provider = [
        "base_host=127.0.0.1".to_owned(),
        format!("base_port={}", ports.group),
        format!("gmcast.listen_addr=tcp://127.0.0.1:{}", ports.group),
        format!("ist.recv_addr=127.0.0.1:{}", ports.state),
        "gcache.size=16M".into(),
        // A node that dies is given up after a second instead of five.
        "evs.keepalive_period=PT0.3S;evs.inactive_check_period=PT0.2S;evs.suspect_timeout=PT1S"
            .into(),
        "evs.inactive_timeout=PT3S;evs.install_timeout=PT3S;evs.join_retrans_period=PT0.3S".into(),
        "gmcast.peer_timeout=PT1S;gmcast.time_wait=PT1S;pc.announce_timeout=PT1S".into(),
    ];
    let settings = [
        "skip-log-bin",
        "binlog-format=ROW",
        "innodb-autoinc-lock-mode=2",
        "wsrep-on=ON",
        "wsrep-provider=/usr/lib/galera/libgalera_smm.so",
        "wsrep-cluster-name=harness",
        &format!("wsrep-cluster-address={peers}"),
        &format!("wsrep-node-name={name}"),
        "wsrep-node-address=127.0.0.1",
        &format!("wsrep-node-incoming-address=127.0.0.1:{}", ports.sql),
        &format!("wsrep-provider-options={}", provider.join(";")),
        "wsrep-retry-autocommit=0", // each conflict is reported
        SYNC_WAIT,
    ];
    let mut arguments = mariadb_arguments(folder, ports.sql, &settings);
    if is_first {
        arguments.push("--wsrep-new-cluster".into());
    }
    Daemon::new(name, ports.sql, folder, move || {
        let mut command = Command::new(program("mariadbd", "mariadb-server galera-4"));
        command.args(&arguments);
        command
    })
}

fn wait_until_synced(node: &Daemon, port: u16, size: usize) {
    let limit = Duration::from_secs(20);
    until(
        limit,
        &format!("the cluster is whole: {}", node.log()),
        || {
            let mut client = Command::new(program("mariadb", "mariadb-client"));
            client.args(["--no-defaults", "-h127.0.0.1", "-uroot", "-N", "-B"]);
            client.arg(format!("-P{port}"));
            client.args(["-e", "SHOW GLOBAL STATUS LIKE 'wsrep_%'"]);
            let status = String::from_utf8(client.output().unwrap().stdout).unwrap();
            let is = |name: &str, value: &str| status.contains(&format!("wsrep_{name}\t{value}\n"));
            let is_synced = is("ready", "ON") && is("local_state_comment", "Synced");
            (is_synced && is("cluster_size", &size.to_string())).then_some(())
        },
    );
}
