//! Ending every proof but the caller's, in a handler of the application's own.

use actix_totp_core::{Error, Operation, Outcome};
use actix_web::HttpRequest;

use crate::{plugin::Totp, problem::Problem, sealed_proof::SealedProof};

impl Totp {
    /// Ends every proof of the signed-in user but the one that this request brings, and no browser is trusted any more: to be called
    /// where a user has changed their password. The caller's proof is followed by a successor of the same age, which is put into
    /// the session, or is the answer (`Some`) where clients keep proofs themselves: hand it on.
    ///
    /// Where the request brings no proof that counts, or its session is not kept, every proof ends, as with
    /// [`end_all_proofs`](Self::end_all_proofs).
    ///
    /// # Errors
    ///
    /// 401 if nobody is signed in; 503 if it is not known whether the proofs have ended: try again.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::Totp;
    /// use actix_web::{HttpRequest, HttpResponse, http::header, web};
    ///
    /// async fn change_password(req: HttpRequest, totp: web::Data<Totp>) -> actix_web::Result<HttpResponse> {
    ///     // … the old password is checked, and the new one is written.
    ///     let successor = totp.end_other_proofs_of(&req).await?;
    ///     let mut answer = HttpResponse::Ok();
    ///     answer.insert_header((header::CACHE_CONTROL, "no-store"));
    ///     Ok(answer.json(successor)) // null where it is in the session
    /// }
    /// ```
    pub async fn end_other_proofs_of(
        &self,
        req: &HttpRequest,
    ) -> Result<Option<SealedProof>, Problem> {
        let user = self.signed_in(req).await?.id;
        let totp = self.for_request(req);
        if let Some(proof) = self.proof_of(req, &user).await
            && let Ok(keeper) = self.keeper(req)
        {
            match totp.apply(Operation::end_other_proofs(&proof)).await {
                Ok(Outcome::Accepted(successor)) => return keeper.replace(&successor),
                // Whoever floods the account keeps no proof by it: the next operation is refused to nobody.
                Ok(Outcome::Rejected(_)) | Err(Error::TooManyRequests) => {}
                Err(error) => return Err(error.into()),
            }
        }
        totp.end_all_proofs(&user).await?;
        Ok(None)
    }
}
