//! The logic of [actix-totp]: a TOTP second factor (RFC 6238) with backup codes, a throttle and secrets sealed at rest.
//!
//! This crate knows no HTTP, no SQL, no async runtime and no clock. Applications use the crate `actix-totp`;
//! this one is for stores of your own ([`DeviceStore`]) and for front ends other than actix-web.
//!
//! # The one idea
//!
//! Everything that is remembered about a user is one value, [`Device`]. Every operation is
//!
//! 1. load the device,
//! 2. apply a pure function of (device, opened secrets, input, now, randomness),
//! 3. swap the result in if nobody else wrote in between, else start again.
//!
//! The outcome is answered only after the swap. So, with any number of processes and without a lock: a code is accepted
//! once, no guess is free, a backup code works once, and nothing is ever half done.
//!
//! # Example
//!
//! ```
//! use actix_totp_core::{KeyRing, MemoryStore, Outcome, Rejection, TotpService, UserId};
//!
//! let keys = KeyRing::new([[7; 32].map(|_| rand_byte())])?;
//! # fn rand_byte() -> u8 { let mut b = [0]; getrandom::fill(&mut b).unwrap(); b[0] }
//! let totp = TotpService::builder(MemoryStore::new(), keys).issuer("Example Inc").build()?;
//! let alice = UserId::new("alice")?;
//!
//! // Accepted: the answer holds the secret, its otpauth:// URL and a QR code.
//! let enrollment = totp.enroll(&alice, "alice@example.com", None)?.accepted().unwrap();
//! assert!(enrollment.otpauth_url().starts_with("otpauth://totp/Example%20Inc:"));
//!
//! // Refused: nothing is confirmed yet, so there is nothing to sign in with.
//! assert_eq!(totp.authenticate(&alice, "123456")?.rejected(), Some(Rejection::NotEnabled));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [actix-totp]: https://docs.rs/actix-totp

mod apply;
mod authenticator;
mod backup_code;
mod batch;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod builder;
mod causes;
mod clock;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod credential;
mod device;
mod error;
mod event;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod grace;
mod keyring;
mod memory;
mod notifier;
mod opened;
mod operation;
mod operator;
mod outage;
mod outcome;
mod proof;
mod provisioning;
mod queued;
mod random;
mod random_number;
mod retry;
mod secrets;
mod service;
mod sign_in;
mod status;
mod store;
mod survey;
mod sync;
#[cfg(feature = "test-util")]
mod test_util;
mod throttle;
mod ticket;
mod token;
mod transition;

pub use authenticator::{
    Authenticator, AuthenticatorId, AuthenticatorName, AuthenticatorState, AuthenticatorStates,
    InvalidAuthenticatorId, InvalidAuthenticatorName, InvalidAuthenticatorStates,
};
pub use backup_code::{BackupCode, BackupCodeLength};
pub use batch::BatchResult;
pub use builder::TotpBuilder;
#[cfg(feature = "test-util")]
pub use clock::FakeClock;
pub use clock::{Clock, Sleeper, SystemClock, SystemSleeper};
pub use credential::{Algorithm, Credential, InvalidCredential, Parameters};
pub use device::{Device, InvalidUserId, UserId};
pub use error::{BuildError, CheckError, Error, StoreError};
pub use event::{Event, EventContext, Method};
pub use grace::Grace;
pub use keyring::{InvalidKeyRing, InvalidKeyVariable, KeyId, KeyRing, SealError};
pub use memory::MemoryStore;
pub use operation::Operation;
pub use operator::{SweepError, SweepFailure, SweepReport};
pub use outcome::{
    Authenticated, Confirmed, Disabled, Enrollment, Outcome, Rejection, Removed, Renewed,
};
pub use proof::Proof;
pub use queued::{Answered, QueuedOperation};
#[cfg(feature = "test-util")]
pub use random::SeededRandomness;
pub use random::{OsRandomness, Randomness, RandomnessError};
pub use random_number::{Epoch, Version};
pub use service::TotpService;
pub use status::Status;
pub use store::{BatchStore, DeviceStore, Swap};
pub use survey::Surveyed;
pub use throttle::{InvalidRecentFailures, RecentFailures};
pub use ticket::{PendingSignIn, SignInTicket};
pub use token::TypedToken;
