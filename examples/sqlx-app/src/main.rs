//! Newsletter: an application with sqlx on PostgreSQL or SQLite, UUIDs, password hashes, sessions on the server and its own
//! migrations, redirects and errors. What the second factor added is in the README.

#[macro_use]
mod database;
mod error;
mod routes;
mod sessions;
mod users;

use std::env;

use actix_session::SessionMiddleware;
use actix_totp::{CurrentUser, KeyRing, SqlxStore, Totp, pages::Pages};
use actix_web::{
    App, HttpServer,
    cookie::Key,
    middleware::from_fn,
    web::{self, ThinData},
};

use crate::{database::Database, sessions::DatabaseSessions};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let setting = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let database = Database::open(&setting("DATABASE_URL", "sqlite:newsletter.db")).await?;
    let totp = with_pool!(&database, |pool| {
        let store = SqlxStore::from_pool(pool)?;
        store.migrate()?;
        Totp::builder(store, KeyRing::from_env("TOTP_KEY")?)
    })
    .issuer("Newsletter")
    .current_user(CurrentUser::default().label_with(users::email))
    .pages(Pages::new().sign_in("/login").sign_out("/logout"))
    .on_problem(|_, problem| error::json(problem.status(), problem.code(), problem.detail()))
    .build()?;
    totp.check().await?;
    let cookie_key = Key::generate(); // a real application keeps it, or restarting signs everybody out
    HttpServer::new(move || {
        App::new()
            .app_data(ThinData(database.clone()))
            .configure(routes::open)
            .service(web::scope("/account/totp").configure(|cfg| totp.configure(cfg)))
            .service(
                web::scope("/admin")
                    .wrap(totp.require())
                    .wrap(from_fn(routes::reject_anonymous_users))
                    .configure(routes::admin),
            )
            .wrap(session(database.clone(), cookie_key.clone()))
    })
    .bind(setting("BIND", "127.0.0.1:8083"))?
    .run()
    .await?;
    Ok(())
}

fn session(database: Database, key: Key) -> SessionMiddleware<DatabaseSessions> {
    SessionMiddleware::builder(DatabaseSessions(database), key)
        .cookie_secure(false) // only because this serves http://127.0.0.1; true behind TLS
        .build()
}
