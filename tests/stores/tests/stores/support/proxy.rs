//! A proxy before PostgreSQL that brings about faults.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// What the proxy does with the server's next answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It closes the connection instead.
    Cut,
    /// It reports an error instead, as a pooler that lost its server and keeps its client.
    Error,
    /// It says nothing, on this connection for ever.
    Silence,
}

/// The fault of the next answer. It happens once.
#[derive(Clone)]
pub(crate) struct NextFault(Arc<Mutex<Fault>>);

impl NextFault {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = fault;
    }

    pub(crate) fn get(&self) -> Fault {
        *self.0.lock().unwrap()
    }

    fn take(&self) -> Fault {
        std::mem::replace(&mut *self.0.lock().unwrap(), Fault::None)
    }
}

/// SQLSTATE 08P01, and then ReadyForQuery.
const SERVER_LOST: &[u8] =
    b"E\0\0\0\x3aSERROR\0VERROR\0C08P01\0Mserver conn crashed on purpose\0\0Z\0\0\0\x05I";

/// Hands on what is sent to the server and what it answers. With a fault it waits for the answer and keeps it.
pub(crate) fn proxy(url: &str) -> (String, NextFault) {
    let (user, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let (server, fault) = (
        server.to_owned(),
        NextFault(Arc::new(Mutex::new(Fault::None))),
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxied = format!("{user}@{address}/{name}?sslmode=disable"); // it speaks for the server
    let next = fault.clone();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(&server).unwrap();
            let mut requests = client.try_clone().unwrap();
            let mut forward = server.try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut requests, &mut forward));
            let next = next.clone();
            std::thread::spawn(move || answer(client, server, &next));
        }
    });
    (proxied, fault)
}

fn answer(mut client: TcpStream, mut server: TcpStream, next: &NextFault) {
    let (mut chunk, mut is_silent) = ([0; 16_384], false);
    while let Ok(read @ 1..) = server.read(&mut chunk) {
        let answer = match next.take() {
            Fault::Cut => break,
            Fault::Error => SERVER_LOST,
            Fault::Silence => {
                is_silent = true;
                continue;
            }
            Fault::None if is_silent => continue,
            Fault::None => &chunk[..read],
        };
        let _ = client.write_all(answer);
    }
    let _ = client.shutdown(Shutdown::Both);
}
