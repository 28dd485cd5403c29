//! `keys new` and `keys status`.

use std::{
    fs,
    io::{self, ErrorKind, IsTerminal, Write},
    path::Path,
};

use actix_totp_core::KeyRing;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    arguments::NewKey,
    failure::{Failure, sentence},
    output::Output,
    run::Session,
};

/// A key that was made, by its id. The key itself is in the file alone.
#[derive(Debug, Serialize)]
struct Made {
    id: Option<String>,
    file: String,
    dry_run: bool,
}

/// Makes a key.
pub(crate) fn new(new: &NewKey, out: &mut Output) -> Result<(), Failure> {
    match &new.out {
        Some(path) => into_file(path, new.dry_run, out),
        None => into_pipe(new.dry_run, io::stdout().is_terminal(), &mut io::stdout()),
    }
}

fn into_file(path: &Path, dry_run: bool, out: &mut Output) -> Result<(), Failure> {
    let file = path.display().to_string();
    let refused = |why: &str| Failure::Refused(format!("{file}: {why}; nothing was written"));
    if path.symlink_metadata().is_ok() {
        return Err(refused("it is there already, and may hold a key"));
    }
    let mut made = Made {
        id: None,
        file: file.clone(),
        dry_run,
    };
    if !dry_run {
        let (key, id) = make()?;
        write_new(path, &key).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => refused("it is there already, and may hold a key"),
            _ => refused(&sentence(&error)),
        })?;
        made.id = Some(id);
    }
    out.answer(&made, || match &made.id {
        Some(id) => {
            format!("{file} holds the new key {id}: keep it apart from the database and its dumps")
        }
        None => format!("{file} would hold a new key; nothing was done"),
    })
}

/// What scrolls by on a terminal is kept by it, and seen by who looks.
fn into_pipe(dry_run: bool, is_terminal: bool, out: &mut impl Write) -> Result<(), Failure> {
    if is_terminal {
        let text = "a key is not written to a terminal: use --out FILE, or a pipe";
        return Err(Failure::Refused(text.into()));
    }
    if !dry_run {
        let (key, _) = make()?;
        writeln!(out, "{}", *key)?;
    }
    Ok(())
}

/// A key as text, and its id.
fn make() -> Result<(Zeroizing<String>, String), Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| Failure::Wiring(sentence(&error)))?;
    let text = Zeroizing::new(STANDARD.encode(*bytes));
    let ring = KeyRing::new([*bytes]).map_err(|error| Failure::Wiring(sentence(&error)))?;
    let id = ring.ids().map(|id| id.to_string()).collect();
    Ok((text, id))
}

/// Only its owner may read it, from its first byte on.
fn write_new(path: &Path, key: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()
}

/// The keys, and what they sealed.
#[derive(Debug, Serialize)]
struct KeysStatus {
    keys: Vec<KeyStatus>,
    unknown_format: u64,
    broken: u64,
}

#[derive(Debug, Serialize)]
struct KeyStatus {
    id: String,
    in_ring: bool,
    seals: bool,
    boxes: u64,
}

/// Shows each key of the ring and of the store.
pub(crate) fn status(session: &mut Session) -> Result<(), Failure> {
    let boxes = session.count_boxes(0)?;
    let ring: Vec<_> = session.keys.ids().collect();
    let foreign = boxes
        .by_key
        .keys()
        .flatten()
        .filter(|id| !ring.contains(id));
    let of = |id: &actix_totp_core::KeyId| KeyStatus {
        id: id.to_string(),
        in_ring: ring.contains(id),
        seals: ring.first() == Some(id),
        boxes: boxes.by_key.get(&Some(*id)).copied().unwrap_or_default(),
    };
    let answer = KeysStatus {
        keys: ring.iter().chain(foreign).map(of).collect(),
        unknown_format: boxes.by_key.get(&None).copied().unwrap_or_default(),
        broken: boxes.broken,
    };
    session.out.answer(&answer, || answer.lines())
}

impl KeysStatus {
    fn lines(&self) -> String {
        let mut lines: Vec<String> = self.keys.iter().map(KeyStatus::line).collect();
        if self.broken > 0 {
            lines.push(format!(
                "{} boxes do not open: `check` names them",
                self.broken
            ));
        }
        lines.join("\n")
    }
}

impl KeyStatus {
    fn line(&self) -> String {
        let role = match (self.in_ring, self.seals, self.boxes) {
            (_, true, _) => "seals",
            (true, false, 0) => "opens; no box needs it any more",
            (true, false, _) => "opens; reseal makes it needless",
            (false, ..) => "MISSING: its boxes do not open",
        };
        format!("{} {:>9} boxes  {role}", self.id, self.boxes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_to_a_pipe_and_to_no_terminal() {
        let mut shown = Vec::new();
        assert!(into_pipe(false, true, &mut shown).is_err());
        assert!(shown.is_empty());
        into_pipe(false, false, &mut shown).unwrap();
        assert!(KeyRing::parse(std::str::from_utf8(&shown).unwrap()).is_ok());
    }
}
