//! One account sends thousands of requests at once, over real sockets: nobody else is refused for it, and its owner gets in.
//!
//! How long others wait meanwhile is told, not asserted: `cargo test -p tests --test floods -- --nocapture`.

mod client;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use quickstart::SessionPlace;
use serde_json::json;
use tokio::sync::oneshot;

use client::{Answered, Flood, Statuses, post};
use support::{Authenticator, Browser, TestApp};

/// More than there are places.
const AT_ONCE: usize = 4_500;
/// One that nobody has.
const WRONG_BACKUP_CODE: &str = "AAAA-AAAA-AAAA-AAAA";

/// One flood at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sessions are in the cookie: what is flooded is the plugin, not the application's table of sessions.
fn start() -> TestApp {
    TestApp::with_sessions_in(SessionPlace::Cookie)
}

/// Somebody with a second factor, who does what users do.
struct Bob<'a> {
    app: &'a TestApp,
    browser: Browser,
    phone: Authenticator,
}

/// How long each request of a kind took.
#[derive(Default)]
struct Times {
    guarded: Vec<Duration>,
    sign_ins: Vec<Duration>,
}

impl<'a> Bob<'a> {
    fn enroll(app: &'a TestApp) -> Self {
        let (browser, phone, _) = app.enrolled("bob");
        Self {
            app,
            browser,
            phone,
        }
    }

    /// Opens guarded pages and signs in, and is never refused.
    fn use_the_site(&mut self, times: &mut Times) {
        for path in ["/vault", "/account", "/transfer"] {
            let began = Instant::now();
            let answer = self.browser.get(path);
            times.guarded.push(began.elapsed());
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
        self.app.clock.advance_secs(30); // a fresh code
        let began = Instant::now();
        let answer = self
            .browser
            .token("/auth/otp/validate/", &self.phone.code());
        times.sign_ins.push(began.elapsed());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p99 = |times: &[Duration]| {
            let mut times = times.to_vec();
            times.sort();
            (times.len(), times[(times.len() * 99).div_ceil(100) - 1])
        };
        let ((guarded, slow), (sign_ins, slow_sign_in)) = (p99(&self.guarded), p99(&self.sign_ins));
        write!(
            f,
            "{guarded:4} guarded, p99 {slow:8.1?}; {sign_ins:3} sign-ins, p99 {slow_sign_in:8.1?}"
        )
    }
}

/// mallory sends this request to an endpoint, in this browser; meanwhile bob is served.
fn assert_nobody_else_is_refused(bob: &mut Bob<'_>, endpoint: &str, mallory: &Browser, json: &str) {
    let mut times = Times::default();
    let flood = Flood::send(mallory, AT_ONCE, post(mallory, endpoint, json));
    while !flood.is_over() {
        bob.use_the_site(&mut times);
    }
    let statuses = flood.statuses();
    println!("{endpoint:16} {times}; the flood: {statuses:?}");
    assert_eq!(statuses.values().sum::<usize>(), AT_ONCE);
}

#[test]
fn whoever_floods_an_endpoint_with_one_account_gets_nobody_else_refused() {
    let _alone = alone();
    let app = start();
    let mut bob = Bob::enroll(&app);
    let mut quiet = Times::default();
    for _ in 0..100 {
        bob.use_the_site(&mut quiet);
    }
    println!("{:16} {quiet}", "quiet");

    // Signed in with the password, with a secret that is not confirmed.
    let mut pending = app.signed_in("pending");
    pending.post("/auth/otp/generate/", &json!({})).json();
    // With a second factor; in one browser with a proof, in the other with the password only.
    let (verified, ..) = app.enrolled("enrolled");
    let enrolled = app.signed_in("enrolled");
    let wrong = &json!({ "token": WRONG_BACKUP_CODE }).to_string();
    for (endpoint, mallory, json) in [
        ("verify", &pending, r#"{"token":"000000"}"#),
        ("generate", &pending, "{}"),
        ("validate", &enrolled, wrong),
        ("backup-codes", &enrolled, r#"{"token":"000000"}"#),
        ("disable", &enrolled, wrong),
        ("forget-browsers", &verified, "{}"),
    ] {
        assert_nobody_else_is_refused(&mut bob, endpoint, mallory, json);
    }
}

/// A thief of the password has 300 requests under way all the time, and has had a hundred wrong ones before. A write takes as
/// long as a hundred answers. How often a request is refused for want of room is chance, so it is the average that counts.
#[test]
fn wrong_backup_codes_do_not_keep_the_owner_out() {
    let _alone = alone();
    let app = start();
    let (_, _, backup) = app.enrolled("alice");
    let mut thief = app.signed_in("alice");
    let mut alice = app.signed_in("alice");
    let (mut tries, mut statuses) = (Vec::new(), Statuses::new());
    for code in &backup[..5] {
        for _ in 0..100 {
            thief.token("/auth/otp/validate/", WRONG_BACKUP_CODE);
        }
        let answered = Answered::default();
        let (end, until) = oneshot::channel();
        let wrong = post(
            &thief,
            "validate",
            &json!({ "token": WRONG_BACKUP_CODE }).to_string(),
        );
        let flood = Flood::send_until(&thief, 300, wrong, (until, &answered));
        let wait_for_another = move |count| {
            let goal = answered.load(SeqCst) + count;
            while answered.load(SeqCst) < goal {
                thread::yield_now();
            }
        };
        wait_for_another(600); // all 300 are under way
        app.store.before_swaps(move || wait_for_another(100));
        let mut is_in = |_: &_| alice.token("/auth/otp/validate/", code).status == 200;
        tries.push((1..=50).find(&mut is_in).expect("within 50 tries"));
        app.store.before_swaps(|| {});
        drop(end);
        for (status, count) in flood.statuses() {
            *statuses.entry(status).or_default() += count;
        }
    }
    println!("looked at after {tries:?} tries; the thief: {statuses:?}");
    assert!(tries.iter().sum::<usize>() <= 10 * tries.len());
}
