//! The reference store keeps the contract, and the suite notices stores that break it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use actix_totp_core::{
    Device, DeviceStore, MemoryStore, StoreError, UserId, Version,
    conformance::{self, Store},
    conformance_tests,
};

conformance_tests!(Arc::new(MemoryStore::new()));

/// What a store does wrong.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// Reads, checks, writes: three steps.
    CheckThenWrite,
    /// Ignores what is expected.
    LastWriterWins,
    /// Compares versions as floating-point numbers, as a script in Lua does.
    ComparesDoubles,
    /// Inserts over a row that is there, as an upsert does.
    Upserts,
    /// `DELETE … WHERE user_id = ?`.
    DeletesAnything,
    /// `UPDATE … WHERE version = ?`.
    ForgetsTheUser,
    /// A collation that takes `Alice` for `alice`.
    FoldsCase,
    /// A collation that ignores blanks at the end.
    TrimsTheEnd,
    /// Two columns that are bound in the wrong order.
    SwapsColumns,
    /// A column that an update forgets.
    ForgetsAColumn,
    /// A column of 32 bits.
    NarrowColumn,
    /// Reads a NULL as 0.
    NullIsZero,
    /// A page that begins with `after`.
    PageRepeats,
    /// A page in the order of insertion, or any other.
    PageUnordered,
    /// A load from a replica that lags one write behind.
    StaleReads,
}

struct Broken {
    wrong: Wrong,
    good: MemoryStore,
    before: Mutex<Option<Device>>,
}

impl Broken {
    fn new(wrong: Wrong) -> Self {
        Self {
            wrong,
            good: MemoryStore::new(),
            before: Mutex::default(),
        }
    }

    fn key(&self, user: &UserId) -> UserId {
        match self.wrong {
            Wrong::FoldsCase => support::user(&user.as_str().to_lowercase()),
            Wrong::TrimsTheEnd if !user.as_str().trim_end_matches(' ').is_empty() => {
                support::user(user.as_str().trim_end_matches(' '))
            }
            _ => user.clone(),
        }
    }

    fn spoil(&self, device: &Device, old: Option<&Device>) -> Device {
        let mut device = device.clone();
        match (self.wrong, old) {
            (Wrong::SwapsColumns, _) => {
                std::mem::swap(&mut device.created_at, &mut device.updated_at);
            }
            (Wrong::ForgetsAColumn, Some(old)) => device.pending_at = old.pending_at,
            (Wrong::NarrowColumn, _) => {
                device.pending_at = device.pending_at.map(|it| it as u32 as u64)
            }
            (Wrong::NullIsZero, _) => device.last_used_at = device.last_used_at.or(Some(0)),
            _ => {}
        }
        device
    }
}

impl DeviceStore for Broken {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        let fresh = self.good.load(&self.key(user))?;
        let lagging = self.before.lock().unwrap().take();
        Ok(match self.wrong {
            Wrong::StaleReads => lagging.filter(|it| it.user == *user).or(fresh),
            _ => fresh,
        })
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        let user = &self.key(user);
        let old = self.good.load(user)?;
        let found = old.as_ref().map(|it| it.version);
        let spoiled = next.map(|it| self.spoil(it, old.as_ref()));
        let next = spoiled.as_ref();
        match self.wrong {
            Wrong::CheckThenWrite if found == expected => {
                std::thread::yield_now();
                let _ = self
                    .good
                    .swap(user, self.good.load(user)?.map(|it| it.version), next)?;
                Ok(true)
            }
            Wrong::LastWriterWins => self.good.swap(user, found, next),
            Wrong::ComparesDoubles => {
                let double = |it: Version| it.to_i64() as f64;
                let is_expected = found.map(double) == expected.map(double);
                Ok(is_expected && self.good.swap(user, found, next)?)
            }
            Wrong::Upserts if expected.is_none() => self.good.swap(user, found, next),
            Wrong::DeletesAnything if next.is_none() => self.good.swap(user, found, None),
            Wrong::ForgetsTheUser if expected.is_some() && next.is_none() => {
                let all = self.good.page(None, usize::MAX)?;
                let rows = all.iter().filter(|it| Some(it.version) == expected);
                Ok(rows
                    .map(|it| self.good.swap(&it.user, expected, None))
                    .any(|it| matches!(it, Ok(true))))
            }
            Wrong::StaleReads => {
                let written = self.good.swap(user, expected, next)?;
                *self.before.lock().unwrap() = old.filter(|_| written);
                Ok(written)
            }
            _ => self.good.swap(user, expected, next),
        }
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        let mut page = self.good.page(after, limit)?;
        match (self.wrong, after) {
            (Wrong::PageRepeats, Some(after)) if limit > 0 => {
                page.truncate(limit - 1);
                page.splice(..0, self.good.load(after)?);
            }
            (Wrong::PageUnordered, _) => page.reverse(),
            _ => {}
        }
        Ok(page)
    }
}

#[test]
fn the_suite_notices_every_broken_store() {
    use conformance as it;
    type Clause = fn(Store);
    let clauses: [(Wrong, Clause); 15] = [
        (
            Wrong::CheckThenWrite,
            it::of_all_swaps_that_expect_the_same_version_one_wins,
        ),
        (
            Wrong::LastWriterWins,
            it::a_swap_that_expects_another_version_changes_nothing,
        ),
        (
            Wrong::ComparesDoubles,
            it::a_swap_that_expects_another_version_changes_nothing,
        ),
        (Wrong::Upserts, it::an_absent_row_is_inserted_once),
        (
            Wrong::DeletesAnything,
            it::a_deleted_and_recreated_row_satisfies_no_old_expectation,
        ),
        (Wrong::ForgetsTheUser, it::a_swap_touches_nobody_else),
        (Wrong::FoldsCase, it::user_ids_are_compared_byte_for_byte),
        (Wrong::TrimsTheEnd, it::user_ids_are_compared_byte_for_byte),
        (Wrong::SwapsColumns, it::every_field_has_a_place_of_its_own),
        (
            Wrong::ForgetsAColumn,
            it::every_field_has_a_place_of_its_own,
        ),
        (Wrong::NarrowColumn, it::every_field_comes_back_to_the_bit),
        (Wrong::NullIsZero, it::every_field_has_a_place_of_its_own),
        (Wrong::PageRepeats, it::a_page_is_in_the_order_of_the_bytes),
        (
            Wrong::PageUnordered,
            it::a_page_is_in_the_order_of_the_bytes,
        ),
        (Wrong::StaleReads, it::a_load_sees_the_swap_before_it),
    ];
    for (wrong, clause) in clauses {
        let store = Arc::new(Broken::new(wrong));
        let verdict = catch_unwind(AssertUnwindSafe(|| clause(store)));
        assert!(verdict.is_err(), "the clause for it lets {wrong:?} pass");
    }
}

#[test]
fn a_store_that_checks_and_then_writes_loses_updates() {
    let store = Arc::new(Broken::new(Wrong::CheckThenWrite));
    let verdict = catch_unwind(AssertUnwindSafe(|| conformance::no_update_is_lost(store)));
    assert!(verdict.is_err());
}

#[test]
fn run_all_gives_every_clause_a_store_of_its_own() {
    let made = Mutex::new(0);
    conformance::run_all(&|| {
        *made.lock().unwrap() += 1;
        Arc::new(MemoryStore::new())
    });
    assert_eq!(*made.lock().unwrap(), 19);
}
