//! The settings of where proofs are, and of what is answered to clients that keep them.

use actix_totp_core::BuildError;

use super::TotpBuilder;
use crate::{proof_in::ProofIn, step_up::StepUp};

impl TotpBuilder {
    /// Where proofs are kept: in the session, or with clients that have none. Pages and trusted browsers need sessions.
    ///
    /// Default: [`ProofIn::Session`].
    pub fn proof_in(mut self, proof_in: ProofIn) -> Self {
        self.proof_in = proof_in;
        self
    }

    /// The Authentication Context Class References that guards ask for in their challenge to clients that keep their proofs
    /// themselves (`acr_values` of RFC 9470 §3): what the application's authorization server calls a sign-in with a second factor. Up
    /// to 256 bytes of printable ASCII, several apart by blanks.
    ///
    /// Default: none.
    pub fn step_up_acr_values(mut self, values: impl Into<String>) -> Self {
        self.step_up.acr_values = Some(values.into());
        self
    }

    /// Answers 403 to clients that keep their proofs themselves, as to browsers, where a guard refuses for a proof that is missing
    /// or stale: for clients that take every 401 for the end of their token.
    ///
    /// Default: 401 with the challenge of RFC 9470.
    pub fn without_step_up_challenge(mut self) -> Self {
        self.step_up.is_off = true;
        self
    }

    /// Refuses what cannot work together.
    pub(super) fn check_proof_in(&self) -> Result<(), BuildError> {
        self.step_up.check()?;
        let StepUp { is_off, acr_values } = &self.step_up;
        let needs_browsers = || match () {
            #[cfg(feature = "pages")]
            () if self.pages.is_some() => Some(
                "pages are for browsers, whose proofs are in their sessions: leave the pages out, or set ProofIn::Either",
            ),
            () if self.trust.lifetime.is_some() => Some(
                "trusted browsers are those with sessions: leave trusted_browsers out, or set ProofIn::Either",
            ),
            () if self.browser_paths.is_some() && matches!(self.proof_in, ProofIn::Header) => Some(
                "a browser that is redirected sends no TOTP-Proof: leave redirect_browsers out, or set ProofIn::Either",
            ),
            () => None,
        };
        let refused = match self.proof_in {
            ProofIn::Session if *is_off || acr_values.is_some() => Some(
                "with ProofIn::Session nobody is challenged to step up: leave that setting out, or set another ProofIn",
            ),
            ProofIn::Session | ProofIn::Either => None,
            ProofIn::Header | ProofIn::Claim(_) => needs_browsers(),
        };
        refused.map_or(Ok(()), |why| Err(BuildError::Web(why)))
    }
}
