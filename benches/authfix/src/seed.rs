//! Users and their sessions: each signs in through the application itself, so that the cookies are authfix's own.

use std::{
    fs::File,
    io::{BufWriter, Write},
};

use actix_web::{
    cookie::Key,
    dev::Service,
    http::header::{COOKIE, SET_COOKIE},
    test::{TestRequest, init_service},
};
use anyhow::{Context, anyhow, ensure};
use authfix::multifactor::factor_impl::authenticator::TotpSecretGenerator;
use google_authenticator::GoogleAuthenticator;
use serde_json::{Value, json};

use crate::{
    app::app,
    users::{PASSWORD, Users},
};

pub(crate) async fn run(count: u32, users: &Users, key: Key, out: &str) -> anyhow::Result<()> {
    let secret = |id: &str| {
        TotpSecretGenerator::new("reference", id)
            .secret()
            .to_owned()
    };
    let ids = (1..=count).map(|n| format!("user{n}"));
    let rows: Vec<_> = ids.map(|id| (id.clone(), secret(&id))).collect();
    users.create(&rows)?;

    let app = init_service(app(users.clone(), key)).await;
    // Posts, and returns what a browser sends as `Cookie` from then on.
    let cookie_after = async |path: &str, cookie: &str, body: Value| {
        let request = TestRequest::post().uri(path).set_json(body);
        let request = request.insert_header((COOKIE, cookie)).to_request();
        let response = app
            .call(request)
            .await
            .map_err(|error| anyhow!("{error}"))?;
        ensure!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        let set = response.headers().get(SET_COOKIE).context("no session")?;
        let (pair, _attributes) = set.to_str()?.split_once(';').context("no session")?;
        Ok(pair.to_owned())
    };

    let mut out = BufWriter::new(File::create(out)?);
    for (id, secret) in &rows {
        let login = json!({ "email": id, "password": PASSWORD });
        let before = cookie_after("/login", "", login).await?;
        let code = GoogleAuthenticator::new().get_code(secret, 0);
        let code = json!({ "code": code.map_err(|error| anyhow!("{error:?}"))? });
        let after = cookie_after("/login/mfa", &before, code).await?;
        writeln!(out, "{before}\t{after}\t{secret}")?;
    }
    Ok(out.flush()?)
}
