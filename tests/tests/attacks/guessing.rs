//! Guessing, by one address and by many.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::support::{Answer, Browser, TestApp};

const VALIDATE: &str = "/auth/otp/validate/";

/// Sends a token from this address of the loopback network.
fn token_from(address: Ipv4Addr, browser: &Browser, token: &str) -> Answer {
    let body = format!(r#"{{"token":"{token}"}}"#);
    let headers = [("Content-Type", "application/json")];
    let head = browser.head("POST", VALIDATE, &headers, body.len());
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(address, 0)).unwrap();
    connect(&socket, &browser.address).unwrap();
    let mut stream = TcpStream::from(socket);
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Answer::parse(&answer)
}

#[test]
fn guesses_count_on_the_account_from_one_address_or_from_many() {
    for addresses in [1, 5] {
        let app = TestApp::start();
        let (_, phone, _) = app.enrolled("alice");
        let wrong = phone.wrong_code();
        for guess in 0..5 {
            let address = Ipv4Addr::new(127, 0, 1, 1 + guess % addresses);
            let session = app.signed_in("alice");
            token_from(address, &session, &wrong).problem(400, "invalid_token");
        }
        // A sixth address, a fresh session and the right code: nothing is compared now.
        let (elsewhere, session) = (Ipv4Addr::new(127, 0, 2, 1), app.signed_in("alice"));
        let refusal = token_from(elsewhere, &session, &phone.code());
        assert_eq!(refusal.problem(429, "throttled")["retry_after"], 30);
        assert_eq!(refusal.header("retry-after"), Some("30"));
        app.clock.advance_secs(30);
        assert_eq!(token_from(elsewhere, &session, &phone.code()).status, 200);
    }
}

#[test]
fn guessing_backup_codes_opens_nothing_is_counted_and_keeps_the_owner_in() {
    let app = TestApp::start();
    let (_, phone, backup) = app.enrolled("alice");
    let mut thief = app.signed_in("alice");
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    for guess in 0..105 {
        let last: String = [guess / 32, guess % 32]
            .map(|at| char::from(letters[at]))
            .iter()
            .collect();
        thief
            .token(VALIDATE, &format!("ABCD-EFGH-JKLM-NP{last}"))
            .problem(400, "invalid_token");
    }
    thief.get("/vault").problem(403, "totp_required");
    assert_eq!(app.device().unwrap().backup_failures, 100);
    for token in [phone.code(), backup[0].clone()] {
        let mut owner = app.signed_in("alice");
        let accepted = owner.token(VALIDATE, &token).json();
        assert!(accepted["failed_attempts"].is_number());
        assert_eq!(owner.get("/vault").status, 200);
    }
}
