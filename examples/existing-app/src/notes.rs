//! The notes: what the application is for.

use actix_identity::Identity;
use actix_web::{
    HttpResponse, Responder,
    web::{self, Json, ThinData},
};
use diesel::prelude::*;

use crate::{DbPool, accounts::id_of, run};

diesel::table! {
    notes (id) {
        id -> Integer,
        user_id -> Integer,
        text -> Text,
    }
}

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("", web::get().to(list))
        .route("", web::post().to(add));
}

async fn list(user: Identity, pool: ThinData<DbPool>) -> actix_web::Result<impl Responder> {
    let own = notes::table
        .filter(notes::user_id.eq(id_of(&user)?))
        .order(notes::id);
    let texts = run(&pool, move |db| own.select(notes::text).load::<String>(db)).await?;
    Ok(Json(texts))
}

async fn add(
    user: Identity,
    pool: ThinData<DbPool>,
    text: Json<String>,
) -> actix_web::Result<impl Responder> {
    let row = (
        notes::user_id.eq(id_of(&user)?),
        notes::text.eq(text.into_inner()),
    );
    run(&pool, |db| {
        diesel::insert_into(notes::table).values(row).execute(db)
    })
    .await?;
    Ok(HttpResponse::Created())
}
