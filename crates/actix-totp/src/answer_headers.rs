//! The headers that every answer of the plugin has, and the answer that has nothing else: a redirect.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
};

/// Nothing keeps the answer or guesses its type, no page of another origin embeds it (ASVS 5.0 3.5.8), and none holds on to the
/// window that shows it (3.4.8).
///
/// `Cross-Origin-Resource-Policy` is looked at for `no-cors` loads alone (Fetch, "HTTP fetch"): a front end on another origin that
/// CORS allows in reads answers as before.
fn headers() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

pub(crate) fn protect(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    for header in headers() {
        response.insert_header(header);
    }
    response
}

/// The same for an answer that the application has made.
pub(crate) fn protect_foreign(response: &mut HeaderMap) {
    for (name, value) in headers() {
        response.insert(name, value);
    }
}

/// See other: the browser GETs it, and reloading that is harmless.
pub(crate) fn see_other(location: &str) -> HttpResponse {
    protect(&mut HttpResponse::SeeOther())
        .insert_header((header::LOCATION, location))
        .finish()
}
