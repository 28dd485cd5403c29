//! What this project's benches measure and is not public. Not covered by SemVer.
#![allow(missing_docs, reason = "hidden: for the benches of this project alone")]

use std::hint::black_box;

use crate::{
    backup_code::{BackupCode, BackupCodeLength, Digest, SetShape},
    config::Config,
    credential::{Credential, InvalidCredential, Match, Parameters},
    device::{Device, Epoch, UserId, Version},
    error::Error,
    keyring::KeyRing,
    random::{OsRandomness, Randomness, RandomnessError},
    secrets::Secrets,
    throttle::RecentFailures,
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
    let live = Credential::new(secret, Parameters::default()).map_err(|error| {
        RandomnessError(error.into()) // no secret of the benches is out of range
    })?;
    let secrets = Secrets {
        live: Some(live),
        pending: None,
        backup_codes: digests.into_iter().map(Digest).collect(),
    };
    let epoch = Epoch::random(random)?;
    Ok(Device {
        version: Version::random(random)?,
        epoch,
        sealed: keys.seal(&secrets, &user, epoch, random)?,
        user,
        confirmed_at: Some(at),
        pending_at: None,
        last_step: None,
        failures: 0,
        recent_failures: RecentFailures::default(),
        backup_failures: 0,
        pending_failures: 0,
        proof_failures: RecentFailures::default(),
        backup_codes_remaining: SetShape::default().count.into(),
        last_used_at: Some(at),
        setup_required_by: None,
        setup_reminders: 0,
        created_at: at,
        updated_at: at,
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
        let mut secrets = keys
            .open(&device.sealed, &device.user, device.epoch)
            .map_err(|source| Error::Seal {
                user: device.user.clone(),
                source,
            })?;
        let backup_code = BackupCode::generate(BackupCodeLength::default(), random)?;
        secrets.backup_codes[0] = backup_code.digest(&device.user);
        device.sealed = keys.seal(&secrets, &device.user, device.epoch, random)?;
        let pending = Credential::generate(Parameters::default(), random)?;
        let mut with_pending = secrets.clone();
        with_pending.pending = Some(pending.clone());
        let enrolling = Device {
            sealed: keys.seal(&with_pending, &device.user, device.epoch, random)?,
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
        }
    }

    fn live(&self) -> &Credential {
        self.secrets.live.as_ref().unwrap_or(&self.pending)
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
        let Device {
            sealed,
            user,
            epoch,
            ..
        } = &self.device;
        self.keys.open(sealed, user, *epoch).is_ok()
    }

    pub fn seal(&self) -> Result<Vec<u8>, RandomnessError> {
        let Device { user, epoch, .. } = &self.device;
        self.keys.seal(&self.secrets, user, *epoch, &OsRandomness)
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
