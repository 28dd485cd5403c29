//! Who must have a second factor, and from when on.

use actix_totp_core::{Grace, UserId};
use actix_web::HttpRequest;

use super::TotpBuilder;
use crate::guard::{Demand, DemandOf};

impl TotpBuilder {
    /// A function that says what is demanded of a user. It is asked by every guard that says nothing else, at every request; by
    /// `disable/`, which answers 403 `totp_is_required` to whom it says [`Demand::Everyone`]; by the pages, which then show no
    /// form to turn it off; and by `status/`. Such users can replace their authenticator. An operator's
    /// [`reset`](crate::Totp::reset) and [`Totp::disable`](crate::Totp::disable) do not ask it.
    ///
    /// It must say the same of a user whatever the request is for. An error is answered with 503, without its text. It must not
    /// keep a clone of the request: actix-web panics if it routes one that is shared.
    ///
    /// Default: none. Guards demand the second factor of everyone, and everyone may turn it off.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_totp::{Demand, Grace, KeyRing, MemoryStore, Totp, UserId};
    /// use actix_web::HttpRequest;
    ///
    /// async fn is_staff(user: &UserId) -> Result<bool, actix_web::Error> {
    ///     Ok(user.as_str().starts_with("staff-"))
    /// }
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .demand(async |_: &HttpRequest, user: &UserId| {
    ///         Ok(if is_staff(user).await? { Demand::Everyone } else { Demand::IfEnrolled })
    ///     })
    ///     .grace(Grace::per_user(Duration::from_secs(14 * 86_400)))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn demand<F>(mut self, ask: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &UserId) -> Result<Demand, actix_web::Error>
            + Send
            + Sync
            + 'static,
    {
        self.demand = Some(DemandOf::each(ask));
        self
    }

    /// How long users who must have a second factor may go on without: until a date for all, or for a time that begins for each
    /// user when a guard would refuse them for the first time. Until then guards let them pass without
    /// [`Verified`](crate::Verified); the answer has the header `TOTP-Setup-Required-By`, and `status/` the member
    /// `totp_setup_required_by`, both in seconds since the Unix epoch. [`Event::SetupDue`](crate::Event::SetupDue) reminds
    /// them. Then they are refused with `totp_setup_required`.
    ///
    /// The deadline of a user outlives everything but [`Totp::delete`](crate::Totp::delete): nobody gains time by disabling, by a
    /// reset, by a new sign-in or by a change of roles. A thief with the password alone has the same time as the owner, and can set
    /// up the second factor in it: keep it short. While it runs, ASVS 5.0 6.3.3 and SP 800-63B-4 §2.2.1 are not held.
    ///
    /// Default: none, guards refuse at once.
    pub const fn grace(mut self, grace: Grace) -> Self {
        self.grace = Some(grace);
        self
    }
}
