//! The reference store keeps the contract.

use std::sync::Arc;

use actix_totp_core::{MemoryStore, conformance_tests};

conformance_tests!(Arc::new(MemoryStore::new()));
