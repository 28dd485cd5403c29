#![cfg_attr(doctest, doc = include_str!("../../../docs/sqlx.md"))]
//! Empty but for the code of docs/sqlx.md: the tests are in `tests/`.
