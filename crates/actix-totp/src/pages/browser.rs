//! The browser that a request comes from: the language of its pages, where they lead on to, and how they are sent.

use actix_totp_core::UserId;
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{Method, StatusCode},
};
use serde::Deserialize;

use super::{
    addresses::{Addresses, scope},
    answer::html,
    html::document,
    language::{Language, pick},
    notice::{self, Notice},
    notice_cookie,
    page::{Page, ProblemPage},
    site::Site,
    view::View,
};
use crate::{
    answer_headers::see_other, local::with_next, plugin::Totp, problem::Problem,
    public_path::Prefix, routes::response::with_cookie,
};

pub(super) type Answer = Result<HttpResponse, actix_web::Error>;

/// Addresses that are deeper hold nothing, and a page repeats the way up.
const MAX_DEPTH: usize = 16;

#[derive(Clone)]
pub(super) struct Browser<'a> {
    pub(super) totp: &'a Totp,
    pub(super) http: &'a HttpRequest,
    pub(super) site: &'a Site,
    language: &'a Language,
    prefix: Prefix<'a>,
    /// The path of the scope, for a request to somewhere else.
    scope: Option<String>,
    /// Where to go on to: a path of this application, as the browser has it.
    next: Option<String>,
}

impl<'a> Browser<'a> {
    /// The browser that has sent this request. The routes of pages exist only where there is a site.
    pub(super) fn of(totp: &'a Totp, http: &'a HttpRequest) -> Result<Self, Problem> {
        let site = totp.plugin.site.as_ref().ok_or_else(Problem::not_found)?;
        let language = pick(&site.pages.languages, http.get_header());
        let prefix = totp.prefix(http);
        Ok(Self {
            totp,
            http,
            site,
            language: language.ok_or_else(Problem::not_found)?,
            prefix,
            scope: None,
            next: next_of_query(http.query_string()).filter(|next| prefix.leads_here(next)),
        })
    }

    /// The browser that has sent a request to the application itself. `None`: there is no page that it can be shown.
    pub(super) fn outside_of_scope(totp: &'a Totp, http: &'a HttpRequest) -> Option<Self> {
        let scope = scope(totp, http)?;
        Some(Self {
            scope: Some(scope),
            ..Self::of(totp, http).ok()?
        })
    }

    /// The same browser, which goes on to another path, if that is one of this application.
    pub(super) fn going_on_to(self, next: Option<&str>) -> Self {
        Self {
            next: next
                .filter(|next| self.prefix.leads_here(next))
                .map(str::to_owned),
            ..self
        }
    }

    /// The path of a page of the scope, as the browser has it, with the same `next`.
    pub(super) fn path_of(&self, page: &str) -> Option<String> {
        let path = self.http.path().trim_end_matches('/');
        let scope = path.rsplitn(self.depth() + 1, '/').nth(self.depth())?;
        let path = self.prefix.before(&format!("{scope}/{page}"));
        Some(with_next(&path, self.next.as_deref()))
    }

    /// How many segments of the path are below the scope: of a page or an endpoint one, but of the forms of one authenticator
    /// (`authenticators/{id}/rename/`).
    fn depth(&self) -> usize {
        let path = self.http.path().trim_end_matches('/');
        match path.rsplit('/').next() {
            Some("rename" | "remove") => 3,
            _ => 1,
        }
    }

    /// What a relative address begins with to be in the scope. The request is for `/scope/page/` or `/scope/page`, for a form of one
    /// authenticator, or for something deeper where there is nothing.
    fn base(&self) -> String {
        if let Some(scope) = &self.scope {
            return scope.clone();
        }
        let beyond = self.http.match_info().unprocessed();
        let up = match beyond.matches('/').count().min(MAX_DEPTH) {
            0 => self.depth() - usize::from(!self.http.path().ends_with('/')),
            slashes => slashes - 1,
        };
        if up == 0 {
            "./".into()
        } else {
            "../".repeat(up)
        }
    }

    /// The page.
    pub(super) fn show(&self, page: &Page<'_>) -> Answer {
        self.render(StatusCode::OK, page, None)
    }

    /// The page with a notice, which is not shown again.
    pub(super) fn show_with_notice(&self, page: &Page<'_>, notice: Option<&Notice>) -> Answer {
        let answer = self.render(StatusCode::OK, page, notice)?;
        let removal = notice_cookie::removal(self.totp, self.site, self.http);
        Ok(with_cookie(answer, removal.as_ref()))
    }

    /// The page, answered with this status.
    pub(super) fn render(
        &self,
        status: StatusCode,
        page: &Page<'_>,
        notice: Option<&Notice>,
    ) -> Answer {
        let (pages, base) = (&self.site.pages, self.base());
        let addresses = Addresses::of(pages, self.prefix);
        let built_in = self.site.assets.style_address(&base);
        let own_name = pages.name.as_deref();
        let mut view = View {
            texts: &self.language.texts,
            language: &self.language.tag,
            name: own_name.unwrap_or(self.totp.service().issuer()),
            logo: addresses.logo.as_deref(),
            links: &addresses.links,
            base: &base,
            next: self.next.as_deref(),
            home: &addresses.home,
            sign_in: addresses.sign_in.as_deref(),
            sign_out: addresses.sign_out.as_deref(),
            stylesheets: [built_in].into_iter().chain(addresses.stylesheet).collect(),
            script: self.site.assets.script_address(&base),
            notice: None,
            is_refusal: false,
            form: None,
            typed_name: None,
        };
        if let Some(notice) = notice {
            view.set_notice(notice, page);
        }
        match document(pages, page, &view) {
            Ok(document) => Ok(html(status, document, addresses.report_to.as_deref())),
            Err(error) => {
                tracing::error!(%error, "a page cannot be made");
                let format = &self.totp.plugin.problem_format;
                Err(format.error(self.http, Problem::unavailable().into()))
            }
        }
    }

    /// To another page of the scope, with the same `next`.
    pub(super) fn redirect(&self, page: &str) -> HttpResponse {
        let page = format!("{}{page}", self.base());
        see_other(&with_next(&page, self.next.as_deref()))
    }

    /// To another page of the scope, which shows this user a notice. Without random bytes the notice is missing: what was done
    /// is done all the same.
    pub(super) fn redirect_with_notice(
        &self,
        page: &str,
        user: &UserId,
        notice: &Notice,
    ) -> HttpResponse {
        let cookie = notice_cookie::cookie(self.totp, self.site, self.http, user, Some(notice));
        with_cookie(self.redirect(page), cookie.as_ref())
    }

    /// To where the user wanted to go.
    pub(super) fn go_on(&self) -> HttpResponse {
        match &self.next {
            Some(next) => see_other(next),
            None => see_other(&self.prefix.before(&self.site.pages.home)),
        }
    }

    /// The page for a problem; or the sign-in page, if nobody is signed in.
    pub(super) fn show_problem(&self, problem: &Problem) -> Answer {
        let code = problem.code();
        let is_anonymous = code == "not_authenticated";
        // Not after a form: browsers would stop a sign-in page that redirects to another host, because of `form-action`.
        let may_redirect = *self.http.method() != Method::POST;
        if is_anonymous
            && may_redirect
            && let Some(sign_in) = self.site.pages.sign_in.as_deref()
        {
            let wanted = self.prefix.wanted(self.http);
            let sign_in = self.prefix.before(sign_in);
            return Ok(see_other(&with_next(&sign_in, wanted.as_deref())));
        }
        let text = notice::problem(&self.language.texts, code).unwrap_or(problem.detail());
        let page = Page::Problem(ProblemPage {
            code: code.to_owned(),
            text: text.to_owned(),
            is_signed_out: is_anonymous || code == "invalid_ticket",
        });
        let mut answer = self.render(problem.status(), &page, None)?;
        problem.add_headers(answer.headers_mut());
        Ok(answer)
    }
}

/// The `next` of a query.
fn next_of_query(query: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Query {
        next: Option<String>,
    }
    let query: Query = serde_urlencoded::from_str(query).ok()?;
    query.next
}
