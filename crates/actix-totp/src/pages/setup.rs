//! `setup/`: a new authenticator, its first code, and the backup codes.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    challenge::digits,
    notice::{Field, Notice},
    page::{BackupCodes, FirstCode, Page, Secret, Wait},
    visit::Visit,
};
use crate::{
    plugin::Totp,
    routes::{Sent, caller, confirm, enroll, labelled_caller, reveal},
    session,
};

type Answer = Result<HttpResponse, actix_web::Error>;

pub(super) async fn show(req: HttpRequest, totp: web::ThinData<Totp>) -> Answer {
    let visit = Visit::new(&totp, &req)?;
    visit.end(page(&visit).await)
}

async fn page(visit: &Visit<'_>) -> Answer {
    let status = visit.status().await?;
    if status.enabled && !status.pending {
        return Ok(visit.to("settings/"));
    }
    let told = visit.told(if status.pending { &[Field::Code] } else { &[] });
    let page = if status.pending {
        Page::FirstCode(FirstCode {
            replaces: status.enabled,
            digits: digits(visit, told.as_ref()),
            wait: Wait::of(&status),
        })
    } else {
        Page::Start
    };
    visit.show(StatusCode::OK, &page, told.as_ref())
}

pub(super) async fn begin(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = show_secret(&mut visit, payload).await;
    visit.end(answer)
}

/// The one page that shows the secret: an answer to a POST, which nothing may store.
async fn show_secret(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let caller = labelled_caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?.without_blanks();
    visit.go_on_to(&sent.from_page);
    let replaces = sent.from_page.field == Some(Field::Replace);
    let enrollment = match enroll(totp, req, &caller, &sent).await {
        Ok(enrollment) => enrollment,
        Err(error) => return visit.back("settings/", error, &sent.from_page),
    };
    let page = Page::Secret(Secret {
        secret: in_groups_of_four(enrollment.secret()),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: enrollment.qr_svg(),
        replaces,
        digits: totp.service().parameters().digits,
    });
    visit.show(StatusCode::OK, &page, None)
}

pub(super) async fn finish(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = show_first_codes(&mut visit, payload).await;
    visit.end(answer)
}

async fn show_first_codes(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    let (totp, req) = (visit.totp, visit.req);
    let user = caller(totp, req).await?;
    let sent = Sent::read(req, payload).await?.without_blanks();
    visit.go_on_to(&sent.from_page);
    match confirm(totp, req, &user, &sent).await {
        Ok(confirmed) => backup_codes(visit, reveal(&confirmed.backup_codes), true),
        Err(problem) => visit.back("setup/", problem.into(), &sent.from_page),
    }
}

/// The one page that shows backup codes, after `verify/` and `backup-codes/`.
pub(super) fn backup_codes(visit: &Visit<'_>, codes: Vec<String>, is_new: bool) -> Answer {
    let text = codes.join("\n") + "\n";
    let page = Page::BackupCodes(BackupCodes {
        download: format!(
            "data:text/plain;charset=utf-8,{}",
            utf8_percent_encode(&text, NON_ALPHANUMERIC)
        ),
        codes,
        is_new,
    });
    visit.show(StatusCode::OK, &page, None)
}

pub(super) async fn go_on(
    req: HttpRequest,
    payload: web::Payload,
    totp: web::ThinData<Totp>,
) -> Answer {
    let mut visit = Visit::new(&totp, &req)?;
    let answer = leave(&mut visit, payload).await;
    visit.end(answer)
}

/// Away from the backup codes. Who did not say that they are saved is told how to have others: these are not shown again.
async fn leave(visit: &mut Visit<'_>, payload: web::Payload) -> Answer {
    caller(visit.totp, visit.req).await?;
    let sent = Sent::read(visit.req, payload).await?;
    visit.go_on_to(&sent.from_page);
    // Browsers that keep no-store pages for their back button drop them when a cookie changes.
    session::renew(visit.req);
    if sent.from_page.saved {
        Ok(visit.on())
    } else {
        Ok(visit.to_and_tell("settings/", &Notice::not_saved()))
    }
}

fn in_groups_of_four(secret: &str) -> String {
    let mut groups = String::with_capacity(secret.len() * 5 / 4);
    for (at, letter) in secret.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            groups.push(' ');
        }
        groups.push(letter);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_typed_in_groups_of_four() {
        assert_eq!(in_groups_of_four("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(in_groups_of_four("ABCD"), "ABCD");
    }
}
