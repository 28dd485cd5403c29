//! The proof in the session. No other file reads or writes it.
//!
//! What is in a session is a hint: the guard believes a proof only if the store still has the epoch it was given under.
//!
//! A session is written only after a good token, or for its own proof. So a request whose body was held back until the owner
//! had signed out brings no session back.

use std::{
    borrow::Cow,
    mem,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_session::{Session, SessionExt, SessionStatus};
use actix_totp_core::{Epoch, Proof, UserId};
use actix_web::{HttpMessage, HttpRequest};
use serde::Deserialize;

use crate::problem::Problem;

/// The actix-session that this plugin is built with. A session of another version is another type, which is not seen here.
const ACTIX_SESSION: &str = "0.11";

/// Where a plugin keeps the proof in the session.
#[derive(Debug)]
pub(crate) struct SessionProof {
    key: String,
}

/// A [`Proof`] as it is in the session's text.
#[derive(Deserialize)]
struct StoredProof<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    epoch: Epoch,
    at: u64,
}

impl SessionProof {
    /// `name`: that of a plugin beside the application's first.
    pub(crate) fn new(name: Option<&str>) -> Self {
        Self {
            key: match name {
                None => "actix_totp.proof".into(),
                Some(name) => format!("actix_totp.{name}.proof"),
            },
        }
    }

    /// The proof of the request's session, if it is this user's. What cannot be read is none.
    pub(crate) fn read(&self, req: &HttpRequest, user: &UserId) -> Option<Proof> {
        let session = req.get_session();
        let entries = session.entries();
        let stored: StoredProof<'_> = serde_json::from_str(entries.get(&self.key)?).ok()?;
        (stored.user == user.as_str()).then(|| Proof {
            user: user.clone(),
            epoch: stored.epoch,
            at: stored.at,
        })
    }

    /// Puts the proof of a good token into the session, under a new session id: the old id, which others may know, gets no proof.
    pub(crate) fn write(&self, session: &Session, proof: &Proof) -> Result<(), Problem> {
        session.renew();
        self.replace(session, proof)
    }

    /// Puts the successor of the session's own proof in its place.
    pub(crate) fn replace(&self, session: &Session, proof: &Proof) -> Result<(), Problem> {
        session.insert(&self.key, proof).map_err(|error| {
            tracing::error!(%error, "a proof cannot be written into the session");
            Problem::no_session()
        })
    }

    /// Takes the proof out of the session after a good token, under a new session id.
    pub(crate) fn remove(&self, session: &Session) {
        session.remove(&self.key);
        session.renew();
    }
}

/// The session, if what is put into it will be there at the next request. To be asked for before a code is spent.
pub(crate) fn require(req: &HttpRequest) -> Result<Session, Problem> {
    let session = req.get_session();
    if is_missing(req) || session.status() == SessionStatus::Purged {
        return Err(missing());
    }
    Ok(session)
}

/// That no session middleware was around this request when it was looked for. Holds the session that stands in for one.
struct Missing(Session);

/// Whether [`probe`] found no session middleware around this request. One that was entered since, further inside, has
/// filled the session.
pub(crate) fn is_missing(req: &HttpRequest) -> bool {
    let extensions = req.extensions();
    let missing = extensions.get::<Missing>();
    missing.is_some_and(|it| it.0.status() == SessionStatus::Unchanged && it.0.entries().is_empty())
}

/// The problem to answer with then. It also writes the log line that says how to mend it.
pub(crate) fn missing() -> Problem {
    tracing::error!(
        code = "no_session",
        "no session middleware is around this request: wrap SessionMiddleware outside of actix-totp, and of the same version (this \
         plugin was built with actix-session {ACTIX_SESSION}; cargo tree -i actix-session), or take it from \
         actix_totp::actix_session"
    );
    Problem::no_session()
}

/// actix-identity asks for the session before the plugin does, so that [`probe`] cannot see whether it is there. Says once
/// what may be wrong, where a browser brings cookies and the session holds nothing.
#[cfg(feature = "identity")]
pub(crate) fn hint_at_version(req: &HttpRequest) {
    static HINTED: std::sync::Once = std::sync::Once::new();
    let has_cookies = req.headers().contains_key(actix_web::http::header::COOKIE);
    if has_cookies && req.get_session().entries().is_empty() {
        HINTED.call_once(|| {
            tracing::warn!(
                "actix-identity knows nobody here. If somebody is signed in, SessionMiddleware is missing, wrapped in the wrong \
                 order, or of another version: this plugin was built with actix-session {ACTIX_SESSION}; cargo tree -i actix-session"
            );
        });
    }
}

/// Whether a session has said who is signed in. From then on the middleware is there, and is not looked for any more.
#[derive(Debug, Default)]
pub(crate) struct SessionSeen(AtomicBool);

impl SessionSeen {
    pub(crate) fn is_seen(&self) -> bool {
        self.0.load(Relaxed)
    }

    pub(crate) fn see(&self) {
        if !self.is_seen() {
            self.0.store(true, Relaxed);
        }
    }
}

/// Notes whether session middleware is around this request. To be called before anything else asks for the session.
///
/// Without the middleware actix-session makes an empty session that vanishes, and does not say so. So what the request
/// carries is set aside, and the session that is then made anew is marked. If the mark is gone when both are put together,
/// there was a session before.
pub(crate) fn probe(req: &HttpRequest) {
    if req.extensions().contains::<Missing>() {
        return; // nothing is to be learned a second time
    }
    let before = mem::take(&mut *req.extensions_mut());
    let made = req.get_session();
    made.purge(); // the mark
    req.extensions_mut().extend(before);
    if req.get_session().status() != SessionStatus::Purged {
        return;
    }
    // A session that is as good as new takes the place of the one with the mark: middleware further inside may use it.
    let all = mem::take(&mut *req.extensions_mut());
    let stand_in = req.get_session();
    let new = mem::replace(&mut *req.extensions_mut(), all);
    req.extensions_mut().extend(new);
    req.extensions_mut().insert(Missing(stand_in));
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

    #[actix_web::test]
    async fn middleware_further_inside_keeps_its_session() {
        let inside = web::scope("/inside")
            .wrap(
                SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                    .cookie_secure(false)
                    .build(),
            )
            .route(
                "",
                web::to(|req: HttpRequest| async move {
                    let session = req.get_session();
                    let visits = session.get::<u32>("visits").unwrap().unwrap_or(0) + 1;
                    session.insert("visits", visits).unwrap();
                    assert!(!is_missing(&req));
                    actix_web::HttpResponse::Ok().body(visits.to_string())
                }),
            );
        let app = App::new()
            .wrap_fn(|req, service| {
                probe(req.request());
                assert!(is_missing(req.request()));
                actix_web::dev::Service::call(service, req)
            })
            .service(inside);
        let app = test::init_service(app).await;
        let request = || test::TestRequest::get().uri("/inside");
        let answer = test::call_service(&app, request().to_request()).await;
        let cookie = answer.response().cookies().next().unwrap().into_owned();
        let again = test::call_service(&app, request().cookie(cookie).to_request()).await;
        assert_eq!(test::read_body(again).await, "2");
    }
}
