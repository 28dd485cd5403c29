//! `authenticators/`: which a user has; another name for one; one of several removed.

use actix_totp_core::{Authenticator, AuthenticatorId, Operation, Rejection, Removed, UserId};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::response::{accepted, ok, rfc3339};
use crate::{
    change::Change, guard::Decision, plugin::Totp, problem::Problem, request::Request,
    sealed_proof::SealedProof,
};

/// One of the list. Times are RFC 3339 strings in UTC or null.
#[derive(Serialize)]
struct Listed {
    id: AuthenticatorId,
    name: String,
    created_at: Option<String>,
    last_used_at: Option<String>,
}

pub(crate) async fn list(
    req: HttpRequest,
    totp: web::ThinData<Totp>,
) -> Result<HttpResponse, actix_web::Error> {
    let answer = read(&req, &totp).await;
    answer.map_err(|problem| totp.plugin.problem_format.error(&req, problem.into()))
}

async fn read(req: &HttpRequest, totp: &Totp) -> Result<HttpResponse, Problem> {
    let user = totp.signed_in(req).await?.id;
    let listed = shown_to(req, totp, &user).await?.into_iter();
    let listed = listed.map(|it| Listed {
        id: it.id,
        name: it.name.as_str().to_owned(),
        created_at: rfc3339(it.created_at),
        last_used_at: it.last_used_at.and_then(rfc3339),
    });
    Ok(ok(&listed.collect::<Vec<_>>()))
}

/// The names are the user's own text: whoever has the password alone does not read them. The box is opened in the user's own queue.
pub(crate) async fn shown_to(
    req: &HttpRequest,
    totp: &Totp,
    user: &UserId,
) -> Result<Vec<Authenticator>, Problem> {
    let require = totp.require();
    let (status, decision) = require.examine(req, user).await?;
    if status.enabled && !decision.is_pass() {
        return Err(require.challenge(
            req,
            match decision {
                Decision::Stale => Problem::stale_proof(),
                _ => Problem::totp_required(),
            },
        ));
    }
    Ok(totp.for_request(req).authenticators(user).await?)
}

#[derive(Serialize)]
struct Done {
    detail: &'static str,
    #[serde(flatten)]
    proof: Option<SealedProof>,
}

pub(crate) async fn rename(request: Request) -> Result<HttpResponse, actix_web::Error> {
    give_name(&request).await?;
    Ok(ok(&Done {
        detail: "Authenticator renamed",
        proof: None,
    }))
}

/// Gives the authenticator of the request's path another name, for a proof that no guard would call stale, if the application agrees.
pub(crate) async fn give_name(request: &Request) -> Result<(), actix_web::Error> {
    let Request {
        totp, http, caller, ..
    } = request;
    let id = authenticator_of(http)?;
    let name = request.body.name()?.ok_or_else(Problem::invalid_name)?;
    request.authorize(Change::RenameAuthenticator).await?;
    let proof = totp.require().own_proof(http, &caller.id).await?;
    let operation = Operation::rename_authenticator(&caller.id, id, name);
    let renamed = totp.apply(operation.with_proof(Some(proof))).await;
    Ok(accepted(renamed).map_err(|refusal| request.challenged(refusal))?)
}

pub(crate) async fn remove(request: Request) -> Result<HttpResponse, actix_web::Error> {
    let (_, proof) = take_away(&request).await?;
    Ok(ok(&Done {
        detail: "Authenticator removed",
        proof,
    }))
}

/// Removes the authenticator of the request's path, if the application agrees; with the proof for a client that keeps it itself.
/// A code of the removed one gives no proof, and the caller's stays what it is: if it was by the removed one it has ended.
pub(crate) async fn take_away(
    request: &Request,
) -> Result<(Removed, Option<SealedProof>), actix_web::Error> {
    let Request {
        totp, http, caller, ..
    } = request;
    let keeper = totp.keeper(http)?; // before a code is spent for nothing
    let id = authenticator_of(http)?;
    let token = request.body.required_token()?;
    request.authorize(Change::RemoveAuthenticator).await?;
    let operation = Operation::remove_authenticator(&caller.id, id, token);
    let removed = accepted(totp.apply(operation).await)?;
    let proof = match &removed.proof {
        Some(proof) => keeper.give(proof).await?,
        None => None,
    };
    Ok((removed, proof))
}

/// A text that is no id is that of none. The last one is meant: the application's scope may have an `{id}` of its own.
fn authenticator_of(http: &HttpRequest) -> Result<AuthenticatorId, Problem> {
    let ids = http.match_info().iter().filter(|(name, _)| *name == "id");
    let id = ids.last().and_then(|(_, id)| id.parse().ok());
    id.ok_or_else(|| Rejection::NoSuchAuthenticator.into())
}
