//! What is refused, and where that is told.

use super::{SETTINGS, add, ids, section, signs_in, with_two};
use crate::{enrolled, support::TestApp};

#[test]
fn a_refusal_is_shown_at_the_form_of_the_authenticator_that_it_is_about() {
    let app = TestApp::start();
    let (mut alice, [phone, _], [first, second]) = with_two(&app);
    let wrong = phone.wrong_code();
    let generate = "generate".to_owned();
    let of = |id: &str, what: &str| format!("authenticators/{id}/{what}");
    for (address, form, token, name, text) in [
        (
            of(&first, "rename"),
            format!("rename-{first}"),
            "",
            " ",
            "A name has 1 to 64",
        ),
        (
            of(&second, "rename"),
            format!("rename-{second}"),
            "",
            &*"x".repeat(65),
            "A name has 1 to 64",
        ),
        (
            of(&first, "remove"),
            format!("remove-{first}"),
            "",
            "",
            "Enter a code.",
        ),
        (
            of(&second, "remove"),
            format!("remove-{second}"),
            &*wrong,
            "",
            "This code is wrong",
        ),
        (
            generate.clone(),
            format!("replace-{first}"),
            &*wrong,
            "",
            "This code is wrong",
        ),
        (
            generate.clone(),
            format!("replace-{second}"),
            "12345",
            "",
            "This is not a code.",
        ),
        (
            generate,
            format!("replace-{second}"),
            "",
            "",
            "Enter a code.",
        ),
    ] {
        let id = &form[form.len() - 16..];
        let mut fields = vec![("token", token), ("form", &form)];
        match form.split('-').next() {
            Some("rename") => fields.push(("name", name)),
            Some("replace") => fields.push(("replaces", id)),
            _ => {}
        }
        let page = alice.send(&format!("/auth/otp/{address}/"), &fields);
        assert_eq!(alice.at, SETTINGS);
        let section = section(&page, id);
        assert!(section.starts_with(" open>"), "{form}: {page}");
        let error = format!("<p class=\"totp-error\" id=\"{form}-error\">{text}");
        assert!(section.contains(&error), "{error} in {page}");
        assert_eq!(page.matches("totp-error").count(), 1);
        let field = section
            .split(&format!("<input id=\"{form}\""))
            .nth(1)
            .unwrap();
        assert!(
            field
                .split('>')
                .next()
                .unwrap()
                .contains("aria-invalid=\"true\" autofocus")
        );
    }
}

#[test]
fn a_further_one_that_is_refused_need_not_be_named_again() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let add = [
        ("token", &*phone.wrong_code()),
        ("name", "My \"key\""),
        ("form", "add"),
    ];
    let page = alice.send("/auth/otp/generate/", &add);
    assert!(page.contains("<details id=\"section-add\" open>"), "{page}");
    assert!(
        page.contains("id=\"add-error\">This code is wrong"),
        "{page}"
    );
    assert!(page.contains("value=\"My &#34;key&#34;\""), "{page}");
    assert!(!alice.visit(SETTINGS).contains("My "), "told once");

    for bad in ["", " ", "a\tb", &"x".repeat(65)] {
        let add = [("token", &*phone.code()), ("name", bad), ("form", "add")];
        let page = alice.send("/auth/otp/generate/", &add);
        assert!(
            page.contains("id=\"add-name-error\">A name has 1 to 64"),
            "{page}"
        );
        let field = page.split("<input id=\"add-name\"").nth(1).unwrap();
        assert!(
            field
                .split('>')
                .next()
                .unwrap()
                .contains("aria-invalid=\"true\"")
        );
        assert!(page.contains("<details id=\"section-add\" open>"), "{page}");
    }
    assert!(signs_in(&app, &phone), "no code is spent for it");
}

#[test]
fn what_cannot_be_done_is_not_offered_and_told_where_it_is_tried() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let page = alice.visit(SETTINGS);
    let only = ids(&page).remove(0);
    let one = section(&page, &only);
    assert!(one.contains("/rename/") && !one.contains("/remove/") && !one.contains("replaces"));
    assert!(page.contains("section-replace"), "with its backup codes");
    let remove = [("token", &*phone.code()), ("form", "")];
    let page = alice.send(&format!("/auth/otp/authenticators/{only}/remove/"), &remove);
    assert!(page.contains("This is your last authenticator."), "{page}");
    let page = alice.send("/auth/otp/authenticators/0123456789abcdef/remove/", &remove);
    assert!(
        page.contains("This authenticator is not there any more."),
        "{page}"
    );
    assert_eq!(alice.at, SETTINGS);

    for n in 2..=5 {
        add(&app, &mut alice, &phone, &format!("Number {n}"));
    }
    let page = alice.visit(SETTINGS);
    let why = "You have as many authenticators as you may have.";
    assert!(
        !page.contains("section-add") && page.contains(why),
        "{page}"
    );
    let add = [
        ("token", &*phone.code()),
        ("name", "Number 6"),
        ("form", "add"),
    ];
    let page = alice.send("/auth/otp/generate/", &add);
    assert_eq!(page.matches(why).count(), 2, "as a notice, too: {page}");
    assert_eq!(ids(&page).len(), 5);
}
