//! Clocks that differ, and clocks that jump: a code is never accepted twice, and there is always a way in that needs no clock.

use std::{fs, path::PathBuf, time::Duration};

use actix_totp::{DeviceStore, DieselStore, KeyRing, Totp, diesel::PgConnection};

use crate::{
    harness::{
        alone,
        client::User,
        cluster::Cluster,
        daemon::{program, until},
        race::Runner,
        record::{Record, Request, Token},
        servers,
        service::{Instance, TOTP_KEY},
        times,
    },
    support::seconds_now,
};

/// Runs under libfaketime. The monotonic clock is left alone: only the time of day is wrong.
fn with_clock(offset: &str) -> Instance {
    program("faketime", "faketime");
    let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
    let library: PathBuf = libraries
        .map(|it| it.path().join("faketime/libfaketimeMT.so.1"))
        .find(|it| it.exists())
        .expect("libfaketime");
    Instance::default()
        .with("LD_PRELOAD", library.to_str().unwrap())
        .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .with("FAKETIME_NO_CACHE", "1")
        .with("FAKETIME", offset)
}

#[test]
fn with_clocks_40_seconds_apart_no_code_is_accepted_twice() {
    let _alone = alone();
    let instances = ["+0s", "+40s"].map(with_clock);
    let cluster = Cluster::with(servers::postgres(&[]), instances);
    let record = Record::default();
    let mut runner = Runner::new(&cluster.service.addresses(), &record);
    // A code that is new to one clock is wrong to the other: how many of them are counted first is chance.
    let (mut accepted, mut sent) = (0, 0);
    while accepted < times(10, 100) {
        let count = runner.one_code();
        assert!(count <= 1, "{count}");
        accepted += count;
        sent += 1;
        assert!(sent < times(100, 1_000), "{accepted} of {sent}");
    }
    record.assert_holds();
    record.assert_no_fault();
}

/// One instance whose clock a test sets.
struct Clock {
    cluster: Cluster,
    offset: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clock {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let offset = folder.path().join("offset");
        fs::write(&offset, "+0s").unwrap();
        let instance = with_clock("+0s").with("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap());
        // Without: else it wins over the file.
        let cluster = Cluster::with(servers::postgres(&[]), [instance.without("FAKETIME")]);
        Self {
            cluster,
            offset,
            _folder: folder,
        }
    }

    fn set(&self, secs: i64) {
        let draft = self.offset.with_extension("draft");
        fs::write(&draft, format!("{secs:+}s")).unwrap();
        fs::rename(draft, &self.offset).unwrap();
    }

    /// What a phone with this secret shows so many seconds from now.
    fn code(secret: &str, secs: i64) -> Token {
        let now = seconds_now().checked_add_signed(secs).unwrap();
        Token::Code {
            secret: secret.to_owned(),
            step: now / 30,
        }
    }

    /// The operator's way: the same database and keys, without HTTP.
    fn reset_everybody(&self) {
        let store = DieselStore::<PgConnection>::open(&self.cluster.database.url).unwrap();
        let devices = store.page(None, 100).unwrap();
        let keys = KeyRing::parse(TOTP_KEY).unwrap();
        let totp = Totp::builder(store, keys).build().unwrap();
        for device in devices {
            assert!(totp.service().reset(&device.user).unwrap());
        }
    }
}

/// The clock is wrong by `wrong` seconds for a while and then right again.
fn assert_a_jump_is_survived(wrong: i64) {
    let clock = Clock::start();
    let (address, record) = (clock.cluster.service.addresses()[0], Record::default());
    let user = User::register(address, &record).unwrap();
    let mut alice = user.sign_in(address).unwrap();
    let (phone, backup) = alice.enroll().unwrap();
    let mut backup = backup.into_iter().map(Token::Backup);

    clock.set(wrong);
    let there = Clock::code(&phone.secret, wrong);
    let outcome = alice.send(Request::Validate, there.clone());
    // Ahead: it is good. Back: it is older than the one that confirmed.
    assert_eq!(outcome.is_accepted(), wrong > 0, "{outcome:?}");
    assert!(
        alice
            .send(Request::Validate, there.clone())
            .is_refused("invalid_token")
    );
    assert!(
        alice
            .send(Request::Validate, backup.next().unwrap())
            .is_accepted()
    );
    assert!(alice.send(Request::Vault, Token::None).is_accepted());

    clock.set(0);
    assert!(
        alice
            .send(Request::Validate, there)
            .is_refused("invalid_token")
    );
    let now = Clock::code(&phone.secret, 0);
    let outcome = alice.send(Request::Validate, now.clone());
    assert!(
        !(wrong > 0 && outcome.is_accepted()),
        "older than the last: {outcome:?}"
    );
    assert!(
        alice
            .send(Request::Validate, now)
            .is_refused("invalid_token")
    );
    if wrong > 0 {
        // A proof that was given out an hour ahead of now is none.
        let outcome = alice.send(Request::Vault, Token::None);
        assert!(
            outcome.is_refused("totp_required") || outcome.is_refused("stale_proof"),
            "{outcome:?}"
        );
    }
    assert!(
        alice
            .send(Request::Validate, backup.next().unwrap())
            .is_accepted()
    );
    assert!(alice.send(Request::Vault, Token::None).is_accepted());

    // Whoever has no backup code left is helped by the operator.
    clock.reset_everybody();
    assert!(
        alice
            .send(Request::Vault, Token::None)
            .is_refused("totp_setup_required")
    );
    let (mut phone, _) = alice.enroll().unwrap();
    let code = until(Duration::from_secs(30), "a fresh code", || phone.code());
    assert!(alice.send(Request::Validate, code).is_accepted());
    assert!(alice.send(Request::Vault, Token::None).is_accepted());
    record.assert_no_fault();
}

#[test]
fn an_hour_ahead_and_back() {
    let _alone = alone();
    assert_a_jump_is_survived(3_600);
}

#[test]
fn an_hour_back_and_ahead() {
    let _alone = alone();
    assert_a_jump_is_survived(-3_600);
}
