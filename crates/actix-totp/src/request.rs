//! A POST to an endpoint, with all that is checked before a handler sees it.

use actix_totp_core::{PendingSignIn, Proof};
use actix_web::{HttpRequest, HttpResponse, Route, web};

use crate::{
    body::Body, change::Change, cross_site, guard::is_timely, plugin::Totp, problem::Problem,
    session, user::SignedIn, verified::Verified,
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
        let body = receive_body(totp, &http, payload).await?;
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
        authorize.call(&self.http, || change).await.map(drop)
    }

    /// Tells the application of a good token, before its proof is given to anybody.
    pub(crate) async fn verified(&self, proof: &Proof) -> Result<(), actix_web::Error> {
        tell_verified(&self.totp, &self.http, proof).await
    }

    /// The proof in the session, if it is not too old to count anywhere.
    pub(crate) fn proof(&self) -> Option<Proof> {
        let plugin = &self.totp.plugin;
        let now = plugin.service.now().ok()?;
        let proof = plugin.session_proof.read(&self.http, &self.caller.id)?;
        is_timely(&proof, plugin.max_age_secs, now).then_some(proof)
    }
}

/// A POST of whoever brings a ticket, and is not signed in yet: no page of another site has sent it, its body is read, and the
/// ticket opens and is not too old. All that costs nobody else anything: the store is not asked, and nothing is queued. From
/// here on it is the ticket's user who waits, in their own queue.
///
/// Handlers are registered with [`post_with_ticket`].
pub(crate) struct TicketRequest {
    /// The plugin, whose events are about this request.
    pub(crate) totp: Totp,
    pub(crate) http: HttpRequest,
    pub(crate) pending: PendingSignIn,
    pub(crate) body: Body,
}

impl TicketRequest {
    pub(crate) async fn receive(
        totp: &Totp,
        http: HttpRequest,
        payload: web::Payload,
    ) -> Result<Self, Problem> {
        session::probe(&http);
        let body = receive_body(totp, &http, Some(payload)).await?;
        let pending = totp.service().open_ticket(&body.ticket)?.into_result()?;
        Ok(Self {
            totp: totp.for_request(&http),
            http,
            pending,
            body,
        })
    }

    /// Tells the application of a good token, before its proof is given to anybody.
    pub(crate) async fn verified(&self, proof: &Proof) -> Result<(), actix_web::Error> {
        tell_verified(&self.totp, &self.http, proof).await
    }
}

async fn receive_body(
    totp: &Totp,
    http: &HttpRequest,
    payload: Option<web::Payload>,
) -> Result<Body, Problem> {
    if !cross_site::passes(http, &totp.plugin.trusted_origins) {
        return Err(Problem::cross_site());
    }
    match payload {
        Some(payload) => Body::read(http, payload, totp.plugin.body_timeout).await,
        None => Ok(Body::default()),
    }
}

async fn tell_verified(
    totp: &Totp,
    http: &HttpRequest,
    proof: &Proof,
) -> Result<(), actix_web::Error> {
    let on_verified = &totp.plugin.on_verified;
    let told = on_verified.call(http, || Verified::of(proof));
    told.await.map(drop)
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

/// A route for a POST with a ticket.
pub(crate) fn post_with_ticket<F>(handler: F) -> Route
where
    F: AsyncFn(TicketRequest) -> Answer + Clone + 'static,
{
    web::post().to(
        move |totp: web::ThinData<Totp>, http: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move {
                let request = TicketRequest::receive(&totp, http.clone(), payload).await;
                let answer = match request {
                    Ok(request) => handler(request).await,
                    Err(problem) => Err(problem.into()),
                };
                answer.map_err(|error| totp.plugin.problem_format.error(&http, error))
            }
        },
    )
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
