//! An application that keeps its sessions with actix-session 0.10 and mounts the plugin, which reads those of another version.

use std::{error::Error, net::TcpListener};

use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
use actix_totp::{KeyRing, MemoryStore, Totp};
use actix_web::{App, HttpServer, Responder, cookie::Key, web};

async fn login(session: Session) -> actix_web::Result<impl Responder> {
    session.insert("user_id", "alice")?;
    Ok("signed in")
}

async fn me(session: Session) -> actix_web::Result<impl Responder> {
    Ok(session.get::<String>("user_id")?.unwrap_or_default())
}

async fn vault() -> impl Responder {
    "the cake is in the cellar"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let keys = KeyRing::new([std::array::from_fn(|n| n as u8)])?;
    let totp = Totp::builder(MemoryStore::new(), keys).build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}", listener.local_addr()?);
    let server = HttpServer::new(move || {
        let session =
            SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[1; 64]))
                .cookie_secure(false)
                .build();
        App::new()
            .route("/login", web::post().to(login))
            .route("/me", web::get().to(me))
            .service(web::scope("/auth/otp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::scope("/vault")
                    .wrap(totp.require())
                    .route("", web::get().to(vault)),
            )
            .wrap(session)
    });
    server.workers(1).listen(listener)?.run().await?;
    Ok(())
}
