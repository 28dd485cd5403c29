//! Where browsers find the application when a proxy takes a prefix off the paths of its requests.
//!
//! 1. The application's routes and settings never name the prefix. It goes in front of the paths that browsers are given:
//!    redirects, `next`, links and forms of pages, and the path of the notice's cookie.
//! 2. Addresses within the scope are relative, and need none. A `__Host-` cookie has the path `/` (RFC 6265bis §4.1.3.2).
//! 3. A `next` outside of the prefix is another application's, and is not gone to.
//! 4. `X-Forwarded-Prefix` is what anybody may send. It is read only where the application says that its proxy sets it, and what
//!    is not one plain path is no prefix.

use std::sync::Once;

use actix_totp_core::BuildError;
use actix_web::{
    HttpRequest,
    http::{Method, header::HeaderName},
};

use crate::local::is_local;

const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// In bytes. A `next` within it has room for a path of the application.
const LONGEST: usize = 128;

/// Where the prefix comes from.
#[derive(Debug)]
pub(crate) enum PublicPath {
    /// The application knows it. Empty: there is none.
    Known(String),
    /// The proxy says it with each request.
    Forwarded { warned: Once },
}

impl PublicPath {
    pub(crate) fn new(known: Option<String>, forwarded: bool) -> Result<Self, BuildError> {
        if !forwarded {
            let known = known.as_deref().map_or(Some(""), read);
            return known
                .map(|it| Self::Known(it.to_owned()))
                .ok_or(BuildError::Web(
                    "public_path is a path like /app, of letters, digits and -._~",
                ));
        }
        if known.is_some() {
            return Err(BuildError::Web(
                "public_path and trust_forwarded_prefix exclude each other: the prefix is known, or the proxy says it",
            ));
        }
        Ok(Self::Forwarded {
            warned: Once::new(),
        })
    }

    /// What the proxy has taken off the path of this request.
    pub(crate) fn of<'a>(&'a self, req: &'a HttpRequest) -> Prefix<'a> {
        let warned = match self {
            Self::Known(prefix) => return Prefix(prefix),
            Self::Forwarded { warned } => warned,
        };
        let mut sent = req.headers().get_all(X_FORWARDED_PREFIX);
        let prefix = match (sent.next(), sent.next()) {
            (None, _) => Some(""),
            (Some(prefix), None) => prefix.to_str().ok().and_then(read),
            (Some(_), Some(_)) => None,
        };
        Prefix(prefix.unwrap_or_else(|| {
            warned.call_once(|| {
                tracing::warn!(
                    "X-Forwarded-Prefix is not one path like /app, and is ignored: the proxy must set it, not add to it"
                );
            });
            ""
        }))
    }
}

/// The prefix without a slash at its end. `None`: it is none. Nothing in it can be decoded, or read in two ways.
fn read(text: &str) -> Option<&str> {
    if text == "/" {
        return Some("");
    }
    let prefix = text.strip_suffix('/').unwrap_or(text);
    let mut segments = prefix.strip_prefix('/')?.split('/');
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_plain = |it: &str| !matches!(it, "" | "." | "..") && it.bytes().all(is_unreserved);
    (prefix.len() <= LONGEST && segments.all(is_plain)).then_some(prefix)
}

/// What stands in front of the application's paths: nothing, or a path like `/app`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix<'a>(&'a str);

impl Prefix<'_> {
    /// The path of the application as browsers have it.
    pub(crate) fn before(self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether a path that a browser has is one of this application.
    pub(crate) fn leads_here(self, path: &str) -> bool {
        let rest = path.strip_prefix(self.0);
        is_local(path)
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// The page that the browser wanted: only a path of this application, and only where going there again is harmless.
    pub(crate) fn wanted(self, req: &HttpRequest) -> Option<String> {
        let wanted = self.before(req.uri().path_and_query()?.as_str());
        let harmless = matches!(*req.method(), Method::GET | Method::HEAD);
        (harmless && self.leads_here(&wanted)).then_some(wanted)
    }

    /// The path of a cookie that other applications of the same host need not see.
    #[cfg(feature = "pages")]
    pub(crate) fn cookie_path(self) -> String {
        if self.0.is_empty() {
            "/".into()
        } else {
            self.0.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn forwarded(sent: &[&str]) -> String {
        let public_path = PublicPath::new(None, true).unwrap();
        let request = sent.iter().fold(TestRequest::get(), |request, value| {
            request.append_header((X_FORWARDED_PREFIX, *value))
        });
        public_path.of(&request.to_http_request()).before("/x")
    }

    #[test]
    fn a_plain_path_is_a_prefix_with_and_without_its_slash() {
        for (sent, expected) in [
            ("/app", "/app/x"),
            ("/app/", "/app/x"),
            ("/a/b-c/_d~/1.0", "/a/b-c/_d~/1.0/x"),
            ("/..a", "/..a/x"),
            ("/", "/x"),
        ] {
            assert_eq!(forwarded(&[sent]), expected, "{sent}");
            let known = PublicPath::new(Some(sent.into()), false).unwrap();
            let request = TestRequest::get().to_http_request();
            assert_eq!(known.of(&request).before("/x"), expected, "{sent}");
        }
        assert_eq!(forwarded(&[]), "/x");
        assert_eq!(forwarded(&[&format!("/{}", "a".repeat(127))]).len(), 130);
    }

    #[test]
    fn what_is_no_plain_path_is_no_prefix() {
        for attack in [
            "",
            "app",
            "//",
            "//evil.example",
            "/app//",
            "/app//b",
            "/\\evil.example",
            "https://evil.example",
            "/app/../b",
            "/..",
            "/.",
            "/%2e%2e",
            "/%2Fevil.example",
            "/app%0d%0aSet-Cookie:%20a=b",
            "/app;Domain=evil.example",
            "/app, /b",
            "/app b",
            " /app",
            "/app?a=b",
            "/app#b",
            "/@evil.example",
            "/:80",
            "/\"onload=",
            "/<script>",
            "/\u{e4}",
        ] {
            assert_eq!(forwarded(&[attack]), "/x", "{attack}");
            assert!(
                PublicPath::new(Some(attack.into()), false).is_err(),
                "{attack}"
            );
        }
        assert_eq!(forwarded(&[&format!("/{}", "a".repeat(128))]), "/x");
        assert_eq!(forwarded(&["/app", "/app"]), "/x", "who sent which?");
    }

    #[test]
    fn a_header_counts_only_where_the_application_says_so_and_beside_no_path_of_its_own() {
        let request = TestRequest::get().append_header((X_FORWARDED_PREFIX, "/evil"));
        let request = request.to_http_request();
        for (known, expected) in [(None, "/x"), (Some("/app".into()), "/app/x")] {
            let public_path = PublicPath::new(known, false).unwrap();
            assert_eq!(public_path.of(&request).before("/x"), expected);
        }
        assert!(PublicPath::new(Some("/app".into()), true).is_err());
    }

    #[test]
    fn another_applications_path_leads_not_here() {
        let prefix = Prefix("/app");
        for here in ["/app", "/app/", "/app?a=b", "/app#b", "/app/vault?a=/b"] {
            assert!(prefix.leads_here(here), "{here}");
        }
        for elsewhere in [
            "/",
            "/application",
            "/other",
            "/App/vault",
            "/other/app/",
            "/app/../other",
            "/app/%2e%2e/other",
            "//app/vault",
            "/app\\..\\other",
            "app/vault",
        ] {
            assert!(!prefix.leads_here(elsewhere), "{elsewhere}");
        }
    }
}
