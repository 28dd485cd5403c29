//! What a standard asks for and a configuration lacks, for an application's own tests.
//!
//! 1. [`Totp::shortfalls`] reads what the builder was told, and what requests have shown since: nothing is asked, nothing written.
//! 2. A [`Shortfall`] is a requirement that the settings break by its letter. Where the default breaks one on purpose,
//!    `docs/standards` says why.
//! 3. What only the application can know is in [`Totp::unseen`].
//!
//! Sources: OWASP ASVS 5.0.0; NIST SP 800-63B-4 (2025).

mod rules;
mod unseen;

use std::fmt;

use self::rules::Configuration;
use crate::plugin::Totp;

/// A standard that a configuration is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standard {
    /// OWASP Application Security Verification Standard 5.0.0, up to this level.
    Asvs5(Level),
    /// NIST SP 800-63B-4, authentication assurance level 2.
    Sp800_63b4Aal2,
}

/// A level of the ASVS. Each holds all that those below it ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// What every application should have.
    L1,
    /// What most should have.
    L2,
    /// What those with most to lose should have.
    L3,
}

/// A requirement that a configuration breaks. `Display` is a line for a log or a failed test.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortfall {
    /// Its number in the standard, as `6.5.2`: a row of `docs/standards`.
    pub requirement: &'static str,
    /// What the configuration does instead.
    pub why: String,
    /// The setting that mends it.
    pub remedy: &'static str,
}

/// Something that a standard asks for and this plugin cannot see: the application has to show it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Unseen {
    /// Its number in the standard: a row, or a section, of `docs/standards`.
    pub requirement: &'static str,
    /// What is to be shown.
    pub what: &'static str,
}

impl Totp {
    /// What this configuration lacks for a standard, in the order of its settings. Empty: nothing that can be seen from here; the rest
    /// is in [`unseen`](Self::unseen).
    ///
    /// It knows the settings of the builder and the number of keys. It also knows whether a POST of somebody who is signed in came
    /// over plain HTTP, with no proxy that says `https` (`X-Forwarded-Proto`, `Forwarded`), and whether such a POST came with cookies of
    /// which none has the prefix `__Host-` or `__Secure-`: so ask before requests in a test that sends them over plain HTTP. Guards with a
    /// `max_age` of their own are not known.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Algorithm, BackupCodeLength, KeyRing, Level, MemoryStore, Parameters, Standard, Totp};
    ///
    /// # fn keys() -> KeyRing { KeyRing::parse("sKSvs2lEIB0mF9cUb5fQeTeIEY5pPEYzWLdIDHEbkV0=").unwrap() }
    /// # async fn password_is_fresh(_: &actix_web::HttpRequest) -> Result<(), actix_web::Error> { Ok(()) }
    /// let wanted = Standard::Asvs5(Level::L2);
    ///
    /// let defaults = Totp::builder(MemoryStore::new(), keys()).build()?;
    /// let lacks: Vec<_> = defaults.shortfalls(wanted).iter().map(|it| it.requirement).collect();
    /// assert_eq!(lacks, ["6.5.5", "11.4.1", "6.5.2", "7.5.1"]);
    ///
    /// let totp = Totp::builder(MemoryStore::new(), keys())
    ///     .window(0)
    ///     .parameters(Parameters { algorithm: Algorithm::Sha256, ..Parameters::default() })
    ///     .backup_codes(10, BackupCodeLength::SixGroups)
    ///     .authorize_change(async |req, _| password_is_fresh(req).await)
    ///     .build()?;
    /// assert!(totp.shortfalls(wanted).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shortfalls(&self, standard: Standard) -> Vec<Shortfall> {
        rules::shortfalls(standard, &Configuration::of(&self.plugin))
    }

    /// What a standard asks for and [`shortfalls`](Self::shortfalls) cannot see.
    ///
    /// # Example
    ///
    /// ```
    /// use actix_totp::{Level, Standard, Totp};
    ///
    /// let unseen = Totp::unseen(Standard::Asvs5(Level::L1));
    /// assert!(unseen.iter().any(|it| it.requirement == "3.4.1"), "HSTS is set outside of this plugin");
    /// ```
    pub fn unseen(standard: Standard) -> Vec<Unseen> {
        unseen::of(standard)
    }

    /// One line in the log: what is lacking, or that nothing is.
    pub(crate) fn log_shortfalls(&self, standard: Standard) {
        let shortfalls = self.shortfalls(standard);
        if shortfalls.is_empty() {
            tracing::info!(%standard, "no shortfall can be seen");
            return;
        }
        let requirements: Vec<&str> = shortfalls.iter().map(|it| it.requirement).collect();
        tracing::warn!(
            %standard,
            requirements = %requirements.join(" "),
            "this configuration lacks what the standard asks for: Totp::shortfalls says why, and what mends it"
        );
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asvs5(level) => write!(f, "ASVS 5.0.0 {level:?}"),
            Self::Sp800_63b4Aal2 => f.write_str("SP 800-63B-4 AAL2"),
        }
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.requirement, self.why, self.remedy)
    }
}
