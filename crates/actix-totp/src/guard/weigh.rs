//! Weighing what a request shows against what the store, or what is remembered of it, says of the user.

use actix_totp_core::{Proof, Rejection, Status, UserId};
use actix_web::HttpRequest;

use super::{Admitted, Decision, Demand, Policy, RequireTotp, code::Shown, decide};
use crate::{
    problem::Problem,
    recheck::Recheck,
    verified::{Seen, Verified},
};

impl RequireTotp {
    /// The check-list, without a look at a code that the request may bring.
    pub(crate) async fn admit_without_code(&self, req: &HttpRequest) -> Result<Admitted, Problem> {
        match self.asked(req).await? {
            Some((user, demand)) => self.weigh(req, user, demand).await,
            None => Ok(Seen::NotAsked.into()),
        }
    }

    pub(super) async fn weigh(
        &self,
        req: &HttpRequest,
        user: UserId,
        demand: Demand,
    ) -> Result<Admitted, Problem> {
        let shown = self.shown(req, &user).await;
        let decision = match self.remembered(req, &user, &shown)? {
            Some(pass) => pass,
            None => self.ask(req, &user, demand, &shown).await?,
        };
        let (at, proof) = match decision {
            Decision::Pass { at } => (at, shown.proof),
            Decision::PassTrusted { at } => (at, None),
            Decision::PassUnenrolled => return Ok(Seen::Unenrolled.into()),
            Decision::PassUntil(deadline) => {
                return Ok(Admitted {
                    setup_required_by: Some(self.note(req, &user, deadline).await?),
                    ..Seen::Unenrolled.into()
                });
            }
            Decision::SetupRequired => return Err(Problem::totp_setup_required()),
            Decision::Stale => return Err(self.challenge(req, Problem::stale_proof())),
            Decision::Required => return Err(self.ask_for_code(req)),
        };
        let by_code = shown.by_code;
        let verified = Verified {
            user,
            at,
            proof,
            by_code,
        };
        Ok(Seen::Verified(verified).into())
    }

    /// What the store says of the user, and whether this request's proof counts.
    pub(crate) async fn examine(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<(Status, Decision), Problem> {
        let (status, now) = self.totp.read(user).await?;
        let demand = self.demand.of(req, user).await?;
        let shown = self.shown(req, user).await;
        let decision = self.decide(req, user, demand, &status, &shown, now);
        Ok((status, decision))
    }

    /// The proof that the request brings, if it counts and is not too old. A trusted browser will not do.
    ///
    /// # Errors
    ///
    /// The problem that a guard would answer with.
    pub(crate) async fn own_proof(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<Proof, Problem> {
        let (status, now) = self.totp.read(user).await?;
        let proof = self.totp.proof_of(req, user).await;
        let policy = Policy {
            trusted_secs: None,
            ..self.policy
        };
        let missing = || self.challenge(req, Problem::totp_required());
        let demand = Demand::IfEnrolled;
        match decide(policy, user, demand, &status, proof.as_ref(), || None, now) {
            Decision::Pass { .. } => proof.ok_or_else(missing),
            Decision::PassUnenrolled | Decision::PassUntil(_) | Decision::SetupRequired => {
                Err(Rejection::NotEnabled.into())
            }
            Decision::Required | Decision::PassTrusted { .. } => Err(missing()),
            Decision::Stale => Err(self.challenge(req, Problem::stale_proof())),
        }
    }

    /// A pass, if what was seen in the store a while ago is enough to let the request through.
    fn remembered(
        &self,
        req: &HttpRequest,
        user: &UserId,
        shown: &Shown,
    ) -> Result<Option<Decision>, Problem> {
        let Some(recheck) = self.recheck() else {
            return Ok(None);
        };
        let now = self.totp.service().now()?;
        let Some(status) = recheck.status(user, now) else {
            return Ok(None);
        };
        let demand = Demand::IfEnrolled; // as of everyone who is enrolled
        let decision = self.decide(req, user, demand, &status, shown, now);
        Ok(Some(decision).filter(Decision::is_pass)) // a refusal asks the store
    }

    async fn ask(
        &self,
        req: &HttpRequest,
        user: &UserId,
        demand: Demand,
        shown: &Shown,
    ) -> Result<Decision, Problem> {
        let recheck = self.recheck();
        let before = recheck.map(|recheck| recheck.before_load(user));
        let (status, now) = self.totp.read(user).await?;
        if let (Some(recheck), Some(before)) = (recheck, before) {
            recheck.remember(user, before, &status, now);
        }
        Ok(self.decide(req, user, demand, &status, shown, now))
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
        shown: &Shown,
        now: u64,
    ) -> Decision {
        let totp = &self.totp;
        let browser = || totp.trust(req)?.proof(totp.service(), req, user);
        let proof = shown.proof.as_ref();
        match decide(self.policy, user, demand, status, proof, browser, now) {
            Decision::Pass { .. } if self.each_time && !shown.by_code => Decision::Stale,
            decision => decision,
        }
    }
}
