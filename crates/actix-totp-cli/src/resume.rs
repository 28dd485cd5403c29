//! How far a command came that goes through everybody, in a file that survives it.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use actix_totp_core::UserId;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The file, if there is to be one.
pub(crate) struct Resume<'a> {
    path: Option<&'a Path>,
    command: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Noted {
    command: String,
    after: UserId,
}

impl<'a> Resume<'a> {
    pub(crate) const fn new(path: Option<&'a Path>, command: &'static str) -> Self {
        Self { path, command }
    }

    /// Behind whom it goes on. `None`: from the start.
    pub(crate) fn after(&self) -> Result<Option<UserId>, Failure> {
        let Some(path) = self.path else {
            return Ok(None);
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(path, &error.to_string())),
        };
        let noted: Noted = serde_json::from_str(&text)
            .map_err(|_| refused(path, "this is no file of this command"))?;
        if noted.command != self.command {
            let command = noted.command;
            return Err(refused(path, &format!("this is a file of {command:?}")));
        }
        Ok(Some(noted.after))
    }

    /// Notes behind whom it goes on. The file is the old one or the new one, whenever the process ends.
    pub(crate) fn note(&self, after: &UserId) -> Result<(), Failure> {
        let Some(path) = self.path else {
            return Ok(());
        };
        let noted = Noted {
            command: self.command.into(),
            after: after.clone(),
        };
        let draft = draft(path);
        let write = || {
            let mut file = fs::File::create(&draft)?;
            file.write_all(&serde_json::to_vec(&noted)?)?;
            file.sync_all()?;
            fs::rename(&draft, path)
        };
        write().map_err(|error| refused(path, &error.to_string()))
    }

    /// All is done: nothing is left to go on with.
    pub(crate) fn forget(&self) -> Result<(), Failure> {
        match self.path.map(fs::remove_file) {
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".draft");
    name.into()
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::Refused(format!("--resume {}: {why}", path.display()))
}
