//! The endpoints. Each handler is a check-list; none touches the store or a session key.

mod backup_codes;
mod disable;
mod enrollment;
mod forget_browsers;
mod request;
mod response;
mod sign_in;
mod status;

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, web};

#[cfg(feature = "pages")]
pub(crate) use self::{
    backup_codes::renew_codes,
    disable::turn_off,
    enrollment::{confirm, enroll},
    forget_browsers::end_others,
    request::{Sent, caller, labelled_caller},
    response::{reveal, rfc3339},
    sign_in::{sign_in, with_cookie},
};
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
    post(totp, cfg, ["/validate/", "/validate"], sign_in::validate);
    post(totp, cfg, ["/generate/", "/generate"], enrollment::generate);
    post(totp, cfg, ["/verify/", "/verify"], enrollment::verify);
    post(
        totp,
        cfg,
        ["/backup-codes/", "/backup-codes"],
        backup_codes::renew,
    );
    post(
        totp,
        cfg,
        ["/forget-browsers/", "/forget-browsers"],
        forget_browsers::forget_browsers,
    );
    post(totp, cfg, ["/disable/", "/disable"], disable::disable);
    #[cfg(feature = "pages")]
    crate::pages::configure(totp, cfg);
    cfg.default_service(web::to(not_found));
}

fn post<F, Args>(totp: &Totp, cfg: &mut web::ServiceConfig, paths: [&'static str; 2], handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    for path in paths {
        let resource = with_page(totp, path, web::resource(path));
        cfg.service(
            resource
                .route(web::post().to(handler.clone()))
                .default_service(web::to(only_post)),
        );
    }
}

/// A browser that asks for HTML is answered with a page, where there are pages.
fn with_page(totp: &Totp, path: &str, resource: Resource) -> Resource {
    #[cfg(feature = "pages")]
    if let Some(page) = crate::pages::page_for(totp, path) {
        return resource.route(page);
    }
    let _ = (totp, path);
    resource
}

// An anonymous caller learns nothing: who it is comes first everywhere.

pub(crate) async fn only_post(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::method_not_allowed("POST")).await
}

pub(crate) async fn only_get(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::method_not_allowed("GET, HEAD")).await
}

async fn not_found(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::not_found()).await
}

type Refused = Result<HttpResponse, actix_web::Error>;

async fn refuse(req: &HttpRequest, totp: &Totp, problem: Problem) -> Refused {
    let problem = totp.current_user(req).await.err().unwrap_or(problem);
    #[cfg(feature = "pages")]
    if let Some(page) = crate::pages::refused(totp, req, &problem) {
        return page;
    }
    Err(problem.into())
}
