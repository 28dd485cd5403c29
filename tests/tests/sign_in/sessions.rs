//! Sessions in memory: their ids are good as long as they are there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;

type State = HashMap<String, String>;

#[derive(Clone, Default)]
pub struct MemorySessions(Arc<Mutex<(u64, HashMap<String, State>)>>);

impl SessionStore for MemorySessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        Ok(self.0.lock().unwrap().1.get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let (last, sessions) = &mut *self.0.lock().unwrap();
        *last += 1;
        sessions.insert(last.to_string(), state);
        Ok(SessionKey::try_from(last.to_string()).unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let sessions = &mut self.0.lock().unwrap().1;
        if let Some(session) = sessions.get_mut(key.as_ref()) {
            *session = state;
        }
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap().1.remove(key.as_ref());
        Ok(())
    }
}
