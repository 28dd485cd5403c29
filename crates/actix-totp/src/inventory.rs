//! For the tests of applications: which of their routes a guard stands around.

use std::fmt;

use actix_web::{
    Error, HttpResponse,
    dev::{Service, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    test::TestRequest,
};

use crate::problem::Answered;

/// What a route asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The second factor.
    Guarded,
    /// That somebody is signed in, and no second factor.
    Exempt,
    /// Nothing.
    Public,
}

/// A table of an application's routes, each with what it must ask, compared with what the application answers: so that a forgotten
/// `wrap` fails a test. actix-web cannot list its routes, so the table is the application's own. Feature `test-util`.
///
/// Each route is asked twice, by nobody and by a user who is signed in, has a second factor and has not shown it. A guard refuses
/// both; a route that refuses nobody alone is exempt; one that refuses neither is public. No body is sent, and what is not guarded
/// runs: keep the data of the test its own.
///
/// # Example
///
/// ```
/// use actix_totp::actix_session::{SessionMiddleware, storage::CookieSessionStore};
/// use actix_totp::{CurrentUser, KeyRing, MemoryStore, RouteInventory, SignedIn, Totp, UserId};
/// use actix_web::{App, HttpRequest, HttpResponse, cookie::Key, http::Method, test, web};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let keys = KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=")?;
/// # let who = async |req: &HttpRequest| {
/// #     let id = req.headers().get("x-user").and_then(|id| id.to_str().ok());
/// #     Ok(id.and_then(|id| UserId::new(id).ok()).map(SignedIn::new))
/// # };
/// let totp = Totp::builder(MemoryStore::new(), keys).current_user(CurrentUser::from_fn(who)).build()?;
/// let alice = UserId::new("alice")?;
/// let _ = totp.service().enroll(&alice, "", None)?;
/// let code = totp.service().code_for(&alice)?.unwrap_or_default();
/// let _ = totp.service().confirm(&alice, &code)?;
///
/// let app = App::new()
///     .route("/", web::get().to(HttpResponse::Ok))
///     .service(web::resource("/account").wrap(totp.require()).get(HttpResponse::Ok))
///     .route("/transfer", web::post().to(HttpResponse::Ok)) // its guard was forgotten
///     .wrap(SessionMiddleware::new(CookieSessionStore::default(), Key::generate()));
/// let app = test::init_service(app).await;
///
/// let inventory = |app| RouteInventory::new(app, |request| request.insert_header(("x-user", "alice")));
/// inventory(&app).public(Method::GET, "/").guarded(Method::GET, "/account").check().await?;
///
/// let forgotten = inventory(&app).guarded(Method::POST, "/transfer").check().await.unwrap_err();
/// assert_eq!(
///     forgotten.to_string(),
///     "POST /transfer is public, not guarded: 200 OK for nobody, 200 OK for the user"
/// );
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is compared before check()"]
pub struct RouteInventory<'a, S> {
    app: &'a S,
    sign_in: Box<dyn Fn(TestRequest) -> TestRequest + 'a>,
    routes: Vec<(Method, String, Access)>,
}

impl<'a, S> RouteInventory<'a, S> {
    /// For an application made by [`init_service`](actix_web::test::init_service). `sign_in` makes a request one of a user who has
    /// a second factor and no proof, as by the cookie of a session after the password alone. It must be one of whom every guard
    /// of the table demands the second factor.
    pub fn new(app: &'a S, sign_in: impl Fn(TestRequest) -> TestRequest + 'a) -> Self {
        Self {
            app,
            sign_in: Box::new(sign_in),
            routes: Vec::new(),
        }
    }

    /// A route that must ask for the second factor.
    pub fn guarded(self, method: Method, path: impl Into<String>) -> Self {
        self.with(method, path, Access::Guarded)
    }

    /// A route that must refuse whoever is not signed in, and no others.
    pub fn exempt(self, method: Method, path: impl Into<String>) -> Self {
        self.with(method, path, Access::Exempt)
    }

    /// A route that must be open to everybody.
    pub fn public(self, method: Method, path: impl Into<String>) -> Self {
        self.with(method, path, Access::Public)
    }

    fn with(mut self, method: Method, path: impl Into<String>, access: Access) -> Self {
        self.routes.push((method, path.into(), access));
        self
    }

    /// Asks every route.
    ///
    /// # Errors
    ///
    /// [`RouteDifferences`], with every route that asks something else, fails or is not there.
    pub async fn check<B>(self) -> Result<(), RouteDifferences>
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    {
        let mut differences = Vec::new();
        for (method, path, expected) in &self.routes {
            let request = || TestRequest::with_uri(path).method(method.clone());
            let nobody = self.ask(request()).await;
            let user = self.ask((self.sign_in)(request())).await;
            let found = judge(&nobody, &user);
            if found != Ok(*expected) {
                let found = found.map_or_else(str::to_owned, |found| found.to_string());
                differences.push(format!(
                    "{method} {path} is {found}, not {expected}: {nobody} for nobody, {user} for the user"
                ));
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(RouteDifferences(differences))
    }

    async fn ask<B>(&self, request: TestRequest) -> Answer
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    {
        match self.app.call(request.to_request()).await {
            Ok(response) => Answer::of(response.response()),
            Err(error) => Answer::of(&error.error_response()),
        }
    }
}

/// What is looked at of an answer.
#[derive(PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    location: Option<HeaderValue>,
    /// The code of the plugin's problem, if it is one.
    code: Option<String>,
}

impl Answer {
    fn of<B>(response: &HttpResponse<B>) -> Self {
        let code = response
            .extensions()
            .get::<Answered>()
            .map(|it| it.0.clone());
        Self {
            status: response.status(),
            location: response.headers().get(header::LOCATION).cloned(),
            code,
        }
    }

    fn asks_for_second_factor(&self) -> bool {
        let code = self.code.as_deref();
        matches!(
            code,
            Some("totp_required" | "totp_setup_required" | "stale_proof")
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &self.code {
            Some(code) => write!(f, " {code}"),
            None => Ok(()),
        }
    }
}

/// What a route asks, or why that cannot be said.
fn judge(nobody: &Answer, user: &Answer) -> Result<Access, &'static str> {
    const NOT_THERE: [StatusCode; 2] = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
    if nobody.status.is_server_error() || user.status.is_server_error() {
        return Err("failing");
    }
    if user.status == StatusCode::UNAUTHORIZED && !user.asks_for_second_factor() {
        return Err("refused to a user who is signed in");
    }
    if NOT_THERE.contains(&user.status) {
        return Err("not there");
    }
    let is_redirected = nobody.status.is_redirection() && nobody != user;
    let refuses_nobody =
        is_redirected || [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&nobody.status);
    match (user.asks_for_second_factor(), refuses_nobody) {
        (true, true) => Ok(Access::Guarded),
        (true, false) => Err("open to nobody alone"),
        (false, true) => Ok(Access::Exempt),
        (false, false) => Ok(Access::Public),
    }
}

/// The routes that ask something else than the table says, one in a line: `Debug` and `Display` are the same.
#[derive(Clone, PartialEq, Eq)]
pub struct RouteDifferences(Vec<String>);

impl fmt::Display for RouteDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl fmt::Debug for RouteDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for RouteDifferences {}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guarded => "guarded",
            Self::Exempt => "exempt",
            Self::Public => "public",
        })
    }
}

impl<S> fmt::Debug for RouteInventory<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteInventory")
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
