//! Answers on the standard output, for people or for programs. What goes wrong is said on the standard error.

use std::io::{self, Write};

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::failure::Failure;

/// Where answers go, and in which form.
pub(crate) struct Output {
    is_json: bool,
    out: io::BufWriter<io::Stdout>,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self {
            is_json,
            out: io::BufWriter::new(io::stdout()),
        }
    }

    /// One answer: an object in a line of its own, or the text.
    pub(crate) fn answer(
        &mut self,
        answer: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.is_json {
            serde_json::to_writer(&mut self.out, answer).map_err(io::Error::from)?;
            writeln!(self.out)?;
        } else {
            writeln!(self.out, "{}", text())?;
        }
        Ok(())
    }

    /// A line for people alone.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        if !self.is_json {
            writeln!(self.out, "{text}")?;
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// A remark to whoever watches, on the standard error.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}"); // who has closed it does not want it
}

/// A user id as one line that commands no terminal.
pub(crate) fn one_line(user: &str) -> String {
    let is_plain = |letter: char| !letter.is_control() && letter != '\u{2028}' && letter != '\\';
    if user.chars().all(is_plain) {
        user.to_owned()
    } else {
        user.escape_debug().to_string()
    }
}

/// A time in seconds since the Unix epoch, as people read it: UTC.
pub(crate) fn time(secs: Option<u64>) -> String {
    let time = secs.and_then(|secs| i64::try_from(secs).ok());
    let time = time.and_then(|secs| OffsetDateTime::from_unix_timestamp(secs).ok());
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "-".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_one_line_and_commands_no_terminal() {
        for (user, shown) in [
            ("alice", "alice"),
            ("Zoë Ω", "Zoë Ω"),
            ("a\nb", "a\\nb"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\\nb", "a\\\\nb"),
        ] {
            assert_eq!(one_line(user), shown);
        }
    }
}
