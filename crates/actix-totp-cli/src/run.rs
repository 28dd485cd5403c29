//! A command from its beginning to its exit code.

use std::{process::ExitCode, sync::Arc};

use actix_totp_core::{EventContext, KeyRing, TotpBuilder, TotpService};

use crate::{
    actor::login_name,
    arguments::{Args, Command, General, Keys, Needs},
    commands,
    database::Database,
    failure::{Failure, sentence},
    output::{Output, one_line, remark},
};

/// How many boxes are tried to see whether the keys are those of the store.
const SAMPLE: usize = 100;

/// What a command works with.
pub(crate) struct Session {
    pub(crate) database: Arc<dyn Database>,
    pub(crate) totp: TotpService,
    /// The ids of the keys, the one that seals first.
    pub(crate) keys: KeyRing,
    pub(crate) out: Output,
}

/// Does a command with the application's own store and keys. See the crate's example.
pub fn run(args: Args, store: impl Database, keys: KeyRing) -> ExitCode {
    run_with(args, store, keys, |builder| builder)
}

/// As [`run`], with the application's own settings of the service: its `enrollment_lifetime`, by which a secret is pending, and
/// its `on_event`, which hears what is done and by whom.
pub fn run_with(
    args: Args,
    store: impl Database,
    keys: KeyRing,
    settings: impl FnOnce(TotpBuilder) -> TotpBuilder,
) -> ExitCode {
    let args = match run_alone(args) {
        Ok(done) => return done,
        Err(args) => *args,
    };
    let database: Arc<dyn Database> = Arc::new(store);
    let builder = TotpService::builder(Arc::clone(&database), keys.clone());
    exit(settings(builder).build().map_or_else(
        |error| Err(Failure::Wiring(sentence(&error))),
        |totp| {
            let totp = totp.with_context(context(&args.general));
            let mut session = Session {
                database,
                totp,
                keys,
                out: Output::new(args.general.json),
            };
            let done = session.run(&args.command);
            session.totp.flush_events();
            session.out.finish().and(done)
        },
    ))
}

/// Does a command that needs neither store nor keys, or gives the arguments back.
///
/// # Errors
///
/// The arguments, if the command needs a store.
pub fn run_alone(args: Args) -> Result<ExitCode, Box<Args>> {
    let Command::Keys(Keys::New(new)) = &args.command else {
        return Err(Box::new(args));
    };
    let mut out = Output::new(args.general.json);
    let done = commands::keys::new(new, &mut out);
    Ok(exit(out.finish().and(done)))
}

fn context(general: &General) -> EventContext {
    let actor = general.actor.clone();
    EventContext::new().actor(actor.unwrap_or_else(login_name))
}

fn exit(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() && !matches!(failure, Failure::Unread) {
                remark(&format!("actix-totp: {text}"));
            }
            failure.exit_code()
        }
    }
}

impl Session {
    fn run(&mut self, command: &Command) -> Result<(), Failure> {
        // The doctor says itself what is wrong with either.
        if !matches!(command, Command::Check) {
            if command.needs() >= Needs::Store {
                self.require_table()?;
            }
            if command.needs() >= Needs::StoreAndKeys {
                self.require_keys()?;
            }
        }
        match command {
            Command::Status(one) => commands::list::status(self, one),
            Command::List(list) => commands::list::list(self, list),
            Command::Unlock(change) => commands::user::unlock(self, change),
            Command::Reset(reset) => commands::user::reset(self, reset),
            Command::EndProofs(end) => commands::everybody::end_proofs(self, end),
            Command::Migrate(migrate) => commands::migrate::migrate(self, migrate),
            Command::Check => commands::check::check(self),
            Command::Keys(Keys::New(new)) => commands::keys::new(new, &mut self.out),
            Command::Keys(Keys::Status) => commands::keys::status(self),
            Command::Reseal(reseal) => commands::everybody::reseal(self, reseal),
        }
    }

    fn require_table(&self) -> Result<(), Failure> {
        let Err(error) = self.totp.survey(None, 1) else {
            return Ok(());
        };
        match self.database.inspect() {
            Ok(Some(it)) if !it.has_table => Err(Failure::Wiring(
                "there is no table totp_devices: is this the right database? \
                 `actix-totp migrate` makes the table; nothing was done"
                    .into(),
            )),
            _ => Err(error.into()),
        }
    }

    /// Refuses keys that open none of the first boxes. A single one that does not open is its user's trouble.
    fn require_keys(&self) -> Result<(), Failure> {
        let rows = self.totp.survey(None, SAMPLE)?;
        let mut boxes = rows.iter().filter(|row| row.has_box()).peekable();
        let Some(first) = boxes.peek() else {
            return Ok(());
        };
        let by = first
            .key()
            .map_or_else(|| "an unknown format".into(), |id| format!("the key {id}"));
        let user = one_line(first.user.as_str());
        if boxes.any(|row| self.totp.try_open(row).is_ok()) {
            return Ok(());
        }
        let ours: Vec<String> = self.keys.ids().map(|id| id.to_string()).collect();
        Err(Failure::Wiring(format!(
            "the keys open none of the first boxes: that of {user} is under {by}, yours are {}. \
             Is it the key of this database? During a rotation both are needed (new,old); nothing was done",
            ours.join(" and ")
        )))
    }
}
