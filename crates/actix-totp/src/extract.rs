//! `Verified` as an extractor: a handler that asks for it cannot be reached without the second factor.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
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
            && let Some((totp, seen)) = passed.of(registered)
        {
            // A guard that lets others pass has run: this handler does not.
            let verified = seen.verified();
            let verified = verified.map_err(|problem| refuse(totp, req, problem));
            return VerifiedFuture(Waiting::Known(Some(verified)));
        }
        let req = req.clone();
        VerifiedFuture(Waiting::Asking(Box::pin(async move { ask(&req).await })))
    }
}

/// Resolves to a [`Verified`], at once behind a guard.
pub struct VerifiedFuture(Waiting);

type Answer = Result<Verified, actix_web::Error>;

enum Waiting {
    Known(Option<Answer>),
    Asking(Pin<Box<dyn Future<Output = Answer>>>),
}

impl Future for VerifiedFuture {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Waiting::Known(answer) => Poll::Ready(
                answer
                    .take()
                    .unwrap_or_else(|| Err(Problem::not_guarded().into())),
            ),
            Waiting::Asking(asking) => asking.as_mut().poll(context),
        }
    }
}

impl std::fmt::Debug for VerifiedFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifiedFuture(..)")
    }
}

async fn ask(req: &HttpRequest) -> Answer {
    let Some(totp) = req.app_data::<web::Data<Totp>>() else {
        tracing::error!(
            code = "not_guarded",
            "Verified is asked for outside of RequireTotp and without web::Data<Totp>"
        );
        return Err(Problem::not_guarded().into());
    };
    let admitted = totp.require_of_everyone().admit_without_code(req).await;
    admitted
        .and_then(|admitted| admitted.seen.verified())
        .map_err(|problem| refuse(totp, req, problem))
}

fn refuse(totp: &Totp, req: &HttpRequest, problem: Problem) -> actix_web::Error {
    totp.plugin.problem_format.error(req, problem.into())
}
