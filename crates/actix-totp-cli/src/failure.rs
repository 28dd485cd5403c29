//! Why a command did not do what it was asked for, and with which code it ends.

use std::{error::Error as StdError, io, process::ExitCode};

use actix_totp_core::{Error, InvalidUserId, StoreError};

/// Why a command did not do what it was asked for. `Display` is the sentence that is shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was refused, or there was nobody to do it to: exit 1.
    #[error("{0}")]
    Refused(String),
    /// What it works with is not right, or does not answer: exit 2.
    #[error("{0}")]
    Wiring(String),
    /// Nobody reads the answer any more, as behind `| head`: exit 0.
    #[error("nobody reads the answer")]
    Unread,
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) => ExitCode::from(1),
            Self::Wiring(_) => ExitCode::from(2),
            Self::Unread => ExitCode::SUCCESS,
        }
    }
}

/// An error with its causes, in one line. A cause that its error repeats is not said twice.
pub(crate) fn sentence(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = sentence(&error);
        match error {
            Error::Seal { .. } | Error::Contended => Self::Refused(text),
            _ => Self::Wiring(text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Wiring(sentence(&error))
    }
}

impl From<InvalidUserId> for Failure {
    fn from(error: InvalidUserId) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Wiring(sentence(&error)),
        }
    }
}
