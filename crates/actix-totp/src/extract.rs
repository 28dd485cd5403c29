//! `Verified` as an extractor: a handler that asks for it cannot be reached without the second factor.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};

use crate::{
    plugin::Totp,
    problem::Problem,
    verified::{Passed, Verified},
};

impl FromRequest for Verified {
    type Error = actix_web::Error;
    type Future = VerifiedFuture;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let registered = req.app_data::<web::Data<Totp>>();
        let registered = registered.map(|totp| &***totp);
        if let Some(passed) = req.extensions().get::<Passed>()
            && let Some(verified) = passed.of(registered)
        {
            // A guard that lets the unenrolled pass has run: this handler does not.
            let verified = verified.clone().ok_or_else(Problem::totp_setup_required);
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
        .admit_without_code(req)
        .await?
        .ok_or_else(Problem::totp_setup_required)
}
