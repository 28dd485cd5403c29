//! `RequireTotp`: the middleware that lets a request pass only with the second factor.

mod decision;
mod demand;
mod grace;
mod middleware;
mod redirect;
mod skip;

use std::{sync::Arc, time::Duration};

use actix_totp_core::{Proof, Rejection, Status, UserId};
use actix_web::HttpRequest;

pub use self::demand::Demand;
use self::skip::Skip;
pub(crate) use self::{
    decision::{Decision, Policy, decide, is_timely},
    demand::DemandOf,
};
use crate::{
    plugin::Totp,
    problem::Problem,
    recheck::Recheck,
    session::{self, SessionSeen},
    verified::{Seen, Verified},
};

/// Lets a request pass only if the signed-in user has shown the second factor. Made by [`Totp::require`]; wrap a scope
/// or a resource with it, inside the session middleware.
///
/// 1. Nobody is signed in: 401 `not_authenticated`.
/// 2. No second factor: 403 `totp_setup_required`. It passes where the second factor is not demanded of this user
///    ([`if_enrolled`](Self::if_enrolled), [`require_when`](Self::require_when)), or where the user still has time to set it up
///    ([`TotpBuilder::grace`](crate::TotpBuilder::grace)); then the answer has the header `TOTP-Setup-Required-By`, in
///    seconds since the Unix epoch.
/// 3. No proof in the session, or one of another user or an ended epoch: 403 `totp_required`.
/// 4. A proof older than the maximum age: 403 `stale_proof`.
/// 5. Instead of 3 and 4, a trusted browser passes where the application allows such
///    ([`TotpBuilder::trusted_browsers`](crate::TotpBuilder::trusted_browsers)) and the guard has no maximum age of its own.
/// 6. The store, or a function of the application, does not answer: 503. The handler does not run.
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
    leave_cache_control: bool,
    session_seen: Arc<SessionSeen>,
}

/// A request that passes: what the guard saw, and by when the user must set up what it did not see.
pub(crate) struct Admitted {
    pub(crate) seen: Seen,
    setup_required_by: Option<u64>,
}

impl From<Seen> for Admitted {
    fn from(seen: Seen) -> Self {
        Self {
            seen,
            setup_required_by: None,
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

    /// Leaves answers from behind the guard without a `Cache-Control` where what answers sets none: a shared cache that does not
    /// look at cookies (RFC 9111 §3) may then hand a guarded answer to anybody. For files that everybody may see all the same, and
    /// for applications that set the header in middleware around the guard.
    ///
    /// Default: whatever comes from behind the guard, also what it lets pass without a second factor, gets
    /// `Cache-Control: no-store` (ASVS 5.0 14.3.2). A `Cache-Control` of the handler or of middleware behind the guard stands
    /// as it is. An error that such middleware returns, instead of an answer, is left alone.
    pub fn leave_cache_control(mut self) -> Self {
        self.leave_cache_control = true;
        self
    }

    /// The check-list.
    pub(crate) async fn admit(&self, req: &HttpRequest) -> Result<Admitted, Problem> {
        if self.skip.is_for(req) {
            return Ok(Seen::NotAsked.into());
        }
        let current_user = &self.totp.plugin.current_user;
        let user = current_user
            .require(req, Some(&self.session_seen))
            .await?
            .id;
        let demand = self.demand.of(req, &user).await?;
        if demand == Demand::Nobody {
            return Ok(Seen::NotAsked.into());
        }
        let proof = self.proof(req, &user);
        if let Some(at) = self.remembered(req, &user, proof.as_ref())? {
            return Ok(Seen::Verified(Verified { user, at }).into());
        }
        match self.ask(req, &user, demand, proof.as_ref()).await? {
            Decision::Pass { at } => Ok(Seen::Verified(Verified { user, at }).into()),
            Decision::PassUnenrolled => Ok(Seen::Unenrolled.into()),
            Decision::PassUntil(deadline) => Ok(Admitted {
                seen: Seen::Unenrolled,
                setup_required_by: Some(self.note(req, &user, deadline).await?),
            }),
            Decision::SetupRequired => Err(Problem::totp_setup_required()),
            Decision::Stale => Err(Problem::stale_proof()),
            // Without session middleware nobody could ever pass: say so instead of asking for codes in vain.
            Decision::Required => {
                Err(session::require(req)
                    .map_or_else(|problem| problem, |_| Problem::totp_required()))
            }
        }
    }

    fn proof(&self, req: &HttpRequest, user: &UserId) -> Option<Proof> {
        self.totp.plugin.session_proof.read(req, user)
    }

    /// What the store says of the user, and whether this request's proof counts.
    pub(crate) async fn examine(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<(Status, Decision), Problem> {
        let (status, now) = self.totp.read(user).await?;
        let demand = self.demand.of(req, user).await?;
        let session = self.proof(req, user);
        let decision = self.decide(req, user, demand, &status, session.as_ref(), now);
        Ok((status, decision))
    }

    /// The proof in the session, if it counts and is not too old. A trusted browser will not do.
    ///
    /// # Errors
    ///
    /// The problem that a guard would answer with.
    pub(crate) async fn session_proof(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<Proof, Problem> {
        let (status, now) = self.totp.read(user).await?;
        let proof = self.proof(req, user);
        let policy = Policy {
            trusted_secs: None,
            ..self.policy
        };
        let demand = Demand::IfEnrolled;
        match decide(policy, user, demand, &status, proof.as_ref(), || None, now) {
            Decision::Pass { .. } => proof.ok_or_else(Problem::totp_required),
            Decision::PassUnenrolled | Decision::PassUntil(_) | Decision::SetupRequired => {
                Err(Rejection::NotEnabled.into())
            }
            Decision::Required => Err(Problem::totp_required()),
            Decision::Stale => Err(Problem::stale_proof()),
        }
    }

    /// When the second factor was shown, if what was seen in the store a while ago is enough to let the request pass.
    fn remembered(
        &self,
        req: &HttpRequest,
        user: &UserId,
        proof: Option<&Proof>,
    ) -> Result<Option<u64>, Problem> {
        let Some(recheck) = self.recheck() else {
            return Ok(None);
        };
        let now = self.totp.service().now()?;
        let Some(epoch) = recheck.epoch(user, now) else {
            return Ok(None);
        };
        let status = Status {
            enabled: true,
            epoch: Some(epoch),
            ..Status::default()
        };
        let demand = Demand::IfEnrolled; // as of everyone who is enrolled
        Ok(match self.decide(req, user, demand, &status, proof, now) {
            Decision::Pass { at } => Some(at),
            _ => None, // a refusal asks the store
        })
    }

    async fn ask(
        &self,
        req: &HttpRequest,
        user: &UserId,
        demand: Demand,
        proof: Option<&Proof>,
    ) -> Result<Decision, Problem> {
        let recheck = self.recheck();
        let before = recheck.map(|recheck| recheck.before_load(user));
        let (status, now) = self.totp.read(user).await?;
        if let (Some(recheck), Some(before), Some(epoch)) = (recheck, before, status.epoch) {
            recheck.remember(user, before, epoch, now);
        }
        Ok(self.decide(req, user, demand, &status, proof, now))
    }

    fn recheck(&self) -> Option<&Recheck> {
        let recheck = self.totp.plugin.recheck.as_deref();
        recheck.filter(|_| !self.strict)
    }

    fn decide(
        &self,
        req: &HttpRequest,
        user: &UserId,
        demand: Demand,
        status: &Status,
        session: Option<&Proof>,
        now: u64,
    ) -> Decision {
        let plugin = &self.totp.plugin;
        let browser = || plugin.trust.proof(&plugin.service, req, user);
        decide(self.policy, user, demand, status, session, browser, now)
    }
}
