//! Users who are enrolled and signed in already: their devices, sessions and codes, each computed from a number.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use actix_totp_core::{Device, KeyRing, Randomness, RandomnessError, UserId, bench};
use actix_web::cookie::{Cookie, CookieJar, Key};
use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

/// How long a step lasts, in seconds.
pub const PERIOD_SECS: u64 = 30;

/// The keys that the measured applications are started with, and so may be used to forge sessions and seal devices.
pub struct Users {
    keys: KeyRing,
    session: Key,
}

impl Users {
    /// `TOTP_KEY` and `SESSION_KEY` of the measured applications. Known to everybody: they protect nothing.
    pub fn keys() -> (String, String) {
        let bytes = |first: u8, count: u8| (0..count).map(|n| first ^ n).collect::<Vec<u8>>();
        (STANDARD.encode(bytes(1, 32)), STANDARD.encode(bytes(2, 64)))
    }

    pub fn new() -> anyhow::Result<Self> {
        let (totp, session) = Self::keys();
        Ok(Self {
            keys: KeyRing::parse(&totp)?,
            session: Key::from(&STANDARD.decode(session)?),
        })
    }

    /// The device of user `n`, always the same.
    pub fn device(&self, n: u64) -> anyhow::Result<Device> {
        const CONFIRMED_AT: u64 = 1_750_000_000;
        let device = bench::enrolled(&self.keys, id(n)?, &secret(n), CONFIRMED_AT, &Dice::of(n))?;
        Ok(device)
    }

    /// The `Cookie` header of user `n`, who is signed in, and with `proved_at` has shown the second factor then.
    pub fn cookie(&self, n: u64, proved_at: Option<u64>) -> anyhow::Result<String> {
        let user = id(n)?.to_string();
        let text = |value: &str| json!(value).to_string();
        let mut state = json!({
            "user_id": text(&user),
            "email": text(&format!("{user}@example.com")),
            "username": text(&user),
        });
        if let Some(at) = proved_at {
            let proof = json!({ "user": user, "epoch": self.device(n)?.epoch, "at": at });
            state["actix_totp.proof"] = proof.to_string().into();
        }
        let mut jar = CookieJar::new();
        jar.private_mut(&self.session)
            .add(Cookie::new("id", state.to_string()));
        let sealed = jar.get("id").context("the jar lost its cookie")?;
        Ok(format!("id={}", sealed.value()))
    }
}

pub fn id(n: u64) -> anyhow::Result<UserId> {
    Ok(UserId::new(format!("{n:032x}"))?)
}

fn secret(n: u64) -> [u8; 20] {
    let mut secret = [0; 20];
    Dice::of(!n).roll(&mut secret);
    secret
}

/// The code that the authenticator of user `n` shows in `step`.
pub fn code(n: u64, step: u64) -> anyhow::Result<String> {
    code_of(&secret(n), step)
}

/// The code of a secret in `step`.
pub fn code_of(secret: &[u8], step: u64) -> anyhow::Result<String> {
    Ok(bench::code(secret, step)?)
}

/// The bytes of a secret as authenticators are given it.
pub fn from_base32(text: &str) -> anyhow::Result<Vec<u8>> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let value = letters.iter().position(|it| *it == letter);
        let value = value.context("a letter that is not base32")?;
        buffer = buffer << 5 | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    Ok(bytes)
}

/// Bytes that follow from a number (SplitMix64), so that nothing of a user must be kept.
struct Dice(AtomicU64);

impl Dice {
    fn of(n: u64) -> Self {
        Self(n.wrapping_mul(0xd134_2543_de82_ef95).into())
    }

    fn roll(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut bits = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(bits ^ (bits >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

impl Randomness for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        self.roll(buffer);
        Ok(())
    }
}
