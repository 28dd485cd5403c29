//! What the stores of all drivers look like from outside.

/// Stamps a store over [`Pools`](crate::Pools), and the settings of its builder, which has a field `limits`.
#[macro_export]
macro_rules! store {
    ($store:ident, $builder:ident, $backend:path, $driver:ty) => {
        impl<B: $backend> $store<B> {
            pub(crate) fn new(pools: $crate::Pools<$driver>) -> Self {
                Self(::std::sync::Arc::new(pools))
            }

            /// Makes the table, or brings it up to date. Any number of processes may do so at once. It uses diesel's version
            /// table, `__diesel_schema_migrations`, shared with the application's own migrations if these are diesel's, and
            /// leaves them alone.
            ///
            /// # Errors
            ///
            /// [`MigrateError`](crate::MigrateError), with the cause as its source.
            pub fn migrate(&self) -> Result<(), $crate::MigrateError> {
                self.0.migrate()
            }

            /// Drops the table with every device in it, and forgets our migrations; those of the application stay.
            ///
            /// # Errors
            ///
            /// [`MigrateError`](crate::MigrateError), with the cause as its source.
            pub fn revert_migrations(&self) -> Result<(), $crate::MigrateError> {
                self.0.revert_migrations()
            }

            /// What the database says of itself: whether the table and the migrations are there, its clock, and the settings that
            /// the promises need. Writes nothing.
            ///
            /// # Errors
            ///
            /// [`StoreError`]($crate::actix_totp_core::StoreError) if the database does not answer.
            pub fn inspect(
                &self,
            ) -> Result<$crate::Inspection, $crate::actix_totp_core::StoreError> {
                self.0.inspect()
            }
        }

        impl<B: $backend> $crate::actix_totp_core::DeviceStore for $store<B> {
            fn load(
                &self,
                user: &$crate::actix_totp_core::UserId,
            ) -> Result<Option<$crate::actix_totp_core::Device>, $crate::actix_totp_core::StoreError> {
                self.0.load(user)
            }

            fn swap(
                &self,
                user: &$crate::actix_totp_core::UserId,
                expected: Option<$crate::actix_totp_core::Version>,
                next: Option<&$crate::actix_totp_core::Device>,
            ) -> Result<bool, $crate::actix_totp_core::StoreError> {
                self.0.swap(user, expected, next)
            }

            fn page(
                &self,
                after: Option<&$crate::actix_totp_core::UserId>,
                limit: usize,
            ) -> Result<Vec<$crate::actix_totp_core::Device>, $crate::actix_totp_core::StoreError> {
                self.0.page(after, limit)
            }

            fn batch(&self) -> Option<&dyn $crate::actix_totp_core::BatchStore> {
                self.0.batch()
            }
        }

        impl<B: $backend> Clone for $store<B> {
            fn clone(&self) -> Self {
                Self(::std::sync::Arc::clone(&self.0))
            }
        }

        /// Without the URL: it holds a password.
        impl<B: $backend> ::std::fmt::Debug for $store<B> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($store))
                    .field("connections", &self.0.connections().state())
                    .finish_non_exhaustive()
            }
        }

        impl<B: $backend> $builder<B> {
            /// How many connections the pool makes at most, 1 to 1,000: as many as the plugin has threads. On SQLite those
            /// that read; one more writes.
            ///
            /// Default: 10.
            pub fn connections(mut self, connections: u32) -> Self {
                self.limits.connections = connections;
                self
            }

            /// How long a request waits for a connection, 10 milliseconds to 1 minute.
            ///
            /// Default: 1 second.
            pub fn checkout_timeout(mut self, time: ::std::time::Duration) -> Self {
                self.limits.checkout = time;
                self
            }

            /// How long a statement waits for a lock, 1 to 60 seconds, whole: `lock_timeout` of PostgreSQL,
            /// `innodb_lock_wait_timeout` of MySQL and MariaDB, `busy_timeout` of SQLite.
            ///
            /// Default: 2 seconds.
            pub fn lock_timeout(mut self, time: ::std::time::Duration) -> Self {
                self.limits.lock = time;
                self
            }

            /// How long a statement may run, 1 to 60 seconds, whole: `statement_timeout` of PostgreSQL,
            /// `max_statement_time` of MariaDB, `max_execution_time` of MySQL, which minds only reads. SQLite has none.
            ///
            /// Default: 2 seconds.
            pub fn statement_timeout(mut self, time: ::std::time::Duration) -> Self {
                self.limits.statement = time;
                self
            }
        }

        /// Without the URL: it holds a password.
        impl<B: $backend> ::std::fmt::Debug for $builder<B> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($builder))
                    .field("limits", &self.limits)
                    .finish_non_exhaustive()
            }
        }
    };
}
