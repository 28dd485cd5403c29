#![doc = include_str!("../README.md")]

/// A migration, and the statements that remember it in diesel's version table. One statement each, without parameters.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// As diesel writes it: the folder's name up to its first `_`, without `-`.
    pub version: &'static str,
    /// Makes what is new.
    pub up: &'static str,
    /// Undoes it.
    pub down: &'static str,
    /// 1 if it has run, 0 if not, in a column `number`.
    pub has_run: &'static str,
    /// Remembers that it has run.
    pub record: &'static str,
    /// Remembers that it was undone.
    pub forget: &'static str,
}

/// The migrations in a folder, each with its version and its own folder, in their order.
macro_rules! migrations {
    ($folder:literal: $($version:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            up: include_str!(concat!("../", $folder, "/", $name, "/up.sql")),
            down: include_str!(concat!("../", $folder, "/", $name, "/down.sql")),
            has_run: concat!("SELECT count(*) AS number FROM __diesel_schema_migrations WHERE version = '", $version, "'"),
            record: concat!("INSERT INTO __diesel_schema_migrations (version) VALUES ('", $version, "')"),
            forget: concat!("DELETE FROM __diesel_schema_migrations WHERE version = '", $version, "'"),
        },)*]
    };
}

macro_rules! databases {
    ($($version:literal $name:literal,)*) => {
        /// The migrations for SQLite.
        pub const SQLITE: &[Migration] = migrations!("sqlite": $($version $name,)*);
        /// The migrations for PostgreSQL.
        pub const POSTGRES: &[Migration] = migrations!("postgres": $($version $name,)*);
        /// The migrations for MySQL and MariaDB.
        pub const MYSQL: &[Migration] = migrations!("mysql": $($version $name,)*);
    };
}
databases! {
    "00000000000001totp0001" "00000000000001-totp-0001_create_totp_devices",
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that diesel's own tools know them, and none is forgotten here.
    #[test]
    fn each_folder_is_a_migration_under_diesels_version_of_it() {
        for (folder, migrations) in [("sqlite", SQLITE), ("postgres", POSTGRES), ("mysql", MYSQL)] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let entries = std::fs::read_dir(folder).unwrap();
            let mut versions: Vec<String> = entries
                .map(|entry| {
                    let name = entry.unwrap().file_name().into_string().unwrap();
                    name.split_once('_').unwrap().0.replace('-', "")
                })
                .collect();
            versions.sort();
            let listed: Vec<&str> = migrations.iter().map(|it| it.version).collect();
            assert_eq!(versions, listed);
        }
    }
}
