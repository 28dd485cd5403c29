//! A browser's request for a page or with a form: in which language, from where, and how it is answered.

use actix_totp_core::Status;
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{Method, StatusCode},
};

use super::{
    answer::{html, see_other},
    form::{FromPage, next_of_query},
    html::document,
    language::pick,
    notice::{self, Field, Notice},
    page::{Page, Trouble, View},
    site::Site,
    texts::Texts,
};
use crate::{
    local::{is_local, wanted, with_next},
    plugin::Totp,
    problem::Problem,
    session,
};

type Result<T> = std::result::Result<T, actix_web::Error>;

/// Deeper addresses hold nothing, and a page repeats the way up.
const DEEPEST: usize = 16;

pub(super) struct Visit<'a> {
    pub(super) totp: &'a Totp,
    pub(super) req: &'a HttpRequest,
    pub(super) site: &'a Site,
    texts: &'a Texts,
    language: &'a str,
    /// Where to go on to: a path of this application.
    next: Option<String>,
}

impl<'a> Visit<'a> {
    /// Begins with what the request says. Without pages nobody comes here.
    pub(super) fn new(totp: &'a Totp, req: &'a HttpRequest) -> Result<Self> {
        let site = totp.0.site.as_ref().ok_or_else(Problem::not_found)?;
        let language =
            pick(&site.pages.languages, req.get_header()).ok_or_else(Problem::not_found)?;
        Ok(Self {
            totp,
            req,
            site,
            texts: &language.texts,
            language: &language.tag,
            next: next_of_query(req.query_string()),
        })
    }

    /// What a form says of where to go on to.
    pub(super) fn go_on_to(&mut self, form: &FromPage) {
        self.next = form.next().map(str::to_owned);
    }

    /// Makes another page of the scope the one to go on to.
    pub(super) fn come_back_to(&mut self, page: &str) {
        let scope = self.req.path().trim_end_matches('/').rsplit_once('/');
        let path = scope.map(|(scope, _)| format!("{scope}/{page}"));
        self.next = path.filter(|path| is_local(path));
    }

    /// What an address begins with to be in the scope, seen from here: `/scope/page/`, `/scope/page`, or deeper where there is
    /// no page.
    fn base(&self) -> String {
        let beyond = self.req.match_info().unprocessed();
        let up = match beyond.matches('/').count().min(DEEPEST) {
            0 => usize::from(self.req.path().ends_with('/')),
            slashes => slashes - 1,
        };
        if up == 0 {
            "./".into()
        } else {
            "../".repeat(up)
        }
    }

    /// The page, with what is to be told of what was done before.
    pub(super) fn show(
        &self,
        status: StatusCode,
        page: &Page<'_>,
        told: Option<&Notice>,
    ) -> Result<HttpResponse> {
        let (pages, base) = (&self.site.pages, self.base());
        let built_in = self.site.assets.style(&base);
        let mut view = View {
            texts: self.texts,
            language: self.language,
            name: pages
                .name
                .as_deref()
                .unwrap_or(self.totp.service().issuer()),
            logo: pages.logo.as_deref(),
            links: &pages.links,
            base: &base,
            next: self.next.as_deref(),
            home: &pages.home,
            sign_in: pages.sign_in.as_deref(),
            stylesheets: [built_in]
                .into_iter()
                .chain(pages.stylesheet.clone())
                .collect(),
            script: self.site.assets.script(&base),
            notice: None,
            is_refusal: false,
            form: None,
        };
        if let Some(notice) = told {
            view.tell(notice);
        }
        match document(pages, page, &view) {
            Ok(document) => Ok(html(status, document)),
            Err(error) => {
                tracing::error!(%error, "a page cannot be made");
                Err(Problem::unavailable().into())
            }
        }
    }

    /// The state of whoever is signed in.
    pub(super) async fn status(&self) -> Result<Status> {
        let user = self.totp.current_user(self.req).await?;
        let looked = self.totp.look(&user).await.map_err(Problem::from)?;
        Ok(looked.0)
    }

    /// What the session has to tell, once, on a page with forms for these. Who asks for headers only is told nothing.
    pub(super) fn told(&self, fields: &[Field]) -> Option<Notice> {
        if *self.req.method() == Method::HEAD {
            return None;
        }
        Some(session::take_notice(self.req)?.on_a_page_with(fields))
    }

    /// To another page of the scope, with the same `next`.
    pub(super) fn to(&self, page: &str) -> HttpResponse {
        let page = format!("{}{page}", self.base());
        see_other(&with_next(&page, self.next.as_deref()))
    }

    /// The same, which will tell this, if the session can keep it: what was done was done all the same.
    pub(super) fn to_and_tell(&self, page: &str, notice: &Notice) -> HttpResponse {
        let _ = session::leave_notice(self.req, notice); // logged there
        self.to(page)
    }

    /// To where the user wanted to go.
    pub(super) fn on(&self) -> HttpResponse {
        see_other(self.next.as_deref().unwrap_or(&self.site.pages.home))
    }

    /// A refusal of what was typed sends back to the page, which tells it. Anything else is told at once.
    pub(super) fn back(
        &self,
        page: &str,
        error: actix_web::Error,
        form: &FromPage,
    ) -> Result<HttpResponse> {
        let notice = error
            .as_error::<Problem>()
            .and_then(|problem| Notice::refused(problem, form.field));
        match notice {
            Some(notice) if session::leave_notice(self.req, &notice).is_ok() => Ok(self.to(page)),
            _ => Err(error),
        }
    }

    /// The answer, or the page that tells a problem. An answer of the application's own stays as it is.
    pub(super) fn end(&self, answer: Result<HttpResponse>) -> Result<HttpResponse> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => match error.as_error::<Problem>() {
                Some(problem) => self.trouble(problem),
                None => Err(error),
            },
        }
    }

    fn trouble(&self, problem: &Problem) -> Result<HttpResponse> {
        let code = problem.code();
        let is_nobody = code == "not_authenticated";
        // Not after a form: a sign-in page that redirects to another host would be stopped by `form-action`.
        let may_redirect = *self.req.method() != Method::POST;
        if is_nobody
            && may_redirect
            && let Some(sign_in) = self.site.pages.sign_in.as_deref()
        {
            return Ok(see_other(&with_next(sign_in, wanted(self.req))));
        }
        let text = notice::problem(self.texts, code).unwrap_or(problem.detail());
        let page = Page::Trouble(Trouble {
            code: code.to_owned(),
            text: text.to_owned(),
            is_nobody,
        });
        let mut answer = self.show(problem.status(), &page, None)?;
        problem.add_headers(answer.headers_mut());
        Ok(answer)
    }
}
