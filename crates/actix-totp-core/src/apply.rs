//! How every operation is done: load, transition, swap; events after the swap.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use crate::{
    batch::{Attempt, Written},
    device::{Device, UserId, Version},
    error::Error,
    event::Event,
    outcome::Outcome,
    store::Swap,
    totp::{Inner, TotpService},
    transition::{Accepted, Context, Next, Opened, Step, Stop},
};

impl TotpService {
    /// Load, transition, swap; again while others are first. Nothing is told before it is written.
    pub(crate) fn apply<T>(
        &self,
        user: &UserId,
        transition: impl Fn(Option<Opened>, &Context<'_>) -> Step<T>,
    ) -> Result<Outcome<T>, Error> {
        self.swapping(|| {
            let device = self.load(user)?;
            let attempt = self.attempt(user, device, &transition);
            let Attempt { swap, written } = attempt.inspect_err(|error| self.tell_fault(error))?;
            let is_written = match swap {
                None => true,
                Some(swap) => {
                    let next = swap.next.as_ref();
                    self.swap(user, swap.expected, next)?
                }
            };
            Ok(is_written.then(|| written.tell(self)))
        })
    }

    /// The transition: what is to be written now that this is the user's device.
    pub(crate) fn attempt<T>(
        &self,
        user: &UserId,
        device: Option<Device>,
        transition: impl Fn(Option<Opened>, &Context<'_>) -> Step<T>,
    ) -> Result<Attempt<T>, Error> {
        let context = Context {
            now: self.now()?,
            config: &self.inner.config,
            random: &*self.inner.random,
        };
        let expected = device.as_ref().map(|device| device.version);
        let opened = device.map(|device| self.open(device)).transpose()?;
        let (next, outcome, events) = match transition(opened, &context) {
            Ok(Accepted {
                next,
                answer,
                events,
            }) => (Some(next), Outcome::Accepted(answer), events),
            Err(Stop::Refused {
                count,
                rejection,
                events,
            }) => (count.map(Next::Put), Outcome::Rejected(rejection), events),
            Err(Stop::Fault(error)) => return Err(error),
        };
        let next = match next {
            None => None,
            Some(Next::Delete) => Some(None),
            Some(Next::Put(opened)) => Some(Some(self.close(*opened, context.now)?)),
        };
        let swap = next.map(|next| Swap {
            user: user.clone(),
            expected,
            next,
        });
        let written = Written { outcome, events };
        Ok(Attempt { swap, written })
    }

    /// Tries until `attempt` is not beaten by somebody else (`None`): bounded, with jitter.
    pub(crate) fn swapping<T>(
        &self,
        mut attempt: impl FnMut() -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let started = self.inner.clock.now();
        let most_tries = self.inner.config.most_tries;
        for tries in 1..=most_tries {
            if let Some(done) = attempt()? {
                return Ok(done);
            }
            let tried = self.inner.clock.now().duration_since(started);
            if tries == most_tries || tried.unwrap_or_default() >= self.inner.config.longest_trying
            {
                break;
            }
            // Up to 2, 4, 8, … 128 ms: those who collided once shall not collide again.
            let mut dice = [0; 4];
            self.inner.random.fill(&mut dice)?;
            let longest_micros = 1_000_u32 << tries.min(7);
            let micros = u32::from_be_bytes(dice) % longest_micros;
            self.inner
                .sleeper
                .sleep(Duration::from_micros(micros.into()));
        }
        Err(Error::Contended)
    }

    /// Opens a device's box. One that does not open is a fault, never "not enrolled"; the caller tells of it.
    pub(crate) fn open(&self, device: Device) -> Result<Opened, Error> {
        match self
            .inner
            .keys
            .open(&device.sealed, &device.user, device.epoch)
        {
            Ok(secrets) => Ok(Opened {
                device,
                secrets,
                reseal: false,
            }),
            Err(source) => Err(Error::Seal {
                user: device.user,
                source,
            }),
        }
    }

    /// Makes the device that is written: a new version, and a new box where the old one no longer fits.
    pub(crate) fn close(&self, opened: Opened, now: u64) -> Result<Device, Error> {
        let Inner { keys, random, .. } = &*self.inner;
        let mut device = opened.device;
        if opened.reseal || !keys.is_current(&device.sealed) {
            device.sealed = keys.seal(&opened.secrets, &device.user, device.epoch, &**random)?;
        }
        device.version = Version::random(&**random)?;
        device.updated_at = now;
        Ok(device)
    }

    pub(crate) fn tell(&self, event: &Event) {
        event.log();
        if let Some(on_event) = &self.inner.on_event
            && catch_unwind(AssertUnwindSafe(|| on_event(event))).is_err()
        {
            tracing::error!("the function given to on_event panicked");
        }
    }
}
