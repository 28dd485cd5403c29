#![doc = include_str!("../README.md")]

mod actor;
mod arguments;
mod commands;
mod database;
mod failure;
mod output;
mod prompt;
mod resume;
mod run;
mod sweep;

pub use actix_totp_core;
pub use actix_totp_diesel;
pub use arguments::{
    Args, Change, Command, EndProofs, General, Keys, List, Migrate, Needs, NewKey, OneUser, Reseal,
    Reset, Sweep,
};
pub use database::Database;
pub use run::{run, run_alone, run_with};
