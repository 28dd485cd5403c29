//! `RequireTotp`: the middleware that lets a request pass only with the second factor.

mod additions;
mod code;
mod decision;
mod demand;
mod grace;
mod middleware;
mod redirect;
mod refusal;
mod skip;
mod weigh;

use std::{sync::Arc, time::Duration};

use actix_totp_core::UserId;
use actix_web::HttpRequest;

pub use self::demand::Demand;
use self::skip::Skip;
pub(crate) use self::{
    decision::{Decision, Policy, decide, is_timely},
    demand::DemandOf,
};
use crate::{
    plugin::Totp, problem::Problem, sealed_proof::SealedProof, session::SessionSeen, verified::Seen,
};

/// Lets a request pass only if the signed-in user has shown the second factor. Made by [`Totp::require`]; wrap a scope
/// or a resource with it, inside the session middleware.
///
/// 1. Nobody is signed in: 401 `not_authenticated`.
/// 2. No second factor: 403 `totp_setup_required`. It passes where the second factor is not demanded of this user
///    ([`if_enrolled`](Self::if_enrolled), [`require_when`](Self::require_when)), or where the user still has time to set it up
///    ([`TotpBuilder::grace`](crate::TotpBuilder::grace)); then the answer has the header `TOTP-Setup-Required-By`, in
///    seconds since the Unix epoch.
/// 3. No proof, or one of another user or an ended epoch: 403 `totp_required`.
/// 4. A proof older than the maximum age: 403 `stale_proof`.
/// 5. Instead of 3 and 4, a trusted browser passes where the application allows such
///    ([`TotpBuilder::trusted_browsers`](crate::TotpBuilder::trusted_browsers)) and the guard has no maximum age of its own.
/// 6. The store, or a function of the application, does not answer: 503. The handler does not run.
///
/// The proof is in the session, or wherever [`TotpBuilder::proof_in`](crate::TotpBuilder::proof_in) says. Clients that keep it
/// themselves get 401 instead of 403 in 3 and 4, with the challenge of RFC 9470, which names this guard's maximum age. They may
/// also send a code with the request, as `TOTP-Code`: it is spent, and the answer has the proof in its header `TOTP-Proof`. What
/// `validate/` would refuse is refused likewise.
///
/// It asks the store at every request ([`TotpBuilder::recheck_every`](crate::TotpBuilder::recheck_every) spares some), so that
/// a device that was disabled, reset or enrolled anew elsewhere ends this session's proof at once. It never looks at method or path: whatever it wraps is guarded. A refusal is an `Ok`
/// response, so that session, CORS and logging middleware around it still run. What it lets pass is answered with
/// `Cache-Control: no-store`, unless the handler says otherwise ([`leave_cache_control`](Self::leave_cache_control)).
///
/// # Example
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use actix_totp::Totp;
/// use actix_web::{HttpResponse, web};
///
/// fn routes(totp: &Totp, cfg: &mut web::ServiceConfig) {
///     // The handler runs for users who have shown a code in the last five minutes; all others get 401 or 403.
///     cfg.service(
///         web::resource("/transfer")
///             .wrap(totp.require().max_age(Duration::from_secs(300)))
///             .to(HttpResponse::Ok),
///     );
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a guard guards nothing before it is wrapped around something"]
pub struct RequireTotp {
    totp: Totp,
    demand: DemandOf,
    policy: Policy,
    skip: Skip,
    strict: bool,
    each_time: bool,
    leave_cache_control: bool,
    session_seen: Arc<SessionSeen>,
}

/// A request that passes: what the guard saw, and what the answer is to say.
pub(crate) struct Admitted {
    pub(crate) seen: Seen,
    /// By when the user must set up what the guard did not see.
    setup_required_by: Option<u64>,
    /// The proof of a code that was spent, where the client keeps it.
    sealed: Option<SealedProof>,
}

impl From<Seen> for Admitted {
    fn from(seen: Seen) -> Self {
        Self {
            seen,
            setup_required_by: None,
            sealed: None,
        }
    }
}

impl Totp {
    /// A guard for the routes that need the second factor: as [`TotpBuilder::demand`](crate::TotpBuilder::demand) says or for
    /// everyone, with the default maximum age.
    pub fn require(&self) -> RequireTotp {
        let demand = self.plugin.demand.clone();
        let policy = Policy {
            grace: self.plugin.grace,
            max_age_secs: self.plugin.max_age_secs,
            trusted_secs: self.plugin.trust.secs(),
        };
        RequireTotp {
            totp: self.clone(),
            demand: demand.unwrap_or(DemandOf::All(Demand::Everyone)),
            policy,
            skip: Skip::default(),
            strict: false,
            each_time: false,
            leave_cache_control: false,
            session_seen: Arc::default(),
        }
    }
}

impl RequireTotp {
    /// How old the proof may be, in whole seconds: shorter for what matters more ("step-up"). A trusted browser
    /// ([`TotpBuilder::trusted_browsers`](crate::TotpBuilder::trusted_browsers)) will then not do.
    ///
    /// Default: that of [`TotpBuilder::max_age`](crate::TotpBuilder::max_age), 12 hours, or a trusted browser.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.policy.max_age_secs = max_age.as_secs();
        self.policy.trusted_secs = None;
        self
    }

    /// Asks the store at every request, also where
    /// [`TotpBuilder::recheck_every`](crate::TotpBuilder::recheck_every) would spare it.
    ///
    /// Default: as that says.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Asks for a code with every request, in the header `TOTP-Code`, wherever proofs are kept: for what must not happen on a
    /// proof alone. The code is spent with the request, and no proof and no trusted browser will do instead. Browsers are not
    /// redirected for it: a page that asks for a code could not send it along.
    ///
    /// Default: a proof will do.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::Totp;
    /// use actix_web::{HttpResponse, web};
    ///
    /// fn routes(totp: &Totp, cfg: &mut web::ServiceConfig) {
    ///     // curl -X DELETE -H 'Authorization: Bearer …' -H 'TOTP-Code: 123456' https://api.example.com/account
    ///     let account = web::resource("/account").wrap(totp.require().each_time());
    ///     cfg.service(account.route(web::delete().to(HttpResponse::NoContent)));
    /// }
    /// ```
    pub fn each_time(mut self) -> Self {
        self.each_time = true;
        self.policy.trusted_secs = None;
        self
    }

    /// Leaves answers from behind the guard without a `Cache-Control` where what answers sets none: a shared cache that does not
    /// look at cookies (RFC 9111 §3) may then hand a guarded answer to anybody. For files that everybody may see all the same, and
    /// for applications that set the header in middleware around the guard.
    ///
    /// Default: whatever comes from behind the guard, also what it lets pass without a second factor, gets
    /// `Cache-Control: no-store` (ASVS 5.0 14.3.2). A `Cache-Control` of the handler or of middleware behind the guard stands
    /// as it is. An error that such middleware returns gets it in its answer, and is wrapped for that: whoever looks for its type
    /// outside of the guard finds it with this setting alone.
    pub fn leave_cache_control(mut self) -> Self {
        self.leave_cache_control = true;
        self
    }

    /// Who is asked for the second factor, and how urgently. `None`: nobody is.
    async fn asked(&self, req: &HttpRequest) -> Result<Option<(UserId, Demand)>, Problem> {
        if self.skip.is_for(req) {
            return Ok(None);
        }
        let current_user = &self.totp.plugin.current_user;
        let signed_in = current_user.require(req, Some(&self.session_seen));
        let user = signed_in.await?.id;
        let demand = self.demand.of(req, &user).await?;
        Ok((demand != Demand::Nobody).then_some((user, demand)))
    }
}
