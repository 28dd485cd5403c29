//! Of whom the second factor is asked: of everyone, or as the application says.

use std::{fmt, sync::Arc};

use actix_totp_core::UserId;
use actix_web::HttpRequest;

use super::RequireTotp;
use crate::{hook::Hook, plugin::Totp, problem::Problem};

/// What is asked of a user: as of everyone, as of those who have a second factor, or as of nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Demand {
    /// The user must have a second factor, and show it.
    Everyone,
    /// The user must show it, if they have one.
    IfEnrolled,
    /// Nothing is asked of the user, who passes without [`Verified`](crate::Verified), also with a proof.
    Nobody,
}

type Answer = Result<Demand, actix_web::Error>;

/// The same for all, or for each what the application's function says.
#[derive(Clone)]
pub(crate) enum DemandOf {
    All(Demand),
    Each(Arc<Hook<UserId, Demand>>),
}

impl DemandOf {
    pub(crate) fn each<F>(ask: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &UserId) -> Answer + Send + Sync + 'static,
    {
        let ask = async move |req: &HttpRequest, user: UserId| ask(req, &user).await;
        Self::Each(Arc::new(Hook::new(ask)))
    }

    /// What is asked of this user. Who cannot be judged does not pass: an error is 503.
    pub(super) async fn of(&self, req: &HttpRequest, user: &UserId) -> Result<Demand, Problem> {
        let ask = match self {
            Self::All(demand) => return Ok(*demand),
            Self::Each(ask) => ask,
        };
        match ask.call(req, || user.clone()).await {
            Ok(Some(demand)) => Ok(demand),
            Ok(None) => Ok(Demand::Everyone),
            Err(error) => {
                tracing::error!(%error, "the function that says of whom the second factor is asked failed");
                Err(Problem::unavailable())
            }
        }
    }
}

impl fmt::Debug for DemandOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(demand) => demand.fmt(f),
            Self::Each(_) => f.write_str("a function"),
        }
    }
}

impl Totp {
    /// A guard for a handler that cannot do without: whatever the application demands, and at once.
    pub(crate) fn require_of_everyone(&self) -> RequireTotp {
        RequireTotp {
            demand: DemandOf::All(Demand::Everyone),
            ..self.require().without_grace()
        }
    }

    /// Whether the application says that this user must have a second factor, and so may replace it but not turn it off.
    pub(crate) async fn is_required_of(
        &self,
        req: &HttpRequest,
        user: &UserId,
    ) -> Result<bool, Problem> {
        match &self.plugin.demand {
            Some(demand) => Ok(demand.of(req, user).await? == Demand::Everyone),
            None => Ok(false),
        }
    }
}

impl RequireTotp {
    /// Lets users without a second factor pass: it is asked only of those who have one.
    ///
    /// Default: as [`TotpBuilder::demand`](crate::TotpBuilder::demand) says, or else it is asked of everyone.
    pub fn if_enrolled(mut self) -> Self {
        self.demand = DemandOf::All(Demand::IfEnrolled);
        self
    }

    /// Asks a function of the application what to demand of this user, at every request and before anything that is remembered
    /// counts. An error is answered with 503, without its text. It must not keep a clone of the request: actix-web panics if it
    /// routes one that is shared.
    ///
    /// `disable/` and the pages do not know of it. Where a user must not turn the second factor off, say so with
    /// [`TotpBuilder::demand`](crate::TotpBuilder::demand), which all guards use that say nothing else.
    ///
    /// Default: as there.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Demand, RequireTotp, Totp, UserId};
    /// use actix_web::HttpRequest;
    ///
    /// async fn is_staff(user: &UserId) -> Result<bool, actix_web::Error> {
    ///     Ok(user.as_str().starts_with("staff-"))
    /// }
    ///
    /// /// Staff must have a second factor; others are asked only if they do.
    /// fn guard(totp: &Totp) -> RequireTotp {
    ///     totp.require().require_when(async |_: &HttpRequest, user: &UserId| {
    ///         Ok(if is_staff(user).await? { Demand::Everyone } else { Demand::IfEnrolled })
    ///     })
    /// }
    /// ```
    pub fn require_when<F>(mut self, ask: F) -> Self
    where
        F: AsyncFn(&HttpRequest, &UserId) -> Answer + Send + Sync + 'static,
    {
        self.demand = DemandOf::each(ask);
        self
    }
}
