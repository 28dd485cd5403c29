//! Where addresses lead, and where they never do.

use crate::{
    alice, enrolled, location,
    support::{PageClient, TestApp, encode},
};

#[test]
fn where_a_form_was_sent_to_a_get_leads_to_the_form() {
    let app = TestApp::start();
    let mut bob = PageClient::at(app.signed_in("bob"));
    for (address, leads_to) in [
        ("generate", "setup/"),
        ("verify", "setup/"),
        ("validate", "challenge/"),
        ("backup-codes", "settings/"),
        ("forget-browsers", "settings/"),
        ("disable", "settings/"),
        ("saved", "settings/"),
    ] {
        let answer = bob.open(&format!("/auth/otp/{address}/"));
        assert_eq!(location(&answer), format!("../{leads_to}"));
        let answer = bob.open(&format!("/auth/otp/{address}"));
        assert_eq!(location(&answer), format!("./{leads_to}"));
    }
    assert_eq!(
        location(&bob.open("/auth/otp/challenge/?next=/vault")),
        "../setup/?next=/vault"
    );
    let (mut alice, ..) = enrolled(&app);
    assert_eq!(location(&alice.open("/auth/otp/setup")), "./settings/");
}

#[test]
fn the_scope_itself_leads_to_the_settings_and_what_is_not_there_has_its_style_all_the_same() {
    let app = TestApp::start();
    let mut bob = PageClient::at(app.signed_in("bob"));
    for scope in ["/auth/otp", "/auth/otp/"] {
        let answer = bob.open(scope);
        location(&answer);
        assert!(bob.follow(answer).text().contains("<dd>Off</dd>"));
        assert_eq!(bob.at, "/auth/otp/settings/");
    }
    for path in ["a", "a/", "a/b", "a/b/", "a/b/c/d"] {
        let page = bob.open(&format!("/auth/otp/{path}")).text();
        let at = page.find("<link rel=\"stylesheet\" href=\"").unwrap();
        let style = page[at..].split('"').nth(3).unwrap();
        assert_eq!(bob.open(style).status, 200, "{path}: {style}");
    }
}

#[test]
fn next_leads_nowhere_else() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    for attack in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "evil.example",
        "",
    ] {
        let page = alice.visit(&format!("/auth/otp/challenge/?next={}", encode(attack)));
        assert!(
            !page.contains("evil") && !page.contains("alert(1)"),
            "{page}"
        );
        app.clock.advance_secs(30);
        let form = [("token", &*phone.code()), ("next", attack)];
        assert_eq!(location(&alice.submit("/auth/otp/validate/", &form)), "/");
        let form = [("saved", "true"), ("next", attack)];
        assert_eq!(location(&alice.submit("/auth/otp/saved/", &form)), "/");
        let form = [
            ("username", "alice"),
            ("password", "correct horse"),
            ("next", attack),
        ];
        assert_eq!(
            alice.submit("/login", &form).header("location"),
            Some("/account")
        );
    }
    app.clock.advance_secs(30);
    let markup = "/vault?\"'><script>alert(1)</script>";
    let page = alice.visit(&format!("/auth/otp/challenge/?next={}", encode(markup)));
    assert!(
        !page.contains("<script>alert") && !page.contains("\"'>"),
        "{page}"
    );
    let form = [("token", &*phone.code()), ("next", markup)];
    assert_eq!(
        location(&alice.submit("/auth/otp/validate/", &form)),
        markup
    );
}

#[test]
fn style_and_script_are_kept_as_long_as_they_do_not_change() {
    let app = TestApp::start();
    let mut nobody = PageClient::at(app.browser());
    let page = alice(&app).visit("/auth/otp/setup/");
    for (begin, kind) in [
        (
            "<link rel=\"stylesheet\" href=\"",
            "text/css; charset=utf-8",
        ),
        ("<script src=\"", "text/javascript; charset=utf-8"),
    ] {
        let at = page.find(begin).unwrap() + begin.len();
        let address = page[at..].split('"').next().unwrap();
        nobody.at = "/auth/otp/setup/".into();
        let answer = nobody.open(address);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind))
        );
        let immutable = "private, max-age=31536000, immutable";
        assert_eq!(answer.header("cache-control"), Some(immutable));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let (path, _) = address.split_once('?').unwrap();
        for other in [path.to_owned(), format!("{path}?v=0")] {
            nobody.at = "/auth/otp/setup/".into();
            assert_eq!(
                nobody.open(&other).header("cache-control"),
                Some("no-cache")
            );
        }
    }
}
