//! The application, as authfix's documentation builds one.

use std::sync::Arc;

use actix_web::{
    App, Error, HttpResponse, Responder,
    body::MessageBody,
    cookie::Key,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    get,
};
use authfix::{
    AuthToken, async_trait,
    multifactor::{
        config::{HandleMfaRequest, MfaConfig, MfaError},
        factor_impl::authenticator::AuthenticatorFactor,
    },
    session::{
        actix_session::{SessionMiddleware, storage::CookieSessionStore},
        app_builder::SessionLoginAppBuilder,
    },
};

use crate::users::{User, Users};

/// Steps before and after the current one whose codes are right, as actix-totp takes them by default. authfix calls this
/// seconds, but counts steps.
const DISCREPANCY: u64 = 1;

/// The default of 300 would end the seeded sessions in the middle of a measurement.
const MFA_TIMEOUT_SECS: u64 = 24 * 60 * 60;

pub(crate) fn app(
    users: Users,
    key: Key,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Response = ServiceResponse<impl MessageBody>,
        Config = (),
        InitError = (),
        Error = Error,
    >,
> {
    let users = Arc::new(users);
    let factor = AuthenticatorFactor::with_discrepancy(Arc::clone(&users), DISCREPANCY);
    let mfa = MfaConfig::new_with_timeout(vec![Box::new(factor)], Everybody, MFA_TIMEOUT_SECS);
    let session = SessionMiddleware::builder(CookieSessionStore::default(), key)
        .cookie_secure(false) // only because this serves http://127.0.0.1
        .build();
    SessionLoginAppBuilder::create_from_shared_with_session_middleware(users, session)
        .set_mfa(mfa)
        .build()
        .service(guarded)
}

#[get("/guarded")]
async fn guarded(token: AuthToken<User>) -> impl Responder {
    HttpResponse::Ok().json(&*token.authenticated_user())
}

/// Everybody has enrolled.
struct Everybody;

#[async_trait(?Send)]
impl HandleMfaRequest for Everybody {
    type User = User;

    async fn mfa_id_by_user(&self, _: &User) -> Result<Option<String>, MfaError> {
        Ok(Some(AuthenticatorFactor::id()))
    }
}
