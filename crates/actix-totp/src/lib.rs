#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "sqlite"),
    doc = "A second factor for actix-web; the full text is in the docs of the feature `sqlite`."
)]

mod accept;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod change;
mod cross_site;
mod extract;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod guard;
mod local;
mod operations;
#[cfg(feature = "pages")]
pub mod pages;
mod plugin;
mod problem;
mod recheck;
mod routes;
mod runner;
mod session;
mod settings;
mod trust;
mod user;

pub use actix_totp_core::{
    Algorithm, Authenticated, BackupCode, BatchStore, BuildError, CannotOpen, CheckError, Clock,
    Confirmed, Credential, Device, DeviceStore, Disabled, Enrollment, Epoch, Error, Event,
    InvalidCredential, InvalidKeyRing, InvalidRecentFailures, InvalidUserId, KeyRing, MemoryStore,
    Method, OsRandomness, Outcome, Parameters, Proof, Randomness, RandomnessError, RecentFailures,
    Rejection, Renewed, ResealReport, SealError, Sleeper, Status, StoreError, Swap, SystemClock,
    SystemSleeper, TotpService, UserId, Version,
};
#[cfg(feature = "test-util")]
pub use actix_totp_core::{FakeClock, SeededRandomness};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use actix_totp_diesel::{DieselStore, DieselStoreBuilder, MigrateError, OpenError, diesel};

pub use change::Change;
pub use extract::Verified;
pub use guard::RequireTotp;
pub use plugin::Totp;
pub use problem::Problem;
pub use settings::TotpBuilder;
pub use user::{CurrentUser, SignedIn};
