//! Every row of the wire: what the seed's front ends see, what deviates on purpose, and what is refused.

#[path = "../support/mod.rs"]
mod support;

mod authenticators;
mod backup_codes;
mod bad_input;
mod cross_site;
mod disable;
mod generate;
mod races;
mod replacement;
mod routes;
mod status;
mod typed_tokens;
mod validate;
mod verify;

use support::{Answer, Browser};

const GENERATE: [&str; 2] = ["/auth/otp/generate/", "/auth/otp/generate"];

const VERIFY: [&str; 2] = ["/auth/otp/verify/", "/auth/otp/verify"];

const STATUS: [&str; 2] = ["/auth/otp/status/", "/auth/otp/status"];

const VALIDATE: [&str; 2] = ["/auth/otp/validate/", "/auth/otp/validate"];

const BACKUP_CODES: [&str; 2] = ["/auth/otp/backup-codes/", "/auth/otp/backup-codes"];

const DISABLE: [&str; 2] = ["/auth/otp/disable/", "/auth/otp/disable"];

const AUTHENTICATORS: [&str; 2] = ["/auth/otp/authenticators/", "/auth/otp/authenticators"];

/// Of an authenticator that nobody has.
const RENAME: [&str; 2] = [
    "/auth/otp/authenticators/0123456789abcdef/rename/",
    "/auth/otp/authenticators/0123456789abcdef/rename",
];

const REMOVE: [&str; 2] = [
    "/auth/otp/authenticators/0123456789abcdef/remove/",
    "/auth/otp/authenticators/0123456789abcdef/remove",
];

fn detail(answer: &Answer, code: &str) -> String {
    answer.problem(400, code)["detail"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// That the session id was renewed. The cookie alone tells nothing: it is another one whenever the session is written.
#[track_caller]
fn assert_is_dead(before: &Browser) {
    assert_eq!(before.clone().get("/me").status, 401);
}
