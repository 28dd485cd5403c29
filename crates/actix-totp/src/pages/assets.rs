//! The stylesheet and the script: compiled in, served from the scope, and kept by browsers for as long as they do not change.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use sha2::{Digest, Sha256};

use super::site::Site;
use crate::plugin::Totp;

const STYLE: &str = include_str!("../../assets/totp.css");
const SCRIPT: &str = include_str!("../../assets/totp.js");

/// The names under which pages ask for them. The version changes with the content.
pub(super) struct Assets {
    version: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self {
            version: version(STYLE, SCRIPT),
        }
    }

    pub(super) fn style(&self, base: &str) -> String {
        format!("{base}assets/totp.css?v={}", self.version)
    }

    pub(super) fn script(&self, base: &str) -> String {
        format!("{base}assets/totp.js?v={}", self.version)
    }
}

/// The same in every process that has the same content, whatever compiled it: instances answer for each other's pages.
fn version(style: &str, script: &str) -> String {
    let hash = Sha256::new()
        .chain_update(style)
        .chain_update(b"\0")
        .chain_update(script)
        .finalize();
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) async fn style(req: HttpRequest, totp: web::ThinData<Totp>) -> HttpResponse {
    asset(
        &req,
        totp.0.0.site.as_ref(),
        "text/css; charset=utf-8",
        STYLE,
    )
}

pub(super) async fn script(req: HttpRequest, totp: web::ThinData<Totp>) -> HttpResponse {
    let kind = "text/javascript; charset=utf-8";
    asset(&req, totp.0.0.site.as_ref(), kind, SCRIPT)
}

/// Under another version, of a process that is older or newer, it is given but not kept.
fn asset(
    req: &HttpRequest,
    site: Option<&Site>,
    kind: &'static str,
    content: &'static str,
) -> HttpResponse {
    let current = site.map(|site| format!("v={}", site.assets.version));
    let caching = if current.is_some_and(|current| req.query_string() == current) {
        "private, max-age=31536000, immutable" // the session middleware may add a cookie to any answer
    } else {
        "no-cache"
    };
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_by_the_content_alone() {
        // printf 'a{}\0b()' | sha256sum
        assert_eq!(version("a{}", "b()"), "61bc920341d09fec");
        assert_ne!(version("a{}", "b()"), version("a{}b", "()"));
        let assets = Assets::new();
        let shown = assets.style("/auth/otp/");
        let expected = version(STYLE, SCRIPT);
        assert_eq!(shown, format!("/auth/otp/assets/totp.css?v={expected}"));
    }
}
