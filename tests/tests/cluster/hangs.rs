//! A database that neither answers nor refuses: every request is answered 503 in time, the application stays fast, and
//! service returns by itself when the database does.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::{
    harness::{
        alone,
        client::{Client, User},
        cluster::Cluster,
        record::{Record, Request, Token},
        servers::{self, Server},
        service::{Instance, Service},
    },
    support::{Browser, Driver},
};

/// What `operation_timeout` says.
const LIMIT: Duration = Duration::from_secs(4);
/// For a page that asks nobody.
const FAST: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 64;

/// While the database hangs, many ask for everything there is. `client` has a proof.
fn assert_answered_while_it_hangs(client: &Client, token: &Token) {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let (mut client, token) = (client.clone(), token.clone());
                scope.spawn(move || {
                    let started = Instant::now();
                    let outcome = match n % 3 {
                        0 => client.send(Request::Vault, Token::None),
                        1 => client.send(Request::Status, Token::None),
                        _ => client.send(Request::Validate, token),
                    };
                    (outcome, client.last_status, started.elapsed())
                })
            })
            .collect();
        // Meanwhile: a page of the application that needs no store.
        while asking.iter().any(|it| !it.is_finished()) {
            let started = Instant::now();
            assert_eq!(Browser::new(client.browser.address).get("/").status, 200);
            assert!(started.elapsed() < 3 * FAST, "{:?}", started.elapsed());
        }
        for (outcome, status, time) in asking.into_iter().map(|it| it.join().unwrap()) {
            assert_eq!(status, Some(503), "{outcome:?}");
            assert!(time < 3 * LIMIT, "{time:?}");
        }
    });
}

fn enrolled(address: SocketAddr, record: &Record) -> (Client, Vec<String>) {
    let user = User::register(address, record).unwrap();
    let mut client = user.sign_in(address).unwrap();
    let (_, backup) = client.enroll().unwrap();
    (client, backup)
}

/// `kill -STOP`.
fn assert_a_stopped_server_is_survived(database: Server, driver: Driver) {
    let mut cluster = Cluster::over(database, driver, 1);
    let record = Record::default();
    let (mut client, backup) = enrolled(cluster.service.addresses()[0], &record);
    for round in 0..2 {
        cluster.database.daemon.hang();
        assert_answered_while_it_hangs(&client, &Token::Backup(backup[round].clone()));
        cluster.database.daemon.go_on();
        cluster.service.wait_until_it_serves(&client.browser);
        let fresh = Token::Backup(backup[2 + round].clone());
        assert!(client.send(Request::Validate, fresh).is_accepted());
        assert!(client.send(Request::Vault, Token::None).is_accepted());
    }
    record.assert_holds();
    cluster.service.assert_no_panic();
}

crate::support::on_each_driver!(
    while_postgres_hangs_everybody_is_answered,
    while_mariadb_hangs_everybody_is_answered,
);

fn while_postgres_hangs_everybody_is_answered(driver: Driver) {
    let _alone = alone();
    assert_a_stopped_server_is_survived(servers::postgres(&[]), driver);
}

fn while_mariadb_hangs_everybody_is_answered(driver: Driver) {
    let _alone = alone();
    assert_a_stopped_server_is_survived(servers::mariadb(&[]), driver);
}

/// Sessions in the database hang with it: whoever has one is told so, and nobody waits without an end.
#[test]
fn while_the_database_with_the_sessions_hangs_everybody_is_answered() {
    let _alone = alone();
    let database = servers::postgres(&[]);
    let instance = Instance::default().with("DATABASE_URL", &database.url);
    let mut service = Service::start([instance]);
    let record = Record::default();
    let (mut client, backup) = enrolled(service.addresses()[0], &record);
    database.daemon.hang();
    thread::scope(|scope| {
        for path in ["/", "/vault", "/auth/otp/status/"] {
            for _ in 0..8 {
                let mut browser = client.browser.clone();
                scope.spawn(move || {
                    let started = Instant::now();
                    let answer = browser.try_send("GET", path, &[], b"");
                    assert!(answer.is_ok_and(|it| it.status >= 500), "{path}");
                    assert!(started.elapsed() < 3 * LIMIT, "{path}");
                });
            }
        }
    });
    let started = Instant::now();
    assert_eq!(Browser::new(client.browser.address).get("/").status, 200);
    assert!(started.elapsed() < 3 * FAST, "without a session");
    database.daemon.go_on();
    service.wait_until_it_serves(&client.browser);
    let fresh = Token::Backup(backup[0].clone());
    assert!(client.send(Request::Validate, fresh).is_accepted());
    service.assert_no_panic();
}

/// The sessions hang, not the devices: whoever has none is served, whoever has one is told so.
#[test]
fn while_redis_hangs_nobody_waits_for_his_session_for_long() {
    let _alone = alone();
    let database = servers::postgres(&[]);
    let mut cluster = Cluster::over(database, Driver::Diesel, 1);
    let record = Record::default();
    let (mut client, _) = enrolled(cluster.service.addresses()[0], &record);
    cluster.redis.daemon.hang();
    let started = Instant::now();
    assert!(client.send(Request::Vault, Token::None).is_unknown());
    assert_eq!(Browser::new(client.browser.address).get("/").status, 200);
    assert!(started.elapsed() < 3 * LIMIT);
    cluster.redis.daemon.go_on();
    cluster.service.wait_until_it_serves(&client.browser);
    assert!(client.send(Request::Vault, Token::None).is_accepted());
}
