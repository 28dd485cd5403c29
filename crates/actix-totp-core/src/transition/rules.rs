//! What a transition is given, and what it answers.

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName},
    config::Config,
    device::Device,
    error::Error,
    event::Event,
    keyring::KeyRing,
    opened::Opened,
    outcome::Rejection,
    proof::Proof,
    random::{Randomness, RandomnessError},
    secrets::Live,
};

/// What a transition is given beside the device and the user's input.
pub(crate) struct Context<'a> {
    /// Seconds since the Unix epoch.
    pub(crate) now: u64,
    pub(crate) config: &'a Config,
    pub(crate) keys: &'a KeyRing,
    pub(crate) random: &'a dyn Randomness,
    /// What the session that asks holds.
    pub(crate) proof: Option<&'a Proof>,
    /// Who issues the codes of a new secret.
    pub(crate) issuer: &'a str,
    /// What a new authenticator is called.
    pub(crate) name: Option<&'a AuthenticatorName>,
    /// Whose place a new authenticator takes.
    pub(crate) replacing: Option<AuthenticatorId>,
}

impl Context<'_> {
    pub(super) fn open(&self, device: Device) -> Result<Opened, Stop> {
        Ok(Opened::open(device, self.keys)?)
    }

    /// Whether the session that asks holds a proof that counts.
    pub(super) fn has_proof(&self, device: &Device) -> bool {
        self.proof.is_some_and(|proof| proof.counts_for(device))
    }

    /// Whether one more authenticator may be live. A limit that was lowered takes none away.
    pub(super) fn require_room(&self, live: &[Live]) -> Result<(), Rejection> {
        if live.len() < usize::from(self.config.max_authenticators) {
            Ok(())
        } else {
            Err(Rejection::TooManyAuthenticators)
        }
    }
}

/// What to write.
pub(crate) enum Next {
    /// Nothing: it is as it should be.
    Keep,
    Put(Box<Opened>),
    /// As it is, under the first key: the user did nothing.
    Reseal(Box<Opened>),
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
    /// A guard refused. What it counted must be written before the rejection is answered.
    Refused {
        next: Option<Next>,
        rejection: Rejection,
        events: Vec<Event>,
    },
    /// Something broke; nothing is written.
    Fault(Error),
}

pub(crate) type Transition<T> = Result<Accepted<T>, Stop>;

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Refused {
            next: None,
            rejection,
            events: Vec::new(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

impl From<RandomnessError> for Stop {
    fn from(error: RandomnessError) -> Self {
        Self::Fault(error.into())
    }
}

impl<T> Accepted<T> {
    pub(super) fn put(opened: Opened, answer: T, events: Vec<Event>) -> Self {
        Self {
            next: Next::Put(Box::new(opened)),
            answer,
            events,
        }
    }
}

/// The device, unless it holds a deadline alone.
pub(super) fn require_credential(device: Option<Device>) -> Result<Device, Rejection> {
    device
        .filter(Device::has_credential)
        .ok_or(Rejection::NoDevice)
}

pub(super) fn require_live(device: Option<Device>) -> Result<Device, Rejection> {
    Some(require_credential(device)?)
        .filter(Device::is_confirmed)
        .ok_or(Rejection::NotEnabled)
}
