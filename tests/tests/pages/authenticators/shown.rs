//! Who sees which, and what of each.

use super::{SETTINGS, add, ids, names, section, with_two};
use crate::{alice, enrolled, location, support::TestApp, without_proof};

#[test]
fn who_has_shown_no_proof_sees_no_names_and_is_led_to_the_challenge_and_back() {
    let app = TestApp::start();
    let (_, [phone, _], [first, _]) = with_two(&app);
    let mut thief = alice(&app);
    let page = thief.visit("/auth/otp/settings/?next=/vault");
    for hidden in ["Key", &first, "section-add", "section-replace"] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    let at = page.find("Enter a code to see and change them").unwrap();
    let link = page[..at].rsplit("href=\"").next().unwrap();
    let link = link.split('"').next().unwrap().to_owned();
    let page = thief.visit(&link);
    assert!(page.contains("Enter a code"), "{page}");
    let next = "/auth/otp/settings/?next=/vault";
    assert!(page.contains(&format!("value=\"{next}\"")), "{page}");
    app.clock.advance_secs(60);
    let page = thief.send("../validate/", &[("token", &phone.code()), ("next", next)]);
    assert_eq!(thief.at, next);
    assert_eq!(names(&page), ["Authenticator", "Key"]);
}

#[test]
fn the_challenge_says_nothing_of_how_many_there_are() {
    let challenge = |app: &TestApp| alice(app).visit("/auth/otp/challenge/");
    let (one, two) = (TestApp::start(), TestApp::start());
    let _ = (without_proof(&one), with_two(&two));
    assert_eq!(challenge(&one), challenge(&two));
}

#[test]
fn when_each_was_added_and_used_is_shown() {
    let app = TestApp::start();
    let (mut alice, [phone, _], [first, second]) = with_two(&app);
    app.clock.advance_secs(3_600);
    alice.send("/auth/otp/validate/", &[("token", &phone.code())]);
    let page = alice.visit(SETTINGS);
    let times = |id| {
        let times = section(&page, id).split("<time datetime=\"").skip(1);
        times.map(|it| it.split('>').nth(1).unwrap().split('<').next().unwrap())
    };
    let (of_first, of_second): (Vec<_>, Vec<_>) =
        (times(&first).collect(), times(&second).collect());
    assert_eq!(of_first, ["2023-11-14 22:13 UTC", "2023-11-14 23:16 UTC"]);
    assert_eq!(of_second, ["2023-11-14 22:15 UTC", "2023-11-14 22:15 UTC"]);
}

#[test]
fn a_name_is_text_whatever_it_holds_and_in_whatever_direction_it_is_read() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let names_typed = [
        "\"'><script>alert(1)</script><b>&amp;",
        "مفتاح \u{202E}exe",
        "{{ 7 * 7 }}",
    ];
    for name in names_typed {
        add(&app, &mut alice, &phone, name);
    }
    let page = alice.visit(SETTINGS);
    assert!(
        !page.contains("<script>alert") && !page.contains("<b>"),
        "{page}"
    );
    let escaped = "&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#60;b&#62;&#38;amp;";
    let shown = names(&page);
    assert_eq!(shown[1..], [escaped, names_typed[1], names_typed[2]]);
    for (name, id) in shown.iter().zip(ids(&page)) {
        let field =
            format!("id=\"rename-{id}\" name=\"name\" type=\"text\" dir=\"auto\" value=\"{name}\"");
        assert!(section(&page, &id).contains(&field), "{field} in {page}");
    }
}

#[test]
fn the_address_of_a_form_leads_to_the_settings_and_they_are_german_too() {
    let app = TestApp::start();
    let (mut alice, _, [first, _]) = with_two(&app);
    for form in ["rename", "remove"] {
        let answer = alice.open(&format!("/auth/otp/authenticators/{first}/{form}/"));
        assert_eq!(location(&answer), "../../../settings/");
        let answer = alice.open(&format!("/auth/otp/authenticators/{first}/{form}"));
        assert_eq!(location(&answer), "../../settings/");
    }
    alice.language = "de";
    let page = alice.visit(SETTINGS);
    for text in [
        "Authenticatoren",
        "Hinzugefügt",
        "Namen ändern",
        "Authenticator hinzufügen",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
