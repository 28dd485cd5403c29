//! No spelling of a path and no method gets around the guard.

use crate::{
    Site, plain,
    support::{PLACES, Place},
    vault,
};

#[test]
fn no_variant_of_a_path_opens_it() {
    PLACES.into_iter().for_each(no_variant_of_a_path_opens);
}

fn no_variant_of_a_path_opens(place: Place) {
    let site = Site::at(place, plain, vault);
    let mut alice = site.enrolled("alice");
    for path in [
        "/vault",
        "/vault/",
        "//vault",
        "/vault//",
        "/./vault",
        "/x/../vault",
        "/%76ault",
        "/vault%2F",
        "/%2Fvault",
        "/vault;x",
        "/vault;/",
        "/VAULT",
        "/vault?x",
        "/vault#x",
        "/vault%00",
        "/vault/inner",
        "/vault/inner/deep",
        "/vault/inner/none",
        "/vault/none",
        "/vault/..",
        "/vault/%2e%2e/vault",
        "/vault\\",
        "/auth/otp/../../vault",
        "/session/../vault",
        "http://elsewhere.example/vault",
        "/vault%20",
    ] {
        let answer = alice.send("GET", path, &[], b"");
        assert!(matches!(answer.status, 400..=404), "{path}: {answer:?}");
        assert_ne!(answer.text(), "the vault");
    }
    assert_eq!(site.runs(), 0);
    site.validate(&mut alice, "alice");
    for path in [
        "/vault",
        "/vault/inner/deep",
        "/vault/inner/none",
        "/vault/none",
    ] {
        assert_eq!(alice.get(path).text(), "the vault");
    }
    assert_eq!(site.runs(), 4);
}

#[test]
fn no_method_opens_it_nor_does_a_websocket() {
    PLACES.into_iter().for_each(no_method_opens);
}

fn no_method_opens(place: Place) {
    let site = Site::at(place, plain, vault);
    let mut alice = site.enrolled("alice");
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND",
    ] {
        for path in ["/vault", "/vault/inner/deep", "/vault/none"] {
            let answer = alice.send(method, path, &[], b"");
            assert_eq!(answer.status, place.refusal(), "{method} {path}");
            assert_eq!(
                site.server.browser().send(method, path, &[], b"").status,
                401,
                "{method} {path}"
            );
        }
    }
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Accept", "text/html"),
    ];
    let answer = alice.send("GET", "/vault", &upgrade, b"");
    assert_eq!(answer.status, place.refusal());
    let override_method = [
        ("X-HTTP-Method-Override", "OPTIONS"),
        ("X-Original-URL", "/session"),
    ];
    let answer = alice.send("GET", "/vault", &override_method, b"");
    assert_eq!(answer.status, place.refusal());
    assert_eq!(site.runs(), 0);
}
