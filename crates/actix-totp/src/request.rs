//! A POST to an endpoint, with all that is checked before a handler sees it.

use actix_totp_core::{PendingSignIn, Proof};
use actix_web::{HttpRequest, HttpResponse, Route, cookie::Cookie, web};

use crate::{
    body::Body, change::Change, guard::is_timely, plugin::Totp, problem::Problem, session,
    user::SignedIn,
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
        totp.plugin.transport.note(&http);
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

    /// A refusal for want of a proof is a challenge to a client that keeps its proofs.
    pub(crate) fn challenged(&self, refusal: Problem) -> Problem {
        match refusal.code() {
            "totp_required" => self.totp.require().challenge(&self.http, refusal),
            _ => refusal,
        }
    }

    /// The cookie that makes this browser no trusted one, where there are such.
    pub(crate) fn no_trust_cookie(&self) -> Option<Cookie<'static>> {
        self.totp.trust(&self.http)?.no_cookie()
    }

    /// The proof that the request brings, if it is not too old to count anywhere.
    pub(crate) async fn proof(&self) -> Option<Proof> {
        let plugin = &self.totp.plugin;
        let now = plugin.service.now().ok()?;
        let proof = self.totp.proof_of(&self.http, &self.caller.id).await?;
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
        totp.plugin.transport.note(&http);
        Ok(Self {
            totp: totp.for_request(&http),
            http,
            pending,
            body,
        })
    }
}

async fn receive_body(
    totp: &Totp,
    http: &HttpRequest,
    payload: Option<web::Payload>,
) -> Result<Body, Problem> {
    totp.require_same_site(http)?;
    match payload {
        Some(payload) => Body::read(http, payload, totp.plugin.body_timeout).await,
        None => Ok(Body::default()),
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
