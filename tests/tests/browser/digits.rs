//! Codes in the digits of people's own keyboards.

use crate::{Visit, chromium, support::TestApp};

/// Arabic-Indic, Persian, Devanagari and full-width.
const ZEROS: [char; 4] = ['٠', '۰', '०', '０'];

#[test]
fn the_last_digit_of_any_script_sends_the_code() {
    digits_of_other_scripts_sign_in(true);
}

#[test]
fn without_javascript_the_button_sends_digits_of_any_script() {
    digits_of_other_scripts_sign_in(false);
}

fn digits_of_other_scripts_sign_in(scripts: bool) {
    let Some(page) = chromium(scripts) else {
        return;
    };
    let app = TestApp::start();
    let (_, phone, _) = app.enrolled("alice");
    let visit = Visit::new(&app, &page);
    for zero in ZEROS {
        visit.open("/login?next=/vault");
        visit.sign_in("alice");
        page.wait_for("Enter a code");
        let code = in_digits_from(zero, &phone.code());
        page.type_into("#code", &code);
        if !scripts {
            page.click("form:has(#code) button");
        }
        page.wait_for("The vault");
        visit.sign_out();
        app.clock.advance_secs(30);
    }
    visit.assert_quiet();
}

fn in_digits_from(zero: char, code: &str) -> String {
    let digit = |digit: char| char::from_u32(u32::from(zero) + digit.to_digit(10)?);
    code.chars().map(|it| digit(it).unwrap()).collect()
}
