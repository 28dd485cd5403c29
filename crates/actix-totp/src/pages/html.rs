//! The built-in templates, compiled in.

use askama::Template;

use super::{
    page::{BackupCodes, Challenge, FirstCode, Page, ProblemPage, Secret, Settings, Wait},
    site::Pages,
    texts::Texts,
    view::{Layout, View},
};

macro_rules! templates {
    ($($name:ident($($page:ident: $kind:ty)?) $path:literal;)+) => {
        $(
            #[derive(Template)]
            #[template(path = $path)]
            struct $name<'a> {
                view: &'a View<'a>,
                t: &'a Texts,
                $($page: &'a $kind,)?
            }
        )+
    };
}

templates! {
    StartHtml() "start.html";
    SecretHtml(page: Secret<'a>) "secret.html";
    FirstCodeHtml(page: FirstCode) "first_code.html";
    BackupCodesHtml(page: BackupCodes) "backup_codes.html";
    ChallengeHtml(page: Challenge<'a>) "challenge.html";
    SettingsHtml(page: Settings) "settings.html";
    ProblemHtml(page: ProblemPage) "problem.html";
}

#[derive(Template)]
#[template(path = "layout.html")]
struct LayoutHtml<'a> {
    view: &'a View<'a>,
    title: &'a str,
    content: &'a str,
    head: &'a str,
}

#[derive(Template)]
#[template(path = "head.html")]
struct HeadHtml<'a> {
    view: &'a View<'a>,
}

/// The whole document: the application's content and layout where it has its own.
pub(super) fn document(
    pages: &Pages,
    page: &Page<'_>,
    view: &View<'_>,
) -> Result<String, askama::Error> {
    let own = pages.template.as_ref();
    let content = match own.and_then(|template| template(page, view)) {
        Some(content) => content,
        None => content(page, view)?,
    };
    let title = page.title(view.texts);
    let head = HeadHtml { view }.render()?;
    let Some(layout) = &pages.layout else {
        return LayoutHtml {
            view,
            title,
            content: &content,
            head: &head,
        }
        .render();
    };
    Ok(layout(&Layout {
        title: &askama::filters::escape(title, askama::filters::Html)?.to_string(),
        content: &content,
        head: &head,
        view,
    }))
}

fn content(page: &Page<'_>, view: &View<'_>) -> Result<String, askama::Error> {
    let t = view.texts;
    match page {
        Page::Start => StartHtml { view, t }.render(),
        Page::Secret(page) => SecretHtml { view, t, page }.render(),
        Page::FirstCode(page) => FirstCodeHtml { view, t, page }.render(),
        Page::BackupCodes(page) => BackupCodesHtml { view, t, page }.render(),
        Page::Challenge(page) => ChallengeHtml { view, t, page }.render(),
        Page::Settings(page) => SettingsHtml { view, t, page }.render(),
        Page::Problem(page) => ProblemHtml { view, t, page }.render(),
    }
}
