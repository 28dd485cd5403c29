//! Longer backup codes, and another number of them.

use actix_totp::{BackupCodeLength, pages::Pages};

use super::{alice, builder, routes, site};
use crate::{
    location,
    support::{NOON, code_at, text_of},
};

#[test]
fn longer_codes_are_shown_and_taken_like_the_others() {
    let builder = builder()
        .pages(Pages::new())
        .backup_codes(5, BackupCodeLength::SixGroups);
    let server = site(builder, routes);
    let mut alice = alice(&server, "");
    let page = alice.send("/auth/otp/generate/", &[]);
    let secret = text_of(&page, "<code id=\"key\"").replace(' ', "");
    let code = code_at(&secret, NOON);
    let page = alice.send("/auth/otp/verify/", &[("token", &code), ("form", "code")]);
    let codes: Vec<&str> = page
        .split("<li><code>")
        .skip(1)
        .filter_map(|it| it.split('<').next())
        .collect();
    assert_eq!(codes.len(), 5);
    assert!(
        codes
            .iter()
            .all(|code| code.split('-').count() == 6 && code.len() == 29),
        "{codes:?}"
    );
    let form = [("token", codes[0]), ("form", "backup"), ("next", "/vault")];
    for leads_to in ["/vault", "../challenge/?next=/vault"] {
        let answer = alice.submit("/auth/otp/validate/", &form);
        assert_eq!(location(&answer), leads_to);
    }
}
