//! What may happen to a device: pure functions of (device, input, time, randomness).
//!
//! Each is a check-list: guards first, then one action. A guard that refuses may still have something to write (a failure is
//! counted). Nothing here reads a clock, a store or a session.

mod authenticators;
mod confirm;
mod enroll;
mod examine;
mod operator;
mod rules;
mod setup;
mod token;

pub(crate) use self::{
    authenticators::{authenticators, remove_authenticator, rename_authenticator},
    confirm::confirm,
    enroll::enroll,
    operator::{delete, end_all_proofs, end_other_proofs, import, reseal, reset, unlock},
    rules::{Accepted, Context, Next, Stop, Transition},
    setup::note_setup_deadline,
    token::{authenticate, complete_sign_in, disable, renew_backup_codes},
};
