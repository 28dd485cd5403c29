//! Whatever fails, nothing is half done: the store at any call, the random source at any draw.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use actix_totp_core::{
    Credential, Device, DeviceStore, Error, Event, Grace, MemoryStore, Operation, Outcome,
    Parameters, Randomness, RandomnessError, SeededRandomness, StoreError, UserId, Version,
};
use support::{Fixture, accepted};

/// Counts down, and fails once when it gets to zero.
#[derive(Clone)]
struct Fuse(Arc<AtomicU32>);

impl Fuse {
    fn long() -> Self {
        Self(Arc::new(u32::MAX.into()))
    }

    fn burns(&self) -> bool {
        self.0.fetch_sub(1, SeqCst) == 1
    }
}

struct FailingStore(Arc<MemoryStore>, Fuse);

impl FailingStore {
    fn call(&self) -> Result<&MemoryStore, StoreError> {
        match self.1.burns() {
            true => Err(StoreError::unavailable("gone")),
            false => Ok(&self.0),
        }
    }
}

impl DeviceStore for FailingStore {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.call()?.load(user)
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.call()?.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.call()?.page(after, limit)
    }
}

struct FailingRandomness(SeededRandomness, Fuse);

impl Randomness for FailingRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        if self.1.burns() {
            buffer.fill(0);
            return Err(RandomnessError("no entropy".into()));
        }
        self.0.fill(buffer)
    }
}

/// Where an operation starts from.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Nothing,
    Pending,
    Live,
    Replacing,
}

/// The fixture, the fuses of its store and its randomness, and a good backup code.
fn fixture(from: From) -> (Fixture, Fuse, Fuse, String) {
    let (store, random) = (Fuse::long(), Fuse::long());
    let (fuse, source) = (store.clone(), random.clone());
    let fixture = Fixture::over(
        Arc::new(MemoryStore::new()),
        |inner| FailingStore(inner, fuse),
        |builder| builder.randomness(FailingRandomness(SeededRandomness::new(1), source)),
    );
    let mut codes = Vec::new();
    match from {
        From::Nothing => {}
        From::Pending => drop(accepted(fixture.totp.enroll(&fixture.alice, "", None))),
        From::Live => codes = fixture.enroll(),
        From::Replacing => {
            codes = fixture.enroll();
            let token = codes.remove(0).reveal();
            accepted(fixture.totp.enroll(&fixture.alice, "", Some(&token)));
        }
    }
    fixture.events();
    let backup = codes.first().map(|code| code.reveal()).unwrap_or_default();
    (fixture, store, random, backup)
}

type Step = (
    &'static str,
    From,
    fn(&Fixture, &str, &str) -> Result<bool, Error>,
);

const OPERATIONS: &[Step] = &[
    ("a first enroll", From::Nothing, |it, _, _| {
        it.totp.enroll(&it.alice, "", None).map(done)
    }),
    ("an enroll anew", From::Pending, |it, _, _| {
        it.totp.enroll(&it.alice, "", None).map(done)
    }),
    ("a first confirm", From::Pending, |it, code, _| {
        it.totp.confirm(&it.alice, code).map(done)
    }),
    ("a wrong confirm", From::Pending, |it, _, _| {
        it.totp.confirm(&it.alice, "000000").map(|it| !done(it))
    }),
    ("a disable while pending", From::Pending, |it, _, _| {
        it.totp.disable(&it.alice, None).map(done)
    }),
    ("an import", From::Nothing, |it, _, _| {
        let credential = Credential::new(&[7; 20], Parameters::default()).unwrap();
        it.totp.import(&it.alice, &credential, 1).map(done)
    }),
    ("a sign-in", From::Live, |it, code, _| {
        it.totp.authenticate(&it.alice, code).map(done)
    }),
    ("a sign-in by backup code", From::Live, |it, _, backup| {
        it.totp.authenticate(&it.alice, backup).map(done)
    }),
    ("a renewal", From::Live, |it, code, _| {
        it.totp.renew_backup_codes(&it.alice, code).map(done)
    }),
    ("a replacement begun", From::Live, |it, code, _| {
        it.totp.enroll(&it.alice, "", Some(code)).map(done)
    }),
    ("a replacement done", From::Replacing, |it, code, _| {
        it.totp.confirm(&it.alice, code).map(done)
    }),
    ("a disable", From::Live, |it, _, backup| {
        it.totp.disable(&it.alice, Some(backup)).map(done)
    }),
    ("the end of all proofs", From::Live, |it, _, _| {
        it.totp.end_all_proofs(&it.alice)
    }),
    ("an unlock", From::Live, |it, _, _| {
        it.totp.unlock(&it.alice)
    }),
    ("a reset", From::Live, |it, _, _| it.totp.reset(&it.alice)),
    ("a deadline", From::Nothing, |it, _, _| {
        let grace = Grace::per_user(Duration::from_secs(3_600));
        let noting = Operation::note_setup_deadline(&it.alice, grace);
        it.totp.apply(&noting).map(done)
    }),
    ("the end of an account", From::Live, |it, _, _| {
        it.totp.delete(&it.alice)
    }),
    ("a rotation", From::Live, |it, _, _| {
        let resealed = it.totp.reseal_all(None).map_err(|it| it.source);
        resealed.map(|it| it.failures.is_empty())
    }),
];

fn done<T>(outcome: Outcome<T>) -> bool {
    matches!(outcome, Outcome::Accepted(_))
}

/// Lets the k-th call fail, for every k until the operation is done without it.
fn fails_whole(light: fn(&Fuse, &Fuse) -> Fuse, is_expected: fn(&Error) -> bool) -> u32 {
    let mut failed = 0;
    for (name, from, operation) in OPERATIONS {
        for k in 1.. {
            let (fixture, store, random, backup) = fixture(*from);
            let code = match from {
                From::Nothing => String::new(),
                _ => fixture.code(),
            };
            let before = fixture.store.load(&fixture.alice).unwrap();
            let fuse = light(&store, &random);
            fuse.0.store(k, SeqCst);
            match operation(&fixture, &code, &backup) {
                Ok(done) => {
                    assert!(done, "{name}");
                    break;
                }
                Err(error) => {
                    assert!(is_expected(&error), "{name}: {error:?}");
                    let after = fixture.store.load(&fixture.alice).unwrap();
                    assert!(after == before, "{name} is half done when call {k} fails");
                    let events = fixture.events();
                    assert!(
                        events
                            .iter()
                            .all(|it| matches!(it, Event::StoreFailed { .. })),
                        "{name} tells what was not done: {events:?}"
                    );
                    failed += 1;
                }
            }
            // What failed once is not spoiled: the same token is good afterwards.
            assert!(
                operation(&fixture, &code, &backup).unwrap(),
                "{name}, again"
            );
        }
    }
    failed
}

#[test]
fn when_any_call_of_the_store_fails_nothing_was_done() {
    let failed = fails_whole(|store, _| store.clone(), |it| matches!(it, Error::Store(_)));
    assert_eq!(failed, 2 * OPERATIONS.len() as u32, "each asks it twice");
}

#[test]
fn when_any_draw_of_randomness_fails_nothing_was_done() {
    let failed = fails_whole(
        |_, random| random.clone(),
        |it| matches!(it, Error::Randomness(_)),
    );
    assert!(failed > 40, "{failed} draws");
}
