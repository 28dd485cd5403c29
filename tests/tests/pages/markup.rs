//! What programs that read pages to people find in the markup.

use crate::{
    PAGES, enrolled,
    support::{PageClient, TestApp, text_of},
};

/// Every page that can be shown without a token, and the one with a secret.
fn pages(app: &TestApp) -> Vec<String> {
    let mut bob = PageClient::at(app.signed_in("bob"));
    let mut pages = vec![bob.visit(PAGES[0]), bob.send("/auth/otp/generate/", &[])];
    let (mut alice, ..) = enrolled(app);
    pages.extend(PAGES[1..].iter().map(|page| alice.visit(page)));
    pages
}

/// The tags that begin like this, without their ends.
fn tags<'a>(page: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let found = page.split(begin).skip(1);
    found.map(|it| it.split('>').next().unwrap())
}

#[test]
fn every_page_has_one_heading_which_is_its_title() {
    let app = TestApp::start();
    for page in pages(&app) {
        assert_eq!(page.matches("<h1").count(), 1, "{page}");
        let (title, heading) = (text_of(&page, "<title"), text_of(&page, "<h1"));
        assert!(title.starts_with(heading), "{title}: {heading}");
        assert_eq!(page.matches("<main").count(), 1);
    }
}

#[test]
fn a_field_for_a_token_has_a_label_a_hint_and_a_purpose_and_takes_what_is_pasted() {
    let app = TestApp::start();
    let (mut alice, ..) = enrolled(&app);
    let challenge = alice.visit(PAGES[1]);
    let secret = PageClient::at(app.signed_in("bob")).send("/auth/otp/generate/", &[]);
    for page in [&challenge, &secret] {
        let fields: Vec<&str> = tags(page, "<input id=\"").collect();
        assert!(!fields.is_empty());
        for field in fields {
            let id = field.split('"').next().unwrap();
            assert!(page.contains(&format!("<label for=\"{id}\">")), "{id}");
            assert!(page.contains(&format!("id=\"{id}-hint\"")), "{id}");
            let described = field.split("aria-describedby=\"").nth(1).unwrap();
            assert!(described.contains(&format!("{id}-hint")), "{field}");
        }
        let code = tags(page, "<input id=\"code\"").next().unwrap();
        assert!(code.contains("autocomplete=\"one-time-code\""), "{code}");
        assert!(
            !code.contains("maxlength"),
            "a code that is pasted with a blank fits"
        );
        assert!(
            page.contains("The form is sent after the last digit."),
            "{page}"
        );
    }
    // Nothing listens to a paste.
    assert!(!include_str!("../../../crates/actix-totp/assets/totp.js").contains("paste"));
}
