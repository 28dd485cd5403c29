//! A rotation in progress: two instances with the same keys in another order. Whatever one sealed, the other opens.

use crate::harness::{
    alone,
    client::{User, backup_codes},
    cluster::Cluster,
    record::{Outcome, Record, Request, Token},
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
        let user = User::register(here, &record).unwrap();
        let mut client = user.sign_in(here).unwrap();
        let (mut phone, backup) = client.enroll().unwrap();
        let mut all = vec![(there, Request::Validate, Token::Backup(backup[0].clone()))];
        all.push((there, Request::Vault, Token::None));
        all.push((here, Request::Validate, Token::Backup(backup[1].clone())));
        for (address, request, token) in all {
            client.browser.address = address;
            let outcome = client.send(request, token);
            assert!(outcome.is_accepted(), "{n} {outcome:?}");
        }
        client.browser.address = there;
        if let Some(code) = phone.code() {
            let outcome = client.send(Request::Renew, code);
            let Outcome::Accepted(renewed) = outcome else {
                panic!("{n} {outcome:?}")
            };
            client.browser.address = here;
            let code = Token::Backup(backup_codes(&renewed)[0].clone());
            assert!(client.send(Request::Disable, code).is_accepted());
        }
    }
    record.assert_holds();
    record.assert_no_fault();
}
