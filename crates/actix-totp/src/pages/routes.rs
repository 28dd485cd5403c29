//! Where the pages are, and which requests they answer: those of browsers that ask for HTML.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, Route, guard,
    http::{
        Method,
        header::{self, HeaderMap},
    },
    web::{self, ServiceConfig},
};

use super::{answer::see_other, assets, challenge, settings, setup, visit::Visit};
use crate::{
    accept::prefers_html,
    local::is_local,
    plugin::{BrowserPaths, Totp},
    problem::Problem,
    routes::{only_get, only_post},
};

/// Mounts what only browsers ask for.
pub(crate) fn configure(totp: &Totp, cfg: &mut ServiceConfig) {
    let Some(site) = &totp.0.site else { return };
    macro_rules! page {
        ($name:literal, $show:path) => {
            for path in [concat!("/", $name, "/"), concat!("/", $name)] {
                let mut resource = web::resource(path)
                    .route(web::get().to($show))
                    .route(web::head().to($show))
                    .default_service(web::to(only_get));
                if path.ends_with('/') {
                    resource = resource.name(&site.route_name($name));
                }
                cfg.service(resource);
            }
        };
    }
    page!("challenge", challenge::show);
    page!("setup", setup::show);
    page!("settings", settings::show);
    for path in ["/saved/", "/saved"] {
        cfg.service(
            web::resource(path)
                .route(web::post().to(setup::go_on))
                .default_service(web::to(only_post)),
        );
    }
    cfg.route("/assets/totp.css", web::get().to(assets::style))
        .route("/assets/totp.js", web::get().to(assets::script));
}

/// How a browser's form to an endpoint is answered, if there are pages.
pub(crate) fn page_for(totp: &Totp, endpoint: &str) -> Option<Route> {
    totp.0.site.as_ref()?;
    let route = web::post().guard(guard::fn_guard(|context| {
        prefers_html(context.header().as_ref()) && !is_json(context.head().headers())
    }));
    Some(match endpoint.trim_matches('/') {
        "validate" => route.to(challenge::submit),
        "generate" => route.to(setup::begin),
        "verify" => route.to(setup::finish),
        "backup-codes" => route.to(settings::renew),
        "forget-browsers" => route.to(settings::forget),
        "disable" => route.to(settings::disable),
        _ => return None,
    })
}

/// No form of a browser sends JSON: whoever does is a program, whatever it accepts.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| {
        kind.as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"application/json")
    })
}

/// Where guards send browsers, wherever the scope is mounted.
pub(crate) fn paths(totp: &Totp, req: &HttpRequest) -> Option<BrowserPaths> {
    let site = totp.0.site.as_ref()?;
    let path = |page: &str| {
        let url = req.url_for_static(&site.route_name(page)).ok()?;
        // The URL is made of the host that the request names, which may say anything.
        Some(url.path().to_owned()).filter(|path| is_local(path))
    };
    Some(BrowserPaths {
        challenge: path("challenge")?,
        setup: path("setup")?,
        sign_in: site.pages.sign_in.clone(),
    })
}

/// What a browser gets where there is nothing, or not with this method: a page. `None`: it is no browser.
///
/// Whoever opens the address that a form was sent to, by going back or by its history, is led to where the form was.
pub(crate) fn refused(
    totp: &Totp,
    req: &HttpRequest,
    problem: &Problem,
) -> Option<Result<HttpResponse, actix_web::Error>> {
    totp.0.site.as_ref()?;
    if !prefers_html(req.get_header().as_ref()) {
        return None;
    }
    let visit = match Visit::new(totp, req) {
        Ok(visit) => visit,
        Err(error) => return Some(Err(error)),
    };
    let is_get = matches!(*req.method(), Method::GET | Method::HEAD);
    if is_get && problem.code() == "not_found" && is_root(req) {
        return Some(Ok(see_other(&settings_of(req.path()))));
    }
    let page = match req.path().trim_end_matches('/').rsplit('/').next() {
        Some("validate") => "challenge/",
        Some("generate" | "verify") => "setup/",
        Some("backup-codes" | "forget-browsers" | "disable" | "saved") => "settings/",
        _ => "",
    };
    if is_get && problem.code() == "method_not_allowed" && !page.is_empty() {
        return Some(Ok(visit.to(page)));
    }
    Some(visit.end(Err(problem.clone().into())))
}

/// The scope itself, with or without its slash.
fn is_root(req: &HttpRequest) -> bool {
    matches!(req.match_info().unprocessed(), "" | "/")
}

/// Seen from the scope itself.
fn settings_of(scope: &str) -> String {
    let name = scope.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        "./settings/".into()
    } else {
        format!("./{name}/settings/")
    }
}
