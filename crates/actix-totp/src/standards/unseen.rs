//! What a standard asks for and no setting of the plugin shows.

use super::{Level, Standard, Unseen};

/// From which level on, the number, and what is to be shown.
const ASVS: &[(Level, &str, &str)] = {
    use Level::{L1, L2, L3};
    &[
        (
            L1,
            "3.3.1",
            "the session's cookie, before somebody who is signed in has sent a POST",
        ),
        (L1, "3.4.1", "`Strict-Transport-Security` on every answer"),
        (
            L1,
            "6.2",
            "the first factor: passwords are the application's",
        ),
        (L1, "6.4.1", "initial passwords and activation codes"),
        (L1, "7.2.3", "how session ids are made"),
        (L1, "7.2.4", "a new session id after the first factor"),
        (L1, "7.4.1", "that signing out ends the session"),
        (
            L1,
            "7.4.2",
            "that a blocked or deleted account loses its sessions",
        ),
        (
            L2,
            "6.3.3",
            "that a guard is around every route that needs one; `if_enrolled`, `require_when`, `demand` and `danger_skip` only where that is meant",
        ),
        (L2, "6.3.4", "other ways in that ask for no second factor"),
        (
            L2,
            "6.4.4",
            "how somebody who lost everything is identified before `reset`",
        ),
        (
            L2,
            "7.3.1",
            "when an idle session ends, or an idle client's token",
        ),
        (L2, "7.3.2", "guards with a longer `max_age` of their own"),
        (
            L2,
            "7.4.3",
            "that a new password ends the proofs, with `end_all_proofs`",
        ),
        (L2, "11.1.1", "how the key is made, kept and handed out"),
        (L2, "13.3.1", "where `TOTP_KEY` is kept"),
        (
            L2,
            "16.2.2",
            "that the clocks of all instances agree, and in which zone the log has its times",
        ),
        (
            L2,
            "16.2.3",
            "which `tracing` subscriber takes the log, and where it goes",
        ),
        (L2, "16.4.2", "who can read and change the log"),
        (L3, "3.7.4", "the preload list for HSTS"),
        (
            L3,
            "6.3.3",
            "a factor that resists phishing beside the codes, which do not",
        ),
        (L3, "6.5.8", "where the machine's clock has its time from"),
        (L3, "13.3.4", "how old the key is"),
    ]
};

/// The same of SP 800-63B-4 at AAL2.
const NIST: &[(&str, &str)] = &[
    ("2.2.1", "the password as the first factor (§3.1.1)"),
    (
        "2.2.2",
        "TLS on every way in, and one option that resists phishing",
    ),
    (
        "2.2.3",
        "when an idle session ends, or an idle client's token, and guards with a longer `max_age` of their own",
    ),
    (
        "3.2.12",
        "whether the system's random generator is an approved one",
    ),
    (
        "4.1",
        "a lasting record of the authenticators of each account, from `on_event`",
    ),
    (
        "4.2",
        "how somebody who lost everything is identified before `reset`",
    ),
    (
        "4.6",
        "that notices reach the addresses of the account, and name whom to ask",
    ),
    (
        "5.1",
        "how the session's secret is made, and that signing out ends it",
    ),
    (
        "5.1.1",
        "the session's cookie, before somebody who is signed in has sent a POST",
    ),
];

pub(super) fn of(standard: Standard) -> Vec<Unseen> {
    let unseen = |requirement, what| Unseen { requirement, what };
    match standard {
        Standard::Asvs5(wanted) => {
            let asked = ASVS.iter().filter(|(level, ..)| *level <= wanted);
            asked
                .map(|(_, number, what)| unseen(number, what))
                .collect()
        }
        Standard::Sp800_63b4Aal2 => NIST
            .iter()
            .map(|(number, what)| unseen(number, what))
            .collect(),
    }
}
