//! Secret, algorithm, digits and period, and the matching of a code to a time step (RFC 6238; totp-rs makes the HMAC).

use std::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    causes::debug_with_causes,
    random::{Randomness, RandomnessError},
};

/// Up to how far off a clock is named, in seconds.
const TOLD_SKEW_SECS: u64 = 600;

/// The hash under the HMAC (RFC 6238 §1.2). Many authenticators know only SHA-1, the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1. HMAC does not need the collision resistance that SHA-1 lost (RFC 4226 appendix B.2).
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name in an `otpauth://` URI.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    const fn of_totp_rs(self) -> totp_rs::Algorithm {
        match self {
            Self::Sha1 => totp_rs::Algorithm::SHA1,
            Self::Sha256 => totp_rs::Algorithm::SHA256,
            Self::Sha512 => totp_rs::Algorithm::SHA512,
        }
    }
}

/// What a code is made with, beside the secret. Kept with each secret, so that changing a setting breaks nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// The hash. Default: SHA-1.
    pub algorithm: Algorithm,
    /// How many digits a code has, 6 to 8. Default: 6.
    pub digits: u8,
    /// How many seconds a step lasts, 15 to 300. Default: 30 (RFC 6238 §5.2).
    pub period_secs: u16,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Sha1,
            digits: 6,
            period_secs: 30,
        }
    }
}

impl Parameters {
    pub(crate) fn are_valid(&self) -> bool {
        (6..=8).contains(&self.digits) && (15..=300).contains(&self.period_secs)
    }
}

/// A shared secret with its parameters: what the user's authenticator holds too. `Debug` shows no secret, and the
/// memory is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Credential {
    secret: Vec<u8>,
    #[zeroize(skip)]
    parameters: Parameters,
}

impl Credential {
    /// The length of a secret that this crate makes, in bytes: 160 bits (RFC 4226 §4 R6).
    pub const SECRET_BYTES: usize = 20;

    /// Takes over a secret from elsewhere, as raw bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the secret does not have 10 to 128 bytes (authenticators of other systems have 80 bits and
    /// more) or the parameters are out of range.
    pub fn new(secret: &[u8], parameters: Parameters) -> Result<Self, InvalidCredential> {
        if !(10..=128).contains(&secret.len()) {
            return Err(InvalidCredential::SecretLength);
        }
        if !parameters.are_valid() {
            return Err(InvalidCredential::Parameters);
        }
        Ok(Self {
            secret: secret.to_vec(),
            parameters,
        })
    }

    /// Takes over a secret from elsewhere, as base32 (RFC 4648 §6), in any case, with or without `=` and blanks.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`InvalidCredential::Base32`].
    pub fn from_base32(secret: &str, parameters: Parameters) -> Result<Self, InvalidCredential> {
        let letters: Zeroizing<String> = Zeroizing::new(
            secret
                .chars()
                .filter(|letter| !matches!(letter, '=' | ' ' | '-'))
                .map(|letter| letter.to_ascii_uppercase())
                .collect(),
        );
        let secret = totp_rs::Secret::try_from_base32(letters.as_str())
            .map_err(|_| InvalidCredential::Base32)?;
        Self::new(secret.as_bytes(), parameters)
    }

    pub(crate) fn generate(
        parameters: Parameters,
        random: &dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        let mut secret = vec![0; Self::SECRET_BYTES];
        random.fill(&mut secret)?;
        Ok(Self { secret, parameters })
    }

    /// The parameters of this secret.
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Whether the two have one secret. For operators: it takes no constant time.
    pub(crate) fn has_secret_of(&self, other: &Self) -> bool {
        self.secret == other.secret
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub(crate) fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(totp_rs::Secret::new(self.secret.clone().into()).to_base32())
    }

    /// The code of a step, and of no other.
    #[cfg(any(test, feature = "bench", feature = "test-util"))]
    pub(crate) fn code_at(&self, step: u64) -> Zeroizing<String> {
        let Codes(totp) = self.codes();
        Zeroizing::new(totp.generate(step.saturating_mul(totp.step())).to_string())
    }

    /// For the codes of several steps: the secret is handed to totp-rs once.
    fn codes(&self) -> Codes {
        let period = u64::from(self.parameters.period_secs);
        let totp = totp_rs::Builder::new()
            .with_algorithm(self.parameters.algorithm.of_totp_rs())
            .with_digits(self.parameters.digits)
            .with_step_duration(period)
            .with_secret(self.secret.as_slice())
            .build_noncompliant();
        Codes(totp)
    }

    /// RFC 6238's T at `now`.
    pub(crate) fn step_at(&self, now: u64) -> u64 {
        now / u64::from(self.parameters.period_secs)
    }

    /// Which step of the window a code is for. Computes and compares every step of the window, in constant time.
    pub(crate) fn match_code(
        &self,
        code: &str,
        now: u64,
        window: u8,
        last_step: Option<u64>,
    ) -> Match {
        let current = self.step_at(now);
        let window = u64::from(window);
        let codes = self.codes();
        let typed = codes.typed(code);
        let mut found = Choice::from(0);
        let mut highest = 0;
        for step in current.saturating_sub(window)..=current.saturating_add(window) {
            let equal = codes.at(step).ct_eq(&typed);
            highest.conditional_assign(&step, equal); // steps ascend: the last match is the highest
            found |= equal;
        }
        match (bool::from(found), last_step) {
            (false, _) => Match::Wrong,
            // RFC 6238 §5.2: a step is accepted once, and none before it afterwards.
            (true, Some(last)) if highest <= last => Match::Spent,
            (true, _) => Match::Step(highest),
        }
    }

    /// By how many seconds the clock that made `code` is ahead (positive) or behind, if by at most ten minutes.
    pub(crate) fn skew_of(&self, code: &str, now: u64, window: u8) -> Option<i64> {
        let period = u64::from(self.parameters.period_secs);
        let current = self.step_at(now);
        let codes = self.codes();
        let typed = codes.typed(code);
        let is_at = |step: u64| bool::from(codes.at(step).ct_eq(&typed));
        (u64::from(window) + 1..=TOLD_SKEW_SECS / period).find_map(|distance| {
            let secs = (distance * period).cast_signed();
            if is_at(current.saturating_add(distance)) {
                Some(secs)
            } else if current >= distance && is_at(current - distance) {
                Some(-secs)
            } else {
                None
            }
        })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

/// A credential as totp-rs takes it. It wipes its copy of the secret on drop.
struct Codes(totp_rs::Totp);

impl Codes {
    /// The code of a step as a number: that of its digits, which are compared without making a text of them (RFC 4226 §5.3).
    fn at(&self, step: u64) -> u32 {
        let signature = self.0.sign(step.saturating_mul(self.0.step()));
        let bytes = signature.as_ref();
        let offset = usize::from(bytes[bytes.len() - 1] & 0xf);
        let chosen = [0, 1, 2, 3].map(|n| bytes[offset + n]);
        (u32::from_be_bytes(chosen) & 0x7fff_ffff) % self.end()
    }

    /// The number that was typed, or one that is no code.
    fn typed(&self, code: &str) -> u32 {
        let number = || code.parse().ok().filter(|number| *number < self.end());
        let has_all_digits = code.len() == usize::from(self.0.digits());
        has_all_digits.then(number).flatten().unwrap_or(u32::MAX)
    }

    /// The first number that is no code.
    fn end(&self) -> u32 {
        10_u32.pow(self.0.digits().into())
    }
}

/// What a code is, for a credential at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// Good, for this step.
    Step(u64),
    /// Right, but its step or a later one was already accepted.
    Spent,
    /// For no step of the window.
    Wrong,
}

debug_with_causes!(InvalidCredential);

/// Why a secret from elsewhere is refused.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredential {
    /// The secret does not have 10 to 128 bytes.
    #[error("a secret has 10 to 128 bytes")]
    SecretLength,
    /// The text is no base32.
    #[error("the secret is no base32")]
    Base32,
    /// Digits or period are out of range.
    #[error("a code has 6 to 8 digits and a period of 15 to 300 seconds")]
    Parameters,
}

#[cfg(test)]
mod tests;
