//! Tokens as keyboards and front ends make them.

use serde_json::json;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::{
    DISABLE, GENERATE, VALIDATE, VERIFY,
    support::{Authenticator, Browser, PageClient, TestApp},
};

/// The digits of a code in another script, whose zero is given.
fn in_script(code: &str, zero: char) -> String {
    let digit = |c: char| char::from_u32(u32::from(zero) + c.to_digit(10).unwrap()).unwrap();
    code.chars().map(digit).collect()
}

/// Moves on to a code that begins with a zero.
fn until_a_leading_zero(app: &TestApp, phone: &Authenticator) -> String {
    loop {
        app.clock.advance_secs(30);
        let code = phone.code();
        if code.starts_with('0') {
            return code;
        }
    }
}

#[test]
fn codes_in_other_scripts_and_with_blanks_and_dashes_are_good_by_every_way() {
    let app = TestApp::start();
    let (alice, phone, _) = app.enrolled("alice");
    let mut page = PageClient::at(alice);
    let ways: [fn(&mut Browser, &str) -> u16; 2] = [
        |alice, code| alice.token(VALIDATE[0], code).status,
        |alice, code| {
            let form = format!("token={}", crate::support::encode(code));
            alice.form(VALIDATE[0], &form).status
        },
    ];
    let as_typed: [&dyn Fn(&str) -> String; 5] = [
        &|code| in_script(code, '０'),
        &|code| in_script(code, '٠'),
        &|code| in_script(code, '۰'),
        &|code| format!("\u{200f}{}\u{2009}{}\r\n", &code[..3], &code[3..]),
        &|code| format!("{}－{}", in_script(&code[..3], '०'), &code[3..]),
    ];
    for typed in as_typed {
        for send in ways {
            let alice = &mut page.browser;
            app.clock.advance_secs(30);
            assert_eq!(send(alice, &typed(&phone.code())), 200);
            let again = typed(&phone.code());
            alice
                .token(VALIDATE[0], &again)
                .problem(400, "invalid_token"); // once, however it is written
        }
        app.clock.advance_secs(30);
        let answer = page.submit("/auth/otp/validate/", &[("token", &typed(&phone.code()))]);
        assert_eq!(answer.header("location"), Some("/"), "{}", answer.text());
    }
    assert_eq!(app.device().unwrap().failures, 0);
}

#[test]
fn codes_in_the_digits_of_every_script_are_good_at_the_endpoint_and_on_the_page() {
    let is_digit = |c: &char| c.general_category() == GeneralCategory::DecimalNumber;
    let digits: Vec<char> = ('\0'..=char::MAX).filter(is_digit).collect();
    let zeros: Vec<char> = digits.chunks(10).map(|ten| ten[0]).collect();
    assert!(zeros.len() >= 77, "Unicode 17 has 77: {}", zeros.len());
    let app = TestApp::start();
    let (alice, phone, _) = app.enrolled("alice");
    let mut page = PageClient::at(alice);
    for zero in zeros {
        app.clock.advance_secs(30);
        let typed = in_script(&phone.code(), zero);
        page.browser.token(VALIDATE[0], &typed).json();
        app.clock.advance_secs(30);
        let typed = in_script(&phone.code(), zero);
        let answer = page.submit("/auth/otp/validate/", &[("token", &typed)]);
        assert_eq!(answer.header("location"), Some("/"), "{zero:?}");
    }
    assert_eq!(app.device().unwrap().failures, 0);
}

#[test]
fn a_backup_code_in_full_width_letters_is_good() {
    let app = TestApp::start();
    let (mut alice, _, backup) = app.enrolled("alice");
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).unwrap();
    let typed: String = backup[0].to_lowercase().chars().map(wide).collect();
    let answer = alice.token(VALIDATE[0], &typed).json();
    assert_eq!(answer["method"], "backup_code");
}

#[test]
fn a_number_is_a_code_that_has_lost_its_leading_zeros() {
    let app = TestApp::start();
    let mut alice = app.signed_in("alice");
    let as_number = |code: &str| json!({ "token": code.parse::<u64>().unwrap() });
    let generated = alice.post(GENERATE[0], &json!({})).json();
    let phone = app.authenticator(&generated);
    alice.post(VERIFY[0], &as_number(&phone.code())).json();
    for _ in 0..2 {
        let code = until_a_leading_zero(&app, &phone);
        alice.post(VALIDATE[0], &as_number(&code)).json();
        alice
            .token(VALIDATE[0], &code)
            .problem(400, "invalid_token"); // the same code
    }
    let wrong = as_number(&phone.wrong_code());
    alice
        .post(VALIDATE[0], &wrong)
        .problem(400, "invalid_token");
    assert_eq!(app.device().unwrap().failures, 1, "a guess is counted");
    let code = until_a_leading_zero(&app, &phone);
    let shorter = code.trim_start_matches('0');
    alice
        .token(VALIDATE[0], shorter)
        .problem(400, "malformed_token"); // text is not padded
    alice.post(DISABLE[0], &as_number(&code)).json();
}
