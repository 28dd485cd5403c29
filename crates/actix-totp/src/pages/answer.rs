//! How a page or a redirect is sent.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

/// Nothing inline, nothing from another host, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(super) fn html(status: StatusCode, document: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY")) // for browsers that do not know frame-ancestors
        // Not `no-referrer`: a form would then be sent with `Origin: null`, which is refused.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(document)
}

/// See other: the browser GETs it, and reloading that is harmless.
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
