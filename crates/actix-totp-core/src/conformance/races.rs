//! What the contract is for: codes race over the store, through the service.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use super::store::{Store, load, user};
use crate::{BackupCode, Error, Event, FakeClock, KeyRing, Outcome, TotpService, UserId};

const ROUNDS: usize = 50;
const RIVALS: usize = 32;
const NOON: u64 = 1_700_000_000;

struct Scene {
    totp: TotpService,
    clock: FakeClock,
    store: Store,
    compared: Arc<AtomicU32>,
}

impl Scene {
    fn new(store: Store) -> Self {
        let clock = FakeClock::at(NOON);
        let compared = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&compared);
        let keys = KeyRing::new([std::array::from_fn(|n| n as u8)]).unwrap();
        let totp = TotpService::builder(Arc::clone(&store), keys)
            .clock(clock.clone())
            .on_event(move |event, _| {
                if matches!(event, Event::Rejected { .. }) {
                    counter.fetch_add(1, SeqCst);
                }
            })
            .build()
            .unwrap();
        Self {
            totp,
            clock,
            store,
            compared,
        }
    }

    fn code(&self, user: &UserId) -> String {
        self.totp.code_for(user).unwrap().expect("a device")
    }

    /// Enrolls, and waits until the code that confirmed is of no use any more.
    fn enroll(&self, user: &UserId) -> Vec<BackupCode> {
        accepted(self.totp.enroll(user, "", None));
        let confirmed = accepted(self.totp.confirm(user, &self.code(user)));
        self.clock.advance_secs(90);
        confirmed.backup_codes
    }
}

fn accepted<T>(outcome: Result<Outcome<T>, Error>) -> T {
    outcome
        .expect("the store answers")
        .accepted()
        .expect("it is accepted")
}

/// How many of the rivals were accepted. One that could not be served (contended, no connection) was not.
fn race<T: Send>(
    attempts: usize,
    attempt: impl Fn(usize) -> Result<Outcome<T>, Error> + Sync,
) -> usize {
    let start = Barrier::new(attempts);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..attempts)
            .map(|n| {
                let (start, attempt) = (&start, &attempt);
                scope.spawn(move || {
                    start.wait();
                    matches!(attempt(n), Ok(Outcome::Accepted(_)))
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|it| it.join().expect("no panic").then_some(()))
            .count()
    })
}

/// Of 32 that send one code at once, exactly one passes; 50 rounds.
pub fn one_code_is_accepted_once(store: Store) {
    let scene = Scene::new(store);
    let alice = user("alice");
    scene.enroll(&alice);
    for round in 0..ROUNDS {
        let code = scene.code(&alice);
        let passed = race(RIVALS, |_| scene.totp.authenticate(&alice, &code));
        assert_eq!(passed, 1, "a code is accepted once, in round {round}");
        scene.clock.advance_secs(30);
    }
    assert_eq!(
        load(&scene.store, &alice).map(|it| it.failures),
        Some(0),
        "a replay is not counted"
    );
}

/// Of 32 that send one backup code at once, exactly one passes; 50 rounds.
pub fn one_backup_code_is_accepted_once(store: Store) {
    let scene = Scene::new(store);
    let mut codes = Vec::new();
    let mut alice = user("alice");
    for round in 0..ROUNDS {
        if codes.is_empty() {
            alice = user(&format!("alice {round}"));
            codes = scene.enroll(&alice);
        }
        let code = codes.pop().expect("one is left").reveal();
        let passed = race(RIVALS, |_| scene.totp.authenticate(&alice, &code));
        assert_eq!(
            passed, 1,
            "a backup code is accepted once, in round {round}"
        );
        let remaining = load(&scene.store, &alice).map(|it| it.backup_codes_remaining);
        assert_eq!(remaining, Some(codes.len() as u32));
    }
}

/// Of 32 that complete one sign-in at once, each with one of three good codes, exactly one passes; 50 rounds.
pub fn one_ticket_signs_in_once(store: Store) {
    let scene = Scene::new(store);
    let alice = user("alice");
    scene.enroll(&alice);
    for round in 0..ROUNDS {
        let ticket = scene.totp.begin_sign_in(&alice);
        let ticket = ticket.expect("the store answers").expect("it is on");
        let now = scene.clock.now_secs();
        let codes = [now - 30, now, now + 30].map(|at| {
            scene.clock.set(at);
            scene.code(&alice)
        });
        scene.clock.set(now);
        let passed = race(RIVALS, |n| {
            let code = &codes[n % codes.len()];
            scene.totp.complete_sign_in(ticket.as_str(), code)
        });
        assert_eq!(passed, 1, "a ticket signs in once, in round {round}");
        scene.clock.advance_secs(90);
    }
    assert_eq!(
        load(&scene.store, &alice).map(|it| it.failures),
        Some(0),
        "what comes with a used ticket is not counted"
    );
}

/// Of 32 that confirm one pending secret at once, exactly one is given the backup codes; 50 rounds.
pub fn one_confirm_wins(store: Store) {
    let scene = Scene::new(store);
    for round in 0..ROUNDS {
        let alice = user(&format!("alice {round}"));
        accepted(scene.totp.enroll(&alice, "", None));
        let code = scene.code(&alice);
        let passed = race(RIVALS, |_| scene.totp.confirm(&alice, &code));
        assert_eq!(passed, 1, "a secret is confirmed once, in round {round}");
    }
}

/// Of 32 that disable with one code at once, exactly one does; 50 rounds.
pub fn one_disable_wins(store: Store) {
    let scene = Scene::new(store);
    let alice = user("alice");
    for round in 0..ROUNDS {
        scene.enroll(&alice);
        let code = scene.code(&alice);
        let passed = race(RIVALS, |_| scene.totp.disable(&alice, Some(&code)));
        assert_eq!(passed, 1, "a device is disabled once, in round {round}");
        assert_eq!(load(&scene.store, &alice), None);
    }
}

/// Of 64 wrong codes at once exactly five are compared: the four that are free and the one that begins the wait.
pub fn parallel_wrong_codes_are_all_counted(store: Store) {
    let scene = Scene::new(store);
    let alice = user("alice");
    scene.enroll(&alice);
    let good: Vec<String> = (0..3)
        .map(|_| {
            let code = scene.code(&alice);
            scene.clock.advance_secs(30);
            code
        })
        .collect();
    scene.clock.set(scene.clock.now_secs() - 60);
    let wrong: Vec<String> = (0..)
        .map(|n| format!("{n:06}"))
        .filter(|code| !good.contains(code))
        .take(64)
        .collect();
    let passed = race(64, |n| scene.totp.authenticate(&alice, &wrong[n]));
    assert_eq!(passed, 0);
    scene.totp.flush_events();
    assert_eq!(scene.compared.load(SeqCst), 5, "five are compared");
    assert_eq!(
        load(&scene.store, &alice).map(|it| it.failures),
        Some(5),
        "and five are counted"
    );
}

/// Ten backup codes at once are all good, each once, and none is left.
pub fn ten_backup_codes_at_once(store: Store) {
    let scene = Scene::new(store);
    let alice = user("alice");
    let codes: Vec<String> = scene
        .enroll(&alice)
        .iter()
        .map(BackupCode::reveal)
        .collect();
    let passed = race(codes.len(), |n| scene.totp.authenticate(&alice, &codes[n]));
    let remaining = load(&scene.store, &alice).map_or(0, |it| it.backup_codes_remaining) as usize;
    // One that lost ten swaps in a row was not accepted; it is still good then.
    assert_eq!(
        passed + remaining,
        codes.len(),
        "a code is used up if and only if it passed"
    );
    assert!(passed > 0, "somebody is first");
    let again = |code: &&String| {
        let outcome = scene.totp.authenticate(&alice, code);
        matches!(outcome.expect("the store answers"), Outcome::Accepted(_))
    };
    assert_eq!(
        codes.iter().filter(again).count(),
        remaining,
        "those that are left are good, and no others"
    );
    assert_eq!(
        codes.iter().filter(again).count(),
        0,
        "afterwards none is left"
    );
}
