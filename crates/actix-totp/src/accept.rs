//! Which requests get a page: navigations of a browser. A browser says so itself (Fetch Metadata); one that does not is
//! recognized by what it accepts (RFC 9110 §12.5.1).

use actix_web::http::header::{Accept, HeaderMap, Quality};

/// Whether the answer is shown as a page, and not given to a script, which would take the HTML for its answer. What a script
/// accepts is its own business, but it can write neither of the two headers.
///
/// Either says so: a service worker that hands on a navigation keeps its mode and loses its destination.
pub(crate) fn wants_page(headers: &HeaderMap, accept: Option<&Accept>) -> bool {
    navigates(headers).unwrap_or_else(|| prefers_html(accept))
}

/// Whether a browser says that it navigates. `None`: nothing is said.
pub(crate) fn navigates(headers: &HeaderMap) -> Option<bool> {
    let metadata = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let sent = metadata
        .into_iter()
        .filter_map(|(name, navigation)| Some(headers.get(name)? == navigation));
    sent.reduce(|one, other| one || other)
}

/// Whether the client is a browser that shows a page: it asks for HTML by name, and for JSON not more than for that.
pub(crate) fn prefers_html(accept: Option<&Accept>) -> bool {
    let weight = |is_meant: fn(&str) -> bool| {
        let wishes = accept.into_iter().flat_map(|accept| &accept.0);
        let meant = wishes.filter(|wish| is_meant(wish.item.essence_str()));
        meant.map(|wish| wish.quality).max()
    };
    let html = weight(|kind| kind == "text/html").unwrap_or(Quality::ZERO);
    let json = weight(|kind| kind.starts_with("application/") && kind.ends_with("json"))
        .or_else(|| weight(|kind| matches!(kind, "*/*" | "application/*")));
    html > Quality::ZERO && Some(html) >= json
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpMessage, http::header, test::TestRequest};

    use super::*;

    fn html(accept: &str) -> bool {
        let request = TestRequest::get().insert_header((header::ACCEPT, accept));
        prefers_html(request.to_http_request().get_header().as_ref())
    }

    #[test]
    fn what_a_browser_says_of_a_request_outweighs_what_it_accepts() {
        for (mode, dest, accept, is_page) in [
            (Some("navigate"), Some("document"), "*/*", true),
            (Some("navigate"), Some("empty"), "text/html", true), // by way of a service worker
            (Some("navigate"), None, "*/*", true),
            (None, Some("document"), "*/*", true),
            (Some("cors"), Some("empty"), "text/html", false),
            (Some("same-origin"), Some("empty"), "text/html", false),
            (Some("no-cors"), Some("image"), "text/html", false),
            (None, Some("empty"), "text/html", false),
            (Some("cors"), None, "text/html", false),
            (Some(""), None, "text/html", false),
            (None, None, "text/html", true),
            (None, None, "*/*", false),
        ] {
            let mut request = TestRequest::get().insert_header((header::ACCEPT, accept));
            for (name, value) in [("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest)] {
                if let Some(value) = value {
                    request = request.insert_header((name, value));
                }
            }
            let request = request.to_http_request();
            let found = wants_page(request.headers(), request.get_header().as_ref());
            assert_eq!(found, is_page, "{mode:?} {dest:?} {accept}");
        }
    }

    #[test]
    fn a_browser_asks_for_html_by_name() {
        for browser in [
            "text/html",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "TEXT/HTML;charset=utf-8;q=0.5, */*;q=0.1",
            "application/json;q=0.5, text/html",
        ] {
            assert!(html(browser), "{browser}");
        }
        for program in [
            "",
            "*/*",
            "text/*",
            "application/json",
            "application/json, text/plain, */*",
            "application/json, text/html;q=0.9",
            "application/problem+json, text/html;q=0.9",
            "*/*, text/html;q=0.1",
            "application/*, text/html;q=0.5",
            "text/html;q=0",
            "text/html;q=2",
            "text/html;q=x",
            "text/htmlx",
        ] {
            assert!(!html(program), "{program}");
        }
        assert!(!prefers_html(None));
    }
}
