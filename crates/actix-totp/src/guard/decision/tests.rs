//! The decision as tables.

use std::time::{Duration, SystemTime};

use super::*;
use actix_totp_core::Epoch;

const NOW: u64 = 1_700_000_000;
const EPOCH: Epoch = Epoch::from_i64(-7);

fn enrolled() -> Status {
    Status {
        enabled: true,
        epoch: Some(EPOCH),
        ..Status::default()
    }
}

type Shown = Option<(&'static str, Epoch, u64)>;

fn proof(shown: Shown) -> Option<Proof> {
    shown.map(|(user, epoch, at)| Proof {
        user: UserId::new(user).unwrap(),
        epoch,
        at,
    })
}

fn decide_for(demand: Demand, status: &Status, session: Shown) -> Decision {
    let alice = UserId::new("alice").unwrap();
    let policy = Policy {
        grace: None,
        max_age_secs: 300,
        trusted_secs: None,
    };
    let browser = || panic!("no browser is trusted");
    let session = proof(session);
    decide(
        policy,
        &alice,
        demand,
        status,
        session.as_ref(),
        browser,
        NOW,
    )
}

#[test]
fn the_table() {
    use Decision::*;
    use Demand::*;
    let other = Epoch::from_i64(1);
    for (status, proof, everyone, if_enrolled) in [
        (Status::default(), None, SetupRequired, PassUnenrolled),
        (
            Status::default(),
            Some(("alice", EPOCH, NOW)),
            SetupRequired,
            PassUnenrolled,
        ),
        (enrolled(), None, Required, Required),
        (
            enrolled(),
            Some(("alice", EPOCH, NOW)),
            Pass { at: NOW },
            Pass { at: NOW },
        ),
        (enrolled(), Some(("bob", EPOCH, NOW)), Required, Required),
        (enrolled(), Some(("alice", other, NOW)), Required, Required),
        (
            enrolled(),
            Some(("alice", EPOCH, NOW - 300)),
            Pass { at: NOW - 300 },
            Pass { at: NOW - 300 },
        ),
        (enrolled(), Some(("alice", EPOCH, NOW - 301)), Stale, Stale),
        (
            enrolled(),
            Some(("alice", EPOCH, NOW + 60)),
            Pass { at: NOW + 60 },
            Pass { at: NOW + 60 },
        ),
        (
            enrolled(),
            Some(("alice", EPOCH, NOW + 61)),
            Required,
            Required,
        ),
    ] {
        assert_eq!(
            decide_for(Everyone, &status, proof),
            everyone,
            "{status:?} {proof:?}"
        );
        assert_eq!(
            decide_for(IfEnrolled, &status, proof),
            if_enrolled,
            "{status:?} {proof:?}"
        );
    }
}

#[test]
fn the_table_of_graces() {
    use Decision::*;
    let fortnight = Grace::per_user(Duration::from_secs(14 * 86_400));
    let until = |at: u64| Grace::until(SystemTime::UNIX_EPOCH + Duration::from_secs(at));
    let noted = |at: u64, reminded_at: Option<u64>| Status {
        setup_required_by: Some(at),
        setup_reminded_at: reminded_at,
        ..Status::default()
    };
    let pass = |grace, required_by, is_to_be_noted| {
        PassUntil(Deadline {
            grace,
            required_by,
            is_to_be_noted,
        })
    };
    let none = Status::default();
    let month = NOW + 30 * 86_400;
    for (grace, status, expected) in [
        (fortnight, &none, pass(fortnight, None, true)),
        (
            fortnight,
            &noted(month, None),
            pass(fortnight, Some(month), false),
        ),
        (
            fortnight,
            &noted(NOW + 1, None),
            pass(fortnight, Some(NOW + 1), true),
        ),
        (
            fortnight,
            &noted(NOW + 1, Some(NOW)),
            pass(fortnight, Some(NOW + 1), false),
        ),
        (fortnight, &noted(NOW, Some(NOW - 1)), SetupRequired),
        (fortnight, &noted(0, None), SetupRequired),
        (until(month), &none, pass(until(month), Some(month), false)),
        (
            until(month),
            &noted(NOW, Some(NOW - 1)),
            pass(until(month), Some(month), false),
        ),
        (
            until(NOW + 1),
            &none,
            pass(until(NOW + 1), Some(NOW + 1), true),
        ),
        (until(NOW), &none, SetupRequired),
        (until(NOW), &noted(month, None), SetupRequired),
    ] {
        let policy = Policy {
            grace: Some(grace),
            max_age_secs: 300,
            trusted_secs: None,
        };
        let alice = UserId::new("alice").unwrap();
        let ask = |demand, status| decide(policy, &alice, demand, status, None, || None, NOW);
        let of_everyone = ask(Demand::Everyone, status);
        assert_eq!(of_everyone, expected, "{grace:?} {status:?}");
        for demand in [Demand::IfEnrolled, Demand::Nobody] {
            assert_eq!(ask(demand, status), PassUnenrolled);
        }
        // A grace is for those who have none.
        assert_eq!(ask(Demand::Everyone, &enrolled()), Required);
    }
}

#[test]
fn a_trusted_browser_stands_in_for_a_session_whose_proof_will_not_do() {
    use Decision::*;
    let (alice, other) = (UserId::new("alice").unwrap(), Epoch::from_i64(1));
    let policy = Policy {
        grace: None,
        max_age_secs: 300,
        trusted_secs: Some(5_000),
    };
    let (fresh, stale) = (
        Some(("alice", EPOCH, NOW)),
        Some(("alice", EPOCH, NOW - 301)),
    );
    let trusted = Some(("alice", EPOCH, NOW - 5_000));
    for (session, browser, expected) in [
        (None, trusted, PassTrusted { at: NOW - 5_000 }),
        (stale, trusted, PassTrusted { at: NOW - 5_000 }),
        (
            Some(("alice", other, NOW)),
            trusted,
            PassTrusted { at: NOW - 5_000 },
        ),
        (fresh, None, Pass { at: NOW }),
        (None, None, Required),
        (stale, None, Stale),
        (None, Some(("alice", EPOCH, NOW - 5_001)), Required),
        (stale, Some(("alice", EPOCH, NOW - 5_001)), Stale),
        (None, Some(("bob", EPOCH, NOW)), Required),
        (None, Some(("alice", other, NOW)), Required),
        (None, Some(("alice", EPOCH, NOW + 61)), Required),
    ] {
        let session = proof(session);
        let decide = |status: &Status| {
            decide(
                policy,
                &alice,
                Demand::Everyone,
                status,
                session.as_ref(),
                || proof(browser),
                NOW,
            )
        };
        assert_eq!(decide(&enrolled()), expected, "{session:?} {browser:?}");
        assert_eq!(decide(&Status::default()), SetupRequired);
    }
}
