//! The service beside the model: what is typed, what both say, and whether they agree.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Debug,
    time::Duration,
};

use actix_totp_core::{
    BackupCode, BackupCodeLength, Credential, Device, DeviceStore, Epoch, FakeClock, Grace,
    MemoryStore, Operation, Outcome, Parameters, Proof, TotpService, UserId,
};

use crate::{
    Act, Session, Typed,
    rules::{Model, Verdict},
    support::{self, Fixture, keys, user},
};

pub(super) struct World {
    pub(super) fixture: Fixture,
    /// How many backup codes a set has.
    set_size: usize,
    /// Holds each secret under its own name, to ask what its authenticator shows.
    phone: TotpService,
    phone_clock: FakeClock,
    pub(super) users: [UserId; 2],
    pub(super) models: [Model; 2],
    secrets: BTreeSet<String>,
    codes: HashMap<(String, u64), String>,
    shown: BTreeSet<String>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_backup_codes(10, BackupCodeLength::default())
    }

    pub(super) fn with_backup_codes(count: u8, length: BackupCodeLength) -> Self {
        let phone_clock = FakeClock::at(support::NOON);
        let phone = TotpService::builder(MemoryStore::new(), keys(&[9]))
            .clock(phone_clock.clone())
            .build()
            .unwrap();
        Self {
            fixture: Fixture::with(|builder| builder.backup_codes(count, length)),
            set_size: count.into(),
            phone,
            phone_clock,
            users: [user("alice"), user("bob")],
            models: Default::default(),
            secrets: BTreeSet::new(),
            codes: HashMap::new(),
            shown: BTreeSet::new(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.fixture.clock.now_secs()
    }

    fn load(&self, who: usize) -> Option<Device> {
        self.fixture.store.load(&self.users[who]).unwrap()
    }

    /// What the authenticator with this secret shows in a step.
    fn code(&mut self, secret: &str, step: u64) -> String {
        let (phone, clock) = (&self.phone, &self.phone_clock);
        let show = || {
            clock.set(step * 30);
            phone.code_for(&user(secret)).unwrap().unwrap()
        };
        let key = (secret.to_owned(), step);
        self.codes.entry(key).or_insert_with(show).clone()
    }

    /// The highest step of the window for which this is the secret's code.
    pub(super) fn step_of(&mut self, secret: &str, code: &str) -> Option<u64> {
        let step = self.now() / 30;
        (step - 1..=step + 1)
            .rev()
            .find(|step| self.code(secret, *step) == code)
    }

    fn token(&mut self, who: usize, typed: Typed) -> Option<String> {
        let step = self.now() / 30;
        let off = |steps: i8| step.checked_add_signed(steps.into()).unwrap();
        let any = || "222222".to_owned();
        let (model, other) = (&self.models[who], &self.models[1 - who]);
        let backup = |model: &Model, n: u8| {
            let codes = &model.backup;
            let code = codes.get(usize::from(n) % codes.len().max(1)).cloned();
            code.unwrap_or_else(|| "ABCD-EFGH-JKLM-NPQR".into())
        };
        Some(match typed {
            Typed::Nothing => return None,
            Typed::Live(steps) => match model.live.clone() {
                Some(secret) => self.code(&secret, off(steps)),
                None => any(),
            },
            Typed::Pending(steps) => match model.pending.clone() {
                Some((secret, _)) => self.code(&secret, off(steps)),
                None => any(),
            },
            Typed::Replay => model.last_code.clone().unwrap_or_else(any),
            Typed::Wrong => any(), // the model knows if it is right by chance
            Typed::Malformed => "12345".into(),
            Typed::Backup(n) => backup(model, n),
            Typed::WrongBackup => "ABCD-EFGH-JKLM-NPQR".into(),
            Typed::Others => match other.live.clone() {
                Some(secret) => self.code(&secret, step),
                None => any(),
            },
            Typed::OthersBackup => backup(other, 0),
        })
    }

    fn proof(&self, who: usize, session: Session) -> Option<Proof> {
        let ended = Epoch::from_i64(-1);
        (session != Session::Nothing).then(|| Proof {
            user: self.users[who].clone(),
            epoch: match session {
                Session::Proof => self.models[who].epoch.unwrap_or(ended),
                _ => ended,
            },
            at: self.now(),
        })
    }

    fn judge<T: Debug>(&mut self, expected: &Verdict, outcome: Outcome<T>) -> Option<T> {
        self.show(&outcome);
        match outcome {
            Outcome::Accepted(answer) => {
                assert_eq!(*expected, Verdict::Good, "accepted against the rules");
                Some(answer)
            }
            Outcome::Rejected(rejection) => {
                let code = rejection.code();
                match expected {
                    Verdict::Good => panic!("refused against the rules: {code}"),
                    Verdict::Refused(why) => assert_eq!(code, *why),
                    Verdict::Counted => assert!(["invalid_token", "clock_skew"].contains(&code)),
                    Verdict::Discarded => assert_eq!(code, "enrollment_discarded"),
                }
                None
            }
        }
    }

    fn keep(&mut self, who: usize, codes: &[BackupCode]) {
        assert_eq!(codes.len(), self.set_size);
        self.models[who].backup = codes.iter().map(BackupCode::reveal).collect();
    }

    fn show(&mut self, shown: &dyn Debug) {
        self.shown.insert(format!("{shown:?}"));
    }

    pub(super) fn step(&mut self, who: usize, act: Act, typed: Typed) {
        let token = self.token(who, typed);
        let some = token.clone().unwrap_or_default();
        let (id, totp) = (self.users[who].clone(), self.fixture.totp.clone());
        let now = self.now();
        let (others, before) = (self.load(1 - who), self.load(who));
        let was_live = self.models[who].live.is_some();
        let mut may_fall = false;
        match act {
            Act::Wait(secs) => self.fixture.clock.advance_secs(secs.into()),
            Act::Rewind(secs) => {
                self.fixture.clock.set(now - u64::from(secs));
                self.models.iter_mut().for_each(|it| it.rewound = true);
            }
            Act::Enroll(session) => {
                let proof = self.proof(who, session);
                let expected = self.enroll(who, token.as_deref(), session == Session::Proof);
                let operation = Operation::enroll(&id, "", token.as_deref()).with_proof(proof);
                let outcome = totp.apply(&operation).unwrap();
                if let Some(enrollment) = self.judge(&expected, outcome) {
                    may_fall = true;
                    let secret = enrollment.secret().to_owned();
                    let credential = Credential::from_base32(&secret, Parameters::default());
                    let taken = self.phone.import(&user(&secret), &credential.unwrap(), 0);
                    assert!(taken.unwrap().accepted().is_some(), "no secret comes twice");
                    self.secrets.insert(secret.clone());
                    let model = &mut self.models[who];
                    model.exists = true;
                    model.pending = Some((secret, now));
                    model
                        .epoch
                        .get_or_insert(self.fixture.store.load(&id).unwrap().unwrap().epoch);
                }
            }
            Act::Confirm(session) => {
                let proof = self.proof(who, session);
                let expected = self.confirm(who, &some, session == Session::Proof);
                let operation = Operation::confirm(&id, &some).with_proof(proof);
                let outcome = totp.apply(&operation).unwrap();
                let clock_skew =
                    outcome.clone().rejected().map(|it| it.code()) == Some("clock_skew");
                assert!(!(clock_skew && was_live), "told to whom it is of no use");
                if let Some(confirmed) = self.judge(&expected, outcome) {
                    may_fall = true;
                    self.keep(who, &confirmed.backup_codes);
                    let epoch = self.load(who).map(|it| it.epoch);
                    assert_ne!(self.models[who].epoch, epoch);
                    self.models[who].epoch = epoch;
                }
            }
            Act::SignIn => {
                let expected = match was_live {
                    true => self.examine(who, &some, false, false),
                    false => Verdict::Refused("not_enabled"),
                };
                let outcome = totp.authenticate(&id, &some).unwrap();
                may_fall = self.judge(&expected, outcome).is_some();
            }
            Act::Renew(session) => {
                let proof = self.proof(who, session);
                let expected = match was_live {
                    true => self.examine(who, &some, true, session == Session::Proof),
                    false => Verdict::Refused("not_enabled"),
                };
                let operation = Operation::renew_backup_codes(&id, &some).with_proof(proof);
                let outcome = totp.apply(&operation).unwrap();
                if let Some(renewed) = self.judge(&expected, outcome) {
                    may_fall = true;
                    self.keep(who, &renewed.backup_codes);
                }
            }
            Act::Disable => {
                let expected = match (was_live, &token) {
                    (false, _) if self.models[who].exists => Verdict::Good,
                    (false, _) => Verdict::Refused("not_enabled"),
                    (true, None) => Verdict::Refused("token_required"),
                    (true, Some(token)) => self.examine(who, token, false, false),
                };
                let outcome = totp.disable(&id, token.as_deref()).unwrap();
                if self.judge(&expected, outcome).is_some() {
                    may_fall = true;
                    self.models[who].without_credentials();
                }
            }
            Act::Unlock => {
                may_fall = true;
                assert_eq!(totp.unlock(&id).unwrap(), self.models[who].exists);
                self.models[who].forget_failures();
            }
            Act::Reset => {
                may_fall = true;
                assert_eq!(totp.reset(&id).unwrap(), self.models[who].exists);
                self.models[who].without_credentials();
            }
            Act::NoteDeadline => {
                let grace = Grace::per_user(Duration::from_secs(864_000));
                let noting = totp.apply(&Operation::note_setup_deadline(&id, grace));
                let model = &mut self.models[who];
                if model.live.is_none() {
                    let deadline = *model.deadline.get_or_insert(now + 864_000);
                    assert_eq!(noting.unwrap().accepted(), Some(deadline));
                }
            }
            Act::Delete => {
                may_fall = true;
                let model = std::mem::take(&mut self.models[who]);
                let is_there = model.exists || model.deadline.is_some();
                assert_eq!(totp.delete(&id).unwrap(), is_there);
            }
            Act::EndAllProofs => {
                let is_done = totp.end_all_proofs(&id).unwrap();
                assert_eq!(is_done, self.models[who].exists);
                if let Some(device) = self.load(who).filter(|_| is_done) {
                    assert_ne!(self.models[who].epoch, Some(device.epoch));
                    self.models[who].epoch = Some(device.epoch);
                }
            }
        }
        assert_eq!(self.load(1 - who), others, "nobody else is touched");
        self.compare(who, before.as_ref(), may_fall);
    }

    /// The device is what the model says.
    fn compare(&mut self, who: usize, before: Option<&Device>, may_fall: bool) {
        let (device, model) = (self.load(who), &self.models[who]);
        assert_eq!(device.is_some(), model.exists || model.deadline.is_some());
        let Some(device) = device else { return };
        assert_eq!(
            device.setup_required_by, model.deadline,
            "nothing renews it"
        );
        assert_eq!(device.is_confirmed(), model.live.is_some());
        assert_eq!(device.pending_at, model.pending.as_ref().map(|it| it.1));
        assert_eq!(device.failures, model.consecutive);
        let recent = &model.failed_at[model.failed_at.len().saturating_sub(20)..];
        let recent: Vec<u8> = recent.iter().flat_map(|at| at.to_be_bytes()).collect();
        assert_eq!(
            device.recent_failures.to_bytes(),
            recent,
            "the count of the day is cleared where it must be, and only there"
        );
        assert_eq!(device.backup_failures, model.backup_failures);
        assert_eq!(device.pending_failures, model.pending_failures);
        assert_eq!(device.backup_codes_remaining as usize, model.backup.len());
        let last_step = |device: &Device| device.authenticators.iter().next()?.last_step;
        assert_eq!(last_step(&device), model.last_step);
        assert_eq!(
            Some(device.epoch).filter(|_| model.exists),
            model.epoch,
            "proofs end where they must, and only there"
        );
        if let Some(before) = before {
            // One that takes the place of another begins anew, with an epoch of its own.
            let first = |device: &Device| device.authenticators.iter().next().map(|it| it.epoch);
            if first(before) == first(&device) {
                assert!(last_step(&device) >= last_step(before), "steps only go up");
            }
            if before.is_confirmed() {
                assert!(
                    may_fall || device.failures >= before.failures,
                    "a count fell for nothing"
                );
            }
        }
        self.show(&device);
        let events = self.fixture.events();
        self.show(&events);
    }

    /// Nothing that was shown by `Debug` holds a secret, a code or a backup code.
    pub(super) fn assert_nothing_leaked(&self) {
        let backup = self
            .models
            .iter()
            .flat_map(|it| it.backup.iter().chain(&it.ever_used));
        let plain = backup.flat_map(|code| [code.clone(), code.replace('-', "")]);
        let letters: Vec<String> = self.secrets.iter().cloned().chain(plain).collect();
        let codes: BTreeSet<&str> = self.codes.values().map(String::as_str).collect();
        for shown in &self.shown {
            for secret in &letters {
                assert!(!shown.contains(secret.as_str()), "a secret in {shown}");
            }
            let numbers = shown.split(|c: char| !c.is_ascii_alphanumeric());
            for number in numbers.filter(|it| it.len() == 6) {
                assert!(!codes.contains(number), "a code in {shown}");
            }
        }
    }
}
