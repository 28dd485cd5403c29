//! The stylesheet and the script: compiled in, served from the scope, and kept by browsers for as long as they do not change.

use actix_web::{HttpRequest, HttpResponse, http::header};
use sha2::{Digest, Sha256};

use crate::answer_headers::protect;

const STYLE: &str = include_str!("../../assets/totp.css");
const SCRIPT: &str = include_str!("../../assets/totp.js");

/// The names under which pages ask for them. The version changes with the content.
pub(super) struct Assets {
    version: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self {
            version: version(STYLE, SCRIPT),
        }
    }

    pub(super) fn style_address(&self, base: &str) -> String {
        format!("{base}assets/totp.css?v={}", self.version)
    }

    pub(super) fn script_address(&self, base: &str) -> String {
        format!("{base}assets/totp.js?v={}", self.version)
    }

    pub(super) fn style(&self, req: &HttpRequest) -> HttpResponse {
        self.asset(req, "text/css; charset=utf-8", STYLE)
    }

    pub(super) fn script(&self, req: &HttpRequest) -> HttpResponse {
        self.asset(req, "text/javascript; charset=utf-8", SCRIPT)
    }

    /// Under another version, of a process that is older or newer, it is given but not kept.
    fn asset(&self, req: &HttpRequest, kind: &'static str, content: &'static str) -> HttpResponse {
        let caching = if req.query_string() == format!("v={}", self.version) {
            "private, max-age=31536000, immutable" // the session middleware may add a cookie to any answer
        } else {
            "no-cache"
        };
        protect(&mut HttpResponse::Ok())
            .content_type(kind)
            .insert_header((header::CACHE_CONTROL, caching))
            .body(content)
    }
}

/// The same in every process that has the same content, whatever compiled it: instances answer for each other's pages.
fn version(style: &str, script: &str) -> String {
    let hash = Sha256::new()
        .chain_update(style)
        .chain_update(b"\0")
        .chain_update(script)
        .finalize();
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_writes_text_alone_keeps_nothing_and_listens_to_no_messages() {
        assert!(SCRIPT.contains("\n\"use strict\";\n"));
        for forbidden in [
            "innerHTML", // no markup
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval",
            "Function",
            "localStorage", // no storage
            "sessionStorage",
            "indexedDB",
            "caches",
            "cookie",
            "\"message\"", // no messages
            "window.",     // no names that markup could take (DOM clobbering)
            "fetch",
        ] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
        // Of `document` only what finds elements, and the language of the page.
        let asked = SCRIPT.split("document.").skip(1);
        for asked in asked {
            let known = [
                "querySelectorAll(",
                "getElementById(",
                "documentElement.lang",
            ];
            assert!(known.iter().any(|it| asked.starts_with(it)), "{asked}");
        }
    }

    #[test]
    fn the_style_is_for_either_orientation() {
        assert!(!STYLE.contains("orientation") && !STYLE.contains("rotate"));
    }

    #[test]
    fn nothing_moves_so_that_nothing_has_to_stop_for_prefers_reduced_motion() {
        for motion in ["transition", "animation", "@keyframes", "scroll-behavior"] {
            assert!(!STYLE.contains(motion), "{motion}");
        }
        assert!(!SCRIPT.contains("animate") && !SCRIPT.contains("smooth"));
    }

    #[test]
    fn the_version_depends_on_the_content_alone() {
        // printf 'a{}\0b()' | sha256sum
        assert_eq!(version("a{}", "b()"), "61bc920341d09fec");
        assert_ne!(version("a{}", "b()"), version("a{}b", "()"));
        let assets = Assets::new();
        let shown = assets.style_address("/auth/otp/");
        let expected = version(STYLE, SCRIPT);
        assert_eq!(shown, format!("/auth/otp/assets/totp.css?v={expected}"));
    }
}
