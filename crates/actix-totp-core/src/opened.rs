//! A device with its sealed box open. What is secret can be changed only through [`Opened::secrets_mut`], so that no change is
//! written without sealing it.

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorState},
    device::{Device, UserId},
    error::Error,
    keyring::{KeyRing, SealError},
    proof::Proof,
    random::{Randomness, RandomnessError},
    random_number::{Epoch, Version},
    secrets::{Live, Pending, Secrets},
};

pub(crate) struct Opened {
    pub(crate) device: Device,
    secrets: Secrets,
    /// The old box no longer fits: something secret changed, or an epoch that it is bound to.
    must_be_sealed: bool,
}

impl Opened {
    /// A device that holds nothing yet.
    pub(crate) fn new(
        user: &UserId,
        now: u64,
        random: &dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        Ok(Self::without_secrets(Device::new(user, now, random)?))
    }

    const fn without_secrets(device: Device) -> Self {
        Self {
            device,
            secrets: Secrets {
                live: Vec::new(),
                pending: None,
                backup_codes: Vec::new(),
            },
            must_be_sealed: true,
        }
    }

    /// Opens a device's box. A box that does not open is a fault, never "not enrolled". That of a device without a credential holds
    /// nothing, so it need not open: whose key is lost is enrolled anew.
    pub(crate) fn open(device: Device, keys: &KeyRing) -> Result<Self, Error> {
        if !device.has_credential() {
            return Ok(Self::without_secrets(device));
        }
        match keys.open(&device) {
            Ok(secrets) => Ok(Self {
                device,
                secrets,
                must_be_sealed: false,
            }),
            Err(source) => Err(Error::Seal {
                user: device.user,
                source,
            }),
        }
    }

    pub(crate) const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// To change them: the box will be sealed anew.
    pub(crate) const fn secrets_mut(&mut self) -> &mut Secrets {
        self.must_be_sealed = true;
        &mut self.secrets
    }

    /// The live authenticators, of which the columns say that there are some in the box.
    pub(crate) fn live(&self) -> Result<&[Live], Error> {
        let live = self.secrets.live.as_slice();
        self.expect(Some(live).filter(|live| !live.is_empty()))
    }

    /// The pending credential, likewise.
    pub(crate) fn pending(&self) -> Result<&Pending, Error> {
        self.expect(self.secrets.pending.as_ref())
    }

    fn expect<'a, T: ?Sized>(&self, found: Option<&'a T>) -> Result<&'a T, Error> {
        found.ok_or_else(|| Error::Seal {
            user: self.device.user.clone(),
            source: SealError::Altered,
        })
    }

    /// Where among the live ones this one is.
    pub(crate) fn position(&self, id: AuthenticatorId) -> Option<usize> {
        self.secrets.live.iter().position(|live| live.id == id)
    }

    /// Makes an authenticator live, beside the others.
    pub(crate) fn add(&mut self, live: Live, state: AuthenticatorState) {
        self.secrets_mut().live.push(live);
        self.device.authenticators.push(state);
    }

    /// Takes a live one out; its proofs end with its epoch.
    pub(crate) fn remove(&mut self, at: usize) -> Live {
        self.device.authenticators.remove(at);
        self.secrets_mut().live.remove(at)
    }

    /// Ends every proof given out so far.
    pub(crate) fn begin_epochs(&mut self, random: &dyn Randomness) -> Result<(), RandomnessError> {
        self.must_be_sealed = true;
        self.device.epoch = Epoch::random(random)?;
        for state in self.device.authenticators.iter_mut() {
            state.epoch = Epoch::random(random)?;
        }
        Ok(())
    }

    /// A proof that the second factor is shown now: by the authenticator at this place, or by a backup code.
    pub(crate) fn proof(&self, by: Option<usize>, at: u64) -> Proof {
        let state = by.and_then(|by| self.device.authenticators.get(by));
        Proof {
            user: self.device.user.clone(),
            epoch: state.map_or(self.device.epoch, |state| state.epoch),
            at,
        }
    }

    /// The device as it is written: with a new version, and a new box where the old one no longer fits or another key seals now.
    pub(crate) fn close(
        self,
        keys: &KeyRing,
        random: &dyn Randomness,
    ) -> Result<Device, RandomnessError> {
        let mut device = self.device;
        if self.must_be_sealed || !keys.is_current(&device.sealed) {
            device.sealed = keys.seal(&self.secrets, &device, random)?;
        }
        device.version = Version::random(random)?;
        Ok(device)
    }
}
