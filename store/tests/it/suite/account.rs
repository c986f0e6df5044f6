//! Accounts, tags and secrets.

use std::collections::BTreeSet;

use model::Timestamp;
use store::{DEFAULT_CUSTOMER, NewAccount, Role, StoreError, verify_password};

use crate::Backend;
use crate::build::{container, report, stored};

fn account(name: &str, tags: &[&str]) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        password: "correct horse".to_owned(),
        role: Role::Reader,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

pub(crate) async fn accounts_are_made_found_listed_and_removed(backend: impl Backend) {
    let store = backend.open();
    let made = store.create_account(account("zoe", &["b", "a", "b"])).await.unwrap();
    store.create_account(account("Anna", &[])).await.unwrap();
    let found = store.account("zoe").await.unwrap().unwrap();
    assert_eq!(found, made);
    assert_eq!(found.scope, Some(BTreeSet::from(["a".to_owned(), "b".to_owned()])));
    assert!(found.password_hash.starts_with("$argon2id$"));
    assert!(verify_password(&found.password_hash, "correct horse"));
    assert!(!verify_password(&found.password_hash, "correct horsf"));
    assert!(!verify_password("not a hash", ""));
    assert_eq!(store.account("Anna").await.unwrap().unwrap().scope, None);
    assert!(store.account("anna").await.unwrap().is_none());

    store.set_password("zoe", "new").await.unwrap();
    store.set_account_disabled("zoe", true).await.unwrap();
    let all = store.accounts().await.unwrap();
    assert_eq!(all.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["Anna", "zoe"]);
    assert!(all[1].disabled && verify_password(&all[1].password_hash, "new"));
    store.delete_account("zoe").await.unwrap();
    assert!(store.account("zoe").await.unwrap().is_none());
    for refused in [store.delete_account("zoe").await, store.set_password("zoe", "x").await] {
        assert_eq!(refused.unwrap_err().to_string(), "account `zoe` does not exist");
    }
    assert_eq!(store.clock().await.unwrap(), Timestamp(0));
}

pub(crate) async fn a_second_account_of_the_same_name_is_refused(backend: impl Backend) {
    let store = backend.open();
    store.create_account(account("zoe", &[])).await.unwrap();
    let refused = store.create_account(account("zoe", &["x"])).await.unwrap_err();
    assert_eq!(refused.to_string(), "account `zoe` exists already");
    assert_eq!(store.account("zoe").await.unwrap().unwrap().scope, None);
}

pub(crate) async fn names_and_passwords_are_checked(backend: impl Backend) {
    let store = backend.open();
    for name in ["", "a:b", "a b", "a\nb", "a\u{0}", &"x".repeat(129)] {
        let refused = store.create_account(account(name, &[])).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field, .. }) if field == "name"), "{name:?}");
        assert!(store.account(name).await.unwrap().is_none());
    }
    let empty = NewAccount { password: String::new(), ..account("a", &[]) };
    assert!(
        matches!(store.create_account(empty).await, Err(StoreError::Invalid { field, .. }) if field == "password")
    );
    let refused = store.create_account(account("a", &["ok", ""])).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field, .. }) if field == "tags[1]"));
}

pub(crate) async fn a_tag_is_taken_off_once_and_a_container_keeps_that_of_its_image(backend: impl Backend) {
    let store = backend.open();
    let of_image = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap().uuids[0];
    let of_container = store.put_containers(DEFAULT_CUSTOMER, vec![container(1)]).await.unwrap().uuids[0];
    let both = [of_image, of_container];
    store.assign_tag(DEFAULT_CUSTOMER, "team a", &both).await.unwrap();
    let ack = store.unassign_tag(DEFAULT_CUSTOMER, "team a", &both).await.unwrap();
    assert!(ack.changed);
    let record = stored(&store, 1).await;
    assert_eq!((record.tags, record.updated), (vec![], ack.updated));
    let record = store.container(DEFAULT_CUSTOMER, of_container).await.unwrap().unwrap();
    assert_eq!((record.tags, record.updated), (vec!["web".to_owned()], ack.updated));
    let changes = store.changes_after(Timestamp(ack.updated.0 - 1), 10).await.unwrap();
    assert_eq!(changes.iter().map(|change| &*change.cause).collect::<Vec<_>>(), ["tag", "tag"]);

    let clock = store.clock().await.unwrap();
    let again = store.unassign_tag(DEFAULT_CUSTOMER, "team a", &both).await.unwrap();
    assert!(!again.changed);
    assert_eq!(store.clock().await.unwrap(), clock);
    assert!(store.unassign_tag(DEFAULT_CUSTOMER, "", &both).await.is_err());
    let unknown = [of_container, uuid::Uuid::from_u128(5)];
    assert!(matches!(
        store.unassign_tag(DEFAULT_CUSTOMER, "web", &unknown).await,
        Err(StoreError::NotFound { .. })
    ));
    let record = store.container(DEFAULT_CUSTOMER, of_container).await.unwrap().unwrap();
    assert_eq!(record.tags, ["web"], "all or nothing");
}

pub(crate) async fn a_tag_makes_a_change_of_what_it_is_put_on_once(backend: impl Backend) {
    let store = backend.open();
    let image = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let boxed = store.put_containers(DEFAULT_CUSTOMER, vec![container(1)]).await.unwrap();
    let both = [image.uuids[0], boxed.uuids[0]];
    let ack = store.assign_tag(DEFAULT_CUSTOMER, "team a", &both).await.unwrap();
    assert!(ack.changed && ack.updated > boxed.updated);
    let record = stored(&store, 1).await;
    assert_eq!((record.tags, record.updated), (vec!["team a".to_owned()], ack.updated));
    let record = store.container(DEFAULT_CUSTOMER, both[1]).await.unwrap().unwrap();
    assert_eq!((record.tags, record.updated), (vec!["team a".to_owned(), "web".to_owned()], ack.updated));
    assert_eq!(store.changes_after(boxed.updated, 10).await.unwrap().len(), 2);

    let again = store.assign_tag(DEFAULT_CUSTOMER, "team a", &both).await.unwrap();
    assert_eq!((again.changed, again.updated), (false, ack.updated));
    assert!(store.assign_tag(DEFAULT_CUSTOMER, "", &both).await.is_err());
    let unknown = [both[0], uuid::Uuid::from_u128(4)];
    assert!(matches!(
        store.assign_tag(DEFAULT_CUSTOMER, "b", &unknown).await,
        Err(StoreError::NotFound { .. })
    ));
    assert_eq!(stored(&store, 1).await.tags, ["team a"], "all or nothing");
}

pub(crate) async fn secrets_are_made_once_and_kept(backend: impl Backend) {
    let (one, two) = (backend.open(), backend.open());
    let (a, b) = tokio::join!(one.secret("jwt"), two.secret("jwt"));
    assert_eq!(a.unwrap(), b.unwrap());
    assert_ne!(one.secret("jwt").await.unwrap(), one.secret("other").await.unwrap());
    one.set_note("bundle", "a").await.unwrap();
    two.set_note("bundle", "b").await.unwrap();
    assert_eq!(one.note("bundle").await.unwrap().as_deref(), Some("b"));
    assert_eq!(one.note("none").await.unwrap(), None);
}
