//! Sending a browser to the page where it can do what the guard asks for.

use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::RequireTotp;
use crate::{
    accept::wants_page,
    answer_headers::see_other,
    local::with_next,
    plugin::{BrowserPaths, Totp},
    problem::Problem,
    proof_in::Place,
};

/// The redirect, if the application wants one, the caller is a browser, and there is a page that helps.
pub(super) fn browser(
    guard: &RequireTotp,
    req: &HttpRequest,
    problem: &Problem,
) -> Option<HttpResponse> {
    let totp = &guard.totp;
    let is_browser = wants_page(req.headers(), req.get_header().as_ref());
    if !is_browser || totp.place(req) == Place::Header {
        return None;
    }
    let BrowserPaths {
        challenge,
        setup,
        sign_in,
    } = paths(totp, req)?;
    let page = match problem.code() {
        // A code that is entered there cannot come with the request.
        "totp_required" | "stale_proof" if guard.each_time => return None,
        "totp_required" | "stale_proof" => challenge,
        "totp_setup_required" => setup,
        "not_authenticated" => sign_in?,
        _ => return None,
    };
    let prefix = totp.prefix(req);
    let location = with_next(&prefix.before(&page), prefix.wanted(req).as_deref());
    Some(see_other(&location))
}

/// Where the application says; else the pages of the plugin, if it has them.
fn paths(totp: &Totp, req: &HttpRequest) -> Option<BrowserPaths> {
    let own = totp.plugin.browser_paths.clone();
    #[cfg(feature = "pages")]
    let own = own.or_else(|| crate::pages::paths(totp, req));
    #[cfg(not(feature = "pages"))]
    let _ = req;
    own
}
