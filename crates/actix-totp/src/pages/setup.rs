//! `setup/`: a new authenticator, its first code, and the backup codes.

use super::{
    browser::{Answer, Browser},
    form::Form,
    notice::Notice,
    notice_cookie,
    page::{BackupCodes, FirstCode, Page, Purpose, Secret, Wait},
    request::{Shown, State},
};
use crate::{
    problem::Problem,
    request::Request,
    routes::{
        enrollment::{Enrolled, confirm, enroll},
        response::with_cookie,
    },
};

pub(super) async fn show(state: &State<'_>, _: &Browser<'_>) -> Result<Shown, Problem> {
    let status = state.status;
    Ok(if status.pending {
        Shown::Page(Page::FirstCode(FirstCode {
            is_on: status.enabled,
            digits: state.digits(),
            wait: Wait::of(status),
        }))
    } else if status.enabled {
        Shown::Redirect("settings/")
    } else {
        Shown::Page(Page::Start)
    })
}

/// The one page that shows the secret: an answer to a POST, which nothing may store.
pub(super) async fn begin(request: &Request, browser: &Browser<'_>) -> Answer {
    let Enrolled {
        enrollment, qr_svg, ..
    } = enroll(request).await?;
    let form = request.body.form.as_deref().and_then(Form::named);
    let page = Page::Secret(Secret {
        secret: in_groups_of_four(enrollment.secret()),
        otpauth_url: enrollment.otpauth_url(),
        qr_svg: &qr_svg,
        purpose: match form {
            Some(Form::Replace) => Purpose::ReplacesOnly,
            Some(Form::ReplaceOne(_)) => Purpose::ReplacesOne,
            Some(Form::Add) => Purpose::Further,
            _ => Purpose::First,
        },
        digits: request.totp.service().parameters().digits,
    });
    browser.show(&page)
}

pub(super) async fn finish(request: &Request, browser: &Browser<'_>) -> Answer {
    let (confirmed, _) = confirm(request).await?;
    if confirmed.backup_codes.is_empty() {
        let user = &request.caller.id;
        return Ok(browser.redirect_with_notice("settings/", user, &Notice::confirmed()));
    }
    let codes = BackupCodes::new(&confirmed.backup_codes, true);
    browser.show(&Page::BackupCodes(codes))
}

/// Leads on from the backup codes. A user who does not say that they have saved them is told how to get others: these are not
/// shown again.
///
/// The answer sets a cookie in any case. Chromium keeps even a `no-store` page for its back button, and drops it when a cookie
/// changes that no script can read. The session must not be written here: whoever holds back the body of this form until its
/// owner has signed out would get it back.
pub(super) async fn codes_saved(request: &Request, browser: &Browser<'_>) -> Answer {
    let user = &request.caller.id;
    if !request.body.saved {
        return Ok(browser.redirect_with_notice("settings/", user, &Notice::not_saved()));
    }
    let cookie = notice_cookie::cookie(browser.totp, browser.site, browser.http, user, None);
    Ok(with_cookie(browser.go_on(), cookie.as_ref()))
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
