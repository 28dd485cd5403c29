//! An authenticator, written without the crate under test (RFC 6238 with SHA-1, 6 digits, 30 seconds).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// What an authenticator with this base32 secret shows at a time, in seconds since the Unix epoch.
pub fn code_at(secret: &str, at: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret_bytes(secret)).unwrap();
    mac.update(&(at / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The bytes that a base32 secret stands for (RFC 4648, without padding).
pub fn secret_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u64, 0);
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|it| *it == letter);
        buffer = buffer << 5 | value.expect("base32") as u64;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    bytes
}
