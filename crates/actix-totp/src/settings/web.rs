//! The settings of the web layer.

use std::time::Duration;

use actix_totp_core::EventContext;
use actix_web::HttpRequest;

use super::TotpBuilder;
use crate::{plugin::BrowserPaths, request_context::RequestContext, user::CurrentUser};

impl TotpBuilder {
    /// Names a plugin beside the application's first, 1 to 32 of `a` to `z`, digits and `-`: it then has a place of its own in the
    /// session, a cookie of its own, tickets of its own, and a pass of its own at its guards. Two plugins of one application need two names, or
    /// one a name.
    ///
    /// Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.name = Some(name.clone());
        self.map_core(|core| core.name(name))
    }

    /// How to find out who is signed in.
    ///
    /// Default: [`CurrentUser::session_key`]`("user_id")`, with the label under `email`.
    pub fn current_user(mut self, current_user: CurrentUser) -> Self {
        self.current_user = current_user;
        self
    }

    /// Origins of front ends on other hosts that may POST, each like `https://app.example.com`. They also need CORS
    /// (actix-cors) and cookies that browsers send across sites. One that begins with `http:` trusts everybody on the network (ASVS
    /// 5.0 3.5.1).
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
    /// Default: 12 hours (SP 800-63B-4 §2.2.3 asks for 24 hours at most; ASVS 5.0 7.3.2).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Lets users trust a browser for this long, 1 to 90 days in whole seconds: `validate/` with
    /// `"trust_browser": true` sets a cookie that guards take for a code from then on, in whichever session the user signs in
    /// later. A guard with a [`max_age`](crate::RequireTotp::max_age) of its own still asks for a code, and so does
    /// every change of the second factor. The cookie and the password together open the account: a machine
    /// that others use should not be trusted. SP 800-63B-4 §5.1 allows no such cookie at AAL2, and for ASVS 5.0 7.3.2 a day is the most.
    ///
    /// The cookie is `__Host-totp_trust` (`Secure`, `HttpOnly`, `SameSite=Lax`). It ends with the epoch: at a disable, a
    /// replacement, a reset, `forget-browsers/` or [`end_all_proofs`](crate::Totp::end_all_proofs), which is to be called when the
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
    /// `http://localhost`. Anybody who listens on the network can take it (ASVS 5.0 3.3.1).
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

    /// How many reads, and how many operations, may wait for a thread, 1 to 1,000,000 of each kind. More are refused at once with
    /// 503: while the store hangs, what waits is bounded, and the application serves what needs no store. Of one user at most 128
    /// of each kind wait; more are refused with 429.
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
    /// **The trade-off.** A disable, a reset or an [`end_all_proofs`](crate::Totp::end_all_proofs) ends every proof at once in the
    /// process that does it. In another process that shares the database a proof may be good for this long after it, and so
    /// it may where a change was answered with an error and is written all the same; twice as long if the clock is set back
    /// meanwhile. While the store does not answer, proofs are good for that long, too. Where that is too long for a route,
    /// guard it with [`RequireTotp::strict`](crate::RequireTotp::strict). At most 65,536 users are remembered.
    ///
    /// ASVS 5.0 7.4.1 asks that what was ended be of no use, at once.
    ///
    /// Default: off, every request asks the store.
    pub fn recheck_every(mut self, time: Duration) -> Self {
        self.recheck_every = Some(time);
        self
    }
}
