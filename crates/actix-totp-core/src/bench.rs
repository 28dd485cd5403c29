//! What this project's benches measure and is not public. Not covered by SemVer.
#![allow(missing_docs, reason = "hidden: for the benches of this project alone")]

use std::hint::black_box;

use crate::{
    authenticator::{AuthenticatorId, AuthenticatorName, AuthenticatorState},
    backup_code::{BackupCode, BackupCodeLength, Digest, SetShape},
    config::Config,
    credential::{Credential, InvalidCredential, Match, Parameters},
    device::{Device, UserId},
    error::Error,
    keyring::KeyRing,
    random::{OsRandomness, Randomness, RandomnessError},
    secrets::{Live, Pending, Place, Secrets},
    transition::{self, Accepted, Context, Next, Transition},
};

/// The code that an authenticator with this secret shows in `step`.
pub fn code(secret: &[u8], step: u64) -> Result<String, InvalidCredential> {
    let credential = Credential::new(secret, Parameters::default())?;
    Ok(credential.code_at(step).to_string())
}

/// A device as it is after enrollment, with ten backup codes that nobody knows: for filling a database.
pub fn enrolled(
    keys: &KeyRing,
    user: UserId,
    secret: &[u8],
    at: u64,
    random: &dyn Randomness,
) -> Result<Device, Error> {
    let mut digests = vec![[0; Digest::BYTES]; SetShape::default().count.into()];
    digests
        .iter_mut()
        .try_for_each(|digest| random.fill(digest))?;
    let mut device = Device::new(&user, at, random)?;
    device.confirmed_at = Some(at);
    device.last_used_at = Some(at);
    device.backup_codes_remaining = SetShape::default().count.into();
    let secrets = Secrets {
        live: vec![live(&mut device, secret, random)?],
        pending: None,
        backup_codes: digests.into_iter().map(Digest).collect(),
    };
    device.sealed = keys.seal(&secrets, &device, random)?;
    Ok(device)
}

/// Beside that of the first secret, so many further authenticators.
pub fn with_further(
    keys: &KeyRing,
    device: &mut Device,
    further: u8,
    random: &dyn Randomness,
) -> Result<(), Error> {
    let mut secrets = opened(keys, device)?;
    for n in 0..further {
        let live = live(device, &[100 + n; 20], random)?;
        secrets.live.push(live);
    }
    device.sealed = keys.seal(&secrets, device, random)?;
    Ok(())
}

fn live(device: &mut Device, secret: &[u8], random: &dyn Randomness) -> Result<Live, Error> {
    let credential = Credential::new(secret, Parameters::default()).map_err(|error| {
        RandomnessError(error.into()) // no secret of the benches is out of range
    })?;
    device.authenticators.push(AuthenticatorState::new(random)?);
    Ok(Live {
        id: AuthenticatorId::random(random)?,
        name: AuthenticatorName::default(),
        created_at: device.created_at,
        credential,
    })
}

fn opened(keys: &KeyRing, device: &Device) -> Result<Secrets, Error> {
    keys.open(device).map_err(|source| Error::Seal {
        user: device.user.clone(),
        source,
    })
}

/// One enrolled user, and each part of an operation on it.
pub struct Parts {
    keys: KeyRing,
    config: Config,
    device: Device,
    /// With a pending secret beside the live one.
    enrolling: Device,
    secrets: Secrets,
    backup_code: BackupCode,
    pending: Credential,
    now: u64,
}

impl Parts {
    pub fn new(keys: KeyRing, user: UserId, secret: &[u8], now: u64) -> Result<Self, Error> {
        let random = &OsRandomness;
        let mut device = enrolled(&keys, user, secret, now - 86_400, random)?;
        let mut secrets = opened(&keys, &device)?;
        let backup_code = BackupCode::generate(BackupCodeLength::default(), random)?;
        secrets.backup_codes[0] = backup_code.digest(&device.user);
        device.sealed = keys.seal(&secrets, &device, random)?;
        let pending = Credential::generate(Parameters::default(), random)?;
        let mut with_pending = secrets.clone();
        with_pending.pending = Some(Pending {
            place: Place::Only,
            name: None,
            credential: pending.clone(),
        });
        let enrolling = Device {
            sealed: keys.seal(&with_pending, &device, random)?,
            pending_at: Some(now),
            ..device.clone()
        };
        Ok(Self {
            keys,
            config: Config::default(),
            device,
            enrolling,
            secrets,
            backup_code,
            pending,
            now,
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            config: &self.config,
            keys: &self.keys,
            random: &OsRandomness,
            proof: None,
            issuer: &self.config.issuer,
            name: None,
            replacing: None,
        }
    }

    fn live(&self) -> &Credential {
        &self.secrets.live[0].credential
    }

    /// The code of the current step.
    pub fn good_code(&self) -> String {
        let live = self.live();
        live.code_at(live.step_at(self.now)).to_string()
    }

    pub fn backup_code(&self) -> String {
        self.backup_code.reveal()
    }

    pub fn match_code(&self, code: &str) -> bool {
        matches!(
            self.live().match_code(code, self.now, 1, None),
            Match::Step(_)
        )
    }

    pub fn open(&self) -> bool {
        self.keys.open(&self.device).is_ok()
    }

    pub fn seal(&self) -> Result<Vec<u8>, RandomnessError> {
        self.keys.seal(&self.secrets, &self.device, &OsRandomness)
    }

    pub fn enroll(&self) -> bool {
        let user = &self.device.user;
        accepted(transition::enroll(None, user, "", None, &self.context()))
    }

    pub fn confirm(&self) -> bool {
        let code = self.pending.code_at(self.pending.step_at(self.now));
        let device = Some(self.enrolling.clone());
        accepted(transition::confirm(
            device,
            &(&*code).into(),
            &self.context(),
        ))
    }

    pub fn authenticate(&self, token: &str) -> bool {
        let context = self.context();
        accepted(transition::authenticate(
            self.device(),
            &token.into(),
            &context,
        ))
    }

    pub fn renew_backup_codes(&self, code: &str) -> bool {
        let context = self.context();
        accepted(transition::renew_backup_codes(
            self.device(),
            &code.into(),
            &context,
        ))
    }

    pub fn disable(&self, code: &str) -> bool {
        let context = self.context();
        accepted(transition::disable(
            self.device(),
            Some(&code.into()),
            &context,
        ))
    }

    pub fn unlock(&self) -> bool {
        accepted(transition::unlock(self.device(), &self.context()))
    }

    pub fn end_all_proofs(&self) -> bool {
        accepted(transition::end_all_proofs(self.device(), &self.context()))
    }

    fn device(&self) -> Option<Device> {
        Some(self.device.clone())
    }
}

fn accepted<T>(transition: Transition<T>) -> bool {
    black_box(transition)
        .is_ok_and(|Accepted { next, .. }| matches!(next, Next::Put(_) | Next::Delete))
}
