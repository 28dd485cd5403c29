//! Where the pages are.

use actix_totp::pages::Pages;
use actix_web::{App, HttpResponse, web};

use super::{alice, builder, routes, session, sign_in, site};
use crate::support::{Answer, NOON, PageClient, code_at, serve, text_of};

#[test]
fn without_pages_nothing_of_them_is_there() {
    let server = site(builder(), routes);
    let mut alice = alice(&server, "");
    for path in [
        "setup/",
        "challenge/",
        "settings/",
        "assets/totp.css",
        "nothing/",
    ] {
        alice
            .open(&format!("/auth/otp/{path}"))
            .problem(404, "not_found");
    }
    alice.open("/vault").problem(403, "totp_setup_required");
    let answer = alice.submit("/auth/otp/generate/", &[]);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn guards_find_the_pages_wherever_they_are() {
    let server = site(builder().pages(Pages::new()), |totp, cfg| {
        let inner = web::scope("/b").configure(|cfg| totp.configure(cfg));
        let vault = web::resource("/vault")
            .wrap(totp.require())
            .to(HttpResponse::Ok);
        cfg.service(web::scope("/a").service(inner))
            .service(web::scope("/c").service(vault))
            .route("/sign-in", web::post().to(sign_in));
    });
    let mut alice = alice(&server, "");
    let answer = alice.open("/c/vault?d=e");
    let location = answer.header("location");
    assert_eq!(location, Some("/a/b/setup/?next=/c/vault%3Fd%3De"));
    assert!(alice.follow(answer).text().contains("../generate/"));
    let headers = [("Accept", "text/html"), ("Host", "evil.example")];
    let answer = alice.browser.send("GET", "/c/vault", &headers, b"");
    assert_eq!(answer.header("location"), Some("/a/b/setup/?next=/c/vault"));
    let forwarded = [
        ("Accept", "text/html"),
        ("X-Forwarded-Host", "x//evil.example"),
    ];
    let answer = alice.browser.send("GET", "/c/vault", &forwarded, b"");
    // What is no path of this application is not gone to.
    let location = answer.header("location");
    let is_path = |to: &str| to.starts_with("/a/b/setup/?next=");
    assert!(
        answer.status == 403 || location.is_some_and(is_path),
        "{answer:?}"
    );
    let answer = PageClient::at(server.browser()).open("/c/vault");
    answer.problem(401, "not_authenticated");
}

#[test]
fn a_scope_may_have_an_id_in_its_path_as_authenticators_have() {
    let server = site(builder().pages(Pages::new()), |totp, cfg| {
        let scope = web::scope("/tenants/{id}/otp");
        cfg.service(scope.configure(|cfg| totp.configure(cfg)))
            .route("/sign-in", web::post().to(sign_in));
    });
    let mut alice = alice(&server, "");
    let page = alice.send("/tenants/0123456789abcdef/otp/generate/", &[]);
    let secret = text_of(&page, "<code id=\"key\"").replace(' ', "");
    alice.send("../verify/", &[("token", &code_at(&secret, NOON))]);
    let page = alice.visit("../settings/");
    let rename = page.split("action=\"../authenticators/").nth(1).unwrap();
    let rename = rename.split('"').next().unwrap();
    let address = format!("../authenticators/{rename}");
    let page = alice.send(&address, &[("name", "Phone")]);
    assert!(page.contains("The new name is saved."), "{page}");
    assert_eq!(alice.at, "/tenants/0123456789abcdef/otp/settings/");
}

#[test]
fn each_of_two_plugins_has_its_own_pages() {
    let (one, two) = (
        builder().pages(Pages::new()).build().unwrap(),
        builder().pages(Pages::new()).build().unwrap(),
    );
    let server = serve!(
        App::new()
            .service(web::scope("/one").configure(|cfg| one.configure(cfg)))
            .service(web::scope("/two").configure(|cfg| two.configure(cfg)))
            .service(web::resource("/a").wrap(one.require()).to(HttpResponse::Ok))
            .service(web::resource("/b").wrap(two.require()).to(HttpResponse::Ok))
            .route("/sign-in", web::post().to(sign_in))
            .wrap(session())
    );
    let mut alice = alice(&server, "");
    assert_eq!(
        alice.open("/a").header("location"),
        Some("/one/setup/?next=/a")
    );
    assert_eq!(
        alice.open("/b").header("location"),
        Some("/two/setup/?next=/b")
    );
}

#[test]
fn pages_of_the_application_come_first_where_it_names_them() {
    let builder = builder()
        .pages(Pages::new())
        .redirect_browsers("/code", "/enroll");
    let server = site(builder, routes);
    let answer = alice(&server, "").open("/vault");
    assert_eq!(answer.header("location"), Some("/enroll?next=/vault"));
}

#[test]
fn somebody_who_is_not_signed_in_is_told_so_or_sent_to_sign_in() {
    let server = site(builder().pages(Pages::new()), routes);
    let answer = PageClient::at(server.browser()).open("/auth/otp/settings/");
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("Sign in first."));

    let server = site(builder().pages(Pages::new().sign_in("/in")), routes);
    let mut nobody = PageClient::at(server.browser());
    let location = |answer: Answer| answer.header("location").unwrap().to_owned();
    assert_eq!(location(nobody.open("/vault")), "/in?next=/vault");
    assert_eq!(
        location(nobody.open("/auth/otp/nothing")),
        "/in?next=/auth/otp/nothing"
    );
    // After a form a link leads there: browsers stop a redirect of a form to another host, as to an identity provider.
    let answer = nobody.submit("/auth/otp/disable/", &[]);
    assert_eq!(answer.status, 401);
    let link = "<a href=\"/in\">Sign in</a>";
    assert!(answer.text().contains(link), "{}", answer.text());
}
