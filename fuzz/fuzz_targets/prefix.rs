#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| actix_totp::fuzz::run("prefix", bytes));
