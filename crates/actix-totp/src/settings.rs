//! The settings of the plugin, with their defaults and limits.

mod application;
mod core;
mod policy;
mod proof;
mod sign_in;
mod standards;
mod web;

use std::{sync::Arc, time::Duration};

use actix_totp_core::{Authenticated, BuildError, DeviceStore, Grace, KeyRing, TotpService};
use actix_web::HttpResponse;

use crate::{
    change::Change,
    cross_site,
    drawing::Drawing,
    guard::DemandOf,
    hook::Hook,
    plugin::{BrowserPaths, Plugin, Totp},
    problem::ProblemFormat,
    proof_in::{Places, ProofIn},
    public_path::PublicPath,
    recheck::{Recheck, Watched},
    request_context::RequestContext,
    runner::{Limits, Runner},
    session::SessionProof,
    standards::Standard,
    step_up::StepUp,
    transport::Transport,
    trust::Trust,
    user::CurrentUser,
    verified::Verified,
};

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);

/// The settings of a [`Totp`]. Every bad one is refused in [`build`](Self::build), not per request.
///
/// # Example
///
/// ```
/// use actix_totp::{BuildError, KeyRing, MemoryStore, Totp};
///
/// let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
/// let refused = Totp::builder(MemoryStore::new(), keys.clone()).issuer("a:b").build();
/// assert_eq!(refused.unwrap_err(), BuildError::Issuer);
///
/// let totp = Totp::builder(MemoryStore::new(), keys)
///     .issuer("Example Inc")
///     .trusted_origins(["https://app.example.com"])
///     .on_event(|event, _| println!("{event:?}"))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is made before build()"]
pub struct TotpBuilder {
    core: actix_totp_core::TotpBuilder,
    name: Option<String>,
    current_user: CurrentUser,
    request_context: RequestContext,
    authorize_change: Hook<Change>,
    on_verified: Hook<Verified>,
    on_signed_in: Hook<Authenticated, HttpResponse>,
    problem_format: ProblemFormat,
    trusted_origins: Vec<String>,
    body_timeout: Duration,
    max_age: Duration,
    demand: Option<DemandOf>,
    grace: Option<Grace>,
    browser_paths: Option<BrowserPaths>,
    public_path: Option<String>,
    trusts_forwarded_prefix: bool,
    limits: Limits,
    recheck_every: Option<Duration>,
    trust: Trust,
    proof_in: ProofIn,
    step_up: StepUp,
    logged_standard: Option<Standard>,
    #[cfg(feature = "pages")]
    pages: Option<crate::pages::Pages>,
}

impl Totp {
    /// Starts with a store for the devices and the keys that seal what is secret in them.
    pub fn builder(store: impl DeviceStore, keys: KeyRing) -> TotpBuilder {
        TotpBuilder {
            core: TotpService::builder(store, keys),
            name: None,
            current_user: CurrentUser::default(),
            request_context: RequestContext::default(),
            authorize_change: Hook::default(),
            on_verified: Hook::default(),
            on_signed_in: Hook::default(),
            problem_format: ProblemFormat::default(),
            trusted_origins: Vec::new(),
            body_timeout: Duration::from_secs(5),
            max_age: DEFAULT_MAX_AGE,
            demand: None,
            grace: None,
            browser_paths: None,
            public_path: None,
            trusts_forwarded_prefix: false,
            limits: Limits {
                worker_threads: 10,
                max_queued: 4_096,
                operation_timeout: Duration::from_secs(4),
            },
            recheck_every: None,
            trust: Trust::default(),
            proof_in: ProofIn::default(),
            step_up: StepUp::default(),
            logged_standard: None,
            #[cfg(feature = "pages")]
            pages: None,
        }
    }
}

impl TotpBuilder {
    /// The plugin.
    ///
    /// # Errors
    ///
    /// [`BuildError`] for the first setting that is out of its range.
    pub fn build(self) -> Result<Totp, BuildError> {
        if !self
            .trusted_origins
            .iter()
            .all(|it| cross_site::is_origin(it))
        {
            return Err(BuildError::Web(
                "a trusted origin looks like https://app.example.com, without a path",
            ));
        }
        let max_age_secs = self.max_age.as_secs();
        if !(60..=90 * 86_400).contains(&max_age_secs) {
            return Err(BuildError::Web("the maximum age is 1 minute to 90 days"));
        }
        if !self.grace.iter().all(Grace::is_valid) {
            return Err(BuildError::Web("a user's grace is 1 hour to 366 days"));
        }
        if let Some(BrowserPaths {
            challenge, setup, ..
        }) = &self.browser_paths
            && !(is_path(challenge) && is_path(setup))
        {
            return Err(BuildError::Web(
                "browsers are redirected to paths like /sign-in/code",
            ));
        }
        if !(1..=256).contains(&self.limits.worker_threads) {
            return Err(BuildError::Web("there are 1 to 256 threads"));
        }
        if !(1..=1_000_000).contains(&self.limits.max_queued) {
            return Err(BuildError::Web("1 to 1,000,000 requests may wait"));
        }
        let within = Duration::from_millis(100)..=Duration::from_secs(60);
        if !within.contains(&self.limits.operation_timeout) {
            return Err(BuildError::Web(
                "an answer is given within 100 milliseconds to 1 minute",
            ));
        }
        if !within.contains(&self.body_timeout) {
            return Err(BuildError::Web(
                "a body arrives within 100 milliseconds to 1 minute",
            ));
        }
        self.trust.check()?;
        self.check_proof_in()?;
        let public_path = PublicPath::new(self.public_path, self.trusts_forwarded_prefix)?;
        let recheck = self.recheck_every.map(|time| time.as_secs());
        if recheck.is_some_and(|secs| !(1..=300).contains(&secs)) {
            return Err(BuildError::Web("recheck_every is 1 second to 5 minutes"));
        }
        let recheck = recheck.map(|secs| Arc::new(Recheck::every(secs)));
        let core = match recheck.clone() {
            None => self.core,
            Some(recheck) => self.core.wrap_store(|store| Watched::new(store, recheck)),
        };
        let service = core.build()?;
        let totp = Totp::new(Plugin {
            runner: Runner::new(service.clone(), self.limits),
            service,
            recheck,
            drawing: Drawing::default(),
            current_user: self.current_user.of_users_in(&self.proof_in),
            session_proof: SessionProof::new(self.name.as_deref()),
            places: Places::new(self.proof_in, self.name.as_deref())?,
            step_up: self.step_up,
            request_context: self.request_context,
            authorize_change: self.authorize_change,
            on_verified: self.on_verified,
            on_signed_in: self.on_signed_in,
            problem_format: self.problem_format,
            trusted_origins: self.trusted_origins,
            body_timeout: self.body_timeout,
            max_age_secs,
            demand: self.demand,
            grace: self.grace,
            browser_paths: self.browser_paths,
            public_path,
            #[cfg(feature = "pages")]
            site: (self.pages)
                .map(|pages| crate::pages::site::Site::new(pages, self.name.as_deref()))
                .transpose()?,
            trust: Trust {
                plugin: self.name,
                ..self.trust
            },
            transport: Transport::default(),
        });
        if let Some(standard) = self.logged_standard {
            totp.log_shortfalls(standard);
        }
        Ok(totp)
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\\?#".contains(&byte))
}
