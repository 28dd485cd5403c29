//! That a request has passed a guard.

use std::sync::Arc;

use actix_totp_core::{Proof, UserId};

use crate::{plugin::Totp, problem::Problem};

/// Proof, as an argument of a handler, that the signed-in user has shown the second factor.
///
/// Inside a [`RequireTotp`](crate::RequireTotp) it costs nothing: the guard has asked the store. Elsewhere it asks
/// itself, for everyone, without grace and with the default maximum age, if the application has registered the plugin with
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
    /// None: a trusted browser.
    pub(crate) proof: Option<Proof>,
    /// Whether a code was spent with this request.
    pub(crate) by_code: bool,
}

impl Verified {
    /// By a code that was spent with this request.
    pub(crate) fn of(proof: &Proof) -> Self {
        Self {
            user: proof.user.clone(),
            at: proof.at,
            proof: Some(proof.clone()),
            by_code: true,
        }
    }

    /// Who has shown the second factor.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// When, in seconds since the Unix epoch. In a trusted browser: when the user began to trust it.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// The proof itself, for a token of the application's ([`Totp::seal_proof`](crate::Totp::seal_proof)). `None` in a trusted
    /// browser: its cookie makes no proof.
    pub const fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }
}

/// What a guard saw of the second factor that let a request pass.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    Verified(Verified),
    /// There is none, and none is demanded yet.
    Unenrolled,
    /// It did not look.
    NotAsked,
}

impl Seen {
    /// For a handler that cannot do without.
    pub(crate) fn verified(&self) -> Result<Verified, Problem> {
        match self {
            Self::Verified(verified) => Ok(verified.clone()),
            Self::Unenrolled => Err(Problem::totp_setup_required()),
            Self::NotAsked => Err(Problem::totp_required()),
        }
    }
}

/// The guards that let a request pass, each with what it saw of the second factor. Kept with the request.
pub(crate) struct Passed {
    innermost: (Totp, Seen),
    outer: Vec<(Totp, Seen)>,
}

impl Passed {
    pub(crate) fn new(outer: Option<Self>, totp: Totp, seen: Seen) -> Self {
        let outer = outer.map_or_else(Vec::new, |passed| {
            let mut outer = passed.outer;
            outer.push(passed.innermost);
            outer
        });
        Self {
            innermost: (totp, seen),
            outer,
        }
    }

    /// What a guard of this plugin saw that has spent a code of this request.
    pub(crate) fn by_code(&self, meant: &Totp) -> Option<&Verified> {
        let mut guards = self.outer.iter().chain([&self.innermost]);
        guards.find_map(|(totp, seen)| match seen {
            Seen::Verified(it) if it.by_code && Arc::ptr_eq(&meant.plugin, &totp.plugin) => {
                Some(it)
            }
            _ => None,
        })
    }

    /// The innermost guard of this plugin, or of any plugin, and what it saw.
    pub(crate) fn of(&self, meant: Option<&Totp>) -> Option<&(Totp, Seen)> {
        let inwards = self.outer.iter().chain([&self.innermost]);
        let is_meant =
            |totp: &Totp| meant.is_none_or(|meant| Arc::ptr_eq(&meant.plugin, &totp.plugin));
        inwards.rev().find(|(totp, _)| is_meant(totp))
    }
}
