//! The endpoints. Each handler is a check-list; none touches the store or a session key.

mod backup_codes;
mod disable;
mod enrollment;
mod request;
mod response;
mod sign_in;
mod status;

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, web};

use self::request::Caller;
use crate::{plugin::Totp, problem::Problem};

type Answer = Result<HttpResponse, Problem>;

pub(crate) fn configure(totp: &Totp, cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::ThinData(totp.clone()))
        .service(post(["/generate", "/generate/"], enrollment::generate))
        .service(post(["/verify", "/verify/"], enrollment::verify))
        .service(post(["/validate", "/validate/"], sign_in::validate))
        .service(post(
            ["/backup-codes", "/backup-codes/"],
            backup_codes::renew,
        ))
        .service(post(["/disable", "/disable/"], disable::disable))
        .service(
            web::resource(["/status", "/status/"])
                .route(web::get().to(status::status))
                .route(web::head().to(status::status))
                .default_service(web::to(only_get)),
        )
        .default_service(web::to(not_found));
}

fn post<F, Args>(paths: [&'static str; 2], handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(paths)
        .route(web::post().to(handler))
        .default_service(web::to(only_post))
}

// An anonymous caller learns nothing: who it is comes first everywhere.

async fn only_post(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    Caller::identify(&totp, &req).await?;
    Err(Problem::method_not_allowed("POST"))
}

async fn only_get(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    Caller::identify(&totp, &req).await?;
    Err(Problem::method_not_allowed("GET, HEAD"))
}

async fn not_found(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    Caller::identify(&totp, &req).await?;
    Err(Problem::not_found())
}
