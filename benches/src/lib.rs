//! What the benches share: people to sign in, and a database that holds them.

pub mod people;
pub mod schema;
pub mod seed;
