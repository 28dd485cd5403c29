//! A new and empty database, which is dropped with the value.

use std::{path::PathBuf, process, sync::Arc};

use actix_totp_cli::{
    Database as Store,
    actix_totp_core::{Device, DeviceStore},
    actix_totp_diesel::{DieselStore, diesel::SqliteConnection},
};
use assert_cmd::{Command, cargo::cargo_bin};

use super::OLD;

pub(crate) struct Database {
    pub(crate) url: String,
    /// Of the files that a test makes.
    pub(crate) folder: tempfile::TempDir,
    drop: Option<Box<dyn Fn()>>,
}

impl Database {
    /// A file that is not there yet.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: folder.path().join("app.db").to_str().unwrap().to_owned(),
            folder,
            drop: None,
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Self {
        Self::on_server::<actix_totp_cli::actix_totp_diesel::diesel::PgConnection>(
            "TOTP_TEST_POSTGRES_URL",
            "postgres://postgres@127.0.0.1:5432/postgres",
            "WITH (FORCE)",
        )
    }

    #[cfg(feature = "mysql")]
    pub(crate) fn mysql() -> Self {
        Self::on_server::<actix_totp_cli::actix_totp_diesel::diesel::MysqlConnection>(
            "TOTP_TEST_MYSQL_URL",
            "mysql://root@127.0.0.1:3306/mysql",
            "",
        )
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn on_server<C>(variable: &str, default: &str, drop: &'static str) -> Self
    where
        C: actix_totp_cli::actix_totp_diesel::diesel::Connection,
    {
        let server = std::env::var(variable).unwrap_or_else(|_| default.into());
        let folder = tempfile::tempdir().unwrap();
        let random = folder.path().file_name().unwrap().to_str().unwrap();
        let hex: String = random.bytes().map(|it| format!("{it:02x}")).collect();
        let name = format!("totp_cli_{hex}");
        let run = move |sql: String| {
            let mut connection = C::establish(&server).unwrap_or_else(|error| {
                panic!("this is tested against a server, set the variable: {error}")
            });
            connection.batch_execute(&sql).unwrap();
        };
        run(format!("CREATE DATABASE {name}"));
        let server = std::env::var(variable).unwrap_or_else(|_| default.into());
        let (base, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{base}/{name}"),
            folder,
            drop: Some(Box::new(move || {
                run(format!("DROP DATABASE IF EXISTS {name} {drop}"))
            })),
        }
    }

    /// The command, with this database and the old key.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::from_std(self.process(line));
        command.timeout(std::time::Duration::from_secs(120));
        command
    }

    /// As a process that a test may end.
    pub(crate) fn process(&self, line: &str) -> process::Command {
        let mut command = process::Command::new(cargo_bin("actix-totp"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env("DATABASE_URL", &self.url)
            .env("TOTP_KEY", OLD);
        command
    }

    /// The standard output of a command that must succeed.
    pub(crate) fn answer(&self, line: &str) -> String {
        let done = self.command(line).assert().success();
        String::from_utf8(done.get_output().stdout.clone()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self.url.split(':').next().unwrap() {
            #[cfg(feature = "postgres")]
            "postgres" => Arc::new(
                DieselStore::<actix_totp_cli::actix_totp_diesel::diesel::PgConnection>::open(
                    &self.url,
                )
                .unwrap(),
            ),
            #[cfg(feature = "mysql")]
            "mysql" => Arc::new(
                DieselStore::<actix_totp_cli::actix_totp_diesel::diesel::MysqlConnection>::open(
                    &self.url,
                )
                .unwrap(),
            ),
            _ => Arc::new(DieselStore::<SqliteConnection>::open(&self.url).unwrap()),
        }
    }

    /// Every row as it is.
    pub(crate) fn rows(&self) -> Vec<Device> {
        self.store().page(None, 10_000).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(drop) = &self.drop {
            drop();
        }
    }
}
