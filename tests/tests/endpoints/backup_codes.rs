//! `POST backup-codes/`: new backup codes in place of the old ones.

use crate::{BACKUP_CODES, VALIDATE, support::TestApp};

#[test]
fn backup_codes_are_renewed_with_a_code_of_the_authenticator_only() {
    for (path, form) in [
        (BACKUP_CODES[0], false),
        (BACKUP_CODES[1], false),
        (BACKUP_CODES[0], true),
    ] {
        let app = TestApp::start();
        let (mut alice, phone, backup) = app.enrolled("alice");
        alice
            .token(path, &backup[0])
            .problem(400, "totp_code_needed");
        alice
            .token(path, &phone.wrong_code())
            .problem(400, "invalid_token");
        let code = phone.code();
        let answer = if form {
            alice.form(path, &format!("token={code}"))
        } else {
            alice.token(path, &code)
        };
        let renewed = answer.json();
        assert_eq!(answer.members(), ["backup_codes"]);
        assert_eq!(renewed["backup_codes"].as_array().unwrap().len(), 10);
        alice
            .token(VALIDATE[0], &backup[0])
            .problem(400, "invalid_token");
        alice
            .token(VALIDATE[0], renewed["backup_codes"][0].as_str().unwrap())
            .json();
    }
}
