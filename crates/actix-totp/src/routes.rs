//! The endpoints. Each handler is a check-list; none touches the store or a session key.

mod backup_codes;
mod disable;
mod enrollment;
mod forget_browsers;
mod request;
mod response;
mod sign_in;
mod status;

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, web};

use crate::{plugin::Totp, problem::Problem};

type Answer = Result<HttpResponse, Problem>;

/// Each path with and without its slash: two static patterns, since one resource with both is matched by a regular
/// expression. Asked for the most often, the first.
pub(crate) fn configure(totp: &Totp, cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::ThinData(totp.clone()));
    for path in ["/status/", "/status"] {
        cfg.service(
            web::resource(path)
                .route(web::get().to(status::status))
                .route(web::head().to(status::status))
                .default_service(web::to(only_get)),
        );
    }
    post(cfg, ["/validate/", "/validate"], sign_in::validate);
    post(cfg, ["/generate/", "/generate"], enrollment::generate);
    post(cfg, ["/verify/", "/verify"], enrollment::verify);
    post(
        cfg,
        ["/backup-codes/", "/backup-codes"],
        backup_codes::renew,
    );
    post(
        cfg,
        ["/forget-browsers/", "/forget-browsers"],
        forget_browsers::forget_browsers,
    );
    post(cfg, ["/disable/", "/disable"], disable::disable);
    cfg.default_service(web::to(not_found));
}

fn post<F, Args>(cfg: &mut web::ServiceConfig, paths: [&'static str; 2], handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    for path in paths {
        cfg.service(
            web::resource(path)
                .route(web::post().to(handler.clone()))
                .default_service(web::to(only_post)),
        );
    }
}

// An anonymous caller learns nothing: who it is comes first everywhere.

async fn only_post(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    totp.current_user(&req).await?;
    Err(Problem::method_not_allowed("POST"))
}

async fn only_get(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    totp.current_user(&req).await?;
    Err(Problem::method_not_allowed("GET, HEAD"))
}

async fn not_found(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    totp.current_user(&req).await?;
    Err(Problem::not_found())
}
