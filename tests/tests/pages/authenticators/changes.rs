//! Added, renamed, replaced, removed.

use super::{SETTINGS, ids, names, signs_in, with_two};
use crate::{
    alice, authenticator, codes, enrolled, location, secrets::assert_nothing_shows,
    support::TestApp,
};

#[test]
fn one_is_added_renamed_and_removed_and_the_backup_codes_stay() {
    let app = TestApp::start();
    let (mut alice, phone, _) = enrolled(&app);
    let page = alice.visit(SETTINGS);
    assert_eq!(names(&page), ["Authenticator"]);

    let form = [
        ("token", &*phone.code()),
        ("name", "Key in the safe"),
        ("form", "add"),
        ("next", "/vault"),
    ];
    let page = alice.send("../generate/", &form);
    let hint = "The authenticators that you have go on working, and so do your backup codes.";
    assert!(page.contains("<svg ") && page.contains(hint), "{page}");
    let key = authenticator(&app, &page);
    assert_nothing_shows(&mut alice, std::slice::from_ref(&key.secret));
    let page = alice.visit("/auth/otp/setup/");
    assert!(page.contains("What you have works until this is done."));
    let form = [
        ("token", &*key.code()),
        ("form", "code"),
        ("next", "/vault"),
    ];
    let page = alice.send("../verify/", &form);
    assert_eq!(alice.at, "/auth/otp/settings/?next=/vault");
    assert!(page.contains("The new authenticator is set up."), "{page}");
    assert!(codes(&page).is_empty() && page.contains("<dd>10</dd>"));
    assert_eq!(names(&page), ["Authenticator", "Key in the safe"]);
    assert!(alice.visit("/vault").contains("cake"), "the proof stays");
    assert!(signs_in(&app, &phone) && signs_in(&app, &key));

    let [first, second] = ids(&page).try_into().unwrap();
    let rename = [("name", "Phone"), ("form", &format!("rename-{first}"))];
    let page = alice.send(
        &format!("/auth/otp/authenticators/{first}/rename/"),
        &rename,
    );
    assert_eq!(alice.at, SETTINGS);
    assert!(page.contains("The new name is saved."), "{page}");
    assert_eq!(names(&page), ["Phone", "Key in the safe"]);

    app.clock.advance_secs(60);
    let remove = [
        ("token", &*phone.code()),
        ("form", &format!("remove-{second}")),
    ];
    let page = alice.send(
        &format!("/auth/otp/authenticators/{second}/remove"),
        &remove,
    );
    assert_eq!(alice.at, SETTINGS);
    assert!(page.contains("The authenticator is removed."), "{page}");
    assert_eq!(names(&page), ["Phone"]);
    assert!(page.contains("<dd>10</dd>"));
    assert!(signs_in(&app, &phone) && !signs_in(&app, &key));
}

#[test]
fn one_of_several_is_replaced_and_the_others_and_the_backup_codes_stay() {
    let app = TestApp::start();
    let (mut alice, [phone, key], [first, second]) = with_two(&app);
    let page = alice.visit(SETTINGS);
    assert!(
        !page.contains("section-replace"),
        "that is for the only one"
    );
    let replace = [
        ("token", &*key.code()),
        ("replaces", &*first),
        ("form", &format!("replace-{first}")),
    ];
    let page = alice.send("../generate/", &replace);
    let hint = "Your old authenticator works until this is done. Your backup codes stay";
    assert!(page.contains(hint), "{page}");
    let new = authenticator(&app, &page);
    let page = alice.send("../verify/", &[("token", &new.code()), ("form", "code")]);
    assert_eq!(names(&page), ["Key", "Authenticator"], "it keeps the name");
    assert!(page.contains("<dd>10</dd>") && ids(&page)[0] == second);
    assert!(!signs_in(&app, &phone) && signs_in(&app, &new) && signs_in(&app, &key));
}

#[test]
fn who_removes_one_with_its_own_code_is_asked_for_another() {
    let app = TestApp::start();
    let (_, [phone, key], [_, second]) = with_two(&app);
    let mut alice = alice(&app);
    alice.send("/auth/otp/validate/", &[("token", &key.code())]);
    app.clock.advance_secs(60);
    let remove = [
        ("token", &*key.code()),
        ("form", &format!("remove-{second}")),
    ];
    let page = alice.send(
        &format!("/auth/otp/authenticators/{second}/remove/"),
        &remove,
    );
    assert!(page.contains("The authenticator is removed."), "{page}");
    assert!(names(&page).is_empty() && page.contains("Enter a code to see and change them"));
    alice.send("../validate/", &[("token", &phone.code())]);
    assert_eq!(names(&alice.visit(SETTINGS)), ["Authenticator"]);
}

#[test]
fn a_name_is_changed_after_a_fresh_code_alone() {
    let app = TestApp::start();
    let (_, [phone, _], [first, _]) = with_two(&app);
    let mut thief = alice(&app);
    let rename = [("name", "Mine"), ("form", &format!("rename-{first}"))];
    let address = format!("/auth/otp/authenticators/{first}/rename/");
    let answer = thief.submit(&address, &rename);
    let challenge = "../../../challenge/?next=/auth/otp/settings/";
    assert_eq!(location(&answer), challenge);
    let page = thief.follow(answer).text();
    assert!(
        page.contains("Enter a code to go on.") && !page.contains("Mine"),
        "{page}"
    );
    app.clock.advance_secs(60);
    let code = [("token", &*phone.code()), ("next", SETTINGS)];
    assert_eq!(
        names(&thief.send("../validate/", &code)),
        ["Authenticator", "Key"]
    );
}
