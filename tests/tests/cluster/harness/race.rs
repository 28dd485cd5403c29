//! Many browsers over all instances at the same moment.

use std::{net::SocketAddr, sync::Barrier, thread};

use super::{
    person::{Client, Person, Phone},
    record::{Ask, Record, Token, Told},
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
        let person = Person::register(addresses[0], record).expect("registered");
        let browsers: Vec<Client> = (0..SESSIONS)
            .map(|n| {
                person
                    .sign_in(addresses[n % addresses.len()])
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
            assert!(client.ask(Ask::Disable, code).is_yes(), "disabled");
            (self.phone, self.backup) = client.enroll().expect("enrolled again");
        }
    }

    /// Sends the same token from all browsers over all instances: what each was told.
    pub fn all_at_once(&mut self, token: &Token, count: usize) -> Vec<Told> {
        let ready = Barrier::new(count);
        let told: Vec<(Client, Told)> = thread::scope(|scope| {
            let sending: Vec<_> = (0..count)
                .map(|n| {
                    let address = self.addresses[n % self.addresses.len()];
                    let mut client = self.browsers[n % SESSIONS].at(address);
                    let ready = &ready;
                    scope.spawn(move || {
                        ready.wait();
                        let told = client.ask(Ask::Validate, token.clone());
                        (client, told)
                    })
                })
                .collect();
            sending.into_iter().map(|it| it.join().unwrap()).collect()
        });
        // The session that won has a new id.
        for (n, (client, told)) in told.iter().enumerate() {
            if told.is_yes() {
                self.browsers[n % SESSIONS] = client.clone();
            }
        }
        told.into_iter().map(|(_, told)| told).collect()
    }

    /// One code, sent 32 times at once: how many succeeded.
    pub fn one_code(&mut self) -> usize {
        let code = self.code();
        let told = self.all_at_once(&code, AT_ONCE);
        told.iter().filter(|it| it.is_yes()).count()
    }
}
