//! Markup in names, labels and `next` is inert, and nobody frames the pages.

use actix_web::{App, HttpResponse, web};
use serde_json::json;

use crate::{
    Visit, chromium,
    support::{TestApp, encode, serve},
};

const MARKUP: &str =
    "\"'><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

#[test]
fn markup_in_names_labels_and_next_is_inert() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    // By the JSON route: the form would not take such an address.
    let name = &MARKUP[..64];
    let form = json!({ "username": name, "password": "correct horse", "email": MARKUP });
    assert_eq!(app.browser().post("/register", &form).status, 201);
    let assert_inert = || {
        assert!(
            !page.has("main img") && !page.has("main script"),
            "{}",
            page.html()
        );
        let title = page.run("return document.title");
        assert_ne!(title.as_str(), Some("owned"));
    };
    visit.open(&format!("/login?next={}", encode("/vault?\"'><script>")));
    assert_inert();
    visit.sign_in(name);
    page.wait_for("Set up two-factor authentication");
    let next = page.attribute("[name=next]", "value").unwrap();
    assert!(
        next.starts_with("/vault?") && page.has("main form"),
        "{next}"
    );
    assert_inert();
    page.click("main button");
    page.wait_for("Add this account to your app");
    assert_inert();
    let secret = page.text("#key").replace(' ', "");
    let phone = app.authenticator(&json!({ "secret": secret }));
    page.type_into("#code", &phone.code());
    page.wait_for("Save your backup codes");
    assert_inert();
    page.click("#saved");
    page.click("main form button");
    page.wait_for("The vault");
    for path in ["/", "/account", "/auth/otp/settings/"] {
        visit.open(path);
        assert_inert();
    }
    let markup = encode(&format!("/vault?{}", MARKUP.replace(' ', "/")));
    visit.open(&format!("/auth/otp/challenge/?next={markup}"));
    assert!(page.has("[name=next]"));
    assert_inert();
    visit.open(&format!(
        "/auth/otp/challenge/?next={}",
        encode("javascript:alert(1)")
    ));
    assert!(!page.has("[name=next]"));
    visit.assert_quiet();
}

#[test]
fn a_page_of_another_site_cannot_frame_it() {
    let Some(page) = chromium(true) else { return };
    let app = TestApp::start();
    let visit = Visit::new(&app, &page);
    let (_, _, _) = app.enrolled("alice");
    visit.open("/login?next=/auth/otp/settings/");
    visit.sign_in("alice");
    page.wait_for("Two-factor authentication");
    visit.assert_quiet();
    let frame = format!("<iframe src='{}/auth/otp/settings/'></iframe>", visit.host);
    let elsewhere = serve!({
        let frame = frame.clone();
        App::new().default_service(web::to(move || {
            let page = HttpResponse::Ok()
                .content_type("text/html")
                .body(frame.clone());
            std::future::ready(page)
        }))
    });
    // Another port is another origin, but the same site: the cookie of the session is sent along.
    page.open(&format!("http://{}/", elsewhere.address));
    page.wait_until("the refusal", || {
        let log = page.log("browser");
        log.iter().any(|it| it.contains("frame-ancestors"))
    });
    page.enter_frame();
    assert!(!page.has(".totp"));
}
