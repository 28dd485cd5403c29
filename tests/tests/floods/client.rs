//! A client that has thousands of connections open, and sends on all of them at once.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{oneshot, watch},
};

use crate::support::{Answer, Browser};

/// How often each status was answered.
pub type Statuses = BTreeMap<u16, usize>;

/// A POST with its JSON, on a connection that stays open.
pub fn post(browser: &Browser, endpoint: &str, json: &str) -> Vec<u8> {
    let kind = [("Content-Type", "application/json")];
    let path = format!("/auth/otp/{endpoint}/");
    let head = browser.head("POST", &path, &kind, json.len());
    let head = head.replace("Connection: close\r\n", "");
    format!("{head}\r\n{json}").into_bytes()
}

/// A flood that is under way, on a thread of its own.
pub struct Flood(thread::JoinHandle<Statuses>);

/// How many answers a flood was given so far.
pub type Answered = Arc<AtomicUsize>;

impl Flood {
    /// Sends a request on so many connections, on each as soon as it is open.
    pub fn send(browser: &Browser, connections: usize, request: Vec<u8>) -> Self {
        Self::start(browser, connections, request, None)
    }

    /// Sends it on each again and again, until the sender is gone. Counts the answers.
    pub fn send_until(
        browser: &Browser,
        connections: usize,
        request: Vec<u8>,
        (end, answered): (oneshot::Receiver<()>, &Answered),
    ) -> Self {
        let until = (end, Arc::clone(answered));
        Self::start(browser, connections, request, Some(until))
    }

    fn start(
        browser: &Browser,
        connections: usize,
        request: Vec<u8>,
        until: Option<(oneshot::Receiver<()>, Answered)>,
    ) -> Self {
        allow_files(2 * connections as u64 + 500);
        let address = browser.address;
        Self(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .unwrap()
                .block_on(exchange_all(address, connections, request, until))
        }))
    }

    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// How often each status was answered.
    pub fn statuses(self) -> Statuses {
        self.0.join().unwrap()
    }
}

async fn exchange_all(
    address: SocketAddr,
    connections: usize,
    request: Vec<u8>,
    until: Option<(oneshot::Receiver<()>, Answered)>,
) -> Statuses {
    let repeats = until.is_some();
    let (end, answered) = until.unzip();
    let answered = answered.unwrap_or_default();
    let (ended, has_ended) = watch::channel(false);
    let request: Arc<[u8]> = request.into();
    let mut exchanges = Vec::new();
    for _ in 0..connections {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (request, has_ended) = (Arc::clone(&request), has_ended.clone());
        let answered = Arc::clone(&answered);
        exchanges.push(tokio::spawn(async move {
            let mut statuses = Vec::new();
            loop {
                statuses.push(exchange(&mut stream, &request).await.unwrap());
                answered.fetch_add(1, SeqCst);
                if !repeats || *has_ended.borrow() {
                    return statuses;
                }
            }
        }));
    }
    if let Some(end) = end {
        let _ = end.await;
        ended.send_replace(true);
    }
    let mut statuses = Statuses::new();
    for exchange in exchanges {
        for status in exchange.await.unwrap() {
            *statuses.entry(status).or_default() += 1;
        }
    }
    statuses
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<u16> {
    stream.write_all(request).await?;
    let mut bytes = Vec::new();
    while !Answer::is_whole(&bytes, true) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Answer::parse(&bytes).status)
}

/// Both ends of each connection are files of this process.
fn allow_files(count: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return;
    }
    limit.current = Some(count);
    setrlimit(Resource::Nofile, limit).unwrap_or_else(|error| {
        panic!("this test needs {count} open files, see `ulimit -Hn`: {error}")
    });
}
