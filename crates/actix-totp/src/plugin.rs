//! The plugin: what an application builds once and clones into each worker.

use std::{fmt, sync::Arc, time::Duration};

use actix_totp_core::{
    Authenticated, Error, EventContext, Grace, Operation, Outcome, Status, TotpService, UserId,
};
use actix_web::{HttpRequest, HttpResponse};

use crate::{
    change::Change,
    drawing::Drawing,
    guard::DemandOf,
    hook::Hook,
    problem::{Problem, ProblemFormat},
    proof_in::Places,
    public_path::{Prefix, PublicPath},
    recheck::Recheck,
    request_context::RequestContext,
    runner::Runner,
    session::SessionProof,
    step_up::StepUp,
    transport::Transport,
    trust::Trust,
    user::{CurrentUser, SignedIn},
    verified::Verified,
};

/// The second factor of an application. Cheap to clone; all clones are one.
///
/// The methods that are `async` are the operations without HTTP; each runs on a thread of the plugin's own. After a `fork` the
/// child has none of these threads: build the plugin in the child.
#[derive(Clone)]
pub struct Totp {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) event_context: Option<Arc<EventContext>>,
}

pub(crate) struct Plugin {
    pub(crate) service: TotpService,
    pub(crate) runner: Runner,
    pub(crate) recheck: Option<Arc<Recheck>>,
    pub(crate) drawing: Drawing,
    pub(crate) current_user: CurrentUser,
    pub(crate) session_proof: SessionProof,
    pub(crate) places: Places,
    pub(crate) step_up: StepUp,
    pub(crate) request_context: RequestContext,
    pub(crate) authorize_change: Hook<Change>,
    pub(crate) on_verified: Hook<Verified>,
    pub(crate) on_signed_in: Hook<Authenticated, HttpResponse>,
    pub(crate) problem_format: ProblemFormat,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) body_timeout: Duration,
    pub(crate) max_age_secs: u64,
    /// `None`: guards demand it of everyone, and everyone may turn it off.
    pub(crate) demand: Option<DemandOf>,
    pub(crate) grace: Option<Grace>,
    pub(crate) browser_paths: Option<BrowserPaths>,
    pub(crate) public_path: PublicPath,
    pub(crate) trust: Trust,
    pub(crate) transport: Transport,
    #[cfg(feature = "pages")]
    pub(crate) site: Option<crate::pages::site::Site>,
}

/// Where the guard sends browsers: paths as the application has them, without what a proxy takes off.
#[derive(Debug, Clone)]
pub(crate) struct BrowserPaths {
    pub(crate) challenge: String,
    pub(crate) setup: String,
    pub(crate) sign_in: Option<String>,
}

impl Totp {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self {
            plugin: Arc::new(plugin),
            event_context: None,
        }
    }

    /// The same plugin, whose events carry this context: who acts, if it is not the user.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Error, EventContext, Totp, UserId};
    ///
    /// async fn reset(totp: &Totp, user: &UserId) -> Result<bool, Error> {
    ///     totp.with_context(EventContext::new().actor("support: jane")).reset(user).await
    /// }
    /// ```
    pub fn with_context(&self, context: EventContext) -> Self {
        Self {
            plugin: Arc::clone(&self.plugin),
            event_context: Some(Arc::new(context)),
        }
    }

    /// The same plugin, whose events are about this request.
    pub(crate) fn for_request(&self, req: &HttpRequest) -> Self {
        if !self.plugin.service.has_event_handlers() {
            return self.clone(); // nobody is told
        }
        self.with_context(self.plugin.request_context.of(req))
    }

    /// The same operations, synchronous: for tools, jobs and other front ends.
    pub fn service(&self) -> &TotpService {
        &self.plugin.service
    }

    /// The user who is signed in.
    pub(crate) async fn signed_in(&self, req: &HttpRequest) -> Result<SignedIn, Problem> {
        self.plugin.current_user.require(req, None).await
    }

    /// What stands in front of the application's paths for the browser that has sent this request.
    pub(crate) fn prefix<'a>(&'a self, req: &'a HttpRequest) -> Prefix<'a> {
        self.plugin.public_path.of(req)
    }

    /// The status of a user and the time that it is for: one crossing to another thread.
    pub(crate) async fn read(&self, user: &UserId) -> Result<(Status, u64), Error> {
        self.plugin.runner.read(user.clone()).await
    }

    /// Does an operation on a thread of the plugin's own. The methods by name do the same; this is for one that carries more, as the
    /// proof of the session that asks ([`Operation::with_proof`]).
    ///
    /// # Errors
    ///
    /// Any [`Error`]. [`Error::TooManyRequests`] and [`Error::Overloaded`]: nothing was done. [`Error::TimedOut`]: it is unknown.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Error, Operation, Outcome, Proof, Totp};
    ///
    /// /// New backup codes for a session that holds a proof, also while somebody else's wrong codes make others wait.
    /// async fn renew(totp: &Totp, proof: Proof, code: &str) -> Result<bool, Error> {
    ///     let renewal = Operation::renew_backup_codes(&proof.user, code).with_proof(Some(proof.clone()));
    ///     Ok(matches!(totp.apply(renewal).await?, Outcome::Accepted(_)))
    /// }
    /// ```
    pub async fn apply<T: Send + 'static>(
        &self,
        operation: Operation<T>,
    ) -> Result<Outcome<T>, Error> {
        let operation = match &self.event_context {
            Some(context) => operation.with_context(Some(Arc::clone(context))),
            None => operation, // it may have one of its own
        };
        self.plugin.runner.apply(operation).await
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp")
            .field("service", &self.plugin.service)
            .field("current_user", &self.plugin.current_user)
            .field("trusted_origins", &self.plugin.trusted_origins)
            .finish_non_exhaustive()
    }
}
