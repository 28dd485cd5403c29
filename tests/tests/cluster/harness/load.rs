//! Mixed load: users who enroll, sign in at any instance, guess, renew and disable, each token twice at once.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

use super::{
    client::{Client, User, backup_codes},
    record::{Outcome, Record, Request, Token},
};

/// Runs one user after the other in so many threads until `stop` is set.
pub fn run_users(addresses: &[SocketAddr], threads: usize, record: &Record, stop: &AtomicBool) {
    thread::scope(|scope| {
        for n in 0..threads {
            scope.spawn(move || {
                let mut dice = Dice(n as u64 + 1);
                while !stop.load(SeqCst) {
                    one_user(addresses, record, &mut dice);
                }
            });
        }
    });
}

/// One user from the registration to the last read of the status. Ends early where an answer is unknown: the record then
/// judges the last read.
pub fn one_user(addresses: &[SocketAddr], record: &Record, dice: &mut Dice) {
    let Some(user) = User::register(dice.pick(addresses), record) else {
        return;
    };
    let (Some(mut one), Some(mut other)) = (
        user.sign_in(dice.pick(addresses)),
        user.sign_in(dice.pick(addresses)),
    ) else {
        return;
    };
    let _ = go_on(&mut one, &mut other, addresses, dice);
    // The last read: until it is answered, however long the database is away.
    for _ in 0..200 {
        let mut there = one.at(dice.pick(addresses));
        match there.send(Request::Status, Token::None) {
            Outcome::Accepted(_) => {
                // Whatever broke meanwhile: what was accepted is spent.
                once_more(&mut there, &record.accepted(&user));
                break;
            }
            // The session is gone with an answer that never came.
            Outcome::Refused(_) => {
                if let Some(again) = user.sign_in(dice.pick(addresses)) {
                    one = again;
                }
            }
            Outcome::Unknown => thread::sleep(std::time::Duration::from_millis(50)),
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
    other.send(Request::Vault, Token::None);
    if let Some(code) = phone.code() {
        both(one, other, &code);
    }
    for client in [&mut *one, &mut *other] {
        wander(client);
        client.send(Request::Vault, Token::None);
    }
    both(one, other, &Token::Backup(backup[0].clone()));
    // Five are compared, the others have to wait.
    for _ in 0..7 {
        wander(one);
        one.send(Request::Validate, phone.wrong());
    }
    wander(other);
    other.send(Request::Validate, Token::Backup(backup[1].clone()));
    wander(other);
    other.send(Request::Vault, Token::None);
    let mut left = backup;
    if let Some(code) = phone.code()
        && let Outcome::Accepted(renewed) = one.send(Request::Renew, code)
    {
        other.send(Request::Validate, Token::Backup(left[2].clone())); // void
        left = backup_codes(&renewed);
        one.send(Request::Validate, Token::Backup(left[0].clone()));
    }
    wander(one);
    one.send(Request::Status, Token::None);
    if dice.below(2) == 0 {
        return Some(()); // the device stays, for the last read
    }
    let mut wander = |client: &mut Client| client.browser.address = dice.pick(addresses);
    one.send(Request::Disable, Token::Backup(left[3].clone()));
    wander(other);
    other.send(Request::Vault, Token::None);
    Some(())
}

/// Sends again what was accepted before.
fn once_more(client: &mut Client, accepted: &[Token]) {
    for token in accepted {
        client.send(Request::Validate, token.clone());
    }
}

/// The same token from two browsers at once.
fn both(one: &mut Client, other: &mut Client, token: &Token) {
    thread::scope(|scope| {
        scope.spawn(|| one.send(Request::Validate, token.clone()));
        other.send(Request::Validate, token.clone());
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
