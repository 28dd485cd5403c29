//! How requests of users come: whether over TLS, and with a cookie that browsers send over TLS alone.
//!
//! What was seen once stays seen. Nothing is decided by it but what [`Totp::shortfalls`](crate::Totp::shortfalls) says: a client
//! can claim to come over TLS, but not take back what others have shown.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use actix_session::SessionExt;
use actix_web::HttpRequest;

/// Cookies of this plugin, which say nothing of the session's.
const OWN: [&str; 2] = ["__Host-totp_", "__Secure-totp_"];

/// What was seen of the POSTs of those who are signed in, or bring a ticket.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    without_tls: AtomicBool,
    without_cookie_prefix: AtomicBool,
}

impl Transport {
    /// Notes how such a POST came.
    pub(crate) fn note(&self, req: &HttpRequest) {
        if !self.came_without_tls() && !is_over_tls(req) {
            self.without_tls.store(true, Relaxed);
        }
        if !self.came_without_cookie_prefix() && has_session_cookie_without_prefix(req) {
            self.without_cookie_prefix.store(true, Relaxed);
        }
    }

    pub(crate) fn came_without_tls(&self) -> bool {
        self.without_tls.load(Relaxed)
    }

    pub(crate) fn came_without_cookie_prefix(&self) -> bool {
        self.without_cookie_prefix.load(Relaxed)
    }
}

/// Whether the client came over TLS, as far as it can be known: here, or at a proxy that says so.
pub(crate) fn is_over_tls(req: &HttpRequest) -> bool {
    let says_https = |name: &str| {
        req.headers().get_all(name).any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.windows(5).any(|part| part == b"https")
        })
    };
    req.app_config().secure() || says_https("x-forwarded-proto") || says_https("forwarded")
}

/// The name of the session's cookie is not known here, but it is one of those that came, if there is a session.
fn has_session_cookie_without_prefix(req: &HttpRequest) -> bool {
    if req.get_session().entries().is_empty() {
        return false; // asked first: both borrow the request's extensions
    }
    let Ok(cookies) = req.cookies() else {
        return false;
    };
    let has_prefix = |name: &str| name.starts_with("__Host-") || name.starts_with("__Secure-");
    let mut others = cookies
        .iter()
        .filter(|it| !OWN.iter().any(|own| it.name().starts_with(own)));
    !cookies.is_empty() && !others.any(|it| has_prefix(it.name()))
}
