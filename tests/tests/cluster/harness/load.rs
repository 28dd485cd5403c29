//! Mixed load: people who enroll, sign in at any instance, guess, renew and disable, each token twice at once.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use super::{
    person::{Client, Person, backup_codes},
    record::{Ask, Record, Token, Told},
};

/// Lives one life after the other in so many threads until told to stop.
pub fn live(addresses: &[SocketAddr], threads: usize, record: &Record, stop: &AtomicBool) {
    thread::scope(|scope| {
        for n in 0..threads {
            scope.spawn(move || {
                let mut dice = Dice(n as u64 + 1);
                while !stop.load(SeqCst) {
                    one_life(addresses, record, &mut dice);
                }
            });
        }
    });
}

/// From the registration to the last look. Ends early where an answer is unknown: what is true then is for the record to
/// check at that look.
pub fn one_life(addresses: &[SocketAddr], record: &Record, dice: &mut Dice) {
    let Some(person) = Person::register(dice.pick(addresses), record) else {
        return;
    };
    let (Some(mut one), Some(mut other)) = (
        person.sign_in(dice.pick(addresses)),
        person.sign_in(dice.pick(addresses)),
    ) else {
        return;
    };
    let _ = go_on(&mut one, &mut other, addresses, dice);
    // The last look: until it is answered, however long the database is away.
    for _ in 0..200 {
        let mut there = one.at(dice.pick(addresses));
        match there.ask(Ask::Status, Token::None) {
            Told::Yes(_) => {
                // Whatever broke meanwhile: what was accepted is spent.
                once_more(&mut there, &record.accepted(&person));
                break;
            }
            // The session is gone with an answer that never came.
            Told::No(_) => {
                if let Some(again) = person.sign_in(dice.pick(addresses)) {
                    one = again;
                }
            }
            Told::Unknown => thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
}

fn go_on(
    one: &mut Client,
    other: &mut Client,
    addresses: &[SocketAddr],
    dice: &mut Dice,
) -> Option<()> {
    let (mut phone, backup) = one.enroll()?;
    let mut wander = |client: &mut Client| client.browser.address = dice.pick(addresses);
    wander(other);
    other.ask(Ask::Vault, Token::None);
    if let Some(code) = phone.code() {
        both(one, other, &code);
    }
    for client in [&mut *one, &mut *other] {
        wander(client);
        client.ask(Ask::Vault, Token::None);
    }
    both(one, other, &Token::Backup(backup[0].clone()));
    // Five are compared, the others have to wait.
    for _ in 0..7 {
        wander(one);
        one.ask(Ask::Validate, phone.wrong());
    }
    wander(other);
    other.ask(Ask::Validate, Token::Backup(backup[1].clone()));
    wander(other);
    other.ask(Ask::Vault, Token::None);
    let mut left = backup;
    if let Some(code) = phone.code()
        && let Told::Yes(renewed) = one.ask(Ask::Renew, code)
    {
        other.ask(Ask::Validate, Token::Backup(left[2].clone())); // void
        left = backup_codes(&renewed);
        one.ask(Ask::Validate, Token::Backup(left[0].clone()));
    }
    wander(one);
    one.ask(Ask::Status, Token::None);
    if dice.below(2) == 0 {
        return Some(()); // the device stays, for the last look
    }
    let mut wander = |client: &mut Client| client.browser.address = dice.pick(addresses);
    one.ask(Ask::Disable, Token::Backup(left[3].clone()));
    wander(other);
    other.ask(Ask::Vault, Token::None);
    Some(())
}

/// Sends again what was accepted before.
fn once_more(client: &mut Client, accepted: &[Token]) {
    for token in accepted {
        client.ask(Ask::Validate, token.clone());
    }
}

/// The same token from two browsers at once.
fn both(one: &mut Client, other: &mut Client, token: &Token) {
    thread::scope(|scope| {
        scope.spawn(|| one.ask(Ask::Validate, token.clone()));
        other.ask(Ask::Validate, token.clone());
    });
}

/// Which instance is next: the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: u64) -> u64 {
        // SplitMix64 (public domain): good enough to wander.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    fn pick(&mut self, addresses: &[SocketAddr]) -> SocketAddr {
        addresses[self.below(addresses.len() as u64) as usize]
    }
}
