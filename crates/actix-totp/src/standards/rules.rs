//! The rules: each a setting, the requirements that it breaks, and what mends it.

use actix_totp_core::Algorithm;

use super::{Level, Shortfall, Standard};
use crate::plugin::Plugin;

/// SP 800-63B-4 §2.2.3: a session of AAL2 ends after 24 hours at most. ASVS 7.1.1 asks for a reason where it lasts longer.
const LONGEST_SECS: u64 = 24 * 3_600;
/// SP 800-63B-4 §3.1.4.1: a code changes at least every two minutes.
const LONGEST_PERIOD_SECS: u64 = 120;
/// ASVS 6.5.5.
const LONGEST_CODE_SECS: u64 = 30;
/// ASVS 6.5.2, SP 800-63B-4 §3.1.2.2: below, a plain hash is not enough.
const BITS_FOR_A_PLAIN_HASH: u32 = 112;
/// One in use, and the one before it while a rotation is under way.
const KEYS_OF_A_ROTATION: usize = 2;

/// What the rules look at.
pub(super) struct Configuration<'a> {
    window: u8,
    algorithm: Algorithm,
    period_secs: u64,
    backup_code_bits: u32,
    throttles_backup_codes: bool,
    keys: usize,
    has_event_handlers: bool,
    authorizes_changes: bool,
    max_age_secs: u64,
    trusted_secs: Option<u64>,
    trusts_without_tls: bool,
    recheck_secs: Option<u64>,
    has_grace: bool,
    trusted_origins: &'a [String],
    came_without_tls: bool,
    came_without_cookie_prefix: bool,
}

impl<'a> Configuration<'a> {
    pub(super) fn of(plugin: &'a Plugin) -> Self {
        let service = &plugin.service;
        let trusted_secs = plugin.trust.secs();
        Self {
            window: service.window(),
            algorithm: service.parameters().algorithm,
            period_secs: service.parameters().period_secs.into(),
            backup_code_bits: service.backup_code_bits(),
            throttles_backup_codes: service.throttles_backup_codes(),
            keys: service.key_count(),
            has_event_handlers: service.has_event_handlers(),
            authorizes_changes: plugin.authorize_change.is_set(),
            max_age_secs: plugin.max_age_secs,
            trusted_secs,
            trusts_without_tls: trusted_secs.is_some() && plugin.trust.without_tls,
            has_grace: plugin.grace.is_some(),
            recheck_secs: plugin.recheck.as_ref().map(|it| it.secs()),
            trusted_origins: &plugin.trusted_origins,
            came_without_tls: plugin.transport.came_without_tls(),
            came_without_cookie_prefix: plugin.transport.came_without_cookie_prefix(),
        }
    }
}

/// A setting that breaks requirements, or does not.
struct Rule {
    asvs: Option<(Level, &'static str)>,
    nist: Option<&'static str>,
    is_broken: bool,
    why: String,
    remedy: &'static str,
}

pub(super) fn shortfalls(standard: Standard, of: &Configuration<'_>) -> Vec<Shortfall> {
    let broken = rules(of).into_iter().filter(|rule| rule.is_broken);
    let named = broken.filter_map(|rule| {
        let requirement = match (standard, rule.asvs, rule.nist) {
            (Standard::Asvs5(wanted), Some((level, number)), _) if level <= wanted => number,
            (Standard::Sp800_63b4Aal2, _, Some(number)) => number,
            _ => return None,
        };
        Some(Shortfall {
            requirement,
            why: rule.why,
            remedy: rule.remedy,
        })
    });
    named.collect()
}

fn rules(of: &Configuration<'_>) -> Vec<Rule> {
    use Level::{L1, L2, L3};
    let code_secs = (2 * u64::from(of.window) + 1) * of.period_secs;
    let trusted_secs = of.trusted_secs.unwrap_or(0);
    let insecure_origin = of.trusted_origins.iter().find(|it| it.starts_with("http:"));
    vec![
        Rule {
            asvs: Some((L2, "6.5.5")),
            nist: None,
            is_broken: code_secs > LONGEST_CODE_SECS,
            why: format!("a code is good for {code_secs} seconds"),
            remedy: "`window(0)`, with a period of at most 30 seconds in `parameters`; authenticators whose clock is off are then refused",
        },
        Rule {
            asvs: Some((L1, "11.4.1")),
            nist: None,
            is_broken: of.algorithm == Algorithm::Sha1,
            why: "codes are made with HMAC-SHA-1, which appendix C counts as legacy".into(),
            remedy: "`Algorithm::Sha256` in `parameters`; some authenticators do not know it and show wrong codes",
        },
        Rule {
            asvs: None,
            nist: Some("3.1.4.1"),
            is_broken: of.period_secs > LONGEST_PERIOD_SECS,
            why: format!("a code changes every {} seconds only", of.period_secs),
            remedy: "a period of at most 120 seconds in `parameters`",
        },
        Rule {
            asvs: None,
            nist: Some("3.1.4.2"),
            is_broken: of.window > 1,
            why: format!("codes of {} steps on each side are accepted, more than clocks drift", of.window),
            remedy: "`window(1)` in place of `danger_window`",
        },
        Rule {
            asvs: Some((L2, "6.5.2")),
            nist: Some("3.1.2.2"),
            is_broken: of.backup_code_bits < BITS_FOR_A_PLAIN_HASH,
            why: format!("backup codes have {} bits and are kept as plain hashes, though sealed", of.backup_code_bits),
            remedy: "`backup_codes` with `BackupCodeLength::SixGroups`",
        },
        Rule {
            asvs: None,
            nist: Some("4.2.1.1"),
            is_broken: !of.throttles_backup_codes,
            why: "wrong backup codes are counted and reported, but not limited".into(),
            remedy: "`danger_throttle_backup_codes`; whoever has the password can then lock the owner out",
        },
        Rule {
            asvs: Some((L1, "6.1.1")),
            nist: None,
            is_broken: of.throttles_backup_codes,
            why: "whoever has the password can lock the owner out: wrong backup codes lock, too".into(),
            remedy: "no `danger_throttle_backup_codes`",
        },
        Rule {
            asvs: Some((L2, "7.5.1")),
            nist: None,
            is_broken: !of.authorizes_changes,
            why: "nobody asks for the password before the second factor is set up or changed".into(),
            remedy: "`authorize_change`",
        },
        Rule {
            asvs: Some((L3, "6.3.5")),
            nist: None,
            is_broken: !of.has_event_handlers,
            why: "users are not told of suspicious attempts".into(),
            remedy: "`on_event` or `on_event_async`, with a mail for `Throttled`, `Locked`, `BackupCodeGuessing` and a `Verified` after failures",
        },
        Rule {
            asvs: Some((L3, "6.3.7")),
            nist: Some("4.6"),
            is_broken: !of.has_event_handlers,
            why: "users are not told when their second factor changes".into(),
            remedy: "`on_event` or `on_event_async`, with a mail for `Enrolled`, `Replaced`, `Disabled`, `Reset`, `BackupCodeUsed` and `BackupCodesRenewed`",
        },
        Rule {
            asvs: Some((L2, "6.3.3")),
            nist: Some("2.2.1"),
            is_broken: of.has_grace,
            why: "users who must have a second factor are let pass without, for a while".into(),
            remedy: "no `grace`, once everybody has had the time",
        },
        Rule {
            asvs: Some((L2, "7.3.2")),
            nist: Some("2.2.3"),
            is_broken: of.max_age_secs > LONGEST_SECS,
            why: format!("a proof is good for {} hours, more than 24", of.max_age_secs / 3_600),
            remedy: "`max_age` of at most 24 hours",
        },
        Rule {
            asvs: Some((L2, "7.3.2")),
            nist: None,
            is_broken: trusted_secs > LONGEST_SECS,
            why: format!("a trusted browser is asked for no code in {} days", trusted_secs / 86_400),
            remedy: "no `trusted_browsers`, or one day",
        },
        Rule {
            asvs: None,
            nist: Some("5.1"),
            is_broken: of.trusted_secs.is_some(),
            why: "a cookie is taken for the second factor in later sessions".into(),
            remedy: "no `trusted_browsers`",
        },
        Rule {
            asvs: Some((L1, "3.3.1")),
            nist: Some("5.1.1"),
            is_broken: of.trusts_without_tls,
            why: "the cookie of a trusted browser is sent over plain HTTP, and has no prefix".into(),
            remedy: "no `danger_trust_without_tls`",
        },
        Rule {
            asvs: Some((L1, "3.3.1")),
            nist: Some("5.1.1"),
            is_broken: of.came_without_cookie_prefix,
            why: "somebody who is signed in sent cookies of which none is named `__Host-` or `__Secure-`".into(),
            remedy: "`SessionMiddleware::builder(…).cookie_name(\"__Host-id\".into()).cookie_secure(true)`",
        },
        Rule {
            asvs: Some((L1, "3.3.1")),
            nist: Some("2.2.2"),
            is_broken: of.came_without_tls,
            why: "somebody who is signed in sent a POST over plain HTTP, and no proxy said otherwise".into(),
            remedy: "TLS, and a session cookie that is `Secure`; a proxy that ends TLS sets `X-Forwarded-Proto`",
        },
        Rule {
            asvs: Some((L1, "3.5.1")),
            nist: None,
            is_broken: insecure_origin.is_some(),
            why: "a page that came over plain HTTP may POST: anybody on the network can have written it".into(),
            remedy: "`trusted_origins` that begin with `https:`",
        },
        Rule {
            asvs: Some((L1, "7.4.1")),
            nist: None,
            is_broken: of.recheck_secs.is_some(),
            why: format!(
                "a proof that was ended by one process is good in another for {} seconds more",
                of.recheck_secs.unwrap_or(0)
            ),
            remedy: "no `recheck_every`, so that guards ask at every request",
        },
        Rule {
            asvs: Some((L3, "13.3.4")),
            nist: None,
            is_broken: of.keys > KEYS_OF_A_ROTATION,
            why: format!("{} keys are in the ring: a rotation was not finished", of.keys),
            remedy: "`reseal_all`, then drop the old keys",
        },
    ]
}
