//! The settings of a sign-in in two steps.

use std::time::Duration;

use actix_totp_core::{Authenticated, UserId};
use actix_web::{HttpRequest, HttpResponse};

use super::TotpBuilder;
use crate::hook::Hook;

impl TotpBuilder {
    /// Mounts `sign-in/`, for applications that give no session or token before the second factor: the application's password
    /// check answers with the ticket of [`begin_sign_in`](crate::Totp::begin_sign_in), and whoever brings it to `sign-in/` with a good
    /// token is signed in by this function. It puts the user into the session, or makes tokens, and gives the answer.
    ///
    /// Afterwards the plugin tells [`on_verified`](Self::on_verified) and puts the proof into the session, under a new session id. Where
    /// clients keep proofs themselves ([`proof_in`](Self::proof_in)) it puts it into the answer's header `TOTP-Proof`, and the function may put
    /// it into its tokens: [`seal_proof`](crate::Totp::seal_proof) of the plugin, which is
    /// `req.app_data::<web::ThinData<Totp>>()`.
    ///
    /// If the function fails, or answers with a status of 400 or more, nobody is signed in: a session that it has changed is ended,
    /// and the answer is the function's. The code is spent then, and the ticket used: the user begins again. It must not
    /// [`purge`](crate::actix_session::Session::purge) the session, which then takes nothing any more; `clear` empties it.
    ///
    /// A form of the [pages](crate::pages) is led on to its `next` where the answer is a success without a body.
    ///
    /// Default: none, and there is no `sign-in/`.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Authenticated, KeyRing, MemoryStore, Totp, UserId, actix_session::SessionExt};
    /// use actix_web::{HttpRequest, HttpResponse};
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .on_signed_in(async |req: &HttpRequest, user: &UserId, _: &Authenticated| {
    ///         req.get_session().clear(); // whoever was signed in here before
    ///         req.get_session().insert("user_id", user.as_str())?;
    ///         Ok(HttpResponse::NoContent().finish())
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_signed_in<F>(mut self, on_signed_in: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &UserId, &Authenticated) -> Result<HttpResponse, actix_web::Error>
            + Send
            + Sync
            + 'static,
    {
        self.on_signed_in = Hook::new(async move |req: &HttpRequest, it: Authenticated| {
            on_signed_in(req, &it.proof.user, &it).await
        });
        self
    }

    /// How long a ticket waits for its token, 1 minute to 1 hour; whole seconds.
    ///
    /// Default: 5 minutes.
    pub fn sign_in_lifetime(self, lifetime: Duration) -> Self {
        self.map_core(|core| core.sign_in_lifetime(lifetime))
    }
}
