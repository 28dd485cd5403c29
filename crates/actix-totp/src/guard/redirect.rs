//! Sending a browser to the page where it can do what the guard asks for.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{plugin::BrowserPaths, problem::Problem};

/// All but RFC 3986's unreserved characters and the slash.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The redirect, if the application wants one, the caller is a browser, and there is a page that helps.
pub(super) fn browser(
    req: &HttpRequest,
    paths: Option<&BrowserPaths>,
    problem: &Problem,
) -> Option<HttpResponse> {
    let paths = paths.filter(|_| accepts_html(req))?;
    let path = match problem.code() {
        "totp_required" | "stale_proof" => &paths.challenge,
        "totp_setup_required" => &paths.setup,
        _ => return None,
    };
    let location = match next(req) {
        Some(next) => format!("{path}?next={}", utf8_percent_encode(next, ESCAPED)),
        None => path.clone(),
    };
    let response = HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish();
    Some(response)
}

fn accepts_html(req: &HttpRequest) -> bool {
    req.headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let kind = range.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("text/html")
        })
}

/// The page that the browser wanted: only a path of this application, and only where going there again is harmless.
fn next(req: &HttpRequest) -> Option<&str> {
    let wanted = req.uri().path_and_query()?.as_str();
    let harmless = matches!(*req.method(), Method::GET | Method::HEAD);
    (harmless && is_local(wanted)).then_some(wanted)
}

/// `//host` and `/\host` are other hosts to a browser.
fn is_local(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_application_is_local() {
        for good in ["/", "/account", "/a?b=c&d=%2F", "/a//b"] {
            assert!(is_local(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "//evil",
            "/\\evil",
            "https://evil",
            "/a b",
            "/\u{7f}",
            "/a\\b",
            "/ä",
        ] {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
