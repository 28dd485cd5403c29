//! The proof in the session, and what the next page is to tell. No other file reads or writes them.
//!
//! What is in a session is a hint: the guard believes a proof only if the store still has the epoch it was given under.

use std::{borrow::Cow, mem};

use actix_session::{Session, SessionExt, SessionStatus};
use actix_totp_core::{Epoch, Proof, UserId};
use actix_web::{HttpMessage, HttpRequest};
use serde::Deserialize;

#[cfg(feature = "pages")]
use crate::pages::Notice;
use crate::problem::Problem;

const PROOF: &str = "actix_totp.proof";
#[cfg(feature = "pages")]
const NOTICE: &str = "actix_totp.notice";
const PROBE: &str = "actix_totp.probe";

/// A [`Proof`] as it is in the session's text.
#[derive(Deserialize)]
struct StoredProof<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    epoch: Epoch,
    at: u64,
}

/// The proof of the request's session, if it is this user's. What cannot be read is none.
pub(crate) fn proof(req: &HttpRequest, user: &UserId) -> Option<Proof> {
    let session = req.get_session();
    let entries = session.entries();
    let stored: StoredProof<'_> = serde_json::from_str(entries.get(PROOF)?).ok()?;
    (stored.user == user.as_str()).then(|| Proof {
        user: user.clone(),
        epoch: stored.epoch,
        at: stored.at,
    })
}

/// Puts a proof into the session, under a new session id: whoever knew the old id has not got the proof.
pub(crate) fn keep(session: &Session, proof: &Proof) -> Result<(), Problem> {
    session.renew();
    if let Err(error) = session.insert(PROOF, proof) {
        tracing::error!(%error, "a proof cannot be written into the session");
        return Err(Problem::no_session());
    }
    Ok(())
}

/// Takes the proof out of the session, under a new session id.
pub(crate) fn forget(session: &Session) {
    session.remove(PROOF);
    session.renew();
}

/// Gives the session a new id.
#[cfg(feature = "pages")]
pub(crate) fn renew(req: &HttpRequest) {
    req.get_session().renew();
}

/// Leaves what the next page is to tell.
#[cfg(feature = "pages")]
pub(crate) fn leave_notice(req: &HttpRequest, notice: &Notice) -> Result<(), Problem> {
    require(req)?.insert(NOTICE, notice).map_err(|error| {
        tracing::error!(%error, "a notice cannot be written into the session");
        Problem::no_session()
    })
}

/// What was left for this page, once. What cannot be read is nothing.
#[cfg(feature = "pages")]
pub(crate) fn take_notice(req: &HttpRequest) -> Option<Notice> {
    let session = req.get_session();
    if !session.contains_key(NOTICE) {
        return None; // a session that is not changed need not be written
    }
    session.remove_as(NOTICE)?.ok()
}

/// The session, if something put into it will be there at the next request. To be asked before a code is spent.
pub(crate) fn require(req: &HttpRequest) -> Result<Session, Problem> {
    let session = req.get_session();
    if req.extensions().contains::<NotKept>() || session.status() == SessionStatus::Purged {
        tracing::error!(
            code = "no_session",
            "no session keeps the proof: wrap SessionMiddleware outside of actix-totp"
        );
        return Err(Problem::no_session());
    }
    Ok(session)
}

/// That no session middleware is around this request.
struct NotKept;

/// Notes whether session middleware is around this request. To be called before anything else asks for the session, where
/// it is not the session that says who is signed in: one that does was loaded.
///
/// Without the middleware actix-session makes an empty session that vanishes, and does not say so. So what the request
/// carries is set aside, and the session that is then made anew is marked. If the mark is gone when both are put together,
/// there was a session before.
pub(crate) fn probe(req: &HttpRequest) {
    let before = mem::take(&mut *req.extensions_mut());
    let made = req.get_session();
    let marked = made.insert(PROBE, true).is_ok();
    req.extensions_mut().extend(before);
    let is_made_now = !marked || req.get_session().contains_key(PROBE);
    made.purge();
    if is_made_now {
        req.extensions_mut().insert(NotKept);
    }
}

#[cfg(test)]
mod tests {
    use actix_session::{SessionMiddleware, storage::CookieSessionStore};
    use actix_web::{App, cookie::Key, http::StatusCode, test, web};

    use super::*;

    async fn handler(req: HttpRequest) -> actix_web::HttpResponse {
        probe(&req);
        match require(&req) {
            Ok(session) => {
                session.insert("kept", true).unwrap();
                actix_web::HttpResponse::Ok().finish()
            }
            Err(problem) => problem.into(),
        }
    }

    #[actix_web::test]
    async fn a_fresh_session_is_kept_by_the_middleware() {
        let app = App::new()
            .wrap(SessionMiddleware::new(
                CookieSessionStore::default(),
                Key::from(&[1; 64]),
            ))
            .default_service(web::to(handler));
        let app = test::init_service(app).await;
        let answer = test::call_service(&app, test::TestRequest::get().to_request()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.response().cookies().count(), 1);
    }

    #[actix_web::test]
    async fn a_session_without_middleware_is_not_kept() {
        let app = test::init_service(App::new().default_service(web::to(handler))).await;
        let answer = test::call_service(&app, test::TestRequest::get().to_request()).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[actix_web::test]
    async fn a_purged_session_is_not_kept_and_other_extensions_survive_the_probe() {
        let app = App::new()
            .wrap(SessionMiddleware::new(
                CookieSessionStore::default(),
                Key::from(&[1; 64]),
            ))
            .default_service(web::to(|req: HttpRequest| async move {
                req.extensions_mut().insert(42_u8);
                probe(&req);
                assert!(require(&req).is_ok());
                assert_eq!(req.extensions().get::<u8>(), Some(&42));
                req.get_session().purge();
                assert!(require(&req).is_err());
                actix_web::HttpResponse::Ok().finish()
            }));
        let app = test::init_service(app).await;
        let answer = test::call_service(&app, test::TestRequest::get().to_request()).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
