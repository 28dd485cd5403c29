//! Reading `Accept` and `Accept-Language`: lists of what a client wants, with weights (RFC 9110 §12.4.2).

use actix_web::http::header::{self, HeaderMap, HeaderName};

/// One wish: what, in lower case, and how much, 0 to 1,000.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) what: String,
    pub(crate) weight: u16,
}

/// Whoever wants more is no browser.
const MOST: usize = 32;

/// The wishes of a header, in the order in which they were sent. What cannot be read is none.
pub(crate) fn wishes(headers: &HeaderMap, name: HeaderName) -> Vec<Wish> {
    headers
        .get_all(name)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .take(MOST)
        .filter_map(|wish| {
            let mut parts = wish.split(';').map(str::trim);
            let what = parts.next().filter(|what| !what.is_empty())?;
            let weight = parts
                .find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")))
                .map_or(Some(1_000), weight)?;
            Some(Wish {
                what: what.to_ascii_lowercase(),
                weight,
            })
        })
        .collect()
}

fn weight(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok()?;
    (0.0..=1.0)
        .contains(&weight)
        .then_some((weight * 1_000.0) as u16)
}

/// Whether the client is a browser that shows a page: it asks for HTML by name, and for JSON not more than for that.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let wishes = wishes(headers, header::ACCEPT);
    let weight = |is_meant: fn(&str) -> bool| {
        let meant = wishes.iter().filter(|wish| is_meant(&wish.what));
        meant.map(|wish| wish.weight).max()
    };
    let html = weight(|what| what == "text/html").unwrap_or(0);
    let json = weight(|what| what.starts_with("application/") && what.ends_with("json"))
        .or_else(|| weight(|what| matches!(what, "*/*" | "application/*")));
    html > 0 && html >= json.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn html(accept: &str) -> bool {
        let request = TestRequest::get().insert_header((header::ACCEPT, accept));
        prefers_html(request.to_http_request().headers())
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
        let silent = TestRequest::get().to_http_request();
        assert!(!prefers_html(silent.headers()));
    }

    #[test]
    fn weights_are_read_as_they_are_sent() {
        let sent = TestRequest::get()
            .insert_header((header::ACCEPT_LANGUAGE, "de-CH, fr;q=0.75 ,en;q=0,;q=1"))
            .to_http_request();
        let read: Vec<_> = wishes(sent.headers(), header::ACCEPT_LANGUAGE)
            .into_iter()
            .map(|wish| (wish.what, wish.weight))
            .collect();
        let expected = [("de-ch", 1_000), ("fr", 750), ("en", 0)];
        assert_eq!(
            read,
            expected.map(|(what, weight)| (what.to_owned(), weight))
        );
    }
}
