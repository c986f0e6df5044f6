//! Checking a password without paying for it on every call.
//!
//! Clients of the API send Basic credentials with each request, and one argon2 check costs tens of
//! milliseconds by design. A password that fitted is remembered for a minute, keyed by a MAC under a key of
//! this process over name, password and stored hash, so neither the password nor anything that helps to guess
//! it stays in memory and a changed password is a miss. A wrong password is never remembered; instead only a
//! few checks run at once, and a caller who would have to wait long for its turn is turned away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;

use crate::error::{ApiError, Refusal};

/// How long a fitting password is believed without another check.
const BELIEF: Duration = Duration::from_secs(60);
/// Fitting passwords that are remembered.
const CAPACITY: usize = 4_096;
/// Checks that run at once; each takes 19 MiB.
const AT_ONCE: usize = 2;
/// How long a check may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer password fits no account, see the store.
const MAX_PASSWORD: usize = 1_024;

/// What an unknown name is checked against: a hash with the parameters of the stored ones that nothing fits.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cGxpbXNvbGxwbGltc29sbA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Print = [u8; 32];

pub(super) struct PasswordCheck {
    key: hmac::Key,
    known: Mutex<HashMap<Print, Instant>>,
    turns: Arc<Semaphore>,
}

impl PasswordCheck {
    pub(super) fn new() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self {
            key: key.expect("the operating system gives random bytes"),
            known: Mutex::new(HashMap::new()),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Whether `password` fits `hash`. Without a hash (no such account) the same work is done for nothing, so
    /// that the time does not tell which names exist.
    pub(super) async fn check(
        &self,
        name: &str,
        password: &str,
        hash: Option<&str>,
    ) -> Result<bool, ApiError> {
        if password.len() > MAX_PASSWORD {
            return Ok(false);
        }
        let print = hash.map(|hash| self.print(name, password, hash));
        if print.is_some_and(|print| self.is_known(&print)) {
            return Ok(true);
        }
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| ApiError::new(Refusal::Unavailable, "too many sign-ins at once"))?;
        let turn = turn.map_err(ApiError::internal)?;
        let against = hash.unwrap_or(DECOY).to_owned();
        let password = password.to_owned();
        let check = tokio::task::spawn_blocking(move || {
            let fits = store::verify_password(&against, &password);
            drop(turn);
            fits
        });
        let fits = check.await.map_err(ApiError::internal)?;
        match print {
            Some(print) if fits => {
                self.remember(print);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn print(&self, name: &str, password: &str, hash: &str) -> Print {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [name, password, hash] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut print = [0; 32];
        print.copy_from_slice(context.sign().as_ref());
        print
    }

    fn is_known(&self, print: &Print) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(print).is_some_and(|since| since.elapsed() < BELIEF)
    }

    fn remember(&self, print: Print) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, since| since.elapsed() < BELIEF);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(print, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use store::{NewAccount, Role, Store, StoreOptions};

    use super::*;

    async fn stored_hash(password: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreOptions::new(folder.path().join("db"))).unwrap();
        let (name, password) = ("ann".to_owned(), password.to_owned());
        let account = NewAccount { name, password, role: Role::Reader, tags: vec![] };
        store.create_account(account).await.unwrap().password_hash
    }

    #[tokio::test]
    async fn the_check_for_an_unknown_name_costs_what_a_real_one_costs() {
        let hash = stored_hash("x").await;
        let costs = |text: &str| text.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(costs(DECOY), costs(&hash), "the decoy has the parameters of stored hashes");
        assert!(!store::verify_password(DECOY, ""));
        let shape = |text: &str| text.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(shape(DECOY), shape(&hash));
    }

    #[tokio::test]
    async fn a_fitting_password_is_remembered_and_a_changed_one_is_not_believed() {
        let checks = PasswordCheck::new();
        let hash = stored_hash("right").await;
        assert!(!checks.check("ann", "wrong", Some(&hash)).await.unwrap());
        assert!(checks.check("ann", "right", Some(&hash)).await.unwrap());
        let started = Instant::now();
        for _ in 0..100 {
            assert!(checks.check("ann", "right", Some(&hash)).await.unwrap());
        }
        assert!(started.elapsed() < Duration::from_millis(500), "remembered checks are cheap");
        let changed = stored_hash("other").await;
        assert!(!checks.check("ann", "right", Some(&changed)).await.unwrap());
        assert!(!checks.check("ann", "wrong", Some(&hash)).await.unwrap());
        assert!(!checks.check("bob", "right", None).await.unwrap());
    }
}
