//! A device with its sealed box open. What is secret can be changed only through [`Opened::secrets_mut`], so that no change is
//! written without sealing it.

use crate::{
    credential::Credential,
    device::{Device, Epoch, UserId, Version},
    error::Error,
    keyring::{KeyRing, SealError},
    proof::Proof,
    random::{Randomness, RandomnessError},
    secrets::Secrets,
    throttle::RecentFailures,
};

pub(crate) struct Opened {
    pub(crate) device: Device,
    secrets: Secrets,
    secrets_changed: bool,
    /// The epoch that the box is bound to.
    sealed_under: Epoch,
}

impl Opened {
    /// A device that holds nothing yet.
    pub(crate) fn new(
        user: &UserId,
        now: u64,
        random: &dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        let epoch = Epoch::random(random)?;
        let device = Device {
            user: user.clone(),
            version: Version::random(random)?,
            epoch,
            sealed: Vec::new(),
            confirmed_at: None,
            pending_at: None,
            last_step: None,
            failures: 0,
            recent_failures: RecentFailures::default(),
            backup_failures: 0,
            pending_failures: 0,
            proof_failures: RecentFailures::default(),
            backup_codes_remaining: 0,
            last_used_at: None,
            setup_required_by: None,
            setup_reminders: 0,
            created_at: now,
            updated_at: now,
        };
        Ok(Self {
            device,
            secrets: Secrets::default(),
            secrets_changed: true,
            sealed_under: epoch,
        })
    }

    /// Opens a device's box. A box that does not open is a fault, never "not enrolled". That of a device without a credential holds
    /// nothing, so it need not open: whose key is lost is enrolled anew.
    pub(crate) fn open(device: Device, keys: &KeyRing) -> Result<Self, Error> {
        if !device.has_credential() {
            return Ok(Self {
                sealed_under: device.epoch,
                device,
                secrets: Secrets::default(),
                secrets_changed: true,
            });
        }
        match keys.open(&device.sealed, &device.user, device.epoch) {
            Ok(secrets) => Ok(Self {
                sealed_under: device.epoch,
                device,
                secrets,
                secrets_changed: false,
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
        self.secrets_changed = true;
        &mut self.secrets
    }

    /// The live credential, which the columns say is in the box.
    pub(crate) fn live(&self) -> Result<&Credential, Error> {
        self.expect(self.secrets.live.as_ref())
    }

    /// The pending credential, likewise.
    pub(crate) fn pending(&self) -> Result<&Credential, Error> {
        self.expect(self.secrets.pending.as_ref())
    }

    fn expect<'a>(&self, credential: Option<&'a Credential>) -> Result<&'a Credential, Error> {
        credential.ok_or_else(|| Error::Seal {
            user: self.device.user.clone(),
            source: SealError::Altered,
        })
    }

    /// Ends every proof given out so far.
    pub(crate) fn begin_epoch(&mut self, random: &dyn Randomness) -> Result<(), RandomnessError> {
        self.device.epoch = Epoch::random(random)?;
        Ok(())
    }

    /// A proof that the second factor is shown now.
    pub(crate) fn proof(&self, now: u64) -> Proof {
        Proof {
            user: self.device.user.clone(),
            epoch: self.device.epoch,
            at: now,
        }
    }

    /// The device as it is written: with a new version, and a new box where the old one no longer fits (something secret or
    /// the epoch changed, or another key seals now).
    pub(crate) fn close(
        self,
        keys: &KeyRing,
        random: &dyn Randomness,
    ) -> Result<Device, RandomnessError> {
        let mut device = self.device;
        let is_bound_to_another_epoch = device.epoch != self.sealed_under;
        if self.secrets_changed || is_bound_to_another_epoch || !keys.is_current(&device.sealed) {
            device.sealed = keys.seal(&self.secrets, &device.user, device.epoch, random)?;
        }
        device.version = Version::random(random)?;
        Ok(device)
    }
}
