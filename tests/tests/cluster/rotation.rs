//! A rotation in progress: two instances with the same keys in another order. Whatever one sealed, the other opens.

use crate::harness::{
    alone,
    cluster::Cluster,
    person::{Person, backup_codes},
    record::{Ask, Record, Token, Told},
    servers,
    service::{Instance, TOTP_KEY},
    times,
};

const NEW_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

#[test]
fn during_a_rotation_every_sign_in_works() {
    let _alone = alone();
    let keys = |first: &str, second: &str| {
        Instance::default().with("TOTP_KEY", &format!("{first},{second}"))
    };
    let instances = [keys(TOTP_KEY, NEW_KEY), keys(NEW_KEY, TOTP_KEY)];
    let cluster = Cluster::with(servers::postgres(&[]), instances);
    let (addresses, record) = (cluster.service.addresses(), Record::default());
    for n in 0..times(6, 60) {
        let (here, there) = (addresses[n % 2], addresses[(n + 1) % 2]);
        let person = Person::register(here, &record).unwrap();
        let mut client = person.sign_in(here).unwrap();
        let (mut phone, backup) = client.enroll().unwrap();
        let mut all = vec![(there, Ask::Validate, Token::Backup(backup[0].clone()))];
        all.push((there, Ask::Vault, Token::None));
        all.push((here, Ask::Validate, Token::Backup(backup[1].clone())));
        for (address, ask, token) in all {
            client.browser.address = address;
            let told = client.ask(ask, token);
            assert!(told.is_yes(), "{n} {told:?}");
        }
        client.browser.address = there;
        if let Some(code) = phone.code() {
            let told = client.ask(Ask::Renew, code);
            let Told::Yes(renewed) = told else {
                panic!("{n} {told:?}")
            };
            client.browser.address = here;
            let code = Token::Backup(backup_codes(&renewed)[0].clone());
            assert!(client.ask(Ask::Disable, code).is_yes());
        }
    }
    record.assert_holds();
    record.assert_no_fault();
}
