//! Trusted browsers: a cookie that guards take for a code, where the application allows it.
//!
//! 1. Off by default. It is given only to users who ask for it with a good token ("trust this browser").
//! 2. It holds a sealed proof ([`TotpService::seal_proof`](crate::TotpService::seal_proof)): good for one user, under one
//!    epoch, for as long as the settings say now. Every change of the epoch ends it, and so does the end of the second factor.
//! 3. A guard takes it where the session has no proof, or too old a one. A guard with a maximum age of its own does not: that
//!    asks for a fresh code. Nothing else takes it: to disable, renew or replace a token is needed.
//! 4. It never becomes a proof in the session, so it makes nothing fresh.

use std::time::Duration;

use actix_totp_core::{BuildError, Proof, TotpService, UserId};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time},
};

/// `__Host-`: only this host can set it, only over TLS, for every path (RFC 6265bis §4.1.3.2).
const COOKIE: &str = "__Host-totp_trust";
const COOKIE_WITHOUT_TLS: &str = "totp_trust";
const PURPOSE: &str = "actix-totp trust";

/// The settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    pub(crate) lifetime: Option<Duration>,
    pub(crate) without_tls: bool,
    /// That of a plugin beside the application's first.
    pub(crate) plugin: Option<String>,
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

    fn name(&self) -> String {
        let name = if self.without_tls {
            COOKIE_WITHOUT_TLS
        } else {
            COOKIE
        };
        match &self.plugin {
            None => name.to_owned(),
            Some(plugin) => format!("{name}_{plugin}"),
        }
    }

    /// What its proofs are sealed for: no client can send one as a header, or a header's as a cookie.
    fn purpose(&self) -> String {
        match &self.plugin {
            None => PURPOSE.to_owned(),
            Some(plugin) => format!("{PURPOSE}-{plugin}"),
        }
    }

    /// The proof that the request's cookie holds, if it was made for this user. Whether it counts is for the guard to decide.
    pub(crate) fn proof(
        &self,
        service: &TotpService,
        req: &HttpRequest,
        user: &UserId,
    ) -> Option<Proof> {
        let cookie = req.cookie(&self.name())?;
        service.open_proof(&self.purpose(), user, cookie.value())
    }

    /// The cookie that makes a browser trusted, if there are such. The token is spent and the session has its proof: a browser
    /// that cannot be trusted for want of random bytes is none, and no failure.
    pub(crate) fn cookie_for(
        &self,
        service: &TotpService,
        proof: &Proof,
    ) -> Option<Cookie<'static>> {
        let secs = self.secs()?;
        match service.seal_proof(&self.purpose(), proof) {
            Ok(sealed) => Some(self.cookie(sealed, secs)),
            Err(error) => {
                tracing::error!(%error, "a browser cannot be trusted");
                None
            }
        }
    }

    /// The cookie that takes the other away from this browser, if there are such.
    pub(crate) fn no_cookie(&self) -> Option<Cookie<'static>> {
        self.secs().map(|_| self.cookie(String::new(), 0))
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
