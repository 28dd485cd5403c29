//! Where the pages are, and which requests they answer: those of browsers that ask for HTML.

use std::sync::Arc;

use actix_web::{
    Handler, HttpMessage, HttpRequest, HttpResponse, Route, guard,
    http::Method,
    web::{self, ServiceConfig},
};

use super::{
    browser::{Answer, Browser},
    challenge,
    request::{Shown, State, form, form_with_ticket, form_without_body, page},
    settings, setup,
    site::Site,
    two_step,
};
use crate::{
    accept::wants_page, answer_headers::see_other, body::is_json, plugin::Totp, problem::Problem,
};

/// Mounts what only browsers ask for. `only_get` and `only_post` answer other methods.
pub(crate) fn configure<G, P>(totp: &Totp, cfg: &mut ServiceConfig, only_get: G, only_post: P)
where
    G: Handler<(HttpRequest, web::ThinData<Totp>), Output = Answer> + Copy,
    P: Handler<(HttpRequest, web::ThinData<Totp>), Output = Answer> + Copy,
{
    let Some(site) = &totp.plugin.site else {
        return;
    };
    serve(cfg, site, "challenge", challenge::show, only_get);
    serve(cfg, site, "setup", setup::show, only_get);
    serve(cfg, site, "settings", settings::show, only_get);
    for path in ["/saved/", "/saved"] {
        let resource = web::resource(path).route(form("settings/", setup::codes_saved));
        cfg.service(resource.default_service(web::to(only_post)));
    }
    cfg.route("/assets/totp.css", web::get().to(style))
        .route("/assets/totp.js", web::get().to(script));
}

/// A page, with and without its slash.
fn serve<F, G>(cfg: &mut ServiceConfig, site: &Site, name: &str, show: F, only_get: G)
where
    F: AsyncFn(&State<'_>, &Browser<'_>) -> Result<Shown, Problem> + Copy + 'static,
    G: Handler<(HttpRequest, web::ThinData<Totp>), Output = Answer> + Copy,
{
    let page = |path: String| {
        web::resource(path)
            .route(page(web::get(), show))
            .route(page(web::head(), show))
            .default_service(web::to(only_get))
    };
    cfg.service(page(format!("/{name}/")).name(&site.route_name(name)))
        .service(page(format!("/{name}")));
}

async fn style(http: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    Ok(Browser::of(&totp, &http)?.site.assets.style(&http))
}

async fn script(http: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    Ok(Browser::of(&totp, &http)?.site.assets.script(&http))
}

/// How a browser's form to an endpoint is answered, if there are pages.
pub(crate) fn page_for(totp: &Totp, endpoint: &str) -> Option<Route> {
    totp.plugin.site.as_ref()?;
    let route = match endpoint {
        "validate" => form("challenge/", challenge::submit),
        "sign-in" => form_with_ticket(two_step::submit),
        "generate" => form("settings/", setup::begin),
        "verify" => form("setup/", setup::finish),
        "backup-codes" => form("settings/", settings::renew),
        "forget-browsers" => form_without_body("settings/", settings::forget),
        "disable" => form("settings/", settings::disable),
        "authenticators/{id}/rename" => form("settings/", settings::rename),
        "authenticators/{id}/remove" => form("settings/", settings::remove),
        _ => return None,
    };
    let plugin = Arc::clone(&totp.plugin);
    Some(route.guard(guard::fn_guard(move |context| {
        let headers = context.head().headers();
        let is_program = is_json(headers) || plugin.places.has_program_header(headers);
        wants_page(headers, context.header().as_ref()) && !is_program
    })))
}

/// What a browser gets where there is nothing, or not with this method: a page. `None`: it is no browser.
///
/// A browser that opens the address of a form, by going back or from its history, is led to the page with the form.
pub(crate) fn refused(totp: &Totp, http: &HttpRequest, problem: &Problem) -> Option<Answer> {
    totp.plugin.site.as_ref()?;
    if !wants_page(http.headers(), http.get_header().as_ref()) {
        return None;
    }
    Some(match Browser::of(totp, http) {
        Ok(browser) => match redirect(&browser, problem) {
            Some(redirect) => Ok(redirect),
            None => browser.show_problem(problem),
        },
        Err(problem) => Err(problem.into()),
    })
}

fn redirect(browser: &Browser<'_>, problem: &Problem) -> Option<HttpResponse> {
    let http = browser.http;
    if !matches!(*http.method(), Method::GET | Method::HEAD) {
        return None;
    }
    if problem.code() == "not_found" && is_root(http) {
        return Some(see_other(&settings_of(http.path())));
    }
    let page = match http.path().trim_end_matches('/').rsplit('/').next()? {
        "validate" => "challenge/",
        "sign-in" if problem.code() == "method_not_allowed" => return Some(browser.go_on()),
        "generate" | "verify" => "setup/",
        "backup-codes" | "forget-browsers" | "disable" | "saved" | "rename" | "remove" => {
            "settings/"
        }
        _ => return None,
    };
    (problem.code() == "method_not_allowed").then(|| browser.redirect(page))
}

/// The scope itself, with or without its slash.
fn is_root(http: &HttpRequest) -> bool {
    matches!(http.match_info().unprocessed(), "" | "/")
}

/// The address of the settings, relative to the scope itself.
fn settings_of(scope: &str) -> String {
    let name = scope.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        "./settings/".into()
    } else {
        format!("./{name}/settings/")
    }
}
