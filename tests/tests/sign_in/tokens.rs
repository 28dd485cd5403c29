//! Applications without sessions: the function mints a token, and the client keeps the proof.

use actix_session::SessionExt;
use actix_totp::{
    Authenticated, CurrentUser, FakeClock, MemoryStore, ProofIn, SignedIn, Totp, UserId,
};
use actix_web::{
    App, HttpRequest, HttpResponse, error::ErrorImATeapot, http::header::AUTHORIZATION, web,
};
use serde_json::{Value, json};

use crate::{
    Site, complete,
    support::{Authenticator, NOON, RunningServer, keys, serve},
    ticket, user,
};

/// What a token of the application says: whose it is, and a claim.
fn claims(req: &HttpRequest) -> Option<(String, String)> {
    let token = req.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (user, claim) = token.strip_prefix("Bearer ")?.split_once('.')?;
    Some((user.to_owned(), claim.to_owned()))
}

async fn mint(
    req: &HttpRequest,
    user: &UserId,
    authenticated: &Authenticated,
) -> Result<HttpResponse, actix_web::Error> {
    let totp = req.app_data::<web::ThinData<Totp>>().unwrap();
    let proof = totp.seal_proof(&authenticated.proof).unwrap();
    let token = format!("{user}.{}", proof.text());
    Ok(HttpResponse::Ok().json(json!({ "access_token": token })))
}

/// alice has a second factor.
fn api(proof_in: ProofIn) -> (Totp, Authenticator, RunningServer) {
    let clock = FakeClock::at(NOON);
    let totp = Totp::builder(MemoryStore::new(), keys())
        .clock(clock.clone())
        .current_user(CurrentUser::from_fn(async |req: &HttpRequest| {
            let id = claims(req).and_then(|(user, _)| UserId::new(user).ok());
            Ok(id.map(SignedIn::new))
        }))
        .proof_in(proof_in)
        .on_signed_in(mint)
        .build()
        .unwrap();
    let used = totp.clone();
    let server = serve!({
        let vault = web::resource("/vault").wrap(used.require());
        App::new()
            .service(web::scope("/otp").configure(|cfg| used.configure(cfg)))
            .service(vault.to(HttpResponse::Ok))
    });
    let (alice, service) = (user("alice"), totp.service());
    let enrolled = service.enroll(&alice, "", None).unwrap();
    let phone = Authenticator::new(enrolled.accepted().unwrap().secret(), &clock);
    let confirmed = service.confirm(&alice, &phone.code()).unwrap();
    assert!(confirmed.accepted().is_some());
    clock.advance_secs(90);
    (totp, phone, server)
}

#[test]
fn the_proof_is_in_a_header_of_the_answer_or_in_the_claim_that_the_function_has_made_and_no_cookie_is_set()
 {
    let by_claim = ProofIn::from_fn(async |req: &HttpRequest| Some(claims(req)?.1));
    for (proof_in, is_claim) in [(ProofIn::Header, false), (by_claim, true)] {
        let (totp, phone, server) = api(proof_in);
        let ticket = totp.service().begin_sign_in(&user("alice")).unwrap();
        let ticket = ticket.unwrap();
        let mut alice = server.browser();
        let refused = complete(&mut alice, ticket.as_str(), &phone.wrong_code());
        refused.problem(400, "invalid_token");
        assert_eq!(refused.header("totp-proof"), None);
        let answer = complete(&mut alice, ticket.as_str(), &phone.code());
        let body: Value = answer.json();
        let token = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let proof = answer.header("totp-proof").unwrap();
        assert!(alice.cookies.is_empty());

        let mut vault = |headers: &[(&str, &str)]| alice.send("GET", "/vault", headers, b"").status;
        let both = [("Authorization", &*token), ("TOTP-Proof", proof)];
        assert_eq!(vault(&both), 200);
        let status = if is_claim { 200 } else { 401 };
        assert_eq!(vault(&both[..1]), status, "the token alone");
        assert_eq!(vault(&both[1..]), 401, "the proof alone is nobody's");
        let with_ticket = [("Authorization", &*token), ("TOTP-Proof", ticket.as_str())];
        assert_eq!(vault(&with_ticket), status, "a ticket is no proof");
        complete(&mut alice, proof, &phone.code_in(30)).problem(401, "invalid_ticket");
    }
}

/// With `Either`, a program may have a session around it all the same.
#[test]
fn where_the_function_fails_nobody_is_in_a_session_either() {
    let site = Site::with(|builder| {
        builder.proof_in(ProofIn::Either).on_signed_in(
            async |req: &HttpRequest, user: &UserId, _: &Authenticated| {
                req.get_session().insert("user_id", user.as_str())?;
                Err(ErrorImATeapot("not today"))
            },
        )
    });
    let (phone, _) = site.enroll(&user("alice"));
    let mut alice = site.browser();
    let body = json!({ "ticket": ticket(&mut alice, "alice"), "token": phone.code() });
    let headers = [
        ("Content-Type", "application/json"),
        ("Authorization", "Bearer zq7x"),
    ];
    let answer = alice.send(
        "POST",
        "/otp/sign-in/",
        &headers,
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 418);
    assert_eq!(answer.header("totp-proof"), None);
    assert_eq!(alice.get("/me").status, 401);
}
