//! What holds whatever a user with several authenticators does, and whatever a thief tries.

use actix_totp_core::{AuthenticatorId, BackupCode, Operation, Proof};
use proptest::prelude::*;

use crate::{credential, name, support::Fixture};

#[derive(Debug, Clone, Copy)]
enum Act {
    Wait(u16),
    SignIn,
    Add,
    Replace(u8),
    Confirm,
    Remove(u8),
    Import(u8),
}

#[derive(Debug, Clone, Copy)]
enum Typed {
    /// What one of the live ones shows.
    CodeOf(u8),
    Backup,
    /// What was accepted last, at the same time.
    Replay,
    Wrong,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_u16..200).prop_map(Act::Wait),
        6 => Just(Act::SignIn),
        3 => Just(Act::Add),
        1 => any::<u8>().prop_map(Act::Replace),
        4 => Just(Act::Confirm),
        4 => any::<u8>().prop_map(Act::Remove),
        1 => any::<u8>().prop_map(Act::Import),
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    prop_oneof![
        6 => any::<u8>().prop_map(Typed::CodeOf),
        1 => Just(Typed::Backup),
        2 => Just(Typed::Replay),
        1 => Just(Typed::Wrong),
    ]
}

struct Story {
    fixture: Fixture,
    backup: Vec<BackupCode>,
    accepted: Option<(String, u64)>,
    /// Whose code each was given for. `None`: a backup code.
    proofs: Vec<(Option<AuthenticatorId>, Proof)>,
}

impl Story {
    fn ids(&self) -> Vec<AuthenticatorId> {
        let listed = self.fixture.totp.authenticators(&self.fixture.alice);
        listed.unwrap().iter().map(|it| it.id).collect()
    }

    /// The text, and whether it may be good.
    fn token(&mut self, typed: Typed) -> (String, bool) {
        let now = self.fixture.clock.now_secs();
        let token = match typed {
            Typed::CodeOf(n) => {
                let ids = self.ids();
                Some((self.fixture.code_of(ids[usize::from(n) % ids.len()]), true))
            }
            Typed::Backup => self.backup.pop().map(|code| (code.reveal(), true)),
            Typed::Replay => {
                let last = self.accepted.clone().filter(|(_, at)| *at == now);
                last.map(|(token, _)| (token, false))
            }
            Typed::Wrong => None,
        };
        token.unwrap_or_else(|| ("ABCD-EFGH-JKLM-NPQR".into(), false))
    }

    fn step(&mut self, act: Act, typed: Typed) {
        let (before, ids) = (self.fixture.device(), self.ids());
        let one = |n: u8| ids[usize::from(n) % ids.len()];
        let (token, may_be_good) = self.token(typed);
        let (totp, alice) = (self.fixture.totp.clone(), self.fixture.alice.clone());
        let mut may_fall = false;
        let mut by = None;
        let was_accepted = match act {
            Act::Wait(secs) => {
                self.fixture.clock.advance_secs(secs.into());
                false
            }
            Act::SignIn => match totp.authenticate(&alice, &token).unwrap().accepted() {
                Some(answer) => {
                    by = answer.authenticator;
                    self.proofs.push((by, answer.proof));
                    true
                }
                None => false,
            },
            Act::Add => {
                let operation = Operation::enroll(&alice, "", Some(&token)).named(name("more"));
                totp.apply(&operation).unwrap().accepted().is_some()
            }
            Act::Replace(n) => {
                let operation = Operation::enroll(&alice, "", Some(&token)).replacing(one(n));
                totp.apply(&operation).unwrap().accepted().is_some()
            }
            Act::Confirm => {
                if before.pending_at.is_some() {
                    let code = self.fixture.code();
                    let outcome = totp.confirm(&alice, &code).unwrap();
                    if let Some(confirmed) = outcome.accepted() {
                        assert!(confirmed.backup_codes.is_empty());
                        let given = (Some(confirmed.authenticator), confirmed.proof);
                        self.proofs.push(given);
                    }
                }
                false
            }
            Act::Remove(n) => {
                let removed = totp.remove_authenticator(&alice, one(n), &token).unwrap();
                may_fall = removed.accepted().is_some();
                may_fall
            }
            Act::Import(n) => {
                drop(totp.import(&alice, &credential(n, 6), 0).unwrap());
                false
            }
        };
        assert!(may_be_good || !was_accepted, "{token} is not good");
        if was_accepted {
            self.accepted = Some((token, self.fixture.clock.now_secs()));
        }
        let (after, left) = (self.fixture.device(), self.ids());
        assert!((1..=5).contains(&left.len()));
        assert_eq!(after.authenticators.len(), left.len());
        assert!(left.len() >= ids.len() || may_fall, "fewer for nothing");
        for (id, state) in left.iter().zip(after.authenticators.iter()) {
            let place = ids.iter().position(|it| it == id);
            let was = place.and_then(|at| before.authenticators.iter().nth(at));
            if let Some(was) = was {
                assert_eq!(was.epoch, state.epoch);
                assert!(state.last_step >= was.last_step, "steps only go up");
                let signed_in = by == Some(*id);
                assert!(
                    !signed_in || state.last_step > was.last_step,
                    "accepted twice"
                );
            }
        }
        for (by, proof) in &self.proofs {
            let is_live = by.is_none_or(|id| left.contains(&id));
            assert_eq!(self.fixture.accepts(proof), is_live, "of {by:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn steps_only_go_up_one_is_always_left_and_proofs_end_with_what_gave_them(
        steps in prop::collection::vec((act(), typed()), 1..60),
    ) {
        let fixture = Fixture::new();
        let backup = fixture.enroll();
        let mut story = Story { fixture, backup, accepted: None, proofs: Vec::new() };
        for (act, typed) in steps {
            story.step(act, typed);
        }
    }
}
