//! What may happen to a device: pure functions of (device, opened secrets, input, now, randomness).
//!
//! Each is a check-list: guards first, then one action. A guard that stops it may still leave something to write (a
//! failure is counted). Nothing here reads a clock, a store or a session.

mod confirm;
mod enroll;
mod examine;
mod operator;

use crate::{
    config::Config,
    credential::Credential,
    device::{Device, Epoch, UserId, Version},
    error::Error,
    event::Event,
    keyring::SealError,
    outcome::{Proof, Rejection},
    random::{Randomness, RandomnessError},
    secrets::Secrets,
    throttle::RecentFailures,
};

pub(crate) use self::{
    confirm::confirm,
    enroll::enroll,
    examine::{authenticate, disable, renew_backup_codes},
    operator::{end_all_proofs, end_other_proofs, import, unlock},
};

/// What a transition is given beside the device and the user's input.
pub(crate) struct Context<'a> {
    /// Seconds since the Unix epoch.
    pub(crate) now: u64,
    pub(crate) config: &'a Config,
    pub(crate) random: &'a dyn Randomness,
}

/// A device with its box open.
pub(crate) struct Opened {
    pub(crate) device: Device,
    pub(crate) secrets: Secrets,
    /// Whether the box must be sealed anew: something secret, or the epoch it is bound to, changed.
    pub(crate) reseal: bool,
}

/// What to write.
pub(crate) enum Next {
    Put(Box<Opened>),
    Delete,
}

/// The transition did what was asked, if `next` can be written.
pub(crate) struct Accepted<T> {
    pub(crate) next: Next,
    pub(crate) answer: T,
    pub(crate) events: Vec<Event>,
}

/// The transition did not do what was asked.
pub(crate) enum Stop {
    /// A guard refused. What it counted must be written before the rejection is told.
    Refused {
        count: Option<Box<Opened>>,
        rejection: Rejection,
        events: Vec<Event>,
    },
    /// Something broke; nothing is written.
    Fault(Error),
}

pub(crate) type Step<T> = Result<Accepted<T>, Stop>;

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Refused {
            count: None,
            rejection,
            events: Vec::new(),
        }
    }
}

impl From<RandomnessError> for Stop {
    fn from(error: RandomnessError) -> Self {
        Self::Fault(error.into())
    }
}

impl<T> Accepted<T> {
    fn put(opened: Opened, answer: T, events: Vec<Event>) -> Self {
        Self {
            next: Next::Put(Box::new(opened)),
            answer,
            events,
        }
    }
}

impl Opened {
    /// A device that holds nothing yet.
    fn new(user: &UserId, context: &Context<'_>) -> Result<Self, RandomnessError> {
        let device = Device {
            user: user.clone(),
            version: Version::random(context.random)?,
            epoch: Epoch::random(context.random)?,
            sealed: Vec::new(),
            confirmed_at: None,
            pending_at: None,
            last_step: None,
            failures: 0,
            recent_failures: RecentFailures::default(),
            backup_failures: 0,
            backup_codes_remaining: 0,
            last_used_at: None,
            created_at: context.now,
            updated_at: context.now,
        };
        Ok(Self {
            device,
            secrets: Secrets::default(),
            reseal: true,
        })
    }

    /// Ends every proof given out so far.
    fn begin_epoch(&mut self, context: &Context<'_>) -> Result<(), RandomnessError> {
        self.device.epoch = Epoch::random(context.random)?;
        self.reseal = true; // the box is bound to the epoch
        Ok(())
    }

    fn proof(&self, context: &Context<'_>) -> Proof {
        Proof {
            user: self.device.user.clone(),
            epoch: self.device.epoch,
            at: context.now,
        }
    }

    /// A credential that the columns say is in the box.
    fn expect<'a>(&self, credential: Option<&'a Credential>) -> Result<&'a Credential, Stop> {
        credential.ok_or_else(|| {
            Stop::Fault(Error::Seal {
                user: self.device.user.clone(),
                source: SealError::Altered,
            })
        })
    }
}
