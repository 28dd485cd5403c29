//! What the end-to-end tests share: the quickstart in process on a real socket, browsers with their own cookies that send
//! exactly the given bytes, an authenticator, and a store that fails on demand.

#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each file of tests uses a part of it"
)]

mod app;
mod authenticator;
mod browser;
mod client_run;
mod driver;
mod foreign;
mod nginx;
mod page_client;
mod place;
mod process;
mod server;
mod store;

pub(crate) use app::{Authenticator, NOON, TestApp, keys};
pub(crate) use authenticator::{code_at, secret_bytes};
pub(crate) use browser::{Answer, Browser};
pub(crate) use client_run::sign_in_by_headers;
pub(crate) use driver::{Driver, on_each_driver, told};
pub(crate) use foreign::build_foreign;
pub(crate) use nginx::Nginx;
pub(crate) use page_client::{PageClient, encode, text_of};
pub(crate) use place::{Client, PLACES, Place};
pub(crate) use process::{Binary, profile_folder, seconds_now};
pub(crate) use server::{RunningServer, serve};
pub(crate) use store::{CAUSE, Call, FaultyStore};
