//! What is counted.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_totp::{
    BackupCodeLength::{FourGroups, SixGroups},
    Clock, CurrentUser, Device, DeviceStore, KeyRing, MemoryStore, Outcome, ProofIn, SignedIn,
    Totp, TotpService,
    bench::Guarding,
};
use actix_totp_core::{Credential, Parameters, Proof, TotpBuilder, bench::Parts};
use actix_web::{
    App, HttpRequest, HttpResponse,
    rt::System,
    test::{TestRequest, call_service, init_service},
    web,
};
use anyhow::bail;
use benches::users::{self, PERIOD_SECS, Users};

use super::TIMES;

pub const PARTS: [&str; 8] = [
    "guards_decision",
    "guarded_get",
    "guarded_get_that_leaves_cache_control",
    "matching_a_code",
    "validate_on_the_memory_store",
    "validate_with_five_authenticators",
    "renewing_and_using_backup_codes_of_80_bits",
    "renewing_and_using_backup_codes_of_120_bits",
];
const START: u64 = 1_760_000_010;

/// Is called with 0, 1, …
type Work = Box<dyn FnMut(u64)>;

pub fn prepare(part: &str) -> anyhow::Result<Work> {
    Ok(match part {
        "guards_decision" => {
            let guarding = Guarding::new(users::id(1)?, START);
            Box::new(move |_| assert!(black_box(&guarding).decide()))
        }
        "guarded_get" => guarded_get(false)?,
        "guarded_get_that_leaves_cache_control" => guarded_get(true)?,
        "matching_a_code" => {
            let keys = KeyRing::parse(&Users::keys().0)?;
            let parts = Parts::new(keys, users::id(1)?, &[7; 20], START)?;
            let code = parts.good_code();
            Box::new(move |_| {
                black_box(parts.match_code(black_box(&code)));
            })
        }
        "validate_on_the_memory_store" => validate(0)?,
        "validate_with_five_authenticators" => validate(4)?,
        "renewing_and_using_backup_codes_of_80_bits" => {
            backup_codes(|builder| builder.backup_codes(10, FourGroups))?
        }
        "renewing_and_using_backup_codes_of_120_bits" => {
            backup_codes(|builder| builder.backup_codes(10, SixGroups))?
        }
        _ => bail!("{part} is no part"),
    })
}

/// Up to the answer's headers, for somebody whose proof the guard remembers: no thread and no store is asked.
fn guarded_get(leaves_cache_control: bool) -> anyhow::Result<Work> {
    let (store, device) = store()?;
    let totp = Totp::builder(store, keys()?)
        .clock(SteppingClock::default())
        .current_user(CurrentUser::from_fn(async |_: &HttpRequest| {
            let user = users::id(1).map_err(actix_web::error::ErrorInternalServerError)?;
            Ok(Some(SignedIn::new(user)))
        }))
        .proof_in(ProofIn::Header)
        .recheck_every(Duration::from_secs(60))
        .build()?;
    let proof = totp.seal_proof(&Proof {
        user: device.user,
        epoch: device.epoch,
        at: START,
    })?;
    let guard = if leaves_cache_control {
        totp.require().leave_cache_control()
    } else {
        totp.require()
    };
    let system = System::new();
    let app = App::new().service(web::resource("/").wrap(guard).to(HttpResponse::Ok));
    let app = system.block_on(init_service(app));
    Ok(Box::new(move |_| {
        let request = TestRequest::get().insert_header(("TOTP-Proof", proof.text()));
        let answer = system.block_on(call_service(&app, request.to_request()));
        assert!(answer.status().is_success(), "{answer:?}");
    }))
}

/// A right code in each step, of a user who has so many other authenticators.
fn validate(others: u8) -> anyhow::Result<Work> {
    let service = Service::new(|builder| builder)?;
    for n in 0..others {
        let other = Credential::new(&[n; Credential::SECRET_BYTES], Parameters::default())?;
        let added = service.totp.import(&service.device.user, &other, START)?;
        anyhow::ensure!(matches!(added, Outcome::Accepted(_)), "{added:?}");
    }
    Ok(Box::new(move |step| {
        let outcome = service
            .at(step)
            .authenticate(&service.device.user, service.code(step));
        assert!(matches!(outcome, Ok(Outcome::Accepted(_))), "{outcome:?}");
    }))
}

/// Ten new ones in each step, for a right code, and one of them used.
fn backup_codes(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> anyhow::Result<Work> {
    let service = Service::new(set)?;
    Ok(Box::new(move |step| {
        let (totp, user) = (service.at(step), &service.device.user);
        let Ok(Outcome::Accepted(renewed)) = totp.renew_backup_codes(user, service.code(step))
        else {
            panic!("the code is right");
        };
        let used = totp.authenticate(user, &renewed.backup_codes[0].reveal());
        assert!(matches!(used, Ok(Outcome::Accepted(_))), "{used:?}");
    }))
}

/// The service with one user, and the right code of each step.
struct Service {
    totp: TotpService,
    clock: SteppingClock,
    device: Device,
    codes: Vec<String>,
}

impl Service {
    fn new(set: impl FnOnce(TotpBuilder) -> TotpBuilder) -> anyhow::Result<Self> {
        let (store, device) = store()?;
        let clock = SteppingClock::default();
        let builder = TotpService::builder(store, keys()?).clock(clock.clone());
        let codes = (0..TIMES).map(|step| users::code(1, START / PERIOD_SECS + step));
        Ok(Self {
            totp: set(builder).build()?,
            clock,
            device,
            codes: codes.collect::<anyhow::Result<_>>()?,
        })
    }

    fn at(&self, step: u64) -> &TotpService {
        self.clock.0.store(step, SeqCst);
        &self.totp
    }

    fn code(&self, step: u64) -> &str {
        &self.codes[step as usize]
    }
}

fn store() -> anyhow::Result<(MemoryStore, Device)> {
    let (store, device) = (MemoryStore::new(), Users::new()?.device(1)?);
    store.swap(&device.user, None, Some(&device))?;
    Ok((store, device))
}

fn keys() -> anyhow::Result<KeyRing> {
    Ok(KeyRing::parse(&Users::keys().0)?)
}

#[derive(Clone, Default)]
struct SteppingClock(Arc<AtomicU64>);

impl Clock for SteppingClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(START + self.0.load(SeqCst) * PERIOD_SECS)
    }
}
