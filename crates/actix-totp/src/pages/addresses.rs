//! Where guards find the pages, wherever the scope is mounted.

use actix_web::HttpRequest;

use crate::{
    local::is_local,
    plugin::{BrowserPaths, Totp},
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
