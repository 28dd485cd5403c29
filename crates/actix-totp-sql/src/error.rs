//! Why a store cannot be opened or migrated. Neither repeats a server's URL: it holds a password. `Debug` is what an
//! application shows that returns an error from `main`: it says what `Display` says.

use std::fmt;

/// The store could not be opened. The path of a SQLite file is named.
#[derive(thiserror::Error)]
#[error("the database{hint} cannot be opened: {reason}")]
pub struct OpenError {
    hint: String,
    reason: String,
}

impl OpenError {
    /// A setting is out of its range.
    pub fn setting(range: &str) -> Self {
        Self {
            hint: String::new(),
            reason: range.into(),
        }
    }

    /// A SQLite file. What follows `?` in a URI may be a key.
    pub fn at_path(self, url: &str) -> Self {
        let path = url.split('?').next().unwrap_or_default();
        if password(url).is_some() || has_parameters(path) {
            return self; // a server's URL that was given to the wrong store
        }
        Self {
            hint: format!(" {path:?}"),
            ..self
        }
    }

    /// Client libraries may quote the URL they were given; what quotes a part of its password is not shown.
    pub fn new(url: &str, reason: &dyn std::fmt::Display) -> Self {
        let reason = reason.to_string();
        let quotes = password(url).is_some_and(|password| {
            password
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .any(|part| !part.is_empty() && reason.contains(part))
        });
        // As a parameter, or in libpq's `keyword=value` form, a password may be anywhere, and end where it was not meant to.
        // What libpq says of a server that it reached, or did not, quotes none.
        let quotes = quotes
            || has_parameters(url) && !reason.to_ascii_lowercase().contains("connection to server");
        Self {
            hint: " (is it up, and is the URL right?)".into(),
            reason: if quotes {
                "not shown: it quotes the URL".into()
            } else {
                reason
            },
        }
    }
}

fn has_parameters(url: &str) -> bool {
    url.contains("password") || !url.contains("://") && url.contains('=')
}

fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.rsplit_once('@')?;
    Some(user.split_once(':')?.1)
}

impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The migrations could not be run or reverted. What ran before stays. `Debug` shows the cause, too.
#[derive(thiserror::Error)]
#[error("the migrations of actix-totp failed")]
pub struct MigrateError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_password_is_shown() {
        let url = "postgres://me:s3cret@pa/ss@host:x/db";
        let shown = OpenError::new(url, &"invalid port: \"pa/ss\"").to_string();
        assert!(shown.ends_with("not shown: it quotes the URL"), "{shown}");
        let shown = OpenError::new(url, &"connection refused").to_string();
        assert!(shown.ends_with("connection refused"), "{shown}");
        for url in [
            "host=db password=hunter2 top-s3cret dbname=app",
            "postgres://u@h/db?password=hunter2&top-s3cret",
        ] {
            let shown = OpenError::new(url, &"missing \"=\" after \"top-s3cret\"").to_string();
            assert!(shown.ends_with("not shown: it quotes the URL"), "{shown}");
            let refused = "connection to server at \"db\" failed: Connection refused";
            let shown = OpenError::new(url, &refused).to_string();
            assert!(shown.ends_with("Connection refused"), "{shown}");
        }
    }

    #[test]
    fn a_file_is_named_without_its_key_and_debug_says_the_same() {
        let error = OpenError::new("a", &"no such folder").at_path("file:none/app.db?key=s3cret");
        let text = "the database \"file:none/app.db\" cannot be opened: no such folder";
        assert_eq!(format!("{error} {error:?}"), format!("{text} {text}"));
        for url in ["postgres://me:s3cret@host/db", "host=db password=s3cret"] {
            let error = OpenError::new(url, &"no such folder").at_path(url);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
