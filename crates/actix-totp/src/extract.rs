//! An extractor that a handler asks for to be unreachable without the second factor.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_totp_core::UserId;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};

use crate::{guard::Standing, plugin::Totp, problem::Problem};

/// Proof, as an argument of a handler, that the signed-in user has shown the second factor.
///
/// Inside a [`RequireTotp`](crate::RequireTotp) it costs nothing: the guard has asked the store. Elsewhere it asks
/// itself, for everyone and with the default maximum age, if the application has registered the plugin with
/// `app_data(web::Data::new(totp.clone()))`. With neither, the handler cannot be reached: 503, and the log says why.
///
/// # Example
///
/// ```
/// use actix_totp::Verified;
/// use actix_web::{HttpResponse, Responder};
///
/// async fn transfer(verified: Verified) -> impl Responder {
///     HttpResponse::Ok().body(format!("hello, {}", verified.user()))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub(crate) user: UserId,
    pub(crate) at: u64,
}

impl Verified {
    /// Who has shown the second factor.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// When, in seconds since the Unix epoch. In a trusted browser: when the user began to trust it.
    pub const fn at(&self) -> u64 {
        self.at
    }
}

impl FromRequest for Verified {
    type Error = actix_web::Error;
    type Future = VerifiedFuture;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(standing) = req.extensions().get::<Standing>() {
            // A guard that lets the unenrolled pass has run: this handler does not.
            let verified = standing.0.clone().ok_or_else(Problem::totp_setup_required);
            return VerifiedFuture(Waiting::Known(Some(verified)));
        }
        let req = req.clone();
        VerifiedFuture(Waiting::Asking(Box::pin(async move { ask(&req).await })))
    }
}

/// Resolves to a [`Verified`], at once behind a guard.
pub struct VerifiedFuture(Waiting);

enum Waiting {
    Known(Option<Result<Verified, Problem>>),
    Asking(Pin<Box<dyn Future<Output = Result<Verified, Problem>>>>),
}

impl Future for VerifiedFuture {
    type Output = Result<Verified, actix_web::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let verified = match &mut self.0 {
            Waiting::Known(verified) => verified
                .take()
                .unwrap_or_else(|| Err(Problem::not_guarded())),
            Waiting::Asking(asking) => ready!(asking.as_mut().poll(context)),
        };
        Poll::Ready(verified.map_err(Into::into))
    }
}

impl std::fmt::Debug for VerifiedFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifiedFuture(..)")
    }
}

async fn ask(req: &HttpRequest) -> Result<Verified, Problem> {
    let Some(totp) = req.app_data::<web::Data<Totp>>() else {
        tracing::error!(
            code = "not_guarded",
            "Verified is asked for outside of RequireTotp and without web::Data<Totp>"
        );
        return Err(Problem::not_guarded());
    };
    totp.require()
        .admit(req)
        .await?
        .0
        .ok_or_else(Problem::totp_setup_required)
}
