//! What tests of applications ask: what an authenticator shows, and the proof that a token would give.

use crate::{
    authenticator::AuthenticatorId, credential::Credential, device::UserId, error::Error,
    opened::Opened, proof::Proof, service::TotpService,
};

impl TotpService {
    /// What the user's authenticator shows now: the pending credential's code, or else that of the first live one. `None` without a
    /// device.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn code_for(&self, user: &UserId) -> Result<Option<String>, Error> {
        self.code_by(user, |opened| {
            let secrets = opened.secrets();
            let live = secrets.live.first().map(|it| &it.credential);
            secrets.pending.as_ref().map(|it| &it.credential).or(live)
        })
    }

    /// What this live authenticator of the user shows now. `None`: it is not there.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn code_of(&self, user: &UserId, id: AuthenticatorId) -> Result<Option<String>, Error> {
        self.code_by(user, |opened| {
            let live = opened.secrets().live.get(opened.position(id)?);
            live.map(|it| &it.credential)
        })
    }

    fn code_by(
        &self,
        user: &UserId,
        which: impl Fn(&Opened) -> Option<&Credential>,
    ) -> Result<Option<String>, Error> {
        let now = self.now()?;
        let Some(device) = self.load(user)? else {
            return Ok(None);
        };
        let opened = Opened::open(device, &self.inner.keys)?;
        let credential = which(&opened);
        Ok(credential.map(|it| it.code_at(it.step_at(now)).to_string()))
    }

    /// The proof that a good code of the first authenticator would give the user now, or `None` if no second factor is on. It spends
    /// no code.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    pub fn proof_for(&self, user: &UserId) -> Result<Option<Proof>, Error> {
        let at = self.now()?;
        let status = self.status(user)?;
        Ok(status.authenticators.get(0).map(|state| Proof {
            user: user.clone(),
            epoch: state.epoch,
            at,
        }))
    }
}
