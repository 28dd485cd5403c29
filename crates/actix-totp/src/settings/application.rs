//! The settings that tie the plugin to the application around it.

use actix_web::{HttpRequest, HttpResponse};

use super::TotpBuilder;
use crate::{
    change::Change,
    hook::Hook,
    problem::{Problem, ProblemFormat},
    verified::Verified,
};

impl TotpBuilder {
    /// Asks the application before `generate/`, `disable/`, `backup-codes/` and before an authenticator is renamed or removed, for instance for the password again. Its
    /// error is the answer; nothing was compared then. ASVS 5.0 7.5.1 asks for the password before a factor is set up or changed.
    ///
    /// Default: nobody is asked.
    pub fn authorize_change<F>(mut self, authorize: F) -> Self
    where
        F: AsyncFn(&HttpRequest, Change) -> Result<(), actix_web::Error> + Send + Sync + 'static,
    {
        self.authorize_change = Hook::new(authorize);
        self
    }

    /// Tells the application of every good token that gives a proof: at `validate/`, `verify/`, `generate/` with a token, `authenticators/{id}/remove/`, `sign-in/`, their
    /// pages, and where a guard takes a code with the request. The change is written then, and nothing is answered yet, so that the application can raise its own session. If the
    /// function fails, its error is the answer, and no proof is given. What was done is done: the code is spent, and after `verify/` the
    /// second factor is on, with backup codes that nobody has seen and that `backup-codes/` renews.
    ///
    /// Default: nobody is told.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{KeyRing, MemoryStore, Totp, Verified, actix_session::SessionExt};
    /// use actix_web::HttpRequest;
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .on_verified(async |req: &HttpRequest, verified: &Verified| {
    ///         req.get_session().insert("signed_in_fully_at", verified.at())?;
    ///         Ok(())
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_verified<F>(mut self, on_verified: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &Verified) -> Result<(), actix_web::Error> + Send + Sync + 'static,
    {
        self.on_verified = Hook::new(async move |req: &HttpRequest, verified: Verified| {
            on_verified(req, &verified).await
        });
        self
    }

    /// The application's own format for what endpoints, guards and [`Verified`](crate::Verified) refuse. The function makes the whole
    /// answer, for the status that the problem has; headers that the built-in answer has and this one lacks are added
    /// (`Cache-Control`, `Retry-After`, `Allow`, …). Browsers that are redirected or shown a page are that all the same.
    ///
    /// Default: `application/problem+json` (RFC 9457).
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{KeyRing, MemoryStore, Problem, Totp};
    /// use actix_web::{HttpRequest, HttpResponse};
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys)
    ///     .on_problem(|_: &HttpRequest, problem: &Problem| {
    ///         let error = serde_json::json!({ "error": { "id": problem.code(), "text": problem.detail() } });
    ///         HttpResponse::build(problem.status()).json(error)
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_problem(
        mut self,
        format: impl Fn(&HttpRequest, &Problem) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        self.problem_format = ProblemFormat::new(format);
        self
    }

    /// Where browsers find the application, if a proxy in front takes this off the paths of requests: a path like `/app`, of at most
    /// 128 letters, digits and `-._~`. It goes in front of every path that the plugin gives to browsers: redirects, `next`, links
    /// and forms of pages, and the path of the cookie of a page's notice. What the application says itself (to
    /// [`redirect_browsers`](Self::redirect_browsers) and [`pages`](Self::pages)) it says without it. A `next` that leads out of it
    /// is not gone to.
    ///
    /// Not for a proxy that leaves the path as it is: then the application's own scope has the prefix already.
    ///
    /// Default: none, browsers and the application have the same paths.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{KeyRing, MemoryStore, Totp};
    ///
    /// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
    /// let totp = Totp::builder(MemoryStore::new(), keys.clone())
    ///     .redirect_browsers("/code", "/enroll") // browsers are sent to /app/code?next=/app/…
    ///     .public_path("/app")
    ///     .build()?;
    /// assert!(Totp::builder(MemoryStore::new(), keys).public_path("//app").build().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn public_path(mut self, prefix: impl Into<String>) -> Self {
        self.public_path = Some(prefix.into());
        self
    }

    /// As [`public_path`](Self::public_path), where only the proxy knows the prefix and says it in `X-Forwarded-Prefix`. The proxy must
    /// set this header on every request, in the place of whatever the client has sent: anybody else's word would lead
    /// their own browser astray. A header that is not one plain path, or is there twice, is ignored, and the log says so once.
    ///
    /// Default: off, the header is not read. Not beside [`public_path`](Self::public_path).
    pub fn trust_forwarded_prefix(mut self) -> Self {
        self.trusts_forwarded_prefix = true;
        self
    }
}
