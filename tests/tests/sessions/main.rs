//! Several browsers of a user: their sessions, their proofs, and those that are trusted.

#[path = "../support/mod.rs"]
mod support;

mod proofs;
mod sign_in;
mod slow_bodies;
mod trusted_browsers;
