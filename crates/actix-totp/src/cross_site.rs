//! Whether a POST was sent by a page of another site.
//!
//! Sources: Fetch Metadata (W3C), RFC 6454 (Origin), OWASP's CSRF prevention sheet ("verifying origin with standard
//! headers"). Cookies alone do not tell: a form of another site posts with them unless they are `SameSite`.
//!
//! 1. `Sec-Fetch-Site: same-origin` or `none` passes.
//! 2. Any other `Sec-Fetch-Site` passes only if the Origin is one of the trusted origins.
//! 3. Without `Sec-Fetch-Site`, an Origin must be trusted, or name the raw `Host`, over TLS with `https`. Forwarded headers
//!    are not believed, except that the client came over TLS: that can only refuse more.
//! 4. Neither header: not a browser, passes.
//!
//! `Origin: null`, an unreadable header or one sent twice is refused.

use actix_web::{
    HttpRequest,
    http::{
        Uri,
        header::{self, AsHeaderName, HeaderMap},
    },
};

use crate::transport::is_over_tls;

/// Whether the request may go on.
pub(crate) fn passes(req: &HttpRequest, trusted_origins: &[String]) -> bool {
    let headers = req.headers();
    let (Some(site), Some(origin)) = (
        single(headers, "sec-fetch-site"),
        single(headers, header::ORIGIN),
    ) else {
        return false;
    };
    let is_trusted = |origin: &str| {
        trusted_origins
            .iter()
            .any(|it| it.eq_ignore_ascii_case(origin))
    };
    match (site, origin) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (Some(_), origin) => origin.is_some_and(is_trusted),
        (None, Some(origin)) => is_trusted(origin) || is_host(origin, req),
    }
}

/// Schemes of `Authorization` that no browser sends by itself, as it does with `Basic`, `Digest` and `Negotiate`: bearer tokens
/// (RFC 6750 §2.1, RFC 9449 §7.1), and the scheme of Django REST framework.
const TOKEN_SCHEMES: [&str; 3] = ["Bearer", "DPoP", "Token"];

/// Whether the one `Authorization` is a token that a program has put there.
pub(crate) fn has_token(headers: &HeaderMap) -> bool {
    let sent = single(headers, header::AUTHORIZATION).flatten();
    let scheme = sent.and_then(|sent| sent.split_once(' '));
    scheme.is_some_and(|(scheme, _)| {
        let mut schemes = TOKEN_SCHEMES.iter();
        schemes.any(|token| token.eq_ignore_ascii_case(scheme))
    })
}

/// `None`: unreadable or sent twice. `Some(None)`: not sent.
pub(crate) fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Option<&str>> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        (Some(_), Some(_)) => None,
    }
}

fn is_host(origin: &str, req: &HttpRequest) -> bool {
    let host = match single(req.headers(), header::HOST) {
        Some(Some(host)) => Some(host),
        // HTTP/2 has it in the URI.
        Some(None) => req.uri().authority().map(|authority| authority.as_str()),
        None => None,
    };
    let origin_host = match origin.strip_prefix("http://") {
        Some(_) if is_over_tls(req) => None, // anybody on the network may have written that page
        None => origin.strip_prefix("https://"),
        origin_host => origin_host,
    };
    match (origin_host, host) {
        (Some(origin_host), Some(host)) => {
            !host.is_empty() && origin_host.eq_ignore_ascii_case(host)
        }
        _ => false,
    }
}

/// Whether this is an origin as browsers send it: scheme and host, perhaps a port, nothing behind.
pub(crate) fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    matches!(scheme, "http" | "https")
        && format!("{scheme}://{authority}") == text
        && !text.contains('@')
}

#[cfg(test)]
mod tests {
    use actix_service::{IntoServiceFactory, ServiceFactory};
    use actix_web::{
        App, HttpResponse,
        dev::AppConfig,
        test::{TestRequest, call_service, read_body},
        web,
    };

    use super::*;

    fn passes_with(sent: &[(&str, &str)]) -> bool {
        let request = sent
            .iter()
            .fold(TestRequest::post().uri("/verify/"), |request, header| {
                request.append_header(*header)
            })
            .to_http_request();
        passes(&request, &["https://app.example.com".to_owned()])
    }

    #[test]
    fn what_may_pass() {
        for sent in [
            &[][..],
            &[("Host", "example.com")],
            &[("Sec-Fetch-Site", "same-origin")],
            &[
                ("Sec-Fetch-Site", "same-origin"),
                ("Origin", "https://example.com"),
            ],
            &[("Sec-Fetch-Site", "none")],
            &[
                ("Sec-Fetch-Site", "cross-site"),
                ("Origin", "https://app.example.com"),
            ],
            &[
                ("Sec-Fetch-Site", "same-site"),
                ("Origin", "https://app.example.com"),
            ],
            &[("Host", "example.com"), ("Origin", "https://example.com")],
            &[
                ("Host", "example.com"),
                ("X-Forwarded-Proto", "https"),
                ("Origin", "https://example.com"),
            ],
            &[
                ("Host", "Example.com:8080"),
                ("Origin", "http://example.com:8080"),
            ],
            &[
                ("Host", "api.example.com"),
                ("Origin", "https://app.example.com"),
            ],
        ] {
            assert!(passes_with(sent), "{sent:?}");
        }
    }

    #[test]
    fn what_may_not() {
        for sent in [
            &[("Sec-Fetch-Site", "cross-site")][..],
            &[("Sec-Fetch-Site", "same-site")],
            &[
                ("Sec-Fetch-Site", "same-site"),
                ("Host", "example.com"),
                ("Origin", "https://example.com"),
            ],
            &[
                ("Sec-Fetch-Site", "cross-site"),
                ("Origin", "https://evil.example"),
            ],
            &[
                ("Sec-Fetch-Site", "same-origin"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
            &[("Host", "example.com"), ("Origin", "null")],
            &[("Host", "null"), ("Origin", "null")],
            &[("Host", "example.com"), ("Origin", "https://evil.example")],
            &[
                ("Host", "example.com"),
                ("Origin", "https://example.com.evil.example"),
            ],
            &[
                ("Host", "example.com"),
                ("Origin", "https://example.com:8443"),
            ],
            &[("Host", "example.com"), ("Origin", "ftp://example.com")],
            &[
                ("Host", "example.com"),
                ("Origin", "https://example.com"),
                ("Origin", "https://evil.example"),
            ],
            &[
                ("Host", "example.com"),
                ("X-Forwarded-Host", "evil.example"),
                ("Origin", "https://evil.example"),
            ],
            &[("Host", ""), ("Origin", "https://")],
            &[("Origin", "https://example.com")],
            &[
                ("Host", "example.com"),
                ("X-Forwarded-Proto", "https"),
                ("Origin", "http://example.com"),
            ],
            &[
                ("Host", "example.com"),
                ("Forwarded", "for=192.0.2.1;proto=HTTPS"),
                ("Origin", "http://example.com"),
            ],
        ] {
            assert!(!passes_with(sent), "{sent:?}");
        }
    }

    /// As a server that does TLS itself hands requests over.
    #[actix_web::test]
    async fn over_tls_no_page_without_tls_may_post() {
        let app = App::new().default_service(web::to(|req: HttpRequest| async move {
            HttpResponse::Ok().body(passes(&req, &[]).to_string())
        }));
        let address = ([127, 0, 0, 1], 443).into();
        let config = AppConfig::__priv_test_new(true, "example.com".into(), address);
        let app = app.into_factory().new_service(config).await.unwrap();
        for (origin, expected) in [
            ("http://example.com", "false"),
            ("https://example.com", "true"),
        ] {
            let request = TestRequest::post()
                .append_header(("Host", "example.com"))
                .append_header(("Origin", origin));
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(read_body(answer).await, expected, "{origin}");
        }
    }

    #[test]
    fn only_an_origin_is_an_origin() {
        for good in [
            "https://app.example.com",
            "http://localhost:5173",
            "http://[::1]:80",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "*",
            "app.example.com",
            "https://a/",
            "https://a/b",
            "ftp://a",
            "https://u@a",
            "https://",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
