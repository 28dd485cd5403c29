//! Where the endpoints and the pages are.

use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Route, web};

use crate::{
    plugin::Totp,
    problem::Problem,
    request::{post, post_with_ticket, post_without_body},
    routes::{
        authenticators, backup_codes, disable, enrollment, forget_browsers, sign_in, status,
        two_step,
    },
};

impl Totp {
    /// Mounts the endpoints: `generate/`, `verify/`, `status/`, `validate/`, `backup-codes/`, `forget-browsers/`, `disable/`,
    /// `authenticators/`, `authenticators/{id}/rename/` and `authenticators/{id}/remove/`, and `sign-in/` where
    /// [`on_signed_in`](crate::TotpBuilder::on_signed_in) is set; each with and without its slash; with pages turned on (feature
    /// `pages`), these too. Give it to the `configure` of a scope of its own.
    pub fn configure(&self, cfg: &mut web::ServiceConfig) {
        cfg.app_data(web::ThinData(self.clone()));
        // The one that is asked for most often comes first.
        readable(cfg, "status", status::status);
        self.endpoint(cfg, "validate", || post(sign_in::validate));
        self.endpoint(cfg, "generate", || post(enrollment::generate));
        self.endpoint(cfg, "verify", || post(enrollment::verify));
        self.endpoint(cfg, "backup-codes", || post(backup_codes::renew));
        self.endpoint(cfg, "forget-browsers", || {
            post_without_body(forget_browsers::forget_browsers)
        });
        self.endpoint(cfg, "disable", || post(disable::disable));
        readable(cfg, "authenticators", authenticators::list);
        self.endpoint(cfg, "authenticators/{id}/rename", || {
            post(authenticators::rename)
        });
        self.endpoint(cfg, "authenticators/{id}/remove", || {
            post(authenticators::remove)
        });
        if self.plugin.on_signed_in.is_set() {
            self.endpoint(cfg, "sign-in", || post_with_ticket(two_step::complete));
        }
        #[cfg(feature = "pages")]
        crate::pages::configure(self, cfg, only_get, only_post);
        cfg.default_service(web::to(not_found));
    }

    /// An endpoint for POSTs. A browser that asks for HTML is answered with a page, where there are pages.
    fn endpoint(&self, cfg: &mut web::ServiceConfig, name: &str, route: impl Fn() -> Route) {
        mount(cfg, name, |mut resource| {
            #[cfg(feature = "pages")]
            if let Some(page) = crate::pages::page_for(self, name) {
                resource = resource.route(page);
            }
            resource = resource.route(route());
            resource.default_service(web::to(only_post))
        });
    }
}

/// An endpoint for GETs.
fn readable<F>(cfg: &mut web::ServiceConfig, name: &str, handler: F)
where
    F: Handler<(HttpRequest, web::ThinData<Totp>), Output = Refused> + Copy,
{
    mount(cfg, name, |resource| {
        resource
            .route(web::get().to(handler))
            .route(web::head().to(handler))
            .default_service(web::to(only_get))
    });
}

/// A path with and without its slash: two patterns, static where there is no id in them, since one resource with both is matched by a regular expression.
fn mount(cfg: &mut web::ServiceConfig, name: &str, routes: impl Fn(Resource) -> Resource) {
    for path in [format!("/{name}/"), format!("/{name}")] {
        cfg.service(routes(web::resource(path)));
    }
}

// An anonymous caller learns nothing: who calls is checked first everywhere.

async fn only_post(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::method_not_allowed("POST")).await
}

async fn only_get(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::method_not_allowed("GET, HEAD")).await
}

async fn not_found(req: HttpRequest, totp: web::ThinData<Totp>) -> Refused {
    refuse(&req, &totp, Problem::not_found()).await
}

type Refused = Result<HttpResponse, actix_web::Error>;

async fn refuse(req: &HttpRequest, totp: &Totp, problem: Problem) -> Refused {
    let problem = totp.signed_in(req).await.err().unwrap_or(problem);
    #[cfg(feature = "pages")]
    if let Some(page) = crate::pages::refused(totp, req, &problem) {
        return page;
    }
    Err(totp.plugin.problem_format.error(req, problem.into()))
}
