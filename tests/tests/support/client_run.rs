//! A run of a client without cookies, for the test of the log.

use actix_totp::{FakeClock, MemoryStore, Totp, UserId};
use actix_web::{App, HttpResponse, web};
use serde_json::json;

use super::{Client, NOON, Place, keys, serve};

/// What a client without cookies is given and sends: its proofs, and codes with its requests.
pub fn sign_in_by_headers() -> Vec<String> {
    let (place, clock) = (Place::Header, FakeClock::at(NOON));
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .current_user(place.current_user())
        .proof_in(place.proof_in(0))
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!(
        App::new()
            .service(web::scope("/auth/otp").configure(|cfg| used.configure(cfg)))
            .service(
                web::resource("/vault")
                    .wrap(used.require())
                    .to(HttpResponse::Ok)
            )
    );
    let mut dave = Client::signed_in(server.browser(), place, "dave");
    let phone = dave.post("/auth/otp/generate/", &json!({})).json();
    let mut hidden = vec![phone["secret"].as_str().unwrap().to_owned()];
    let code = || {
        let user = UserId::new("dave").unwrap();
        totp.service().code_for(&user).unwrap().unwrap()
    };
    let verified = dave.token("/auth/otp/verify/", &code());
    let backup = verified.json()["backup_codes"].clone();
    let backup = backup.as_array().unwrap().iter();
    hidden.extend(backup.map(|code| code.as_str().unwrap().to_owned()));
    hidden.push(dave.proofs[0].clone());
    for path in ["/vault", "/auth/otp/status/"] {
        clock.advance_secs(30);
        let with_code = [("TOTP-Code", code())];
        hidden.push(with_code[0].1.clone());
        let header = [("TOTP-Code", with_code[0].1.as_str())];
        assert_eq!(dave.send("GET", path, &header, b"").status, 200);
        hidden.push(dave.proofs[0].clone());
    }
    // What is refused is not written down either.
    let refused = dave.send("GET", "/vault", &[("TOTP-Code", "zq7x-zq7x")], b"");
    refused.problem(400, "malformed_token");
    dave.proofs[0] = format!("{}zq8y", &dave.proofs[0][..80]);
    assert_eq!(dave.get("/vault").status, 401);
    hidden.extend(["zq7x-zq7x".into(), dave.proofs[0].clone(), "zq8y".into()]);
    hidden
}
