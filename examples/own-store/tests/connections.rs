//! What becomes of connections, with servers that do as a test wants. Needs no Redis.
#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

mod support;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use actix_totp_core::{DeviceStore, StoreError};
use own_store::RedisStore;
use support::{device, user};

const NO_ROW: &[u8] = b"*0\r\n";

fn store(listener: &TcpListener) -> RedisStore {
    RedisStore::open(&format!("redis://{}", listener.local_addr().unwrap())).unwrap()
}

/// Takes the next connection and its first question.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut client, _) = listener.accept().unwrap();
    assert!(client.read(&mut [0; 4096]).unwrap() > 0);
    client
}

#[test]
fn a_redis_that_never_answers_is_a_fault_and_no_wait_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // the kernel connects, nobody answers
    let address = listener.local_addr().unwrap();
    // With a password it is a new connection that waits first, for the answer to it.
    let stores = ["", ":password@"]
        .map(|password| RedisStore::open(&format!("redis://{password}{address}")).unwrap());
    let alice = device("alice", 1);
    let assert_unknown = |answer: Result<(), StoreError>| {
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    };
    thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| assert_unknown(store.load(&alice.user).map(drop)));
            scope.spawn(|| assert_unknown(store.swap(&alice.user, None, Some(&alice)).map(drop)));
            scope.spawn(|| assert_unknown(store.page(None, 9).map(drop)));
        }
    });
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let store = store(&listener);
    let (gave_up, wait) = mpsc::channel();
    // Not joined: where the store never connects again, this server waits for ever and the test must not.
    thread::spawn(move || {
        let mut first = accept(&listener);
        first.write_all(b"*2\r\n$7\r\nver").unwrap();
        wait.recv().unwrap();
        let _ = first.write_all(b"sion\r\n$1\r\n1\r\n"); // where it is not closed yet
        accept(&listener).write_all(NO_ROW).unwrap();
    });
    assert!(
        store.load(&user("alice")).is_err(),
        "half an answer is none"
    );
    gave_up.send(()).unwrap();
    assert_eq!(store.load(&user("bob")).unwrap(), None);
}

#[test]
fn a_restart_of_redis_costs_one_answer() {
    const AT_ONCE: usize = 8;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let store = store(&listener);
    let (ended, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut clients: Vec<_> = (0..AT_ONCE).map(|_| accept(&listener)).collect();
        for client in &mut clients {
            client.write_all(NO_ROW).unwrap();
        }
        drop(clients);
        ended.send(()).unwrap();
        accept(&listener).write_all(NO_ROW).unwrap();
    });
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| store.load(&user("alice")).unwrap());
        }
    });
    wait.recv().unwrap();
    assert!(store.load(&user("alice")).is_err());
    assert_eq!(store.load(&user("alice")).unwrap(), None);
}
