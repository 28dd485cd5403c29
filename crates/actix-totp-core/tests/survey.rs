//! What operators see of everybody, and sweeps that go a part of the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::sync::Arc;

use actix_totp_core::{FakeClock, Grace, MemoryStore, Operation, SealError, TotpService, UserId};
use support::{Fixture, NOON, accepted, keys, user};

fn service(store: &Arc<MemoryStore>, firsts: &[u8]) -> TotpService {
    TotpService::builder(Arc::clone(store), keys(firsts))
        .clock(FakeClock::at(NOON))
        .build()
        .unwrap()
}

fn enroll_five(totp: &TotpService) -> Vec<UserId> {
    let ids: Vec<UserId> = (0..5).map(|n| user(&format!("user {n}"))).collect();
    for id in &ids {
        accepted(totp.enroll(id, "", None));
    }
    ids
}

#[test]
fn a_survey_goes_page_by_page_and_agrees_with_the_status() {
    let store = Arc::new(MemoryStore::new());
    let totp = service(&store, &[1]);
    let ids = enroll_five(&totp);
    let mut seen = Vec::new();
    let mut last = None;
    loop {
        let page = totp.survey(last.as_ref(), 2).unwrap();
        let Some(end) = page.last() else { break };
        last = Some(end.user.clone());
        for row in &page {
            assert_eq!(row.status, totp.status(&row.user).unwrap());
            seen.push(row.user.clone());
        }
    }
    assert_eq!(seen, ids);
    assert!(totp.survey_one(&user("nobody")).unwrap().is_none());
}

#[test]
fn a_row_says_since_when_it_is_enabled_and_which_key_sealed_it() {
    let fixture = Fixture::new();
    fixture.enroll();
    let row = fixture.totp.survey_one(&fixture.alice).unwrap().unwrap();
    assert_eq!(row.enabled_since, fixture.device().confirmed_at);
    assert!(row.has_box());
    assert_eq!(row.key(), keys(&[1]).ids().next());
    assert_ne!(row.key(), keys(&[2]).ids().next());
    assert_eq!(fixture.totp.try_open(&row), Ok(()));
}

#[test]
fn a_box_under_a_key_that_is_not_there_is_named_by_its_key() {
    let store = Arc::new(MemoryStore::new());
    let ids = enroll_five(&service(&store, &[1]));
    let other = service(&store, &[2]);
    let row = other.survey_one(&ids[0]).unwrap().unwrap();
    assert_eq!(other.try_open(&row), Err(SealError::UnknownKey));
    assert_eq!(row.key(), keys(&[1]).ids().next());
}

#[test]
fn a_row_that_holds_a_deadline_alone_has_no_box() {
    let store = Arc::new(MemoryStore::new());
    let (totp, alice) = (service(&store, &[1]), user("alice"));
    let grace = Grace::per_user(std::time::Duration::from_secs(86_400));
    accepted(totp.apply(&Operation::note_setup_deadline(&alice, grace)));
    let other = service(&store, &[2]);
    let row = other.survey_one(&alice).unwrap().unwrap();
    assert!(!row.has_box() && row.enabled_since.is_none());
    assert_eq!(other.try_open(&row), Ok(()));
}

#[test]
fn a_sweep_of_a_part_ends_where_it_was_told_to_and_is_over_when_nobody_is_left() {
    let store = Arc::new(MemoryStore::new());
    let ids = enroll_five(&service(&store, &[1]));
    let totp = service(&store, &[2, 1]);
    let (mut last, mut changed) = (None, Vec::new());
    loop {
        let report = totp.reseal_some(last.as_ref(), 2).unwrap();
        if report.last == last {
            break;
        }
        changed.push(report.changed);
        last = report.last;
    }
    assert_eq!(changed, [2, 2, 1]);
    assert_eq!(last.as_ref(), ids.last());
    let report = totp.end_some_proofs(None, 3).unwrap();
    assert_eq!(
        (report.changed, report.unchanged),
        (0, 3),
        "all are pending"
    );
    assert_eq!(report.last.as_ref(), Some(&ids[2]));
}
