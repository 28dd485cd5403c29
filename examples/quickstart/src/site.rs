//! The site for people: the same handlers as for programs, answered with a page where a browser asks.

use actix_session::Session;
use actix_totp::pages::is_local;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    dev::Payload,
    error::ErrorForbidden,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web,
};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use crate::accounts;

/// The pages are as strict as those of actix-totp.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(home))
        .route("/api", web::get().to(api))
        .route("/style.css", web::get().to(style))
        .route("/favicon.ico", web::get().to(HttpResponse::NoContent))
        .service(
            web::resource("/register")
                .get(async || enter(true, None, None, StatusCode::OK))
                .post(accounts::register),
        )
        .service(
            web::resource("/login")
                .get(async |next: Next| enter(false, None, next.0.as_deref(), StatusCode::OK))
                .post(accounts::login),
        )
        .route("/logout", web::post().to(accounts::logout));
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    username: Option<String>,
}

async fn home(session: Session) -> actix_web::Result<impl Responder> {
    let username = session.get(accounts::USERNAME)?;
    Ok(page(&Home { username }, StatusCode::OK))
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api;

async fn api() -> impl Responder {
    page(&Api, StatusCode::OK)
}

async fn style() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("style.css"))
}

#[derive(Template)]
#[template(path = "enter.html")]
struct Enter<'a> {
    registers: bool,
    error: Option<&'a str>,
    next: Option<&'a str>,
}

/// The form to register or to sign in, perhaps with what was wrong.
pub(crate) fn enter(
    registers: bool,
    error: Option<&str>,
    next: Option<&str>,
    status: StatusCode,
) -> HttpResponse {
    let form = Enter {
        registers,
        error,
        next,
    };
    page(&form, status)
}

#[derive(Template)]
#[template(path = "room.html")]
struct Room<'a> {
    title: &'a str,
    facts: Vec<(&'a str, String)>,
}

/// What a program gets as JSON, a person gets as a page.
pub(crate) fn room(req: &HttpRequest, title: &str, json: &Value) -> HttpResponse {
    if !wants_page(req) {
        return HttpResponse::Ok().json(json);
    }
    let members = json.as_object().into_iter().flatten();
    let facts = members.map(|(name, value)| match value {
        Value::String(text) => (name.as_str(), text.clone()),
        other => (name.as_str(), other.to_string()),
    });
    let facts = facts.collect();
    page(&Room { title, facts }, StatusCode::OK)
}

/// Whether a browser asks, to show what it gets.
pub(crate) fn wants_page(req: &HttpRequest) -> bool {
    let accept = req.headers().get(header::ACCEPT);
    accept.is_some_and(|accept| accept.to_str().is_ok_and(|it| it.contains("text/html")))
}

pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .finish()
}

fn page(template: &impl Template, status: StatusCode) -> HttpResponse {
    match template.render() {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Where to go on to after a sign-in: the `next` that guards give, if it is a path of this site.
pub(crate) struct Next(pub(crate) Option<String>);

impl FromRequest for Next {
    type Error = actix_web::Error;
    type Future = std::future::Ready<actix_web::Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        #[derive(Deserialize)]
        struct Query {
            next: Option<String>,
        }
        let query = web::Query::<Query>::from_query(req.query_string());
        let next = query.ok().and_then(|query| query.into_inner().next);
        std::future::ready(Ok(Self(next.filter(|next| is_local(next)))))
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// That the request was not sent by a page of another site, which would sign its visitors in as somebody else.
pub(crate) struct SameSite;

impl FromRequest for SameSite {
    type Error = actix_web::Error;
    type Future = std::future::Ready<actix_web::Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let sent = |name| req.headers().get(name).map(HeaderValue::as_bytes);
        let is_own = match (sent(SEC_FETCH_SITE), sent(header::ORIGIN)) {
            (Some(site), _) => matches!(site, b"same-origin" | b"none"),
            // An older browser, or one without TLS.
            (None, Some(origin)) => {
                let host = origin
                    .strip_prefix(b"https://")
                    .or(origin.strip_prefix(b"http://"));
                host.is_some() && host == sent(header::HOST)
            }
            (None, None) => true, // no browser
        };
        std::future::ready(if is_own {
            Ok(Self)
        } else {
            Err(ErrorForbidden("This request came from another site."))
        })
    }
}
