//! What holds under any sequence of operations of two users: each answer is what a model of the rules says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics on purpose"
)]

mod rules;
#[path = "../support/mod.rs"]
mod support;
mod world;

use actix_totp_core::BackupCodeLength;
use proptest::prelude::*;
use world::World;

#[derive(Debug, Clone, Copy)]
enum Act {
    Wait(u32),
    Rewind(u16),
    Enroll(Session),
    Confirm(Session),
    SignIn,
    Renew(Session),
    Disable,
    Unlock,
    Reset,
    EndAllProofs,
    /// A guard sees the user, who must have a second factor within ten days.
    NoteDeadline,
    Delete,
}

/// What the session that asks holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Session {
    Nothing,
    /// A proof that counts.
    Proof,
    /// A proof of an epoch that has ended.
    EndedProof,
}

#[derive(Debug, Clone, Copy)]
enum Typed {
    Nothing,
    /// A code of the live credential, so many steps off.
    Live(i8),
    /// A code of the pending credential, so many steps off.
    Pending(i8),
    /// The code that was accepted last.
    Replay,
    Wrong,
    Malformed,
    Backup(u8),
    WrongBackup,
    /// A code, and a backup code, of the other user.
    Others,
    OthersBackup,
}

fn session() -> impl Strategy<Value = Session> {
    prop_oneof![
        4 => Just(Session::Nothing),
        3 => Just(Session::Proof),
        1 => Just(Session::EndedProof),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop_oneof![Just(30_u32), 1_u32..200, 200_u32..4_000, 3_600_u32..90_000].prop_map(Act::Wait),
        1 => (1_u16..4_000).prop_map(Act::Rewind),
        3 => session().prop_map(Act::Enroll),
        6 => session().prop_map(Act::Confirm),
        12 => Just(Act::SignIn),
        2 => session().prop_map(Act::Renew),
        1 => Just(Act::Disable),
        1 => Just(Act::Unlock),
        1 => Just(Act::Reset),
        1 => Just(Act::EndAllProofs),
        1 => Just(Act::NoteDeadline),
        1 => Just(Act::Delete),
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    prop_oneof![
        1 => Just(Typed::Nothing),
        5 => (-2_i8..=2).prop_map(Typed::Live),
        4 => (-1_i8..=1).prop_map(Typed::Pending),
        2 => Just(Typed::Replay),
        7 => Just(Typed::Wrong),
        1 => Just(Typed::Malformed),
        2 => any::<u8>().prop_map(Typed::Backup),
        1 => Just(Typed::WrongBackup),
        1 => Just(Typed::Others),
        1 => Just(Typed::OthersBackup),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_what_the_rules_say(
        steps in prop::collection::vec((0_usize..2, act(), typed()), 1..100),
        count in 5_u8..=20,
        length in prop_oneof![Just(BackupCodeLength::FourGroups), Just(BackupCodeLength::SixGroups)],
    ) {
        let mut world = World::with_backup_codes(count, length);
        for (who, act, typed) in steps {
            world.step(who, act, typed);
        }
        world.assert_nothing_leaked();
    }

    /// A thief who guesses as fast as the rules allow, and an owner who has a session: the gate is closed, and the owner repairs
    /// the account.
    #[test]
    fn under_a_siege_a_session_with_a_proof_repairs_its_account(
        mistakes in 0_usize..8, wait in 1_u32..90_000, typed in typed(), session in session(),
    ) {
        let mut world = World::new();
        world.step(0, Act::Enroll(Session::Nothing), Typed::Nothing);
        world.step(0, Act::Confirm(Session::Nothing), Typed::Pending(0));
        world.step(0, Act::Wait(90), Typed::Nothing);
        for _ in 0..5 {
            world.step(0, Act::SignIn, Typed::Wrong);
        }
        for _ in 0..mistakes {
            world.step(0, Act::Renew(Session::Proof), Typed::Wrong);
        }
        world.step(0, Act::Renew(session), Typed::Live(0));
        world.step(0, Act::Wait(wait), Typed::Nothing);
        world.step(0, Act::Enroll(session), Typed::Live(0));
        for _ in 0..mistakes {
            world.step(0, Act::Confirm(Session::Nothing), Typed::Wrong);
        }
        world.step(0, Act::Confirm(session), typed);
        world.step(0, Act::Confirm(session), Typed::Pending(0));
    }

    /// A thief with the password and an owner who signs in, for many more failures than a random sequence makes.
    #[test]
    fn a_long_siege_follows_the_schedule_to_the_lock(
        waits in prop::collection::vec((prop_oneof![4 => Just(3_600_u32), 1 => 0_u32..4_000], 0_u16..400), 60..160),
    ) {
        let mut world = World::new();
        world.step(0, Act::Enroll(Session::Nothing), Typed::Nothing);
        world.step(0, Act::Confirm(Session::Nothing), Typed::Pending(0));
        for (wait, owner) in waits {
            world.step(0, Act::Wait(wait), Typed::Nothing);
            let typed = if owner == 0 { Typed::Live(0) } else { Typed::Wrong };
            world.step(0, Act::SignIn, typed);
        }
        world.assert_nothing_leaked();
    }
}
