//! Notes what the fleet came to on each day, for `GET /api/v1/history`.
//!
//! The note of a day is renewed while the day lasts, so that in the end it says how the day ended; a server that is killed
//! loses an hour of it at most.
//!
//! The decision a reader may doubt: there is a note for every scope that some account has, and not one from which the others
//! are worked out. Numbers of everything cannot be narrowed afterwards to what a scope showed, and what a scoped account
//! reads must hold nothing from outside its scope. So the history of a scope begins when the first account gets it.

use std::collections::BTreeSet;
use std::time::Duration;

use fleet::{Entity, Fleet, FleetError, Scope, Selection};
use model::Timestamp;
use store::{Store, StoreError};
use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

/// How often the note of the day is renewed.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Why a day could not be noted.
#[derive(Debug, thiserror::Error)]
enum NoteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error("the counting was broken off")]
    Broken(#[from] tokio::task::JoinError),
}

/// Works until `stop` is set, and once more then.
pub async fn run(store: Store, fleet: Fleet, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = note(&store, &fleet).await {
            warn!("the numbers of the day could not be noted and are tried again: {error}");
        }
        if *stop.borrow() {
            return;
        }
        // a change of the day is not missed: the last note of a day is at most an interval old when it ends
        tokio::select! {
            () = tokio::time::sleep(INTERVAL.min(until_midnight())) => {}
            _ = stop.wait_for(|stopping| *stopping) => {}
        }
    }
}

/// A moment before the next midnight (UTC), so that a day is noted when it is nearly over; a minute at least.
fn until_midnight() -> Duration {
    let left = DAY - 5_000 - Timestamp::now().0.rem_euclid(DAY);
    Duration::from_millis(u64::try_from(left).unwrap_or_default()).max(Duration::from_secs(60))
}

/// Notes today for every customer and every scope that an account has.
async fn note(store: &Store, fleet: &Fleet) -> Result<(), NoteError> {
    let mut parts: BTreeSet<(Uuid, Option<BTreeSet<String>>)> = BTreeSet::new();
    for account in store.accounts().await? {
        parts.insert((account.customer, None));
        if let Some(tags) = account.scope {
            parts.insert((account.customer, Some(tags)));
        }
    }
    for (customer, tags) in parts {
        let scope = tags.map_or(Scope::Everything, Scope::Tags);
        let key = api::scope_key(&scope);
        let fleet = fleet.clone();
        let selection = Selection { customer, scope, entity: Entity::Image, filter: None };
        let summary = tokio::task::spawn_blocking(move || fleet.summary(&selection)).await??;
        let today = Timestamp::now().0.div_euclid(DAY);
        let today = i32::try_from(today).unwrap_or(i32::MAX);
        store.put_day(customer, &key, today, &api::day_document(summary)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::{NewAccount, Role, StoreOptions};

    use super::*;

    #[tokio::test]
    async fn every_scope_of_an_account_is_noted_by_itself_also_at_the_stop() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreOptions::new(folder.path().join("plimsoll.db"))).unwrap();
        let account = |name: &str, tags: &[&str]| NewAccount {
            name: name.to_owned(),
            password: "correct horse".to_owned(),
            role: if tags.is_empty() { Role::Manager } else { Role::Reader },
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let boss = store.create_account(account("boss", &[])).await.unwrap();
        store.create_account(account("crew", &["b", "a"])).await.unwrap();
        let bundle = crate::jobs::watch_bundle::open_current(folder.path());
        let fleet = Fleet::start(store.clone(), bundle).await.unwrap();
        let (stop, stopped) = watch::channel(true);
        run(store.clone(), fleet, stopped).await;
        drop(stop);
        let today = (Timestamp::now().0.div_euclid(DAY)) as i32;
        for key in ["", r#"["a","b"]"#] {
            let days = store.days(boss.customer, key, today - 1, today).await.unwrap();
            assert_eq!(days.len(), 1, "{key}");
            assert!(days[0].1.contains("\"images\":0"), "{}", days[0].1);
        }
        assert!(store.days(boss.customer, "[\"a\"]", 0, today).await.unwrap().is_empty());
    }
}
