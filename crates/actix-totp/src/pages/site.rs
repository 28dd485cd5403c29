//! The settings of the pages.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_totp_core::BuildError;

use super::{
    answer::can_be_reported_to,
    assets::Assets,
    language::{Language, is_tag},
    page::Page,
    texts::Texts,
    view::{Layout, View},
};
use crate::local::is_local;

type LayoutFn = dyn Fn(&Layout<'_>) -> String + Send + Sync;
type TemplateFn = dyn Fn(&Page<'_>, &View<'_>) -> Option<String> + Send + Sync;

/// How the pages look and where they lead. Every bad setting is refused when the plugin is built.
#[derive(Clone)]
#[must_use = "no page is served before it is given to TotpBuilder::pages"]
pub struct Pages {
    pub(super) name: Option<String>,
    pub(super) logo: Option<String>,
    pub(super) links: Vec<(String, String)>,
    pub(super) stylesheet: Option<String>,
    pub(super) home: String,
    pub(super) sign_in: Option<String>,
    pub(super) sign_out: Option<String>,
    pub(super) report_to: Option<String>,
    pub(super) languages: Vec<Language>,
    pub(super) layout: Option<Arc<LayoutFn>>,
    pub(super) template: Option<Arc<TemplateFn>>,
}

impl Default for Pages {
    fn default() -> Self {
        let language = |tag: &str, texts| Language {
            tag: tag.into(),
            texts,
        };
        Self {
            name: None,
            logo: None,
            links: Vec::new(),
            stylesheet: None,
            home: "/".into(),
            sign_in: None,
            sign_out: None,
            report_to: None,
            languages: vec![
                language("en", Texts::english()),
                language("de", Texts::german()),
            ],
            layout: None,
            template: None,
        }
    }
}

impl Pages {
    /// The pages as they are built in.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the application, above every page.
    ///
    /// Default: that of [`TotpBuilder::issuer`](crate::TotpBuilder::issuer).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A picture above every page, beside the name: a path of this application.
    ///
    /// Default: none.
    pub fn logo(mut self, path: impl Into<String>) -> Self {
        self.logo = Some(path.into());
        self
    }

    /// A link below every page: a path of this application or an `https://` address. Call it again for another.
    ///
    /// Default: none.
    pub fn link(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.links.push((text.into(), to.into()));
        self
    }

    /// A stylesheet that comes after the built-in one: a path of this application.
    ///
    /// Default: none.
    pub fn stylesheet(mut self, path: impl Into<String>) -> Self {
        self.stylesheet = Some(path.into());
        self
    }

    /// Where a page leads that was opened without `?next=`: a path of this application.
    ///
    /// Default: `/`.
    pub fn home(mut self, path: impl Into<String>) -> Self {
        self.home = path.into();
        self
    }

    /// Where guards and pages send a browser in which nobody is signed in, with `?next=`: a path of this application, without
    /// `?` and `#`. After a form a link leads there. Guards that [`redirect_browsers`](crate::TotpBuilder::redirect_browsers)
    /// answer 401 all the same.
    ///
    /// Default: nowhere, the answer is 401.
    pub fn sign_in(mut self, path: impl Into<String>) -> Self {
        self.sign_in = Some(path.into());
        self
    }

    /// Where the application signs users out: a path of this application that takes a POST, which is not guarded. The pages that ask
    /// for a code or to set one up then have a button for it, for who cannot go on and would otherwise stay half signed in. Browsers stop
    /// its answer if that redirects to another host (`form-action`).
    ///
    /// Default: none, and no button.
    pub fn sign_out(mut self, path: impl Into<String>) -> Self {
        self.sign_out = Some(path.into());
        self
    }

    /// Where browsers report what the `Content-Security-Policy` of the pages stops (its `report-to`, with the header
    /// `Reporting-Endpoints`; ASVS 5.0 3.4.7): a path of this application or an `https://` address, without quotes, blanks,
    /// `\\`, `;` and `,`. A report names the page, with the `next` in its address, and nothing that the page shows.
    ///
    /// Default: nowhere.
    pub fn report_to(mut self, address: impl Into<String>) -> Self {
        self.report_to = Some(address.into());
        self
    }

    /// Adds a language, or replaces the texts of one. `tag` is its BCP 47 tag, like `fr` or `pt-BR`; pages are in the language
    /// that `Accept-Language` wants most, or else in the first.
    ///
    /// Default: `en`, then `de`.
    pub fn language(mut self, tag: impl Into<String>, texts: Texts) -> Self {
        let tag = tag.into();
        match self
            .languages
            .iter_mut()
            .find(|it| it.tag.eq_ignore_ascii_case(&tag))
        {
            Some(known) => known.texts = texts,
            None => self.languages.push(Language { tag, texts }),
        }
        self
    }

    /// The only languages, instead of the built-in ones: at least one, the first is that of a browser that wants another.
    ///
    /// Default: see [`language`](Self::language).
    pub fn only_languages<T: Into<String>>(
        mut self,
        languages: impl IntoIterator<Item = (T, Texts)>,
    ) -> Self {
        self.languages.clear();
        languages
            .into_iter()
            .fold(self, |pages, (tag, texts)| pages.language(tag, texts))
    }

    /// Puts the pages into a layout of the application's own: a function of title and content that makes the whole document.
    /// What else is in the view is plain text, for the function to escape.
    /// The policy stays as it is: nothing inline, nothing from another host.
    ///
    /// Default: the built-in one.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::pages::Pages;
    ///
    /// let pages = Pages::new().layout(|layout| {
    ///     format!(
    ///         "<!doctype html><html lang=\"{}\"><title>{}</title>{}<body>{}",
    ///         layout.view.language, layout.title, layout.head, layout.content,
    ///     )
    /// });
    /// ```
    pub fn layout(
        mut self,
        layout: impl Fn(&Layout<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.layout = Some(Arc::new(layout));
        self
    }

    /// Replaces the content of pages by the application's own: a function that answers HTML, or `None` for the built-in
    /// content. It escapes what it puts in; a form posts what the built-in one does.
    ///
    /// Default: the built-in contents.
    pub fn template(
        mut self,
        template: impl Fn(&Page<'_>, &View<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.template = Some(Arc::new(template));
        self
    }

    fn check(&self) -> Result<(), BuildError> {
        let mut paths = [&self.logo, &self.stylesheet, &self.sign_in, &self.sign_out]
            .into_iter()
            .flatten()
            .chain([&self.home]);
        let takes_next = |path: &String| !path.contains(['?', '#']);
        if !self.sign_in.iter().all(takes_next) {
            return Err(BuildError::Web(
                "sign_in of the pages is a path without ? and #, as it is given a next",
            ));
        }
        let is_link = |to: &str| is_local(to) || to.starts_with("https://");
        if !paths.all(|path| is_local(path)) || !self.links.iter().all(|(_, to)| is_link(to)) {
            return Err(BuildError::Web(
                "logo, stylesheet, home, sign_in and sign_out of the pages are paths like /static/logo.svg; a link may be https://",
            ));
        }
        if !self
            .report_to
            .iter()
            .all(|to| is_link(to) && can_be_reported_to(to))
        {
            return Err(BuildError::Web(
                "report_to of the pages is a path or an https:// address without quotes, blanks, \\ ; and ,",
            ));
        }
        if self.languages.is_empty() || !self.languages.iter().all(|language| is_tag(&language.tag))
        {
            return Err(BuildError::Web(
                "the pages have a language at least, and each a tag like fr or pt-BR",
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("name", &self.name)
            .field("home", &self.home)
            .field("sign_in", &self.sign_in)
            .field("sign_out", &self.sign_out)
            .finish_non_exhaustive()
    }
}

/// The pages of one plugin.
pub(crate) struct Site {
    pub(super) pages: Pages,
    pub(super) assets: Assets,
    /// The name of the cookie with a notice.
    pub(super) notice_cookie: String,
    /// Tells the plugins of an application apart: each has a scope of its own.
    id: usize,
}

impl Site {
    /// `plugin`: the name of a plugin beside the application's first.
    pub(crate) fn new(pages: Pages, plugin: Option<&str>) -> Result<Self, BuildError> {
        static SITES: AtomicUsize = AtomicUsize::new(0);
        pages.check()?;
        Ok(Self {
            pages,
            assets: Assets::new(),
            notice_cookie: match plugin {
                None => "totp_notice".into(),
                Some(plugin) => format!("totp_notice_{plugin}"),
            },
            id: SITES.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The name of a page's route. Guards find it by this name, wherever the scope is mounted.
    pub(super) fn route_name(&self, page: &str) -> String {
        format!("actix-totp-{}-{page}", self.id)
    }
}
