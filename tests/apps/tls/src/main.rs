//! One application on two ports: TLS by OpenSSL, and by rustls.

use std::{error::Error, sync::Arc};

use actix_totp::{KeyRing, MemoryStore, Totp};
use actix_web::{App, HttpServer, web};
use openssl::ssl::{SslAcceptor, SslMethod};
use rustls::{ServerConfig, server::ResolvesServerCertUsingSni};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::from_env("TOTP_KEY")?;
    let totp = Totp::builder(MemoryStore::new(), keys).build()?;
    let app =
        move || App::new().service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)));
    let openssl = SslAcceptor::mozilla_intermediate(SslMethod::tls())?;
    let rustls =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    HttpServer::new(app)
        .bind_openssl(("127.0.0.1", 0), openssl)?
        .bind_rustls_0_23(("127.0.0.1", 0), rustls)?
        .run()
        .await?;
    Ok(())
}
