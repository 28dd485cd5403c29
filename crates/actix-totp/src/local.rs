//! Whether a path to go on to is one of this application: no way to another host (an "open redirect", CWE-601).
//!
//! 1. It begins with one slash. `//host` and `/\host` are other hosts to a browser.
//! 2. It is ASCII without blanks and control characters, which browsers drop before they read it (WHATWG URL §4.4), and
//!    without a backslash, which they take for a slash.
//! 3. Up to the query, all this still holds after percent-decoding, however often: a proxy or the application may decode once
//!    more than we do. Dot segments are refused with the rest: browsers never ask for them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters and the slash.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Longer ones are forgotten: a form that carries one fits into a body of 4 KiB, each byte written as three.
const LONGEST: usize = 1_024;

/// A page with where to go on to from there.
pub(crate) fn with_next(page: &str, next: Option<&str>) -> String {
    match next {
        Some(next) => format!("{page}?next={}", utf8_percent_encode(next, ESCAPED)),
        None => page.to_owned(),
    }
}

pub(crate) fn is_local(path: &str) -> bool {
    path.len() <= LONGEST
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && is_plain(path.split(['?', '#']).next().unwrap_or_default())
}

/// The rules for what is before the query, at each level of decoding.
fn is_plain(path: &str) -> bool {
    let mut bytes = path.as_bytes().to_vec();
    loop {
        let harmless = matches!(bytes[..], [b'/'] | [b'/', _, ..])
            && !bytes.starts_with(b"//")
            && bytes
                .iter()
                .all(|byte| !byte.is_ascii_control() && *byte != b'\\')
            && bytes
                .split(|byte| *byte == b'/')
                .all(|segment| !matches!(segment, b"." | b".."));
        if !harmless {
            return false;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return false;
        };
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        if decoded == bytes {
            return true;
        }
        bytes = decoded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_application_is_local() {
        for good in [
            "/",
            "/account",
            "/a?b=c&d=%2F",
            "/a//b",
            "/a?next=//evil.example",
            "/a?back=https://evil.example",
            "/a?text=%0d%0a%5C",
            "/a#b",
            "/%C3%A4",
            "/a%20b",
            "/100%",
            "/.well-known/x",
            "/a/..b",
            "/@evil.example",
            "/:80",
            "/https:evil.example",
        ] {
            assert!(is_local(good), "{good}");
        }
        assert!(is_local(&format!("/{}", "a".repeat(1_023))));
    }

    #[test]
    fn forty_ways_to_another_host_are_not() {
        let attacks = [
            "",
            "evil.example",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
            "https://evil.example",
            "https:/evil.example",
            "https:evil.example",
            "HTTPS://evil.example",
            "http://evil.example",
            "ftp://evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:msgbox(1)",
            "mailto:a@evil.example",
            "?next=//evil.example",
            "#//evil.example",
            ".//evil.example",
            "../evil",
            " //evil.example",
            " /account",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "/\u{0}/evil.example",
            "/\u{7f}/evil.example",
            "\u{1}//evil.example",
            "/account\r\nSet-Cookie: a=b",
            "/%2Fevil.example",
            "/%2fevil.example",
            "/%252Fevil.example",
            "/%25252Fevil.example",
            "/%5Cevil.example",
            "/%5c%5cevil.example",
            "/%255Cevil.example",
            "/%09/evil.example",
            "/%0d%0aLocation:%20//evil.example",
            "/%00/evil.example",
            "%2F%2Fevil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e%2e//evil.example",
            "/%2E/%2Fevil.example",
            "/a\\..\\evil.example",
            "/\u{2f}\u{ff0f}evil.example",
            "/\u{2044}evil.example",
            "/a b",
            "/ä",
            "/%FF",
            "/%c0%afevil.example",
            "null",
        ];
        assert!(attacks.len() >= 40);
        for attack in attacks {
            assert!(!is_local(attack), "{attack:?}");
        }
        assert!(!is_local(&format!("/{}", "a".repeat(1_024))));
    }
}
