//! A sign-in in two steps: what a ticket is good for, how often, and until when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

#[path = "../support/mod.rs"]
mod support;

mod redeemed;
mod void;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use actix_totp_core::{
    Device, DeviceStore, MemoryStore, Method, Rejection, StoreError, UserId, Version,
};
use support::Fixture;

impl Fixture {
    /// The text of a ticket for alice.
    fn ticket(&self) -> String {
        let ticket = self.totp.begin_sign_in(&self.alice).unwrap();
        ticket.expect("it is on").as_str().to_owned()
    }

    fn complete(&self, ticket: &str, token: &str) -> Result<Method, Rejection> {
        let outcome = self.totp.complete_sign_in(ticket, token).unwrap();
        self.totp.flush_events();
        outcome.into_result().map(|it| it.method)
    }

    /// That a good code does nothing with this ticket, and a bad one neither.
    #[track_caller]
    fn assert_void(&self, ticket: &str) {
        let before = self.store.load(&self.alice).unwrap();
        let code = before.is_some().then(|| self.code());
        for token in [&*code.unwrap_or_default(), "", "ABCD-EFGH-JKLM-NPQR"] {
            assert_eq!(self.complete(ticket, token), Err(Rejection::InvalidTicket));
        }
        assert!(self.store.load(&self.alice).unwrap() == before);
    }
}

/// Counts the calls, and fails if it is told to.
struct Watched(Arc<MemoryStore>, Arc<AtomicUsize>, bool);

impl Watched {
    fn call(&self) -> Result<&MemoryStore, StoreError> {
        self.1.fetch_add(1, SeqCst);
        match self.2 {
            true => Err(StoreError::unavailable("down")),
            false => Ok(&self.0),
        }
    }
}

impl DeviceStore for Watched {
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
