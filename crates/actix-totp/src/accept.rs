//! Which clients get a page: browsers, recognized by what they accept (RFC 9110 §12.5.1).

use actix_web::http::header::{Accept, Quality};

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
