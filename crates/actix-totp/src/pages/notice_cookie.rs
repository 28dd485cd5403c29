//! The cookie that takes a notice from the answer to a form to the page that the browser is redirected to.
//!
//! 1. It is sealed for its user: no other site can make one up, and no page shows it to another user.
//! 2. The page that shows it removes it. It lives for a minute at most.
//! 3. It holds no secret, and grants nothing.
//! 4. It is not in the session. The session of a form was loaded before the form's body was read, and who sent the form may
//!    have signed out in the meantime: to write such a session would bring it back.

use actix_totp_core::UserId;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};

use super::{notice::Notice, site::Site};
use crate::{plugin::Totp, transport::is_over_tls};

const PURPOSE: &str = "notice";
/// As long as a slow browser takes to follow a redirect.
const LIFETIME: Duration = Duration::MINUTE;

/// The cookie with a notice for this user; without one it says nothing. `None`: it cannot be sealed, for want of random bytes.
pub(super) fn cookie(
    totp: &Totp,
    site: &Site,
    req: &HttpRequest,
    user: &UserId,
    notice: Option<&Notice>,
) -> Option<Cookie<'static>> {
    let content = notice.map_or_else(Vec::new, Notice::to_bytes);
    match totp.service().seal_text(PURPOSE, user, &content) {
        Ok(sealed) => Some(build(totp, site, req, sealed, LIFETIME)),
        Err(error) => {
            tracing::error!(%error, "a notice cannot be sealed");
            None
        }
    }
}

/// The notice of the request's cookie, if it is for this user.
pub(super) fn read(totp: &Totp, site: &Site, req: &HttpRequest, user: &UserId) -> Option<Notice> {
    let cookie = req.cookie(&name(totp, site, req))?;
    let content = totp.service().open_text(PURPOSE, user, cookie.value())?;
    Notice::from_bytes(&content)
}

/// The cookie that takes the request's away, if it has one.
pub(super) fn removal(totp: &Totp, site: &Site, req: &HttpRequest) -> Option<Cookie<'static>> {
    req.cookie(&name(totp, site, req))?;
    Some(build(totp, site, req, String::new(), Duration::ZERO))
}

/// Over TLS browsers take a cookie of such a name from this host alone, and over TLS alone (RFC 6265bis §4.1.3). `__Host-` is for the
/// path `/`. A client that claims to come over TLS only changes the name of its own cookie.
fn name(totp: &Totp, site: &Site, req: &HttpRequest) -> String {
    let prefix = match &*totp.prefix(req).cookie_path() {
        _ if !is_over_tls(req) => "",
        "/" => "__Host-",
        _ => "__Secure-",
    };
    format!("{prefix}{}", site.notice_cookie)
}

fn build(
    totp: &Totp,
    site: &Site,
    req: &HttpRequest,
    value: String,
    lifetime: Duration,
) -> Cookie<'static> {
    Cookie::build(name(totp, site, req), value)
        .path(totp.prefix(req).cookie_path())
        .secure(is_over_tls(req))
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(lifetime)
        .finish()
}
