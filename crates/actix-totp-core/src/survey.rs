//! What operators see of everybody, page by page.

use crate::{
    device::{Device, UserId},
    error::Error,
    keyring::{KeyId, SealError},
    service::TotpService,
    status::Status,
};

/// One row of the store, as an operator sees it. Nothing in it is secret.
#[derive(Debug)]
#[non_exhaustive]
pub struct Surveyed {
    /// Whose it is.
    pub user: UserId,
    /// The state of the user's second factor.
    pub status: Status,
    /// Since when the second factor is on, in seconds since the Unix epoch. `None`: it is off.
    pub enabled_since: Option<u64>,
    device: Device,
}

impl Surveyed {
    fn new(service: &TotpService, device: Device, now: u64) -> Self {
        Self {
            user: device.user.clone(),
            status: service.status_of(Some(&device), now),
            enabled_since: device.confirmed_at,
            device,
        }
    }

    /// Whether there is a box that matters: a row that holds a deadline alone has none.
    pub const fn has_box(&self) -> bool {
        self.device.has_credential()
    }

    /// The key that sealed the box, as the box says. `None`: its format is unknown.
    pub fn key(&self) -> Option<KeyId> {
        KeyId::of_box(&self.device.sealed)
    }
}

impl TotpService {
    /// At most `limit` rows of the store in the order of their users' bytes, those after `after` (`None`: from the start). An
    /// empty answer is the end. It writes nothing and opens no box.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp_core::{Error, TotpService};
    ///
    /// fn who_is_locked(totp: &TotpService) -> Result<(), Error> {
    ///     let mut last = None;
    ///     loop {
    ///         let page = totp.survey(last.as_ref(), 100)?;
    ///         let Some(end) = page.last() else { return Ok(()) };
    ///         last = Some(end.user.clone());
    ///         for row in page.iter().filter(|row| row.status.locked) {
    ///             println!("{:?}", row.user);
    ///         }
    ///     }
    /// }
    /// # let keys = actix_totp_core::KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// # who_is_locked(&TotpService::builder(actix_totp_core::MemoryStore::new(), keys).build()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn survey(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Surveyed>, Error> {
        let now = self.now()?;
        let page = self.inner.store.page(after, limit)?;
        let rows = page.into_iter();
        Ok(rows.map(|row| Surveyed::new(self, row, now)).collect())
    }

    /// The row of one user, or `None`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    pub fn survey_one(&self, user: &UserId) -> Result<Option<Surveyed>, Error> {
        let now = self.now()?;
        let device = self.load(user)?;
        Ok(device.map(|device| Surveyed::new(self, device, now)))
    }

    /// Whether the keys of this service open the box of the row. One without a box is right as it is.
    ///
    /// # Errors
    ///
    /// [`SealError`], which says why not.
    pub fn try_open(&self, row: &Surveyed) -> Result<(), SealError> {
        if !row.has_box() {
            return Ok(());
        }
        self.inner.keys.open(&row.device).map(drop)
    }
}
