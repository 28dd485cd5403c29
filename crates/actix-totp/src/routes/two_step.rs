//! `sign-in/`: the second step of a sign-in, for whoever brings a ticket.

use actix_totp_core::{Authenticated, Operation};
use actix_web::HttpResponse;

use super::response::{accepted, with_cookie};
use crate::{
    answer_headers::protect_foreign, keeper::Keeper, problem::Problem, request::TicketRequest,
};

pub(crate) async fn complete(request: TicketRequest) -> Result<HttpResponse, actix_web::Error> {
    sign_in(&request).await
}

/// Accepts the token; then the application signs the user in and answers, and the session is given the proof.
pub(crate) async fn sign_in(request: &TicketRequest) -> Result<HttpResponse, actix_web::Error> {
    let keeper = request.totp.keeper(&request.http)?; // before a code is spent for nothing
    let token = request.body.required_token()?;
    let operation = Operation::complete_sign_in(&request.pending, token);
    let authenticated = accepted(request.totp.apply(operation).await)?;
    let answer = hand_over(request, &keeper, &authenticated).await;
    let is_signed_in = answer.as_ref().is_ok_and(|it| !is_refusal(it));
    if !is_signed_in {
        keeper.end_changed_session(); // its user may be there already
    }
    answer
}

/// The proof comes last, under a new session id: whatever the application does to the session before, the old id, which others
/// may know, gets neither user nor proof.
async fn hand_over(
    request: &TicketRequest,
    keeper: &Keeper<'_>,
    authenticated: &Authenticated,
) -> Result<HttpResponse, actix_web::Error> {
    let TicketRequest {
        totp, http, body, ..
    } = request;
    let on_signed_in = &totp.plugin.on_signed_in;
    let signed_in = on_signed_in.call(http, || authenticated.clone());
    let mut answer = signed_in.await?.ok_or_else(Problem::not_found)?;
    protect_foreign(answer.headers_mut());
    if is_refusal(&answer) {
        return Ok(answer);
    }
    let proof = &authenticated.proof;
    if let Some(sealed) = keeper.give(proof).await? {
        totp.hand_out(&sealed, answer.headers_mut());
    }
    let cookie = body.trust_browser.then(|| keeper.trust_cookie(proof));
    Ok(with_cookie(answer, cookie.flatten().as_ref()))
}

fn is_refusal(answer: &HttpResponse) -> bool {
    answer.status().is_client_error() || answer.status().is_server_error()
}
