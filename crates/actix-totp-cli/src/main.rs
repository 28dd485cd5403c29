//! The command `actix-totp`: the operator's commands, with the database and the keys that the environment or files name.

mod wiring;

use std::{io, path::PathBuf, process::ExitCode};

use actix_totp_cli::{Args, Command, General, run, run_alone};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Operate the second factors of an application with actix-totp
#[derive(Parser)]
#[command(
    name = "actix-totp",
    version,
    after_help = "Environment:\n  \
        DATABASE_URL  a SQLite file, postgres://… or mysql://…\n  \
        TOTP_KEY      the keys, base64 of 32 bytes each, separated by commas; the first seals\n\n\
        Exit codes:\n  \
        0  done\n  \
        1  refused, not found, or something is to be done\n  \
        2  wrong usage or wiring: wrong key, wrong database, no table, no answer\n\n\
        Example:\n  \
        DATABASE_URL=app.db actix-totp list --locked"
)]
struct Cli {
    #[command(flatten)]
    wiring: wiring::Wiring,
    #[command(flatten)]
    general: General,
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    #[command(flatten)]
    Operator(Command),
    /// Write a script that completes commands and options to the standard output
    #[command(
        after_help = "Example:\n  actix-totp completions bash > /etc/bash_completion.d/actix-totp"
    )]
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Write the manual pages
    #[command(
        after_help = "Examples:\n  actix-totp man | man -l -\n  actix-totp man --dir /usr/local/share/man/man1"
    )]
    Man {
        /// A page of each command into this folder [default: the first page to the standard output]
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Commands::Operator(command) => operate(
            &cli.wiring,
            Args {
                general: cli.general,
                command,
            },
        ),
        Commands::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "actix-totp", &mut io::stdout());
            ExitCode::SUCCESS
        }
        Commands::Man { dir } => {
            let written = match dir {
                Some(dir) => clap_mangen::generate_to(Cli::command(), dir),
                None => clap_mangen::Man::new(Cli::command()).render(&mut io::stdout()),
            };
            written.map_or_else(
                |error| wiring::fail(&error.to_string()),
                |()| ExitCode::SUCCESS,
            )
        }
    }
}

fn operate(wiring: &wiring::Wiring, args: Args) -> ExitCode {
    let args = match run_alone(args) {
        Ok(done) => return done,
        Err(args) => *args,
    };
    let keys = wiring.keys(args.command.needs());
    let opened = keys.and_then(|keys| Ok((keys, wiring.store(&args.command)?)));
    match opened {
        Ok((keys, store)) => run(args, store, keys),
        Err(why) => wiring::fail(&why),
    }
}
