//! Where guards find the pages, wherever the scope is mounted, and what is outside of the scope.

use actix_web::HttpRequest;

use super::site::Pages;
use crate::{
    local::is_local,
    plugin::{BrowserPaths, Totp},
    public_path::Prefix,
};

/// `None`: there are no pages, or none that this request can be led to.
pub(crate) fn paths(totp: &Totp, req: &HttpRequest) -> Option<BrowserPaths> {
    let site = totp.plugin.site.as_ref()?;
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

/// The path of the scope, with a slash at its end, as the browser has it. `None`: there are no pages, or none that this request
/// can be led to.
pub(super) fn scope(totp: &Totp, req: &HttpRequest) -> Option<String> {
    let challenge = paths(totp, req)?.challenge;
    let scope = challenge.strip_suffix("challenge/")?;
    Some(totp.prefix(req).before(scope))
}

/// What pages show of the application, as browsers have it.
pub(super) struct Addresses {
    pub(super) logo: Option<String>,
    pub(super) links: Vec<(String, String)>,
    pub(super) stylesheet: Option<String>,
    pub(super) home: String,
    pub(super) sign_in: Option<String>,
    pub(super) sign_out: Option<String>,
    pub(super) report_to: Option<String>,
}

impl Addresses {
    pub(super) fn of(pages: &Pages, prefix: Prefix<'_>) -> Self {
        let before = |path: &Option<String>| path.as_deref().map(|path| prefix.before(path));
        let path_or_address = |to: &String| {
            let is_path = to.starts_with('/');
            if is_path {
                prefix.before(to)
            } else {
                to.clone()
            }
        };
        let link = |(text, to): &(String, String)| (text.clone(), path_or_address(to));
        Self {
            logo: before(&pages.logo),
            links: pages.links.iter().map(link).collect(),
            stylesheet: before(&pages.stylesheet),
            home: prefix.before(&pages.home),
            sign_in: before(&pages.sign_in),
            sign_out: before(&pages.sign_out),
            report_to: pages.report_to.as_ref().map(path_or_address),
        }
    }
}
