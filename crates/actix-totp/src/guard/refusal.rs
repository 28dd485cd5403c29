//! What a guard answers to whom it does not let pass.

use actix_web::{Error, HttpRequest, HttpResponse};

use super::{RequireTotp, redirect};
use crate::{problem::Problem, proof_in::Place, session};

impl RequireTotp {
    /// The answer: a redirect for a browser that it helps, else the problem. What is no problem is the application's own answer.
    pub(super) fn refuse(&self, req: &HttpRequest, error: &Error) -> HttpResponse {
        let Some(problem) = error.as_error::<Problem>() else {
            return error.error_response();
        };
        let format = &self.totp.plugin.problem_format;
        redirect::browser(self, req, problem).unwrap_or_else(|| format.answer(req, problem))
    }

    /// The refusal for a proof that is missing.
    pub(super) fn ask_for_code(&self, req: &HttpRequest) -> Problem {
        // Without session middleware nobody could ever pass: say so instead of asking for codes in vain.
        if self.totp.place(req) == Place::Session
            && let Err(problem) = session::require(req)
        {
            return problem;
        }
        self.challenge(req, Problem::totp_required())
    }

    /// A refusal as it is answered to whoever keeps the proof.
    pub(crate) fn challenge(&self, req: &HttpRequest, refusal: Problem) -> Problem {
        if self.totp.place(req) == Place::Session {
            return refusal;
        }
        let max_age_secs = if self.each_time {
            0
        } else {
            self.policy.max_age_secs
        };
        self.totp.plugin.step_up.challenge(refusal, max_age_secs)
    }
}
