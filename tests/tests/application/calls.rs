//! What the application says, and calls without HTTP.

use actix_totp::{
    Credential, CurrentUser, Device, DeviceStore, MemoryStore, Method, Outcome, Parameters,
    SignedIn, StoreError, Totp, UserId, Version,
};
use actix_web::{HttpRequest, error::ErrorInternalServerError};
use serde_json::json;

use crate::{
    alice, enroll, site,
    support::{NOON, keys},
};

#[test]
fn a_function_of_the_application_says_who_is_signed_in() {
    let (_, _, server) = site(|builder| {
        builder.current_user(CurrentUser::from_fn(async |req: &HttpRequest| {
            match req.headers().get("x-user").and_then(|it| it.to_str().ok()) {
                None => Ok(None),
                Some("broken") => Err(ErrorInternalServerError("telling: the directory is down")),
                Some(id) => {
                    let id = UserId::new(id).map_err(ErrorInternalServerError)?;
                    Ok(Some(SignedIn::new(id).label("A label & more")))
                }
            }
        }))
    });
    let mut browser = server.browser();
    browser
        .get("/otp/status/")
        .problem(401, "not_authenticated");
    let broken = browser.send("GET", "/otp/status/", &[("x-user", "broken")], b"");
    broken.problem(503, "store_unavailable");
    assert!(!broken.text().contains("telling"));
    assert_eq!(
        browser
            .send("GET", "/vault", &[("x-user", "broken")], b"")
            .status,
        503
    );
    let generated = browser
        .send("POST", "/otp/generate/", &[("x-user", "alice")], b"")
        .json();
    assert!(
        generated["otpauth_url"]
            .as_str()
            .unwrap()
            .contains(":A%20label%20%26%20more?")
    );
    // The first thing that such a session ever holds is the proof.
    let code = crate::support::code_at(generated["secret"].as_str().unwrap(), NOON);
    let headers = [("x-user", "alice"), ("Content-Type", "application/json")];
    let body = format!("{{\"token\":\"{code}\"}}");
    browser
        .send("POST", "/otp/verify/", &headers, body.as_bytes())
        .json();
    assert_eq!(
        browser
            .send("GET", "/vault", &[("x-user", "alice")], b"")
            .status,
        200
    );
    browser
        .send("GET", "/vault", &[("x-user", "bob")], b"")
        .problem(403, "totp_setup_required");
}

#[test]
fn the_application_calls_everything_without_http() {
    let (totp, clock, _server) = site(|builder| builder);
    let user = alice();
    actix_web::rt::System::new().block_on(async {
        assert!(!totp.status(&user).await.unwrap().enabled);
        assert!(!totp.unlock(&user).await.unwrap());
        let credential = Credential::new(&[9; 20], Parameters::default()).unwrap();
        let imported = totp.import(&user, credential, NOON).await.unwrap();
        assert!(matches!(imported, Outcome::Accepted(_)));
        assert!(totp.status(&user).await.unwrap().enabled);
        assert!(totp.unlock(&user).await.unwrap());
        assert!(totp.end_all_proofs(&user).await.unwrap());
        assert_eq!(totp.reseal_all(None).await.unwrap().unchanged, 1);
        totp.service().check().unwrap();
        assert!(totp.reset(&user).await.unwrap());
        assert!(!totp.reset(&user).await.unwrap());

        let enrollment = totp
            .enroll(&user, "Alice", None)
            .await
            .unwrap()
            .accepted()
            .unwrap();
        let code = |at| crate::support::code_at(enrollment.secret(), at);
        let confirmed = totp
            .confirm(&user, &code(NOON))
            .await
            .unwrap()
            .accepted()
            .unwrap();
        clock.advance_secs(30);
        let accepted = totp
            .authenticate(&user, &code(NOON + 30))
            .await
            .unwrap()
            .accepted();
        assert_eq!(accepted.unwrap().method, Method::Totp);
        let again = totp.authenticate(&user, &code(NOON + 30)).await.unwrap();
        assert_eq!(again.rejected(), Some(actix_totp::Rejection::InvalidToken));
        clock.advance_secs(30);
        let renewed = totp
            .renew_backup_codes(&user, &code(NOON + 60))
            .await
            .unwrap();
        let backup = renewed.accepted().unwrap().backup_codes[0].reveal();
        assert!(
            !confirmed
                .backup_codes
                .iter()
                .any(|old| old.reveal() == backup)
        );
        assert!(
            totp.disable(&user, Some(&backup))
                .await
                .unwrap()
                .accepted()
                .is_some()
        );
    });
    enroll(&totp, &clock);
}

#[test]
fn a_test_of_an_application_gets_a_verified_session_without_a_code() {
    let (totp, clock, server) = site(|builder| builder);
    let mut browser = server.browser();
    browser.post("/login/alice", &json!({}));
    assert_eq!(browser.post("/test-proof", &json!({})).text(), "false");
    enroll(&totp, &clock);
    browser.get("/vault").problem(403, "totp_required");
    assert_eq!(browser.post("/test-proof", &json!({})).text(), "true");
    assert_eq!(browser.get("/vault").status, 200);
}

/// A store over an asynchronous driver, which waits for a runtime of its own.
struct Blocking(MemoryStore, tokio::runtime::Runtime);

impl DeviceStore for Blocking {
    fn load(&self, user: &UserId) -> Result<Option<Device>, StoreError> {
        self.1.block_on(async { self.0.load(user) })
    }

    fn swap(
        &self,
        user: &UserId,
        expected: Option<Version>,
        next: Option<&Device>,
    ) -> Result<bool, StoreError> {
        self.1.block_on(async { self.0.swap(user, expected, next) })
    }

    fn page(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Device>, StoreError> {
        self.1.block_on(async { self.0.page(after, limit) })
    }
}

#[test]
fn the_asynchronous_check_works_with_a_store_that_blocks_on_a_runtime_and_the_other_does_not() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let store = Blocking(MemoryStore::new(), runtime.unwrap());
    let totp = Totp::builder(store, keys()).build().unwrap();
    let used = totp.clone();
    actix_web::rt::System::new().block_on(async move {
        used.check().await.unwrap();
        let check = std::panic::AssertUnwindSafe(|| used.service().check());
        assert!(std::panic::catch_unwind(check).is_err(), "tokio panics");
    });
    totp.service().check().unwrap(); // outside of a runtime
}
