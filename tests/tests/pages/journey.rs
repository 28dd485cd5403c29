//! The whole way, as a user goes it.

use crate::{
    authenticator, codes,
    support::{PageClient, TestApp},
};

#[test]
fn the_whole_journey_from_registering_to_disabling() {
    let app = TestApp::start();
    let mut alice = PageClient::at(app.browser());
    assert!(alice.visit("/").contains("Register"));
    assert!(alice.visit("/vault").contains("<h1>Sign in</h1>"));
    alice.visit("/register");
    let form = [
        ("username", "alice"),
        ("email", "alice@example.com"),
        ("password", "correct horse"),
    ];
    assert!(alice.send("/register", &form).contains("<h1>Sign in</h1>"));
    let sign_in = [form[0], form[2], ("next", "/vault")];
    let page = alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/setup/?next=/vault");
    assert!(page.contains("value=\"/vault\""), "{page}");

    let next = ("next", "/vault");
    let page = alice.send("../generate/", &[next]);
    assert!(page.contains("<svg ") && page.contains("href=\"otpauth://totp/Example%20Inc:alice"));
    let phone = authenticator(&app, &page);
    let page = alice.send("../verify/", &[("token", &phone.code()), next]);
    let backup = codes(&page);
    assert_eq!(backup.len(), 10);
    let page = alice.send("../saved/", &[("saved", "true"), next]);
    assert!(page.contains("the cake is in the cellar"), "{page}");

    alice.send("/logout", &[]);
    app.clock.advance_secs(30);
    alice.send("/login", &sign_in);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/vault");
    let code = phone.code();
    let pasted = format!("  {} {}\u{a0}", &code[..3], &code[3..]);
    let page = alice.send("../validate/", &[("token", &pasted), next]);
    assert!(page.contains("the cake is in the cellar"), "{page}");

    alice.send("/logout", &[]);
    let page = alice.send("/login", &[form[0], form[2]]);
    assert_eq!(alice.at, "/auth/otp/challenge/?next=/account");
    assert!(page.contains("Use a backup code instead"));
    let backup_code = [
        ("token", &*backup[0]),
        ("form", "backup"),
        ("next", "/account"),
    ];
    let page = alice.send("../validate/", &backup_code);
    assert!(page.contains("alice@example.com"), "{page}");
    let page = alice.visit("/auth/otp/settings/");
    assert!(
        page.contains("<dd>On</dd>") && page.contains("<dd>9</dd>"),
        "{page}"
    );

    let disable = [("token", &*backup[1]), ("form", "disable")];
    let page = alice.send("../disable/", &disable);
    assert_eq!(alice.at, "/auth/otp/settings/");
    assert!(page.contains("Two-factor authentication is off."), "{page}");
    assert!(alice.visit("/account").contains("alice@example.com"));
    assert_eq!(app.device(), None);
}
