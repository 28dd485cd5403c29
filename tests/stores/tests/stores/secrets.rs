//! The table, and what of it is on the disk, holds the secret in no form.

use std::fmt::Write as _;

use crate::support::{self, NOON, TestConnection, TestStore, user};
use actix_totp_core::{FakeClock, KeyRing, TotpService};

support::on_every_database!(the_table_holds_the_secret_in_no_form);

fn the_table_holds_the_secret_in_no_form<S: TestStore>() {
    let owned = support::migrated::<S>();
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
    let totp = TotpService::builder(owned.clone(), keys)
        .clock(FakeClock::at(NOON))
        .build()
        .unwrap();
    let alice = user("alice");
    let enrollment = totp.enroll(&alice, "", None).unwrap().accepted().unwrap();
    let code = totp.code_for(&alice).unwrap().unwrap();
    let confirmed = totp.confirm(&alice, &code).unwrap().accepted().unwrap();

    let base32 = enrollment.secret();
    let secret = base32_bytes(base32);
    assert_eq!(secret.len(), 20);
    let mut needles = forms(&secret, base32);
    for code in &confirmed.backup_codes {
        let shown = code.reveal();
        needles.push(shown.replace('-', "").into_bytes());
        needles.push(shown.into_bytes());
    }

    let mut connection = owned.connect();
    let column = |cell: &&str| {
        let sql = format!("SELECT {cell} AS cell FROM totp_devices");
        connection.cells(&sql)
    };
    let mut cells: Vec<Vec<u8>> = S::Connection::CELLS.iter().flat_map(column).collect();
    let is_there = |cell: &Vec<u8>| cell == b"alice";
    assert!(cells.iter().any(is_there), "it is the right table");
    let is_sealed = |cell: &Vec<u8>| cell.len() > 200;
    assert!(cells.iter().any(is_sealed), "and holds the sealed box");
    let files = owned.database.files().into_iter();
    cells.extend(files.map(|file| std::fs::read(file).unwrap()));
    for needle in needles {
        let holds = |cell: &Vec<u8>| cell.windows(needle.len()).any(|it| it == needle);
        assert!(!cells.iter().any(holds), "the table holds a secret");
    }
}

/// Every way in which the dump of a table could hold `secret`.
fn forms(secret: &[u8], base32: &str) -> Vec<Vec<u8>> {
    use base64::{
        Engine,
        engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
    };
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    vec![
        secret.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        base32.to_lowercase().into_bytes(),
        base32.as_bytes().to_vec(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
    ]
}

fn base32_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|it| *it == letter)
            .unwrap();
        buffer = buffer << 5 | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    bytes
}
