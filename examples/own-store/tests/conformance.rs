//! The contract, against a real Redis.
#![allow(clippy::unwrap_used, reason = "a test panics on purpose")]

mod support;

use std::sync::Arc;

actix_totp_core::conformance_tests!(Arc::new(support::TestStore::new()));
