//! The plugin: what an application builds once and clones into each worker.

use std::{fmt, sync::Arc};

use actix_totp_core::{CheckError, DeviceStore, Error, KeyRing, Status, TotpService, UserId};
use actix_web::{HttpRequest, web};

use crate::{
    change::{AuthorizeChange, Change},
    guard::RequireTotp,
    problem::Problem,
    recheck::Recheck,
    routes,
    runner::Runner,
    settings::TotpBuilder,
    trust::Trust,
    user::CurrentUser,
};

/// The second factor of an application. Cheap to clone; all clones are one.
///
/// The methods that are `async` are the operations without HTTP; each runs on a thread of the plugin's own.
#[derive(Clone)]
pub struct Totp(pub(crate) Arc<Plugin>);

pub(crate) struct Plugin {
    pub(crate) service: TotpService,
    pub(crate) runner: Runner,
    pub(crate) recheck: Option<Arc<Recheck>>,
    pub(crate) current_user: CurrentUser,
    pub(crate) authorize_change: AuthorizeChange,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) max_age_secs: u64,
    pub(crate) browser_paths: Option<BrowserPaths>,
    pub(crate) trust: Trust,
    #[cfg(feature = "pages")]
    pub(crate) site: Option<crate::pages::Site>,
}

/// Where the guard sends browsers.
#[derive(Debug, Clone)]
pub(crate) struct BrowserPaths {
    pub(crate) challenge: String,
    pub(crate) setup: String,
    pub(crate) sign_in: Option<String>,
}

impl Totp {
    /// Starts with a store for the devices and the keys that seal what is secret in them.
    pub fn builder(store: impl DeviceStore, keys: KeyRing) -> TotpBuilder {
        TotpBuilder::new(TotpService::builder(store, keys))
    }

    /// Mounts the endpoints: `generate/`, `verify/`, `status/`, `validate/`, `backup-codes/`, `forget-browsers/` and
    /// `disable/`, each with and without its slash; with pages turned on (feature `pages`), these too. Give it to the `configure` of a scope of its own.
    pub fn configure(&self, cfg: &mut web::ServiceConfig) {
        routes::configure(self, cfg);
    }

    /// A guard for the routes that need the second factor: everyone, with the default maximum age.
    pub fn require(&self) -> RequireTotp {
        RequireTotp::new(self.clone())
    }

    /// The same operations, synchronous: for tools, jobs and other front ends.
    pub fn service(&self) -> &TotpService {
        &self.0.service
    }

    /// Looks, at start, whether this can work: store, key, clock. Blocks, as an application does before it serves.
    ///
    /// # Errors
    ///
    /// As [`TotpService::check`].
    pub fn check(&self) -> Result<(), CheckError> {
        self.0.service.check()
    }

    /// Puts a proof into `session`, as a good token does, without spending a code. `false`: the user has no second
    /// factor. For tests of applications.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] or [`Error::Clock`].
    #[cfg(feature = "test-util")]
    pub async fn verify_session(
        &self,
        session: &actix_session::Session,
        user: &UserId,
    ) -> Result<bool, Error> {
        let user = user.clone();
        let proof = self.run(move |service| service.proof_for(&user)).await?;
        Ok(proof.is_some_and(|proof| crate::session::keep(session, &proof).is_ok()))
    }

    /// The user who is signed in.
    pub(crate) async fn current_user(&self, req: &HttpRequest) -> Result<UserId, Problem> {
        self.0.current_user.require(req).await
    }

    /// The status of a user and the time that it is for: one crossing to another thread.
    pub(crate) async fn look(&self, user: &UserId) -> Result<(Status, u64), Error> {
        self.0.runner.look(user.clone()).await
    }

    /// Asks the application whether a request may change the second factor.
    pub(crate) async fn authorize_change(
        &self,
        req: &HttpRequest,
        change: Change,
    ) -> Result<(), actix_web::Error> {
        self.0.authorize_change.ask(req, change).await
    }

    /// Runs an operation on a thread of the plugin's own: one crossing per request.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&TotpService) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.runner.run(operation).await
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp")
            .field("service", &self.0.service)
            .field("current_user", &self.0.current_user)
            .field("trusted_origins", &self.0.trusted_origins)
            .finish_non_exhaustive()
    }
}
