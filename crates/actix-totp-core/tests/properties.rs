//! What holds under any sequence of operations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod support;

use std::collections::BTreeSet;

use actix_totp_core::{Event, Outcome, Rejection};
use proptest::prelude::*;
use support::Scene;

#[derive(Debug, Clone)]
enum Operation {
    Wait(u32),
    ClockBack(u16),
    Enroll { token: Which },
    Confirm { token: Which },
    SignIn { token: Which },
    Renew { token: Which },
    Disable { token: Which },
    Unlock,
    Reset,
    EndAllProofs,
}

/// Which token is typed.
#[derive(Debug, Clone, Copy)]
enum Which {
    None,
    Right,
    Next,
    Old,
    Wrong,
    Malformed,
    Backup(u8),
    WrongBackup,
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        1 => Just(Which::None),
        6 => Just(Which::Right),
        2 => Just(Which::Next),
        2 => Just(Which::Old),
        6 => Just(Which::Wrong),
        1 => Just(Which::Malformed),
        2 => any::<u8>().prop_map(Which::Backup),
        1 => Just(Which::WrongBackup),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => prop_oneof![1_u32..40, 30_u32..31, 60_u32..4_000, 3_600_u32..90_000].prop_map(Operation::Wait),
        1 => (1_u16..4_000).prop_map(Operation::ClockBack),
        2 => which().prop_map(|token| Operation::Enroll { token }),
        4 => which().prop_map(|token| Operation::Confirm { token }),
        12 => which().prop_map(|token| Operation::SignIn { token }),
        1 => which().prop_map(|token| Operation::Renew { token }),
        1 => which().prop_map(|token| Operation::Disable { token }),
        1 => Just(Operation::Unlock),
        1 => Just(Operation::Reset),
        1 => Just(Operation::EndAllProofs),
    ]
}

/// What is remembered beside the service, to judge it by.
struct Judge {
    scene: Scene,
    /// The pending secret's and the live one's codes are told apart by asking right before a replacement begins.
    spent: BTreeSet<(String, u64)>,
    backup: Vec<String>,
    used: BTreeSet<String>,
    secrets: BTreeSet<String>,
    last_code: String,
    /// A model of the schedule that knows nothing of the code under test.
    consecutive: u32,
    failed_at: Vec<u64>,
}

impl Judge {
    fn new() -> Self {
        Self {
            scene: Scene::new(),
            spent: BTreeSet::new(),
            backup: Vec::new(),
            used: BTreeSet::new(),
            secrets: BTreeSet::new(),
            last_code: "111111".into(),
            consecutive: 0,
            failed_at: Vec::new(),
        }
    }

    fn token(&mut self, which: Which) -> Option<String> {
        let scene = &self.scene;
        let code = |ahead: u64| {
            scene.clock.advance_secs(ahead);
            let code = scene.totp.code_for(&scene.alice).unwrap();
            scene.clock.set(scene.clock.now_secs() - ahead);
            code.unwrap_or_else(|| "222222".into())
        };
        Some(match which {
            Which::None => return None,
            Which::Right => {
                self.last_code = code(0);
                self.last_code.clone()
            }
            Which::Next => code(30),
            Which::Old => self.last_code.clone(),
            Which::Wrong if scene.totp.code_for(&scene.alice).unwrap().is_some() => {
                scene.wrong_code()
            }
            Which::Wrong => "333333".into(),
            Which::Malformed => "12345".into(),
            Which::Backup(_) if self.backup.is_empty() => "ABCD-EFGH-JKLM-NPQR".into(),
            Which::Backup(n) => self.backup[usize::from(n) % self.backup.len()].clone(),
            Which::WrongBackup => "ABCD-EFGH-JKLM-NPQR".into(),
        })
    }

    fn is_live(&self) -> bool {
        self.scene.totp.status(&self.scene.alice).unwrap().enabled
    }

    fn failures(&self) -> u32 {
        self.scene.totp.status(&self.scene.alice).map_or(0, |_| {
            use actix_totp_core::DeviceStore;
            self.scene
                .store
                .load(&self.scene.alice)
                .unwrap()
                .map_or(0, |it| it.failures)
        })
    }

    fn last_step(&self) -> Option<u64> {
        use actix_totp_core::DeviceStore;
        self.scene.store.load(&self.scene.alice).unwrap()?.last_step
    }

    /// A token was accepted by the live credential.
    fn passed(&mut self, token: &str, step_before: Option<u64>) -> Result<(), TestCaseError> {
        if token.len() == 6 {
            let step = self.last_step();
            prop_assert!(
                step > step_before,
                "accepted steps strictly increase: {step_before:?} {step:?}"
            );
            let fresh = step.is_some_and(|step| self.spent.insert((token.to_owned(), step)));
            prop_assert!(fresh, "a code passes once");
        } else {
            prop_assert!(
                self.used.insert(token.to_owned()),
                "a backup code passes once"
            );
        }
        self.consecutive = 0;
        Ok(())
    }

    /// Every comparison of a code that failed is told; the model says whether it was allowed.
    fn judge_events(&mut self) -> Result<(), TestCaseError> {
        let now = self.scene.clock.now_secs();
        for event in self.scene.events() {
            let shown = format!("{event:?}");
            self.assert_hidden(&shown)?;
            if let Event::Rejected {
                method: actix_totp_core::Method::Totp,
                ..
            } = event
            {
                let wait = match self.consecutive {
                    0..=4 => 0,
                    n => (30_u64 << (n - 5).min(20)).min(3_600),
                };
                let last = self.failed_at.last().copied();
                prop_assert!(
                    last.is_none_or(|last| now >= last + wait),
                    "compared too early"
                );
                prop_assert!(self.consecutive < 100, "compared while locked");
                let in_a_day = self
                    .failed_at
                    .iter()
                    .filter(|at| now < **at + 86_400)
                    .count();
                if in_a_day >= 20 {
                    prop_assert!(
                        last.is_none_or(|last| now >= last + 3_600),
                        "more than one an hour"
                    );
                }
                self.consecutive += 1;
                self.failed_at.push(now);
            }
        }
        Ok(())
    }

    fn forget_failures(&mut self) {
        self.consecutive = 0;
        self.failed_at.clear();
    }

    fn assert_hidden(&self, shown: &str) -> Result<(), TestCaseError> {
        for secret in self.secrets.iter().chain(&self.backup) {
            prop_assert!(!shown.contains(secret.as_str()), "Debug shows a secret");
            prop_assert!(
                !shown.contains(&secret.replace('-', "")),
                "Debug shows a secret"
            );
        }
        Ok(())
    }

    fn step(&mut self, operation: &Operation) -> Result<(), TestCaseError> {
        let alice = self.scene.alice.clone();
        let (was_live, failures, step_before) = (self.is_live(), self.failures(), self.last_step());
        let mut may_fall = false;
        match *operation {
            Operation::Wait(secs) => self.scene.clock.advance_secs(secs.into()),
            Operation::ClockBack(secs) => {
                // The model of the schedule is for a clock that goes forward; what must hold of steps holds anyway.
                self.scene
                    .clock
                    .set(self.scene.clock.now_secs() - u64::from(secs));
                self.failed_at
                    .iter_mut()
                    .for_each(|at| *at = at.saturating_sub(u64::from(secs) + 86_400));
            }
            Operation::Enroll { token } => {
                let token = self.token(token);
                let outcome = self
                    .scene
                    .totp
                    .enroll(&alice, "", token.as_deref())
                    .unwrap();
                self.assert_hidden(&format!("{outcome:?}"))?;
                if let Outcome::Accepted(enrollment) = outcome {
                    self.secrets.insert(enrollment.secret().to_owned());
                    if was_live {
                        may_fall = true;
                        let token =
                            token.ok_or_else(|| TestCaseError::fail("replaced without a token"))?;
                        self.passed(&plain(&token), step_before)?;
                    } else {
                        self.forget_failures();
                    }
                }
            }
            Operation::Confirm { token } => {
                let token = self.token(token).unwrap_or_default();
                let outcome = self.scene.totp.confirm(&alice, &token).unwrap();
                self.assert_hidden(&format!("{outcome:?}"))?;
                if let Outcome::Accepted(confirmed) = outcome {
                    may_fall = true;
                    self.backup = confirmed
                        .backup_codes
                        .iter()
                        .map(|code| code.reveal())
                        .collect();
                    self.assert_hidden(&format!("{confirmed:?}"))?;
                    self.spent.clear();
                    self.spent.insert((token, self.last_step().unwrap()));
                    self.forget_failures();
                    self.scene.events();
                }
            }
            Operation::SignIn { token } => {
                let token = self.token(token).unwrap_or_default();
                let outcome = self.scene.totp.authenticate(&alice, &token).unwrap();
                if let Outcome::Accepted(_) = outcome {
                    may_fall = true;
                    prop_assert!(was_live);
                    self.passed(&plain(&token), step_before)?;
                }
            }
            Operation::Renew { token } => {
                let token = self.token(token).unwrap_or_default();
                if let Outcome::Accepted(renewed) =
                    self.scene.totp.renew_backup_codes(&alice, &token).unwrap()
                {
                    may_fall = true;
                    prop_assert_eq!(token.len(), 6, "renewed with a code only");
                    self.passed(&token, step_before)?;
                    self.backup = renewed
                        .backup_codes
                        .iter()
                        .map(|code| code.reveal())
                        .collect();
                }
            }
            Operation::Disable { token } => {
                let token = self.token(token);
                match self.scene.totp.disable(&alice, token.as_deref()).unwrap() {
                    Outcome::Accepted(_) => {
                        may_fall = true;
                        prop_assert!(!was_live || token.is_some(), "disabled without a token");
                        self.forget_failures();
                    }
                    Outcome::Rejected(rejection) => {
                        prop_assert!(was_live || rejection == Rejection::NotEnabled);
                    }
                }
            }
            Operation::Unlock => {
                may_fall = true;
                if self.scene.totp.unlock(&alice).unwrap() {
                    self.forget_failures();
                }
            }
            Operation::Reset => {
                may_fall = true;
                self.scene.totp.reset(&alice).unwrap();
                self.forget_failures();
            }
            Operation::EndAllProofs => {
                self.scene.totp.end_all_proofs(&alice).unwrap();
            }
        }
        self.judge_events()?;
        if was_live && !may_fall {
            prop_assert!(
                self.failures() >= failures,
                "a live device's count fell without a good live token"
            );
            prop_assert!(self.is_live(), "and it is still there");
        }
        use actix_totp_core::DeviceStore;
        if let Some(device) = self.scene.store.load(&alice).unwrap() {
            self.assert_hidden(&format!("{device:?}"))?;
        }
        self.assert_hidden(&format!("{:?}", self.scene.totp))
    }
}

fn plain(token: &str) -> String {
    if token.len() == 6 {
        token.to_owned()
    } else {
        token.replace('-', "").to_uppercase()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_operations_accepts_twice_or_gives_a_guess_for_free(
        operations in prop::collection::vec(operation(), 1..80),
    ) {
        let mut judge = Judge::new();
        for operation in &operations {
            judge.step(operation)?;
        }
    }
}
