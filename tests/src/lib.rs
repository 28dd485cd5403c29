//! What the end-to-end tests share: the quickstart in process on a real socket, browsers with their own cookies that send
//! exactly the bytes they are told, an authenticator, and a store that fails when told.

mod app;
mod authenticator;
mod browser;
mod server;
mod store;

pub use app::{Authenticator, NOON, TestApp, keys};
pub use authenticator::code_at;
pub use browser::{Answer, Browser};
pub use server::RunningServer;
pub use store::{CAUSE, FaultyStore};
