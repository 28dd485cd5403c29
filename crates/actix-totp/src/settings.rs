//! The settings of the plugin, with their defaults and limits.

mod core;

use std::{sync::Arc, time::Duration};

use actix_totp_core::{BuildError, DeviceStore, EventContext, KeyRing, TotpService};
use actix_web::HttpRequest;

use crate::{
    change::{AuthorizeChange, Change},
    cross_site,
    plugin::{BrowserPaths, Plugin, Totp},
    recheck::{Recheck, Watched},
    request_context::RequestContext,
    runner::{Limits, Runner},
    session::SessionProof,
    trust::Trust,
    user::CurrentUser,
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
    authorize_change: AuthorizeChange,
    trusted_origins: Vec<String>,
    body_timeout: Duration,
    max_age: Duration,
    browser_paths: Option<BrowserPaths>,
    limits: Limits,
    recheck_every: Option<Duration>,
    trust: Trust,
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
            authorize_change: AuthorizeChange::default(),
            trusted_origins: Vec::new(),
            body_timeout: Duration::from_secs(5),
            max_age: DEFAULT_MAX_AGE,
            browser_paths: None,
            limits: Limits {
                worker_threads: 10,
                max_queued: 4_096,
                operation_timeout: Duration::from_secs(4),
            },
            recheck_every: None,
            trust: Trust::default(),
            #[cfg(feature = "pages")]
            pages: None,
        }
    }
}

impl TotpBuilder {
    /// Names a plugin beside the application's first, 1 to 32 of `a` to `z`, digits and `-`: it then has a place of its own in the
    /// session, a cookie of its own, and a pass of its own at its guards. Two plugins of one application need two names, or
    /// one a name.
    ///
    /// Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How to find out who is signed in.
    ///
    /// Default: [`CurrentUser::session_key`]`("user_id")`, with the label under `email`.
    pub fn current_user(mut self, current_user: CurrentUser) -> Self {
        self.current_user = current_user;
        self
    }

    /// Asks the application before `generate/`, `disable/` and `backup-codes/`, for instance for the password again. Its
    /// error is the answer; nothing was compared then.
    ///
    /// Default: nobody is asked.
    pub fn authorize_change<F>(mut self, authorize: F) -> Self
    where
        F: AsyncFn(&HttpRequest, Change) -> Result<(), actix_web::Error> + Send + Sync + 'static,
    {
        self.authorize_change = AuthorizeChange::new(authorize);
        self
    }

    /// Origins of front ends on other hosts that may POST, each like `https://app.example.com`. They also need CORS
    /// (actix-cors) and cookies that browsers send across sites.
    ///
    /// Default: none; a page of the same host may.
    pub fn trusted_origins<S: Into<String>>(
        mut self,
        origins: impl IntoIterator<Item = S>,
    ) -> Self {
        self.trusted_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// How old a proof may be where a guard says nothing else, 1 minute to 90 days; whole seconds. Where a browser may be
    /// [trusted](Self::trusted_browsers), guards that say nothing else take that instead of a younger proof.
    ///
    /// Default: 12 hours (SP 800-63B-4 §2.2.3 asks for 24 hours at most).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Lets users trust a browser for this long, 1 to 90 days in whole seconds: `validate/` with
    /// `"trust_browser": true` sets a cookie that guards take for a code from then on, in whichever session the user signs in
    /// later. A guard with a [`max_age`](crate::RequireTotp::max_age) of its own still asks for a code, and so does
    /// every change of the second factor. The cookie and the password together open the account: a machine
    /// that others use should not be trusted.
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
    /// `http://localhost`. Anybody who listens on the network can take it.
    ///
    /// Default: off, the cookie is sent over TLS only.
    pub fn danger_trust_without_tls(mut self) -> Self {
        self.trust.without_tls = true;
        self
    }

    /// Serves pages for users from the same scope; see [`pages`](crate::pages). Guards then send browsers to `challenge/` and
    /// `setup/`, unless [`redirect_browsers`](Self::redirect_browsers) sends them elsewhere.
    ///
    /// Default: off, everyone is answered with JSON.
    #[cfg(feature = "pages")]
    pub fn pages(mut self, pages: crate::pages::Pages) -> Self {
        self.pages = Some(pages);
        self
    }

    /// How long the body of a request may take to arrive, 100 milliseconds to 1 minute; then it is answered 408.
    ///
    /// Default: 5 seconds.
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.body_timeout = time;
        self
    }

    /// What events say of the request that they are about, for [`on_event`](Self::on_event). It is called for requests that
    /// may change something, if there is somebody to tell.
    ///
    /// Default: the peer's address as actix-web has it, never that of a `Forwarded` header, and the `User-Agent`, cut to 256
    /// bytes.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{EventContext, KeyRing, MemoryStore, Totp};
    /// use actix_web::HttpRequest;
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .event_context(|req: &HttpRequest| {
    ///         let id = req.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    ///         EventContext::new().request_id(id.unwrap_or_default())
    ///     })
    ///     .on_event(|event, context| println!("{event:?} in {context:?}"))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn event_context(
        mut self,
        describe: impl Fn(&HttpRequest) -> EventContext + Send + Sync + 'static,
    ) -> Self {
        self.request_context = RequestContext::new(describe);
        self
    }

    /// Where guards send browsers (`Accept: text/html`) instead of answering 403: to `challenge` for a code, to `setup`
    /// to enroll, with the page they wanted as `?next=`, always a path of this application. Both are paths like
    /// `/sign-in/code`.
    ///
    /// Default: nowhere, everyone gets the 403; or, with the feature `pages` and pages turned on, to these.
    pub fn redirect_browsers(
        mut self,
        challenge: impl Into<String>,
        setup: impl Into<String>,
    ) -> Self {
        self.browser_paths = Some(BrowserPaths {
            challenge: challenge.into(),
            setup: setup.into(),
            sign_in: None,
        });
        self
    }

    /// How many threads of the plugin ask the store at the same time, 1 to 256: as many as its pool has connections. Other
    /// requests wait. A quarter of the threads, rounded up, is for reads alone.
    ///
    /// Default: 10, as many connections as `DieselStore::open` makes.
    pub fn worker_threads(mut self, threads: usize) -> Self {
        self.limits.worker_threads = threads;
        self
    }

    /// How many reads, and how many operations, may wait for a thread, 1 to 1,000,000 of each kind; of one user at most 128
    /// operations and a quarter of the reads. More are refused at once with 503: while the store hangs, what waits is bounded,
    /// and the application serves what needs no store.
    ///
    /// Default: 4,096.
    pub fn max_queued(mut self, requests: usize) -> Self {
        self.limits.max_queued = requests;
        self
    }

    /// How long a request waits for the store, 100 milliseconds to 1 minute; then it is answered 503. What was begun goes on: a
    /// token may be spent, but is never accepted twice. What was not begun is never done.
    ///
    /// Default: 4 seconds: 1 for a connection, 2 for a statement, and 1 more.
    pub fn operation_timeout(mut self, time: Duration) -> Self {
        self.limits.operation_timeout = time;
        self
    }

    /// Lets guards believe for this long what they have seen in the store, instead of asking it at every request: 1 second
    /// to 5 minutes, in whole seconds. For requests of one user that pass, the store is then asked at most once in this
    /// time; a request that would be refused always asks.
    ///
    /// **The trade-off.** A disable, a reset or an [`end_all_proofs`](Totp::end_all_proofs) ends every proof at once in the
    /// process that does it. In another process that shares the database a proof may be good for this long after it, and so
    /// it may where a change was answered with an error and is written all the same; twice as long if the clock is set back
    /// meanwhile. While the store does not answer, proofs are good for that long, too. Where that is too long for a route,
    /// guard it with [`RequireTotp::strict`](crate::RequireTotp::strict). At most 65,536 users are remembered.
    ///
    /// Default: off, every request asks the store.
    pub fn recheck_every(mut self, time: Duration) -> Self {
        self.recheck_every = Some(time);
        self
    }

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
        if !self.name.iter().all(|name| is_name(name)) {
            return Err(BuildError::Web(
                "a plugin's name has 1 to 32 letters a to z, digits and dashes",
            ));
        }
        self.trust.check()?;
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
        Ok(Totp::new(Plugin {
            runner: Runner::new(service.clone(), self.limits),
            service,
            recheck,
            current_user: self.current_user,
            session_proof: SessionProof::new(self.name.as_deref()),
            request_context: self.request_context,
            authorize_change: self.authorize_change,
            trusted_origins: self.trusted_origins,
            body_timeout: self.body_timeout,
            max_age_secs,
            browser_paths: self.browser_paths,
            #[cfg(feature = "pages")]
            site: (self.pages)
                .map(|pages| crate::pages::site::Site::new(pages, self.name.as_deref()))
                .transpose()?,
            trust: Trust {
                plugin: self.name,
                ..self.trust
            },
        }))
    }
}

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\\?#".contains(&byte))
}
