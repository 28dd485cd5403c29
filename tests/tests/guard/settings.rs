//! Settings of where proofs are that make no sense together.

use std::time::Duration;

use actix_totp::{BuildError, MemoryStore, ProofIn, Totp, TotpBuilder, pages::Pages};

use crate::support::keys;

fn build(proof_in: ProofIn, set: fn(TotpBuilder) -> TotpBuilder) -> Result<Totp, BuildError> {
    set(Totp::builder(MemoryStore::new(), keys()).proof_in(proof_in)).build()
}

fn claim() -> ProofIn {
    ProofIn::from_fn(async |_| None)
}

#[test]
fn what_needs_a_browser_is_refused_where_proofs_are_with_clients() {
    let pages: fn(TotpBuilder) -> TotpBuilder = |builder| builder.pages(Pages::new());
    let trust: fn(TotpBuilder) -> TotpBuilder =
        |builder| builder.trusted_browsers(Duration::from_secs(30 * 86_400));
    let redirects: fn(TotpBuilder) -> TotpBuilder =
        |builder| builder.redirect_browsers("/code", "/setup");
    for (set, in_claims) in [(pages, false), (trust, false), (redirects, true)] {
        for proof_in in [ProofIn::Session, ProofIn::Either] {
            assert!(build(proof_in, set).is_ok());
        }
        let refused = build(ProofIn::Header, set).unwrap_err().to_string();
        assert!(refused.contains("or set ProofIn::Either"), "{refused}");
        assert_eq!(build(claim(), set).is_ok(), in_claims);
    }
}

#[test]
fn nobody_is_challenged_where_proofs_are_in_sessions() {
    let named: fn(TotpBuilder) -> TotpBuilder = |builder| builder.step_up_acr_values("mfa");
    for set in [named, TotpBuilder::without_step_up_challenge] {
        assert!(build(ProofIn::Session, set).is_err());
        for proof_in in [ProofIn::Header, ProofIn::Either, claim()] {
            assert!(build(proof_in, set).is_ok());
        }
    }
    let both = |builder: TotpBuilder| {
        builder
            .step_up_acr_values("mfa")
            .without_step_up_challenge()
    };
    assert!(build(ProofIn::Header, both).is_err());
}

#[test]
fn acr_values_are_plain_text() {
    for (values, is_good) in [
        ("mfa", true),
        (
            "urn:mace:incommon:iap:silver http://schemas.openid.net/pape/policies/2007/06/multi-factor",
            true,
        ),
        ("", false),
        (" ", false),
        ("a\"b", false),
        ("a\\b", false),
        ("a\r\nb", false),
        ("é", false),
    ] {
        let builder = Totp::builder(MemoryStore::new(), keys()).proof_in(ProofIn::Header);
        let built = builder.step_up_acr_values(values).build();
        assert_eq!(built.is_ok(), is_good, "{values}");
    }
    let builder = Totp::builder(MemoryStore::new(), keys()).proof_in(ProofIn::Header);
    assert!(builder.step_up_acr_values("a".repeat(257)).build().is_err());
}
