//! Several authenticators for one user.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod adding;
mod limits;
mod matching;
mod properties;
mod races;
mod removing;
#[path = "../support/mod.rs"]
mod support;

use actix_totp_core::{
    AuthenticatorId, AuthenticatorName, Confirmed, Credential, Operation, Outcome, Parameters,
    Proof, Rejection,
};
use support::{Fixture, accepted};

fn name(text: &str) -> AuthenticatorName {
    AuthenticatorName::new(text).unwrap()
}

fn credential(secret: u8, digits: u8) -> Credential {
    let parameters = Parameters {
        digits,
        ..Parameters::default()
    };
    Credential::new(&[secret; 20], parameters).unwrap()
}

impl Fixture {
    /// What this authenticator of alice's shows now.
    fn code_of(&self, id: AuthenticatorId) -> String {
        let code = self.totp.code_of(&self.alice, id).unwrap();
        code.expect("it is live")
    }

    /// Begins a further one, or what else `set` says, with a code of this one.
    fn begin(
        &self,
        by: AuthenticatorId,
        set: impl FnOnce(
            Operation<actix_totp_core::Enrollment>,
        ) -> Operation<actix_totp_core::Enrollment>,
    ) -> Result<actix_totp_core::Enrollment, Rejection> {
        let code = self.code_of(by);
        let operation = set(Operation::enroll(&self.alice, "", Some(&code)));
        self.totp.apply(&operation).unwrap().into_result()
    }

    /// Confirms what is pending, and waits until every code that was used is of no use any more.
    fn confirm_pending(&self) -> Confirmed {
        let confirmed = accepted(self.totp.confirm(&self.alice, &self.code()));
        self.clock.advance_secs(90);
        confirmed
    }

    /// Adds a further one.
    fn add(&self, called: &str) -> Confirmed {
        self.begin(self.first(), |it| it.named(name(called)))
            .unwrap();
        self.confirm_pending()
    }

    /// Signs in with a code of this one.
    fn proof_by(&self, id: AuthenticatorId) -> Proof {
        self.clock.advance_secs(90);
        let code = self.code_of(id);
        accepted(self.totp.authenticate(&self.alice, &code)).proof
    }

    fn accepts(&self, proof: &Proof) -> bool {
        self.totp.status(&self.alice).unwrap().accepts(proof)
    }

    fn names(&self) -> Vec<String> {
        let authenticators = self.totp.authenticators(&self.alice).unwrap();
        let names = authenticators.iter().map(|it| it.name.as_str().to_owned());
        names.collect()
    }

    fn remove(&self, id: AuthenticatorId, token: &str) -> Result<Option<Proof>, Rejection> {
        let outcome: Outcome<_> = self
            .totp
            .remove_authenticator(&self.alice, id, token)
            .unwrap();
        outcome.into_result().map(|removed| removed.proof)
    }
}
