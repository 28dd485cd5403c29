//! The second step of a sign-in in two steps: `challenge/` with a ticket in its form.
//!
//! The ticket is never in an address or a cookie. So the page is the answer to a POST: first to the application's own, then to
//! each that brings a token which is refused, and also where nobody could say whether it is good.

use actix_totp_core::{PendingSignIn, SignInTicket, Status};
use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::{StatusCode, header},
};

use super::{
    browser::{Answer, Browser},
    challenge::challenge,
    form::Form,
    notice::Notice,
    request::State,
};
use crate::{plugin::Totp, problem::Problem, request::TicketRequest, routes::two_step::sign_in};

impl Totp {
    /// The page that asks for the code of a sign-in in two steps: what the application answers its own sign-in form with, after the
    /// password. It posts the ticket with the code to `sign-in/`, and shows itself again where the code is wrong or the same may be tried again. `next` is where
    /// the browser goes on to afterwards, if it is a path of this application.
    ///
    /// It needs [`pages`](crate::TotpBuilder::pages) and [`on_signed_in`](crate::TotpBuilder::on_signed_in). Without them it is a
    /// problem of status 503; for a ticket that is not good any more, one of status 401. While the store does not answer it is the page
    /// all the same, with status 503: the ticket stays good.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Error, Totp, UserId, actix_session::SessionExt};
    /// use actix_web::{HttpRequest, HttpResponse, ResponseError, http::header};
    ///
    /// /// After the password was right.
    /// async fn second_step(totp: &Totp, req: &HttpRequest, user: &UserId) -> Result<HttpResponse, actix_web::Error> {
    ///     let begun = totp.begin_sign_in(user).await.map_err(actix_web::error::ErrorServiceUnavailable)?;
    ///     let Some(ticket) = begun else {
    ///         req.get_session().clear();
    ///         req.get_session().renew();
    ///         req.get_session().insert("user_id", user.as_str())?; // has no second factor
    ///         return Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, "/account")).finish());
    ///     };
    ///     Ok(totp.challenge_page(req, &ticket, Some("/account")).await)
    /// }
    /// ```
    pub async fn challenge_page(
        &self,
        req: &HttpRequest,
        ticket: &SignInTicket,
        next: Option<&str>,
    ) -> HttpResponse {
        let page = match Browser::outside_of_scope(self, req) {
            Some(browser) if self.plugin.on_signed_in.is_set() => {
                let browser = browser.going_on_to(next);
                first_page(&browser, ticket.as_str()).await
            }
            _ => {
                tracing::error!(
                    "challenge_page is called without pages or on_signed_in, or in an App without the scope of this plugin"
                );
                Err(Problem::unavailable().into())
            }
        };
        page.unwrap_or_else(|error| {
            let error = self.plugin.problem_format.error(req, error);
            HttpResponse::from_error(error)
        })
    }
}

async fn first_page(browser: &Browser<'_>, ticket: &str) -> Answer {
    let opened = browser.totp.service().open_ticket(ticket);
    let pending = match opened.map_err(Problem::from) {
        Ok(opened) => opened.into_result().map_err(Problem::from),
        Err(fault) => Err(fault),
    };
    match pending {
        Ok(pending) => show(browser, ticket, &pending, None).await,
        Err(problem) => browser.show_problem(&problem),
    }
}

/// `refused`: the problem that the page was sent with before, and what it says of that.
async fn show(
    browser: &Browser<'_>,
    ticket: &str,
    pending: &PendingSignIn,
    mut refused: Option<(Problem, Notice)>,
) -> Answer {
    let status = match browser.totp.read(pending.user()).await {
        Ok((status, _)) => status,
        // The ticket is good all the same, and nobody has it but this page.
        Err(fault) => {
            let fault = Problem::from(fault);
            let notice = Notice::to_try_again(&fault, None);
            refused = refused.or(notice.map(|notice| (fault, notice)));
            Status::default()
        }
    };
    let notice = refused.as_ref().map(|(_, notice)| notice);
    let state = State::new(browser.totp, pending.user(), &status, notice);
    let page = challenge(&state, Some(ticket));
    let Some((problem, notice)) = &refused else {
        return browser.render(StatusCode::OK, &page, None);
    };
    let mut answer = browser.render(problem.status(), &page, Some(notice))?;
    problem.add_headers(answer.headers_mut());
    Ok(answer)
}

/// Signs in, and leads on: the application's answer, or where that is a success without a body, the way to `next`.
pub(super) async fn submit(request: &TicketRequest, browser: &Browser<'_>) -> Answer {
    let mut answer = match sign_in(request).await {
        Ok(answer) => answer,
        Err(error) => {
            return match error.as_error() {
                Some(problem) => refuse(request, browser, problem).await,
                None => Err(error), // an answer of the application's own
            };
        }
    };
    if answer.status().is_success() && answer.body().size().is_eof() {
        let way = browser.go_on();
        *answer.status_mut() = way.status();
        if let Some(next) = way.headers().get(header::LOCATION) {
            answer.headers_mut().insert(header::LOCATION, next.clone());
        }
    }
    Ok(answer)
}

/// Shows the page again, if the user can do something about the refusal there, or may try the same again: nobody has the ticket
/// but this page.
async fn refuse(request: &TicketRequest, browser: &Browser<'_>, problem: &Problem) -> Answer {
    let form = request.body.form.as_deref().and_then(Form::named);
    let notice =
        Notice::refused(problem, form, None).or_else(|| Notice::to_try_again(problem, form));
    let Some(notice) = notice else {
        return browser.show_problem(problem);
    };
    let (ticket, pending) = (&request.body.ticket, &request.pending);
    show(browser, ticket, pending, Some((problem.clone(), notice))).await
}
