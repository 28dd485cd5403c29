//! Three instances, one user, the same moment.

use crate::{
    harness::{
        alone,
        client::{Client, User},
        cluster::Cluster,
        galera::Galera,
        race::Runner,
        record::{Record, Request, Token},
        servers,
        service::{Instance, Service},
        times,
    },
    support::Driver,
};

const WRONG_AT_ONCE: usize = 64;

/// Everything that is shown of races, on any service.
fn assert_races_are_right(service: &Service) {
    let (addresses, record) = (service.addresses(), Record::default());
    one_code_is_accepted_once(service, &record);
    exactly_the_allowance_is_compared(service, &record);
    for n in 0..addresses.len() {
        proofs_are_everywhere_and_end_everywhere(service, n, &record);
    }
    record.assert_holds();
    record.assert_no_fault();
}

fn one_code_is_accepted_once(service: &Service, record: &Record) {
    let mut runner = Runner::new(&service.addresses(), record);
    for round in 0..times(20, 200) {
        assert_eq!(runner.one_code(), 1, "round {round}");
    }
    for code in runner.backup.clone() {
        let outcomes = runner.all_at_once(&Token::Backup(code), 32);
        assert_eq!(outcomes.iter().filter(|it| it.is_accepted()).count(), 1);
    }
}

fn exactly_the_allowance_is_compared(service: &Service, record: &Record) {
    for _ in 0..times(20, 200) {
        let mut runner = Runner::new(&service.addresses(), record);
        let wrong = runner.phone.wrong();
        let outcomes = runner.all_at_once(&wrong, WRONG_AT_ONCE);
        let compared = outcomes
            .iter()
            .filter(|it| it.is_refused("invalid_token"))
            .count();
        let waiting = outcomes
            .iter()
            .filter(|it| it.is_refused("throttled"))
            .count();
        assert_eq!((compared, waiting), (5, WRONG_AT_ONCE - 5), "{outcomes:?}");
        let right = runner.code();
        assert!(
            runner.browsers[0]
                .send(Request::Validate, right)
                .is_refused("throttled")
        );
    }
}

/// The device is confirmed at instance `n` and disabled at the next.
fn proofs_are_everywhere_and_end_everywhere(service: &Service, n: usize, record: &Record) {
    let addresses = service.addresses();
    let user = User::register(addresses[n], record).unwrap();
    let mut one = user.sign_in(addresses[n]).unwrap();
    let mut other = user.sign_in(addresses[n]).unwrap();
    let (_, backup) = one.enroll().unwrap();
    let mut backup = backup.into_iter().map(Token::Backup);
    let at = |client: &mut Client, n: usize| {
        client.browser.address = addresses[n % addresses.len()];
    };
    assert!(
        other
            .send(Request::Validate, backup.next().unwrap())
            .is_accepted()
    );
    for m in 0..addresses.len() {
        for client in [&mut one, &mut other] {
            at(client, m);
            assert!(
                client.send(Request::Vault, Token::None).is_accepted(),
                "{n} {m}"
            );
        }
    }
    at(&mut one, n + 1);
    assert!(
        one.send(Request::Disable, backup.next().unwrap())
            .is_accepted()
    );
    for m in 0..addresses.len() {
        for client in [&mut one, &mut other] {
            at(client, m);
            let outcome = client.send(Request::Vault, Token::None);
            assert!(
                outcome.is_refused("totp_setup_required"),
                "{n} {m}: {outcome:?}"
            );
        }
    }
}

crate::support::on_each_driver!(
    three_instances_over_a_galera_cluster_are_one_service,
    three_instances_over_postgres_are_one_service,
    three_instances_over_postgres_at_serializable_are_one_service,
    three_instances_over_mariadb_are_one_service,
    three_instances_over_mariadb_with_snapshot_isolation_are_one_service,
);

/// Each instance on a node of its own. A write that loses against another node's is told 1213: a lost swap.
fn three_instances_over_a_galera_cluster_are_one_service(driver: Driver) {
    let _alone = alone();
    let (mut galera, redis) = (Galera::start(), servers::redis());
    let instance = |url: &String| {
        Instance::of(driver)
            .with("DATABASE_URL", url)
            .with("REDIS_URL", &redis.url)
    };
    let service = Service::start(galera.urls.iter().map(instance));
    assert_races_are_right(&service);

    // With one node dead the others go on, and what was acknowledged is there.
    let record = Record::default();
    let mut runner = Runner::new(&service.addresses()[..2], &record);
    let spent = runner.code();
    assert!(
        runner.browsers[0]
            .send(Request::Validate, spent.clone())
            .is_accepted()
    );
    galera.nodes[2].kill();
    let outcomes = runner.all_at_once(&spent, 32);
    assert!(
        outcomes.iter().all(|it| it.is_refused("invalid_token")),
        "{outcomes:?}"
    );
    assert_eq!(runner.one_code(), 1);
    let mut there = runner.browsers[0].at(service.addresses()[2]);
    assert!(there.send(Request::Vault, Token::None).is_unknown());
    record.assert_holds();
}

fn three_instances_over_postgres_are_one_service(driver: Driver) {
    let _alone = alone();
    assert_races_are_right(&Cluster::over(servers::postgres(&[]), driver, 3).service);
}

fn three_instances_over_postgres_at_serializable_are_one_service(driver: Driver) {
    let _alone = alone();
    let settings = ["default_transaction_isolation=serializable"];
    assert_races_are_right(&Cluster::over(servers::postgres(&settings), driver, 3).service);
}

fn three_instances_over_mariadb_are_one_service(driver: Driver) {
    let _alone = alone();
    assert_races_are_right(&Cluster::over(servers::mariadb(&[]), driver, 3).service);
}

fn three_instances_over_mariadb_with_snapshot_isolation_are_one_service(driver: Driver) {
    let _alone = alone();
    let database = servers::mariadb(&["innodb-snapshot-isolation=ON"]);
    assert_races_are_right(&Cluster::over(database, driver, 3).service);
}
