//! The setting that holds the others against a standard.

use super::TotpBuilder;
use crate::standards::Standard;

impl TotpBuilder {
    /// Logs one line when the plugin is built: what it lacks for this standard, by the numbers of the requirements (`WARN`), or that
    /// nothing is to be seen (`INFO`). [`Totp::shortfalls`](crate::Totp::shortfalls) says why, and what mends it.
    ///
    /// Default: nothing is logged.
    pub fn log_shortfalls(mut self, standard: Standard) -> Self {
        self.logged_standard = Some(standard);
        self
    }
}
