//! The contract of [`DeviceStore`] as tests that any store can run.
//!
//! For authors of stores, over sqlx, Redis or anything that has a compare-and-swap. Each function checks one clause
//! and panics with a sentence if it does not hold; each is given a store that is **empty**. [`conformance_tests!`] makes a
//! `#[test]` of each, [`run_all`] runs them one after the other:
//!
//! ```
//! use std::sync::Arc;
//! use actix_totp_core::{MemoryStore, conformance_tests};
//!
//! // The expression gives a fresh, empty store each time, as an `Arc<dyn DeviceStore>`.
//! conformance_tests!(Arc::new(MemoryStore::new()));
//! ```
//!
//! A store that is shared (a database) is empty for a test if the test has a table, a schema or a key prefix of its own:
//! the tests run in parallel and use the same user ids. They ask with up to 32 threads at once, which belong to no async
//! runtime, as those of the plugin. Under their load a store may answer with an `Err` where it has no connection to spare;
//! that counts as not won.
//!
//! # What it notices
//!
//! Check and write in two steps; a version that is not compared, or not all of it; an upsert where an insert is due; an
//! update or delete that reaches somebody else's row; user ids that are folded or trimmed; a field that is exchanged with
//! another, forgotten, too narrow, or 0 where it was `None`; a load that lags behind; a page that is out of order or repeats
//! itself; swaps of a batch that are answered wrongly.
//!
//! # What it cannot show
//!
//! *Durable*, clause 3, without pulling a plug: it is the author's to promise. Nor what only this store can be made to do:
//! a database that hangs is an `Err` in bounded time, a row that is no device is [`StoreError::Corrupt`], a deadlock is
//! `Ok(false)`, a connection that broke while writing is an `Err`. Write tests for these, and break the store once to see
//! that they fail. The project's `examples/own-store` has such tests for a store in Redis; its `docs/own-store.md` goes
//! through the contract for SQL and Redis.
//!
//! [`DeviceStore`]: crate::DeviceStore
//! [`StoreError::Corrupt`]: crate::StoreError::Corrupt
//! [`conformance_tests!`]: crate::conformance_tests
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "this module is a test suite: it panics on purpose"
)]

mod fields;
mod keys;
mod races;
mod store;
mod swaps;

pub use self::{
    fields::{every_field_comes_back_to_the_bit, every_field_has_a_place_of_its_own},
    keys::{a_page_is_in_the_order_of_the_bytes, user_ids_are_compared_byte_for_byte},
    races::{
        one_backup_code_is_accepted_once, one_code_is_accepted_once, one_confirm_wins,
        one_disable_wins, one_ticket_signs_in_once, parallel_wrong_codes_are_all_counted,
        ten_backup_codes_at_once,
    },
    store::Store,
    swaps::{
        a_deleted_and_recreated_row_satisfies_no_old_expectation, a_load_sees_the_swap_before_it,
        a_swap_that_expects_another_version_changes_nothing, a_swap_touches_nobody_else,
        an_absent_row_is_inserted_once, no_update_is_lost,
        of_all_swaps_that_expect_the_same_version_one_wins,
        swaps_made_together_are_answered_one_by_one,
    },
};

macro_rules! clauses {
    ($($clause:ident,)*) => {
        /// Runs every clause, each with an empty store of its own.
        ///
        /// # Panics
        ///
        /// If a clause does not hold.
        pub fn run_all(make_store: &dyn Fn() -> Store) {
            $($clause(make_store());)*
        }

        /// Makes a `#[test]` of every clause of the contract. The expression gives a fresh, empty store each time, as an
        /// `Arc<dyn DeviceStore>`. See [`conformance`](crate::conformance).
        #[macro_export]
        macro_rules! conformance_tests {
            ($make_store:expr) => {
                $(
                    #[test]
                    fn $clause() {
                        $crate::conformance::$clause($make_store);
                    }
                )*
            };
        }
    };
}

clauses! {
    a_load_sees_the_swap_before_it,
    an_absent_row_is_inserted_once,
    a_swap_that_expects_another_version_changes_nothing,
    a_swap_touches_nobody_else,
    a_deleted_and_recreated_row_satisfies_no_old_expectation,
    of_all_swaps_that_expect_the_same_version_one_wins,
    no_update_is_lost,
    swaps_made_together_are_answered_one_by_one,
    every_field_comes_back_to_the_bit,
    every_field_has_a_place_of_its_own,
    user_ids_are_compared_byte_for_byte,
    a_page_is_in_the_order_of_the_bytes,
    one_code_is_accepted_once,
    one_ticket_signs_in_once,
    one_backup_code_is_accepted_once,
    one_confirm_wins,
    one_disable_wins,
    parallel_wrong_codes_are_all_counted,
    ten_backup_codes_at_once,
}
