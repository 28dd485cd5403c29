//! What this project's benches measure and is not public. Not covered by SemVer.
#![allow(missing_docs, reason = "hidden: for the benches of this project alone")]

use std::hint::black_box;

use crate::{
    backup_code::{self, BackupCode, Digest},
    config::Config,
    credential::{Credential, InvalidCredential, Match, Parameters},
    device::{Device, Epoch, UserId, Version},
    error::Error,
    keyring::KeyRing,
    random::{OsRandomness, Randomness, RandomnessError},
    secrets::Secrets,
    throttle::RecentFailures,
    transition::{self, Accepted, Context, Next, Opened, Step},
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
    let mut digests = vec![[0; 32]; backup_code::SET_SIZE];
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
        backup_codes_remaining: backup_code::SET_SIZE as u32,
        last_used_at: Some(at),
        created_at: at,
        updated_at: at,
    })
}

/// One enrolled user, and each part of an operation on it.
pub struct Parts {
    keys: KeyRing,
    config: Config,
    device: Device,
    secrets: Secrets,
    backup_code: BackupCode,
    pending: Credential,
    now: u64,
}

impl Parts {
    pub fn new(keys: KeyRing, user: UserId, secret: &[u8], now: u64) -> Result<Self, Error> {
        let random = &OsRandomness;
        let device = enrolled(&keys, user, secret, now - 86_400, random)?;
        let mut secrets = keys
            .open(&device.sealed, &device.user, device.epoch)
            .map_err(|source| Error::Seal {
                user: device.user.clone(),
                source,
            })?;
        let backup_code = BackupCode::generate(random)?;
        secrets.backup_codes[0] = backup_code.digest(&device.user);
        let pending = Credential::generate(Parameters::default(), random)?;
        Ok(Self {
            keys,
            config: Config::default(),
            device,
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
            random: &OsRandomness,
        }
    }

    fn opened(&self) -> Opened {
        Opened {
            device: self.device.clone(),
            secrets: self.secrets.clone(),
            reseal: false,
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
        let mut opened = self.opened();
        opened.secrets.pending = Some(self.pending.clone());
        opened.device.pending_at = Some(self.now);
        let code = self.pending.code_at(self.pending.step_at(self.now));
        accepted(transition::confirm(Some(opened), &code, &self.context()))
    }

    pub fn authenticate(&self, token: &str) -> bool {
        accepted(transition::authenticate(
            Some(self.opened()),
            token,
            &self.context(),
        ))
    }

    pub fn renew_backup_codes(&self, code: &str) -> bool {
        accepted(transition::renew_backup_codes(
            Some(self.opened()),
            code,
            &self.context(),
        ))
    }

    pub fn disable(&self, code: &str) -> bool {
        accepted(transition::disable(
            Some(self.opened()),
            Some(code),
            &self.context(),
        ))
    }

    pub fn unlock(&self) -> bool {
        accepted(transition::unlock(Some(self.opened()), &self.context()))
    }

    pub fn end_all_proofs(&self) -> bool {
        accepted(transition::end_all_proofs(
            Some(self.opened()),
            &self.context(),
        ))
    }
}

fn accepted<T>(step: Step<T>) -> bool {
    black_box(step).is_ok_and(|Accepted { next, .. }| matches!(next, Next::Put(_) | Next::Delete))
}
