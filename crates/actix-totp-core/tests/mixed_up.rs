//! A store that mixes up its answers, or gives too few: nobody is taken for somebody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::{Arc, mpsc};

use actix_totp_core::{
    BatchStore, Device, DeviceStore, Error, MemoryStore, Operation, Outcome, StoreError, Swap,
    TotpService, UserId, Version,
};
use support::{Fixture, accepted, user};

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// User ids are compared without case.
    FoldsCase,
    /// A batch of loads comes back in another order.
    Reverses,
    /// A batch of loads, or of swaps, has one answer less than it should.
    ForgetsTheLast,
}

struct MixedUp(Arc<MemoryStore>, Fault);

impl DeviceStore for MixedUp {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let folded = UserId::new(user.as_str().to_lowercase()).unwrap();
        self.0.load(if self.1 == Fault::FoldsCase {
            &folded
        } else {
            user
        })
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.0.swap(user, expected, next)
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.0.page(after, limit)
    }

    fn batch(&self) -> Option<&dyn BatchStore> {
        Some(self)
    }
}

impl BatchStore for MixedUp {
    fn load_batch(&self, users: &[&UserId]) -> Vec<Result<Option<Device>, StoreError>> {
        let mut loaded: Vec<_> = users.iter().map(|user| self.load(user)).collect();
        match self.1 {
            Fault::FoldsCase => {}
            Fault::Reverses => loaded.reverse(),
            Fault::ForgetsTheLast => drop(loaded.pop()),
        }
        loaded
    }

    fn swap_batch(&self, swaps: Vec<Swap>) -> Vec<Result<bool, StoreError>> {
        let swap = |it: &Swap| self.swap(&it.user, it.expected, it.next.as_ref());
        let mut swapped: Vec<_> = swaps.iter().map(swap).collect();
        if self.1 == Fault::ForgetsTheLast {
            swapped.pop();
        }
        swapped
    }

    fn max_concurrent_batches(&self) -> usize {
        1
    }
}

fn mixed_up(fault: Fault) -> Fixture {
    let fixture = Fixture::over(
        Arc::default(),
        |store| MixedUp(store, fault),
        |builder| builder,
    );
    fixture.enroll();
    fixture
}

/// Sign-ins as one batch, in their order: whether each was accepted.
fn sign_in(totp: &TotpService, tokens: &[(&UserId, &str)]) -> Vec<Result<bool, Error>> {
    let (send, receive) = mpsc::channel();
    let operations = tokens.iter().enumerate().map(|(n, (user, token))| {
        let send = send.clone();
        Operation::authenticate(user, token).answered_by(move |answer| {
            let is_accepted = answer.map(|it| matches!(it, Outcome::Accepted(_)));
            send.send((n, is_accepted)).unwrap();
        })
    });
    let result = totp.apply_batch(operations.collect());
    assert!(result.conflicts.is_empty() && result.postponed.is_empty());
    result.answered.into_iter().for_each(|it| it.answer());
    drop(send);
    let mut answers: Vec<_> = receive.iter().collect();
    answers.sort_by_key(|(n, _)| *n);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn alices_code_is_not_accepted_for_alice_with_a_capital() {
    let fixture = mixed_up(Fault::FoldsCase);
    let (code, other) = (fixture.code(), user("Alice"));
    let corrupt = |error| matches!(error, Error::Store(StoreError::Corrupt(_)));
    assert!(corrupt(
        fixture.totp.authenticate(&other, &code).unwrap_err()
    ));
    assert!(corrupt(
        fixture.totp.disable(&other, Some(&code)).unwrap_err()
    ));
    assert!(corrupt(fixture.totp.status(&other).unwrap_err()));
    assert_eq!(fixture.sign_in(&code), Ok(()));
}

#[test]
fn a_batch_that_comes_back_in_another_order_signs_nobody_in() {
    let fixture = mixed_up(Fault::Reverses);
    let (code, alice, bob) = (fixture.code(), &fixture.alice, &user("bob"));
    let answers = sign_in(&fixture.totp, &[(alice, &code), (bob, &code)]);
    assert!(!matches!(answers[..], [Ok(true), _] | [_, Ok(true)]));
    let statuses = fixture.totp.status_batch(&[alice, bob]);
    assert!(statuses[1].is_err(), "bob has no device, and not alice's");
}

#[test]
fn what_is_not_answered_is_a_fault() {
    let fixture = mixed_up(Fault::ForgetsTheLast);
    let (code, alice, bob) = (fixture.code(), &fixture.alice, &user("bob"));
    let statuses = fixture.totp.status_batch(&[bob, alice]);
    assert!(statuses[0].is_ok() && statuses[1].is_err());
    let answers = sign_in(&fixture.totp, &[(bob, "123456"), (alice, &code)]);
    assert!(answers[1].is_err());
}

#[test]
fn a_swap_that_is_not_answered_signs_nobody_in() {
    let fixture = mixed_up(Fault::ForgetsTheLast);
    let (totp, alice, bob, carol) = (&fixture.totp, &fixture.alice, &user("bob"), &user("carol"));
    let code_of = |user| totp.code_for(user).unwrap().unwrap();
    accepted(totp.enroll(bob, "", None));
    accepted(totp.confirm(bob, &code_of(bob)));
    fixture.clock.advance_secs(90);
    // Carol's load is forgotten, and of the two swaps bob's.
    let codes = [
        (alice, &*code_of(alice)),
        (bob, &code_of(bob)),
        (carol, "123456"),
    ];
    let answers = sign_in(totp, &codes);
    assert!(matches!(answers[..], [Ok(true), Err(_), Err(_)]));
}
