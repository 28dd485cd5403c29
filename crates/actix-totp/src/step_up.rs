//! The challenge of a guard to a client that keeps its proof itself: 401 with what is to be done (RFC 9470 §3).

use actix_totp_core::BuildError;
use actix_web::http::header::HeaderValue;

use crate::problem::Problem;

/// The settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepUp {
    pub(crate) is_off: bool,
    pub(crate) acr_values: Option<String>,
}

impl StepUp {
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let Some(values) = &self.acr_values else {
            return Ok(());
        };
        if self.is_off {
            return Err(BuildError::Web(
                "acr_values stand in the challenge, which without_step_up_challenge turns off: set one of the two",
            ));
        }
        // What may stand between the quotes of a parameter, without an escape (RFC 9110 §5.6.4).
        let is_plain =
            |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        if values.trim().is_empty() || values.len() > 256 || !values.bytes().all(is_plain) {
            return Err(BuildError::Web(
                "acr_values are 1 to 256 bytes of printable ASCII, without quotes and backslashes",
            ));
        }
        Ok(())
    }

    /// The guard's refusal with its challenge: show the second factor, and not longer ago than this.
    pub(crate) fn challenge(&self, refusal: Problem, max_age_secs: u64) -> Problem {
        if self.is_off {
            return refusal;
        }
        let acr_values = self.acr_values.as_ref();
        let acr_values = acr_values.map(|values| format!(", acr_values=\"{values}\""));
        let challenge = HeaderValue::try_from(format!(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"{}\", max_age=\"{max_age_secs}\"{}",
            refusal.detail(),
            acr_values.unwrap_or_default(),
        ));
        match challenge {
            Ok(challenge) => refusal.challenged(challenge),
            Err(_) => refusal, // it is printable ASCII: `check` has seen the values
        }
    }
}
