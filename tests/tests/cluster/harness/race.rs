//! Many browsers over all instances at the same moment.

use std::{net::SocketAddr, sync::Barrier, thread};

use super::{
    client::{Client, Phone, User},
    record::{Outcome, Record, Request, Token},
};

const SESSIONS: usize = 8;
const AT_ONCE: usize = 32;

/// Somebody who is signed in in eight browsers.
pub struct Runner {
    addresses: Vec<SocketAddr>,
    pub browsers: Vec<Client>,
    pub phone: Phone,
    pub backup: Vec<String>,
}

impl Runner {
    pub fn new(addresses: &[SocketAddr], record: &Record) -> Self {
        let user = User::register(addresses[0], record).expect("registered");
        let browsers: Vec<Client> = (0..SESSIONS)
            .map(|n| {
                user.sign_in(addresses[n % addresses.len()])
                    .expect("signed in")
            })
            .collect();
        let mut browsers = browsers;
        let (phone, backup) = browsers[0].enroll().expect("enrolled");
        Self {
            addresses: addresses.to_vec(),
            browsers,
            phone,
            backup,
        }
    }

    /// The next good code; with a new secret where the phone has shown all.
    pub fn code(&mut self) -> Token {
        loop {
            if let Some(code) = self.phone.code() {
                return code;
            }
            let client = &mut self.browsers[0];
            let code = Token::Backup(self.backup.pop().expect("a backup code"));
            assert!(
                client.send(Request::Disable, code).is_accepted(),
                "disabled"
            );
            (self.phone, self.backup) = client.enroll().expect("enrolled again");
        }
    }

    /// Sends the same token from all browsers over all instances: the outcome of each.
    pub fn all_at_once(&mut self, token: &Token, count: usize) -> Vec<Outcome> {
        let ready = Barrier::new(count);
        let outcomes: Vec<(Client, Outcome)> = thread::scope(|scope| {
            let sending: Vec<_> = (0..count)
                .map(|n| {
                    let address = self.addresses[n % self.addresses.len()];
                    let mut client = self.browsers[n % SESSIONS].at(address);
                    let ready = &ready;
                    scope.spawn(move || {
                        ready.wait();
                        let outcome = client.send(Request::Validate, token.clone());
                        (client, outcome)
                    })
                })
                .collect();
            sending.into_iter().map(|it| it.join().unwrap()).collect()
        });
        // The session that won has a new id.
        for (n, (client, outcome)) in outcomes.iter().enumerate() {
            if outcome.is_accepted() {
                self.browsers[n % SESSIONS] = client.clone();
            }
        }
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// One code, sent 32 times at once: how many succeeded.
    pub fn one_code(&mut self) -> usize {
        let code = self.code();
        let outcomes = self.all_at_once(&code, AT_ONCE);
        outcomes.iter().filter(|it| it.is_accepted()).count()
    }
}
