//! The question before what cannot be undone.

use std::io::{self, BufRead, Write};

use crate::failure::Failure;

/// Asks on the standard error, and takes `y` or `yes` alone for a yes. An end of the input is a no: a program says `--yes`.
pub(crate) fn confirm(question: &str, is_sure: bool) -> Result<(), Failure> {
    if is_sure {
        return Ok(());
    }
    let mut err = io::stderr();
    write!(err, "{question} This cannot be undone. [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Refused(
            "nothing was done: answer y, or say --yes".into(),
        )),
    }
}
