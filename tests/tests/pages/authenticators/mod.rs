//! Several authenticators in the settings: who sees them, and what is done with each.

mod changes;
mod refusals;
mod shown;

use crate::{
    alice, authenticator, enrolled, location,
    support::{Authenticator, PageClient, TestApp},
};

const SETTINGS: &str = "/auth/otp/settings/";

/// The ids of the authenticators that a page shows, in its order.
fn ids(page: &str) -> Vec<String> {
    let sections = page.split("<details id=\"section-").skip(1);
    let names = sections.map(|it| it.split('"').next().unwrap());
    let ids =
        names.filter(|name| name.bytes().all(|it| it.is_ascii_hexdigit()) && name.len() == 16);
    ids.map(str::to_owned).collect()
}

/// What they are called, as the markup has it.
fn names(page: &str) -> Vec<&str> {
    let headings = page.split("<h3 dir=\"auto\">").skip(1);
    headings
        .map(|it| it.split("</h3>").next().unwrap())
        .collect()
}

/// The part of the settings about one authenticator.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let begin = format!("<details id=\"section-{id}\"");
    let section = page.split(&begin).nth(1);
    let section = section.unwrap_or_else(|| panic!("{id} in {page}"));
    section.split("</details>").next().unwrap()
}

/// Adds one by the form in the settings, and enters its first code.
fn add(app: &TestApp, alice: &mut PageClient, by: &Authenticator, name: &str) -> Authenticator {
    let form = [("token", &*by.code()), ("name", name), ("form", "add")];
    let page = alice.send("/auth/otp/generate/", &form);
    let new = authenticator(app, &page);
    alice.send(
        "/auth/otp/verify/",
        &[("token", &new.code()), ("form", "code")],
    );
    assert_eq!(alice.at, SETTINGS);
    app.clock.advance_secs(60);
    new
}

/// alice with two, and a proof.
fn with_two(app: &TestApp) -> (PageClient, [Authenticator; 2], [String; 2]) {
    let (mut alice, phone, _) = enrolled(app);
    let key = add(app, &mut alice, &phone, "Key");
    let ids = ids(&alice.visit(SETTINGS));
    (alice, [phone, key], ids.try_into().unwrap())
}

fn signs_in(app: &TestApp, with: &Authenticator) -> bool {
    app.clock.advance_secs(60);
    let answer = alice(app).submit("/auth/otp/validate/", &[("token", &with.code())]);
    location(&answer) == "/"
}
