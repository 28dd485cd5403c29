#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "sqlite"),
    doc = "A second factor for actix-web; the full text is in the docs of the feature `sqlite`."
)]

mod accept;
mod answer_headers;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod body;
mod change;
mod cross_site;
mod drawing;
mod end_others;
mod extract;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod guard;
mod hook;
#[cfg(feature = "test-util")]
mod inventory;
mod keeper;
mod local;
mod mount;
mod operations;
#[cfg(feature = "pages")]
pub mod pages;
mod plugin;
mod problem;
mod proof_in;
mod public_path;
mod recheck;
mod request;
mod request_context;
mod routes;
mod runner;
mod sealed_proof;
mod session;
mod settings;
mod standards;
mod step_up;
mod sync;
mod transport;
mod trust;
mod user;
mod verified;

/// The version of actix-session that this plugin reads. It does not see the sessions of another version.
pub use actix_session;
pub use actix_totp_core::{
    Algorithm, Authenticated, Authenticator, AuthenticatorId, AuthenticatorName,
    AuthenticatorState, AuthenticatorStates, BackupCode, BackupCodeLength, BatchStore, BuildError,
    CheckError, Clock, Confirmed, Credential, Device, DeviceStore, Disabled, Enrollment, Epoch,
    Error, Event, EventContext, Grace, InvalidAuthenticatorId, InvalidAuthenticatorName,
    InvalidAuthenticatorStates, InvalidCredential, InvalidKeyRing, InvalidKeyVariable,
    InvalidRecentFailures, InvalidUserId, KeyRing, MemoryStore, Method, Operation, OsRandomness,
    Outcome, Parameters, PendingSignIn, Proof, Randomness, RandomnessError, RecentFailures,
    Rejection, Removed, Renewed, SealError, SignInTicket, Sleeper, Status, StoreError, Swap,
    SweepError, SweepFailure, SweepReport, SystemClock, SystemSleeper, TotpService, TypedToken,
    UserId, Version,
};
#[cfg(feature = "test-util")]
pub use actix_totp_core::{FakeClock, SeededRandomness};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use actix_totp_diesel::{DieselStore, DieselStoreBuilder, diesel};
#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "sqlx-sqlite",
    feature = "sqlx-postgres",
    feature = "sqlx-mysql"
))]
pub use actix_totp_sql::{MigrateError, OpenError};
#[cfg(any(
    feature = "sqlx-sqlite",
    feature = "sqlx-postgres",
    feature = "sqlx-mysql"
))]
pub use actix_totp_sqlx::{SqlxStore, SqlxStoreBuilder, sqlx};

pub use change::Change;
pub use guard::{Demand, RequireTotp};
#[cfg(feature = "test-util")]
pub use inventory::{RouteDifferences, RouteInventory};
pub use plugin::Totp;
pub use problem::Problem;
pub use proof_in::{Claim, ProofIn};
pub use sealed_proof::SealedProof;
pub use settings::TotpBuilder;
pub use standards::{Level, Shortfall, Standard, Unseen};
pub use user::{CurrentUser, SignedIn};
pub use verified::Verified;
