//! Registering, signing in and out, and what only those who are signed in see.

use actix_session::{Session, SessionExt};
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::LOCATION,
    middleware::Next,
    web::{self, Form, Html, ThinData},
};
use serde::Deserialize;

use crate::{database::Database, error::Fault, users};

const USER_ID: &str = "user_id";
const FLASH: &str = "flash";

pub(crate) fn open(cfg: &mut web::ServiceConfig) {
    cfg.route("/login", web::get().to(form))
        .route("/login", web::post().to(login))
        .route("/register", web::post().to(register))
        .route("/logout", web::post().to(logout));
}

pub(crate) fn admin(cfg: &mut web::ServiceConfig) {
    cfg.route("/dashboard", web::get().to(dashboard));
}

/// Sends those who are not signed in to the form.
pub(crate) async fn reject_anonymous_users(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    if req.get_session().get::<String>(USER_ID)?.is_some() {
        return Ok(next.call(req).await?.map_into_left_body());
    }
    let refused = req.into_response(see_other("/login"));
    Ok(refused.map_into_right_body())
}

async fn form(session: Session) -> impl Responder {
    let flash = session.remove_as::<String>(FLASH);
    let flash = flash.and_then(Result::ok).unwrap_or_default();
    Html::new(format!(include_str!("login.html"), flash = flash))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn register(
    session: Session,
    database: ThinData<Database>,
    Form(it): Form<Credentials>,
) -> Result<HttpResponse, Fault> {
    let flash = if it.password.len() < 12 {
        "A password has 12 bytes or more."
    } else if users::register(&database, &it.email, it.password).await? {
        "You are registered. Sign in."
    } else {
        "This address is registered."
    };
    session.insert(FLASH, flash)?;
    Ok(see_other("/login"))
}

async fn login(
    session: Session,
    database: ThinData<Database>,
    Form(it): Form<Credentials>,
) -> Result<HttpResponse, Fault> {
    let Some(id) = users::authenticate(&database, &it.email, it.password).await? else {
        session.insert(FLASH, "Wrong address or password.")?;
        return Ok(see_other("/login"));
    };
    session.renew();
    session.insert(USER_ID, id.to_string())?;
    Ok(see_other("/admin/dashboard"))
}

async fn logout(session: Session) -> HttpResponse {
    session.purge();
    see_other("/login")
}

async fn dashboard(req: HttpRequest, session: Session) -> actix_web::Result<String> {
    let id: String = session.get(USER_ID)?.unwrap_or_default();
    let email = users::email(&req, &id).await?;
    Ok(format!("Welcome, {email}."))
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}
