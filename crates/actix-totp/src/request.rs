//! A POST to an endpoint, with all that is checked before a handler sees it.

use actix_totp_core::Proof;
use actix_web::{HttpRequest, HttpResponse, Route, web};

use crate::{
    body::Body, change::Change, cross_site, guard::is_timely, plugin::Totp, problem::Problem,
    user::SignedIn, verified::Verified,
};

/// A request that may change something: its caller is signed in, no page of another site has sent it, and its body is read.
///
/// Handlers of POSTs are registered with [`post`] and [`post_without_body`], and take this: so none can forget a check.
pub(crate) struct Request {
    /// The plugin, whose events are about this request.
    pub(crate) totp: Totp,
    pub(crate) http: HttpRequest,
    pub(crate) caller: SignedIn,
    pub(crate) body: Body,
}

type Answer = Result<HttpResponse, actix_web::Error>;

impl Request {
    pub(crate) async fn receive(
        totp: &Totp,
        http: HttpRequest,
        payload: Option<web::Payload>,
    ) -> Result<Self, Problem> {
        let caller = totp.signed_in(&http).await?; // first: an anonymous caller learns nothing
        if !cross_site::passes(&http, &totp.plugin.trusted_origins) {
            return Err(Problem::cross_site());
        }
        totp.plugin.transport.note(&http);
        let body = match payload {
            Some(payload) => Body::read(&http, payload, totp.plugin.body_timeout).await?,
            None => Body::default(),
        };
        Ok(Self {
            totp: totp.for_request(&http),
            http,
            caller,
            body,
        })
    }

    /// Asks the application whether it may change the second factor.
    pub(crate) async fn authorize(&self, change: Change) -> Result<(), actix_web::Error> {
        let authorize = &self.totp.plugin.authorize_change;
        authorize.call(&self.http, || change).await
    }

    /// Tells the application of a good token, before its proof is given to anybody.
    pub(crate) async fn verified(&self, proof: &Proof) -> Result<(), actix_web::Error> {
        let verified = || Verified {
            user: proof.user.clone(),
            at: proof.at,
        };
        let on_verified = &self.totp.plugin.on_verified;
        on_verified.call(&self.http, verified).await
    }

    /// The proof in the session, if it is not too old to count anywhere.
    pub(crate) fn proof(&self) -> Option<Proof> {
        let plugin = &self.totp.plugin;
        let now = plugin.service.now().ok()?;
        let proof = plugin.session_proof.read(&self.http, &self.caller.id)?;
        is_timely(&proof, plugin.max_age_secs, now).then_some(proof)
    }
}

/// A route for a POST.
pub(crate) fn post<F>(handler: F) -> Route
where
    F: AsyncFn(Request) -> Answer + Clone + 'static,
{
    web::post().to(
        move |totp: web::ThinData<Totp>, http: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move { answer(&totp, http, Some(payload), handler).await }
        },
    )
}

/// A route for a POST without a body: none is waited for.
pub(crate) fn post_without_body<F>(handler: F) -> Route
where
    F: AsyncFn(Request) -> Answer + Clone + 'static,
{
    web::post().to(move |totp: web::ThinData<Totp>, http: HttpRequest| {
        let handler = handler.clone();
        async move { answer(&totp, http, None, handler).await }
    })
}

async fn answer<F>(
    totp: &Totp,
    http: HttpRequest,
    payload: Option<web::Payload>,
    handler: F,
) -> Answer
where
    F: AsyncFn(Request) -> Answer,
{
    let answer = match Request::receive(totp, http.clone(), payload).await {
        Ok(request) => handler(request).await,
        Err(problem) => Err(problem.into()),
    };
    answer.map_err(|error| totp.plugin.problem_format.error(&http, error))
}
