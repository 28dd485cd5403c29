//! `RequireTotp`: the middleware that lets a request pass only with the second factor.

mod decision;
mod middleware;
mod redirect;

use std::time::Duration;

use actix_totp_core::{Proof, Status, UserId};
use actix_web::HttpRequest;

pub(crate) use self::decision::{Decision, Demand, decide};
use crate::{extract::Verified, plugin::Totp, problem::Problem, recheck::Recheck, session};

/// Lets a request pass only if the signed-in user has shown the second factor. Made by [`Totp::require`]; wrap a scope
/// or a resource with it, inside the session middleware.
///
/// 1. Nobody is signed in: 401 `not_authenticated`.
/// 2. No second factor: 403 `totp_setup_required`, or with [`if_enrolled`](Self::if_enrolled) it passes.
/// 3. No proof in the session, or one of another user or an ended epoch: 403 `totp_required`.
/// 4. A proof older than the maximum age: 403 `stale_proof`.
/// 5. The store does not answer: 503. The handler does not run.
///
/// It asks the store at every request ([`TotpBuilder::recheck_every`](crate::TotpBuilder::recheck_every) spares some), so that a device that was disabled, reset or enrolled anew elsewhere ends this
/// session's proof at once. It never looks at method or path: whatever it wraps is guarded. A refusal is an `Ok`
/// response, so that session, CORS and logging middleware around it still run.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use actix_totp::Totp;
/// use actix_web::{HttpResponse, web};
///
/// fn routes(totp: &Totp, cfg: &mut web::ServiceConfig) {
///     // The handler runs for whoever has shown a code in the last five minutes; all others get 401 or 403.
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
    demand: Demand,
    max_age_secs: u64,
    strict: bool,
}

/// That a guard let this request pass, and whether with the second factor. Kept with the request.
#[derive(Debug, Clone)]
pub(crate) struct Standing(pub(crate) Option<Verified>);

impl RequireTotp {
    pub(crate) fn new(totp: Totp) -> Self {
        let max_age_secs = totp.0.max_age_secs;
        Self {
            totp,
            demand: Demand::Everyone,
            max_age_secs,
            strict: false,
        }
    }

    /// Lets users without a second factor pass: it is asked only of those who have one.
    ///
    /// Default: it is asked of everyone.
    pub fn if_enrolled(mut self) -> Self {
        self.demand = Demand::IfEnrolled;
        self
    }

    /// How old the proof may be, in whole seconds: shorter for what matters more ("step-up").
    ///
    /// Default: that of [`TotpBuilder::max_age`](crate::TotpBuilder::max_age), 12 hours.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age_secs = max_age.as_secs();
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

    /// The check-list.
    pub(crate) async fn admit(&self, req: &HttpRequest) -> Result<Standing, Problem> {
        let user = self.totp.current_user(req).await?;
        let proof = session::proof(req, &user);
        if let Some(at) = self.remembered(&user, proof.as_ref())? {
            return Ok(Standing(Some(Verified { user, at })));
        }
        match self.ask(&user, proof.as_ref()).await? {
            Decision::Pass { at } => Ok(Standing(Some(Verified { user, at }))),
            Decision::PassUnenrolled => Ok(Standing(None)),
            Decision::SetupRequired => Err(Problem::totp_setup_required()),
            Decision::Stale => Err(Problem::stale_proof()),
            // Without session middleware nobody could ever pass: say so instead of asking for codes in vain.
            Decision::Required => {
                Err(session::require(req)
                    .map_or_else(|problem| problem, |_| Problem::totp_required()))
            }
        }
    }

    /// What the store says of the user, and whether this request's proof counts.
    pub(crate) async fn examine(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<(Status, Decision), Problem> {
        let (status, now) = self.totp.look(user).await?;
        let decision = self.decide(user, &status, session::proof(req, user).as_ref(), now);
        Ok((status, decision))
    }

    /// When the second factor was shown, if what was seen in the store a while ago is enough to let the request pass.
    fn remembered(&self, user: &UserId, proof: Option<&Proof>) -> Result<Option<u64>, Problem> {
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
        Ok(match self.decide(user, &status, proof, now) {
            Decision::Pass { at } => Some(at),
            _ => None, // a refusal asks the store
        })
    }

    async fn ask(&self, user: &UserId, proof: Option<&Proof>) -> Result<Decision, Problem> {
        let recheck = self.recheck();
        let before = recheck.map(|recheck| recheck.before_load(user));
        let (status, now) = self.totp.look(user).await?;
        if let (Some(recheck), Some(before), Some(epoch)) = (recheck, before, status.epoch) {
            recheck.remember(user, before, epoch, now);
        }
        Ok(self.decide(user, &status, proof, now))
    }

    fn recheck(&self) -> Option<&Recheck> {
        let recheck = self.totp.0.recheck.as_deref();
        recheck.filter(|_| !self.strict)
    }

    fn decide(&self, user: &UserId, status: &Status, proof: Option<&Proof>, now: u64) -> Decision {
        decide(self.demand, self.max_age_secs, user, status, proof, now)
    }
}
