//! The headers that every answer of the plugin has, and the answer that has nothing else: a redirect.

use actix_web::{HttpResponse, HttpResponseBuilder, http::header};

/// Nothing keeps the answer or guesses its type, no page of another origin embeds it (ASVS 5.0 3.5.8), and none holds on to the
/// window that shows it (3.4.8).
///
/// `Cross-Origin-Resource-Policy` is looked at for `no-cors` loads alone (Fetch, "HTTP fetch"): a front end on another origin that
/// CORS allows in reads answers as before.
pub(crate) fn protect(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"))
}

/// See other: the browser GETs it, and reloading that is harmless.
pub(crate) fn see_other(location: &str) -> HttpResponse {
    protect(&mut HttpResponse::SeeOther())
        .insert_header((header::LOCATION, location))
        .finish()
}
