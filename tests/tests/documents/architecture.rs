//! What ARCHITECTURE.md names is there.

use std::fs;

use crate::{
    document::{doubts, tests},
    sources::{Sources, root},
};

#[test]
fn every_test_that_the_architecture_names_exists() {
    let sources = Sources::read();
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter(|it| it.starts_with('|'));
    let missing: Vec<String> = rows.flat_map(|it| doubts(&sources, it)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(text.lines().flat_map(tests).count() > 80);
}
