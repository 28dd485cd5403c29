//! Trusted browsers: a cookie that guards take for a code, where the application allows it.
//!
//! 1. Off by default. It is given only to who asks for it with a good token ("trust this browser").
//! 2. It holds a sealed proof ([`TotpService::seal_proof`](crate::TotpService::seal_proof)): good for one user, under one
//!    epoch, for as long as the settings say now. Every change of the epoch ends it, and so does the end of the second factor.
//! 3. A guard takes it where the session has no proof, or too old a one. A guard with a maximum age of its own does not: that
//!    asks for a fresh code. Nothing else takes it: to disable, renew or replace a token is needed.
//! 4. It never becomes a proof in the session, so it makes nothing fresh.

use std::time::Duration;

use actix_totp_core::{BuildError, Proof, UserId};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time},
};

use crate::{plugin::Totp, settings::TotpBuilder};

/// `__Host-`: only this host can set it, only over TLS, for every path (RFC 6265bis §4.1.3.2).
const COOKIE: &str = "__Host-totp_trust";
const COOKIE_WITHOUT_TLS: &str = "totp_trust";

/// The settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    lifetime: Option<Duration>,
    without_tls: bool,
}

impl TotpBuilder {
    /// Lets users trust a browser for this long, 1 to 90 days in whole seconds: `validate/` with
    /// `"trust_browser": true` sets a cookie that guards take for a code from then on, whoever's session it is that the user
    /// signs in with. A guard with a [`max_age`](crate::RequireTotp::max_age) of its own still asks for a code, and so does
    /// every change of the second factor. Whoever has the cookie and the password is in: as with any cookie, a machine that
    /// others use should not be trusted.
    ///
    /// The cookie is `__Host-totp_trust` (`Secure`, `HttpOnly`, `SameSite=Lax`). It ends with the epoch: at a disable, a
    /// replacement, a reset, `forget-browsers/` or [`end_all_proofs`](Totp::end_all_proofs), which is to be called when the
    /// password changes.
    ///
    /// Default: off, `trust_browser` is ignored.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_totp::{BuildError, KeyRing, MemoryStore, Totp};
    ///
    /// let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let month = Duration::from_secs(30 * 86_400);
    /// let builder = || Totp::builder(MemoryStore::new(), keys.clone());
    /// assert!(builder().trusted_browsers(month).build().is_ok());
    /// assert!(matches!(builder().trusted_browsers(12 * month).build(), Err(BuildError::Web(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trusted_browsers(mut self, lifetime: Duration) -> Self {
        self.trust.lifetime = Some(lifetime);
        self
    }

    /// Names the cookie of a trusted browser `totp_trust` and sends it over plain HTTP, too: for development on
    /// `http://localhost`. Over a network whoever listens can take it.
    ///
    /// Default: off, the cookie is sent over TLS only.
    pub fn danger_trust_without_tls(mut self) -> Self {
        self.trust.without_tls = true;
        self
    }
}

impl Trust {
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        match self.secs() {
            Some(secs) if !(86_400..=90 * 86_400).contains(&secs) => {
                Err(BuildError::Web("a browser is trusted for 1 to 90 days"))
            }
            _ => Ok(()),
        }
    }

    /// How long a browser is trusted. `None`: never.
    pub(crate) fn secs(&self) -> Option<u64> {
        self.lifetime.map(|lifetime| lifetime.as_secs())
    }

    const fn name(&self) -> &'static str {
        if self.without_tls {
            COOKIE_WITHOUT_TLS
        } else {
            COOKIE
        }
    }

    fn cookie(&self, value: String, secs: u64) -> Cookie<'static> {
        Cookie::build(self.name(), value)
            .path("/")
            .secure(!self.without_tls)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(secs.cast_signed()))
            .finish()
    }
}

/// The proof that the request's cookie holds, if it was made for this user. Whether it counts is for the guard to decide.
pub(crate) fn proof(totp: &Totp, req: &HttpRequest, user: &UserId) -> Option<Proof> {
    let cookie = req.cookie(totp.0.trust.name())?;
    totp.service().open_proof(user, cookie.value())
}

/// The cookie that makes a browser trusted, if there are such. The token is spent and the session has its proof: a browser
/// that cannot be trusted for want of random bytes is none, and no failure.
pub(crate) fn cookie(totp: &Totp, proof: &Proof) -> Option<Cookie<'static>> {
    let trust = &totp.0.trust;
    let secs = trust.secs()?;
    match totp.service().seal_proof(proof) {
        Ok(sealed) => Some(trust.cookie(sealed, secs)),
        Err(error) => {
            tracing::error!(%error, "a browser cannot be trusted");
            None
        }
    }
}

/// The cookie that takes the other away from this browser, if there are such.
pub(crate) fn no_cookie(totp: &Totp) -> Option<Cookie<'static>> {
    let trust = &totp.0.trust;
    trust.secs().map(|_| trust.cookie(String::new(), 0))
}
