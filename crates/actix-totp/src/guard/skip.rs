//! What stays open inside of a guarded scope.

use std::{fmt, sync::Arc};

use actix_web::HttpRequest;

use super::RequireTotp;

type SkipFn = dyn Fn(&HttpRequest) -> bool + Send + Sync;

/// The application's function, if it gave one.
#[derive(Clone, Default)]
pub(super) struct Skip(Option<Arc<SkipFn>>);

impl Skip {
    pub(super) fn is_for(&self, req: &HttpRequest) -> bool {
        self.0.as_ref().is_some_and(|skips| skips(req))
    }
}

impl fmt::Debug for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "a function"
        } else {
            "nothing"
        })
    }
}

impl RequireTotp {
    /// Opens the guard for whatever request this function says `true` to: it passes without a second factor, without anybody signed
    /// in, and without [`Verified`](crate::Verified). For what must stay open inside of a guarded scope, as the health check of a
    /// load balancer.
    ///
    /// **The danger.** The guard itself never looks at method or path; a function that does opens everything it does not think of.
    /// `path().ends_with("/health")` opens `/admin/users/health`, a test for `OPTIONS` opens handlers that answer any method, and
    /// headers say what the caller wants. Compare with [`HttpRequest::match_pattern`], which is the route that answers, and not the
    /// path as it was sent. Better still, register what is open outside of the guarded scope. The function is called before
    /// anything else, for every request of everybody.
    ///
    /// Default: nothing is skipped. Called again, the last function counts.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::Totp;
    /// use actix_web::{HttpResponse, web};
    ///
    /// fn routes(totp: &Totp, cfg: &mut web::ServiceConfig) {
    ///     let guard = totp
    ///         .require()
    ///         .danger_skip(|req| req.match_pattern().as_deref() == Some("/admin/health"));
    ///     cfg.service(
    ///         web::scope("/admin")
    ///             .wrap(guard)
    ///             .route("/health", web::get().to(HttpResponse::Ok)) // open to everybody
    ///             .route("/users", web::get().to(HttpResponse::Ok)), // guarded
    ///     );
    /// }
    /// ```
    pub fn danger_skip(
        mut self,
        skips: impl Fn(&HttpRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.skip = Skip(Some(Arc::new(skips)));
        self
    }
}
