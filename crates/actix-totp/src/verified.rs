//! That a request has passed a guard.

use std::sync::Arc;

use actix_totp_core::UserId;

use crate::plugin::Totp;

/// Proof, as an argument of a handler, that the signed-in user has shown the second factor.
///
/// Inside a [`RequireTotp`](crate::RequireTotp) it costs nothing: the guard has asked the store. Elsewhere it asks
/// itself, for everyone and with the default maximum age, if the application has registered the plugin with
/// `app_data(web::Data::new(totp.clone()))`. With neither, the handler cannot be reached: 503, and the log says why.
///
/// Where an application has several plugins it is the proof of the one that is registered as `web::Data`, or else of the
/// innermost guard.
///
/// # Example
///
/// ```
/// use actix_totp::Verified;
/// use actix_web::{HttpResponse, Responder};
///
/// async fn transfer(verified: Verified) -> impl Responder {
///     HttpResponse::Ok().body(format!("hello, {}", verified.user()))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub(crate) user: UserId,
    pub(crate) at: u64,
}

impl Verified {
    /// Who has shown the second factor.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// When, in seconds since the Unix epoch. In a trusted browser: when the user began to trust it.
    pub const fn at(&self) -> u64 {
        self.at
    }
}

/// The guards that let a request pass, each with whether it saw the second factor. Kept with the request.
pub(crate) struct Passed {
    innermost: (Totp, Option<Verified>),
    outer: Vec<(Totp, Option<Verified>)>,
}

impl Passed {
    pub(crate) fn new(outer: Option<Self>, totp: Totp, verified: Option<Verified>) -> Self {
        let outer = outer.map_or_else(Vec::new, |passed| {
            let mut outer = passed.outer;
            outer.push(passed.innermost);
            outer
        });
        Self {
            innermost: (totp, verified),
            outer,
        }
    }

    /// The innermost guard of this plugin, or of any plugin, and what it saw.
    pub(crate) fn of(&self, meant: Option<&Totp>) -> Option<&(Totp, Option<Verified>)> {
        let inwards = self.outer.iter().chain([&self.innermost]);
        let is_meant =
            |totp: &Totp| meant.is_none_or(|meant| Arc::ptr_eq(&meant.plugin, &totp.plugin));
        inwards.rev().find(|(totp, _)| is_meant(totp))
    }
}
