//! How handlers of pages are registered.
//!
//! A page is made for the status of whoever is signed in, and a form is handled as a [`Request`] of whoever is signed in: no
//! handler can be registered that forgets to ask.

use actix_totp_core::{Status, UserId};
use actix_web::{HttpRequest, Route, http::Method, web};

use super::{
    browser::{Answer, Browser},
    form::Form,
    notice::Notice,
    notice_cookie,
    page::Page,
};
use crate::{
    plugin::Totp,
    problem::Problem,
    request::{Request, TicketRequest},
};

/// What a page is made of.
pub(super) struct State<'a> {
    pub(super) totp: &'a Totp,
    pub(super) user: &'a UserId,
    pub(super) status: &'a Status,
    /// Whether the user must have a second factor.
    pub(super) is_required: bool,
    notice: Option<&'a Notice>,
}

impl<'a> State<'a> {
    pub(super) const fn new(
        totp: &'a Totp,
        user: &'a UserId,
        status: &'a Status,
        notice: Option<&'a Notice>,
    ) -> Self {
        Self {
            totp,
            user,
            status,
            is_required: false,
            notice,
        }
    }

    /// How many digits the script waits for. Not after something that does not look like a code: the user's codes may be longer
    /// than those that are made now, and the script must not cut them off.
    pub(super) fn digits(&self) -> Option<u8> {
        let digits = self.totp.service().parameters().digits;
        (!self.notice.is_some_and(Notice::is_malformed)).then_some(digits)
    }
}

/// What a GET is answered with.
pub(super) enum Shown {
    Page(Page<'static>),
    /// Another page of the scope.
    Redirect(&'static str),
}

/// The route of a page, with the method that `route` has. `show` decides what the page is.
pub(super) fn page<F>(route: Route, show: F) -> Route
where
    F: AsyncFn(&State<'_>, &Browser<'_>) -> Result<Shown, Problem> + Clone + 'static,
{
    route.to(move |totp: web::ThinData<Totp>, http: HttpRequest| {
        let show = show.clone();
        async move {
            let browser = Browser::of(&totp, &http)?;
            match answer_get(&browser, show).await {
                Err(problem) => browser.show_problem(&problem),
                Ok(answer) => answer,
            }
        }
    })
}

async fn answer_get<F>(browser: &Browser<'_>, show: F) -> Result<Answer, Problem>
where
    F: AsyncFn(&State<'_>, &Browser<'_>) -> Result<Shown, Problem>,
{
    let Browser {
        totp, http, site, ..
    } = *browser;
    let user = totp.signed_in(http).await?.id;
    let (status, _) = totp.read(&user).await?;
    let is_head = *http.method() == Method::HEAD; // shows the user nothing, and so takes no notice away
    let notice = notice_cookie::read(totp, site, http, &user).filter(|_| !is_head);
    let state = State {
        is_required: totp.is_required_of(http, &user).await?,
        ..State::new(totp, &user, &status, notice.as_ref())
    };
    Ok(match show(&state, browser).await? {
        Shown::Page(page) if is_head => browser.show(&page),
        Shown::Page(page) => browser.show_with_notice(&page, notice.as_ref()),
        Shown::Redirect(page) => Ok(browser.redirect(page)),
    })
}

/// The route of a form. If what the user has typed is refused, they are sent back to `page`, which shows why.
pub(super) fn form<F>(page: &'static str, handler: F) -> Route
where
    F: AsyncFn(&Request, &Browser<'_>) -> Answer + Clone + 'static,
{
    web::post().to(
        move |totp: web::ThinData<Totp>, http: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move { answer_form(&totp, &http, Some(payload), page, handler).await }
        },
    )
}

/// The route of the form of whoever brings a ticket. What is refused is for `handler` to show.
pub(super) fn form_with_ticket<F>(handler: F) -> Route
where
    F: AsyncFn(&TicketRequest, &Browser<'_>) -> Answer + Clone + 'static,
{
    web::post().to(
        move |totp: web::ThinData<Totp>, http: HttpRequest, payload: web::Payload| {
            let handler = handler.clone();
            async move {
                let browser = Browser::of(&totp, &http)?;
                let received = TicketRequest::receive(&totp, http.clone(), payload).await;
                let request = match received {
                    Ok(request) => request,
                    Err(problem) => return browser.show_problem(&problem),
                };
                let browser = browser.going_on_to(request.body.next.as_deref());
                handler(&request, &browser).await
            }
        },
    )
}

/// The route of a form without fields: its body is not waited for. Its `next` is in the query.
pub(super) fn form_without_body<F>(page: &'static str, handler: F) -> Route
where
    F: AsyncFn(&Request, &Browser<'_>) -> Answer + Clone + 'static,
{
    web::post().to(move |totp: web::ThinData<Totp>, http: HttpRequest| {
        let handler = handler.clone();
        async move { answer_form(&totp, &http, None, page, handler).await }
    })
}

async fn answer_form<F>(
    totp: &Totp,
    http: &HttpRequest,
    payload: Option<web::Payload>,
    page: &str,
    handler: F,
) -> Answer
where
    F: AsyncFn(&Request, &Browser<'_>) -> Answer,
{
    let mut browser = Browser::of(totp, http)?;
    let has_body = payload.is_some();
    let request = match Request::receive(totp, http.clone(), payload).await {
        Ok(request) => request,
        Err(problem) => return browser.show_problem(&problem),
    };
    if has_body {
        browser = browser.going_on_to(request.body.next.as_deref());
    }
    match handler(&request, &browser).await {
        Ok(answer) => Ok(answer),
        Err(error) => match error.as_error() {
            Some(problem) => refuse(&browser, &request, page, problem),
            None => Err(error), // an answer of the application's own
        },
    }
}

/// Sends the user back to the page with the form, if they can do something about the refusal there. Other problems are shown
/// at once.
pub(super) fn refuse(
    browser: &Browser<'_>,
    request: &Request,
    page: &str,
    problem: &Problem,
) -> Answer {
    let form = request.body.form.as_deref().and_then(Form::named);
    let name = request.body.name().ok().flatten();
    match Notice::refused(problem, form, name.as_ref()) {
        Some(notice) => Ok(browser.redirect_with_notice(page, &request.caller.id, &notice)),
        None => browser.show_problem(problem),
    }
}
