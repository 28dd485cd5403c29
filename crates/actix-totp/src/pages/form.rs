//! What a form of ours sends beside the token.

use serde::Deserialize;

use super::notice::Field;
use crate::local::is_local;

/// The hidden fields and the box. What cannot be read is not there.
pub(crate) struct FromPage {
    next: Option<String>,
    pub(super) field: Option<Field>,
    pub(super) saved: bool,
}

impl FromPage {
    pub(crate) const fn nothing() -> Self {
        Self {
            next: None,
            field: None,
            saved: false,
        }
    }

    pub(crate) fn read(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        struct Fields {
            next: Option<String>,
            form: Option<String>,
            saved: Option<String>,
        }
        let fields: Fields = serde_urlencoded::from_bytes(body).unwrap_or_default();
        Self {
            next: fields.next,
            field: fields.form.as_deref().and_then(field),
            saved: fields.saved.as_deref() == Some("true"),
        }
    }

    /// Where to go on to, if that is a path of this application.
    pub(super) fn next(&self) -> Option<&str> {
        local(self.next.as_deref())
    }
}

fn field(name: &str) -> Option<Field> {
    use Field::{Backup, Code, Disable, Renew, Replace};
    [Code, Backup, Renew, Replace, Disable]
        .into_iter()
        .find(|field| field.name() == name)
}

/// The `next` of a query, if that is a path of this application.
pub(super) fn next_of_query(query: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Query {
        next: Option<String>,
    }
    let query: Query = serde_urlencoded::from_str(query).ok()?;
    local(query.next.as_deref()).map(str::to_owned)
}

fn local(next: Option<&str>) -> Option<&str> {
    next.filter(|next| is_local(next))
}
