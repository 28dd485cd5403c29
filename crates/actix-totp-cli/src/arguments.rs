//! The commands and their options, each with an example in its `--help`.

use std::path::PathBuf;

use actix_totp_core::UserId;
use time::{Date, format_description::well_known::Iso8601};

/// What an application mounts as a subcommand of its own.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What every command takes.
    #[command(flatten)]
    pub general: General,
    /// What is done.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct General {
    /// Answer in JSON, one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Who acts, for the events of what is done [default: the login name]
    #[arg(long, global = true, value_name = "NAME")]
    pub actor: Option<String>,
}

/// What an operator does.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show the second factor of one user
    #[command(after_help = "Example:\n  actix-totp status 42")]
    Status(OneUser),
    /// List the users of the store, one a line, in the order of their ids
    #[command(
        after_help = "Example:\n  actix-totp list --without-backup-codes --unused-since 2026-01-01"
    )]
    List(List),
    /// Clear the failure counts of a user: no wait, no lock
    #[command(after_help = "Example:\n  actix-totp unlock 42")]
    Unlock(Change),
    /// Delete the second factor of a user who lost it: they enroll again
    #[command(after_help = "Example:\n  actix-totp reset 42 --actor jane")]
    Reset(Reset),
    /// End every proof of a user, or of everybody: they are asked for a code again
    #[command(
        after_help = "Examples:\n  actix-totp end-proofs 42\n  actix-totp end-proofs --everybody --resume proofs.resume"
    )]
    EndProofs(EndProofs),
    /// Make the table, or bring it up to date
    #[command(after_help = "Example:\n  actix-totp migrate --dry-run")]
    Migrate(Migrate),
    /// Look for what is wrong, and say what to do: exit 0 if nothing is, 1 otherwise
    #[command(after_help = "Example:\n  actix-totp check")]
    Check,
    /// Make a key, or show which keys are in use
    #[command(subcommand)]
    Keys(Keys),
    /// Seal every box under the first key: the end of a rotation
    #[command(
        after_help = "Example:\n  actix-totp reseal --key-file new-and-old.key --per-second 200"
    )]
    Reseal(Reseal),
}

/// One user.
#[derive(Debug, clap::Args)]
pub struct OneUser {
    /// The id of the user, as the application gives it to the plugin
    #[arg(value_parser = user_id)]
    pub user: UserId,
}

/// Which users are listed.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those whose codes are locked
    #[arg(long)]
    pub locked: bool,
    /// Only those for whom a new secret waits for its first code
    #[arg(long)]
    pub pending: bool,
    /// Only those who have a second factor and no backup code left
    #[arg(long)]
    pub without_backup_codes: bool,
    /// Only those who have a second factor and have not used it since this day began (UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = midnight)]
    pub unused_since: Option<u64>,
}

/// A change of one user.
#[derive(Debug, clap::Args)]
pub struct Change {
    /// The id of the user, as the application gives it to the plugin
    #[arg(value_parser = user_id)]
    pub user: UserId,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A change of one user that cannot be undone.
#[derive(Debug, clap::Args)]
pub struct Reset {
    /// Whose second factor it is.
    #[command(flatten)]
    pub change: Change,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// The key is lost: do not look whether it is the right one
    #[arg(long)]
    pub without_key: bool,
}

/// Whose proofs are ended.
#[derive(Debug, clap::Args)]
pub struct EndProofs {
    /// The id of the user, as the application gives it to the plugin
    #[arg(value_parser = user_id, required_unless_present = "everybody")]
    pub user: Option<UserId>,
    /// Everybody's: after a database was restored from a dump
    #[arg(long, conflicts_with = "user")]
    pub everybody: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// How it goes through everybody.
    #[command(flatten)]
    pub sweep: Sweep,
}

/// How a command goes through everybody.
#[derive(Debug, clap::Args)]
pub struct Sweep {
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Look at this many users a second at most [default: as fast as it goes]
    #[arg(long, value_name = "USERS", value_parser = clap::value_parser!(u32).range(1..))]
    pub per_second: Option<u32>,
    /// Note in this file how far it came, and go on from there; it is gone when all is done
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
}

/// How the table is made.
#[derive(Debug, clap::Args)]
pub struct Migrate {
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What is done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Keys {
    /// Make a key in a new file that only its owner may read
    #[command(
        after_help = "Examples:\n  actix-totp keys new --out totp.key\n  actix-totp keys new --stdout | systemd-creds encrypt --name=totp_key - totp_key"
    )]
    New(NewKey),
    /// Show each key, and how many boxes it sealed; keys are shown by their ids
    #[command(after_help = "Example:\n  actix-totp keys status --key-file totp.key")]
    Status,
}

/// Where a new key goes.
#[derive(Debug, clap::Args)]
pub struct NewKey {
    /// Into this file, which must not exist
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "stdout",
        conflicts_with = "stdout"
    )]
    pub out: Option<PathBuf>,
    /// Into a pipe: refused if the standard output is a terminal
    #[arg(long, conflicts_with = "json")]
    pub stdout: bool,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How boxes are sealed anew.
#[derive(Debug, clap::Args)]
pub struct Reseal {
    /// How it goes through everybody.
    #[command(flatten)]
    pub sweep: Sweep,
}

/// What a command cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Neither a store nor keys.
    Nothing,
    /// A store, which it makes where there is none.
    NewStore,
    /// A store with its table.
    Store,
    /// A store with its table, and the keys of what is in it.
    StoreAndKeys,
}

impl Command {
    /// What it cannot do without.
    pub const fn needs(&self) -> Needs {
        match self {
            Self::Keys(Keys::New(_)) => Needs::Nothing,
            Self::Migrate(_) => Needs::NewStore,
            Self::Status(_) | Self::List(_) => Needs::Store,
            Self::Reset(reset) if reset.without_key => Needs::Store,
            _ => Needs::StoreAndKeys,
        }
    }
}

fn user_id(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|error| error.to_string())
}

/// When a day begins, in seconds since the Unix epoch.
fn midnight(text: &str) -> Result<u64, String> {
    let date = Date::parse(text, &Iso8601::DATE).map_err(|_| "this is no day like 2026-01-31")?;
    let secs = date.midnight().assume_utc().unix_timestamp();
    u64::try_from(secs).map_err(|_| "this is before 1970".into())
}
