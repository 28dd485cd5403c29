//! Clients that are slow, and clients that are gone: what they sent is counted, and no worker waits for them.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{
    harness::{
        alone,
        client::{Client, Phone, User},
        daemon::until,
        record::{Outcome, Record, Request, Token},
        service::{Instance, Service},
    },
    support::Browser,
};

/// One worker, so that one that is lost is noticed.
struct OneWorker {
    service: Service,
    record: Record,
    alice: Client,
    phone: Phone,
    backup: Vec<String>,
    _folder: tempfile::TempDir,
}

impl OneWorker {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let instance = Instance::default()
            .with("DATABASE_URL", path.to_str().unwrap())
            .with("SESSIONS", "cookie")
            .with("WORKERS", "1");
        let service = Service::start([instance]);
        let (address, record) = (service.addresses()[0], Record::default());
        let user = User::register(address, &record).unwrap();
        let mut alice = user.sign_in(address).unwrap();
        let (phone, backup) = alice.enroll().unwrap();
        Self {
            service,
            record,
            alice,
            phone,
            backup,
            _folder: folder,
        }
    }

    fn address(&self) -> SocketAddr {
        self.service.addresses()[0]
    }

    /// A guess, as it goes over the wire: its head and its body.
    fn guess(&self) -> (String, String) {
        let body = format!(r#"{{"token":"{}"}}"#, self.phone.wrong_code());
        let head = self.alice.browser.head(
            "POST",
            "/auth/otp/validate/",
            &[("Content-Type", "application/json")],
            body.len(),
        );
        (format!("{head}\r\n"), body)
    }

    /// Five guesses were counted: the next code has to wait, and a backup code opens.
    fn assert_five_were_counted(&mut self) {
        until(
            Duration::from_secs(5),
            "five guesses are counted",
            || match self.alice.send(Request::Status, Token::None) {
                Outcome::Accepted(status) => status["retry_after"].is_number().then_some(()),
                _ => None,
            },
        );
        let right = self.phone.code().unwrap();
        assert!(
            self.alice
                .send(Request::Validate, right)
                .is_refused("throttled")
        );
        let backup = Token::Backup(self.backup[0].clone());
        assert!(self.alice.send(Request::Validate, backup).is_accepted());
        assert!(self.alice.send(Request::Vault, Token::None).is_accepted());
        self.record.assert_holds();
    }
}

/// One byte a second.
#[test]
fn guesses_that_come_slowly_are_counted_and_hold_up_nobody() {
    let _alone = alone();
    let mut it = OneWorker::start();
    let (address, (head, body)) = (it.address(), it.guess());
    let answers: Vec<u16> = thread::scope(|scope| {
        let guessing: Vec<_> = (0..8)
            .map(|_| {
                let (head, body) = (&head, &body);
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(head.as_bytes()).unwrap();
                    for byte in body.bytes() {
                        stream.write_all(&[byte]).unwrap();
                        thread::sleep(Duration::from_millis(200)); // 3.6 seconds: in time
                    }
                    stream
                        .set_read_timeout(Some(Duration::from_secs(30)))
                        .unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).unwrap();
                    answer.split(' ').nth(1).unwrap().parse().unwrap()
                })
            })
            .collect();
        while guessing.iter().any(|it| !it.is_finished()) {
            let started = Instant::now();
            assert_eq!(Browser::new(address).get("/").status, 200);
            assert!(it.alice.send(Request::Vault, Token::None).is_accepted());
            assert!(started.elapsed() < Duration::from_secs(3));
        }
        guessing.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let count = |status: u16| answers.iter().filter(|it| **it == status).count();
    assert_eq!((count(400), count(429)), (5, 3), "{answers:?}");
    it.assert_five_were_counted();
}

/// Nobody learns what was answered, and it was a guess all the same.
#[test]
fn guesses_of_clients_that_are_gone_at_once_are_counted() {
    let _alone = alone();
    let mut it = OneWorker::start();
    let (head, body) = it.guess();
    let leave = |how: Option<Shutdown>| {
        let mut stream = TcpStream::connect(it.address()).unwrap();
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .unwrap();
        if let Some(how) = how {
            stream.shutdown(how).unwrap();
        }
    };
    for how in [
        None,
        Some(Shutdown::Both),
        Some(Shutdown::Write),
        None,
        None,
    ] {
        leave(how);
    }
    it.assert_five_were_counted();
}

#[test]
fn many_clients_that_are_gone_take_no_worker_with_them() {
    let _alone = alone();
    let mut it = OneWorker::start();
    for _ in 0..500 {
        let (head, body) = it.guess();
        let mut stream = TcpStream::connect(it.address()).unwrap();
        let half = &body[..body.len() / 2]; // and the other half never comes
        stream
            .write_all(format!("{head}{half}").as_bytes())
            .unwrap();
    }
    assert!(it.alice.send(Request::Vault, Token::None).is_accepted());
    let Outcome::Accepted(status) = it.alice.send(Request::Status, Token::None) else {
        panic!("status")
    };
    assert!(status["retry_after"].is_null(), "half a guess is none");
    let pid = it.service.instances[0].pid();
    until(Duration::from_secs(5), "their sockets are closed", || {
        (crate::harness::daemon::descriptors(pid) < 100).then_some(())
    });
}
