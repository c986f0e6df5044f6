//! Registries, their schedules, and what becomes of images when tags come, move and go.

use std::time::Duration;

use model::registry::{
    ListedTag, ManifestOutcome, ManifestState, RegistryEvent, RegistrySchedule, RegistrySecret,
    RegistrySettings, RunEnd, RunProgress, ScheduleStatus, Span, TagListing, TagState,
};
use model::{Digest, Reference, Timestamp};
use store::{DEFAULT_CUSTOMER, Registry, SecretOf, Store, StoreError};
use uuid::Uuid;

use crate::Backend;
use crate::build::{report, stored};

const LONG: Duration = Duration::from_secs(600);

fn settings(host: &str) -> RegistrySettings {
    RegistrySettings { uri: format!("https://{host}"), ..RegistrySettings::default() }
}

async fn registry(store: &Store) -> Registry {
    let secret = RegistrySecret { password: Some("geheim".to_owned()), ..RegistrySecret::default() };
    store.create_registry(DEFAULT_CUSTOMER, settings("r.example"), secret).await.unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn listing(tags: &[(&str, &str)]) -> TagListing {
    let named = |(tag, manifest): &(&str, &str)| ListedTag {
        tag: (*tag).to_owned(),
        state: TagState::Names(digest(manifest)),
    };
    let span = Span::Between { after: None, until: None };
    TagListing { repository: "team/app".to_owned(), span, tags: tags.iter().map(named).collect() }
}

pub(crate) async fn a_registry_is_made_changed_and_forgotten_and_its_secret_kept_apart(
    backend: impl Backend,
) {
    let store = backend.open();
    let made = registry(&store).await;
    assert!(made.has_secret && made.settings.host() == "r.example");
    let again =
        store.create_registry(DEFAULT_CUSTOMER, settings("r.example"), RegistrySecret::default()).await;
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    let of = SecretOf::Registry(made.uuid);
    let secret =
        |store: Store| async move { store.registry_secret(DEFAULT_CUSTOMER, of).await.unwrap().password };
    assert_eq!(secret(store.clone()).await.as_deref(), Some("geheim"));
    assert!(store.registry_secret(Uuid::from_u128(9), of).await.unwrap().is_empty());
    let changed =
        store.update_registry(DEFAULT_CUSTOMER, made.uuid, settings("s.example"), None).await.unwrap();
    assert_eq!((changed.settings.host(), changed.has_secret), ("s.example", true));
    store
        .update_registry(DEFAULT_CUSTOMER, made.uuid, settings("s.example"), Some(RegistrySecret::default()))
        .await
        .unwrap();
    assert_eq!(secret(store.clone()).await, None);
    store.set_event_secret(DEFAULT_CUSTOMER, made.uuid, Some(digest("x"))).await.unwrap();
    assert_eq!(store.registry_of_anybody(made.uuid).await.unwrap().unwrap().event_secret, Some(digest("x")));
    store.delete_registry(DEFAULT_CUSTOMER, made.uuid).await.unwrap();
    assert!(store.registries(DEFAULT_CUSTOMER).await.unwrap().is_empty());
    let missing = store.delete_registry(DEFAULT_CUSTOMER, made.uuid).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn a_walk_is_one_sensors_until_its_claim_ends_and_then_anothers(backend: impl Backend) {
    let store = backend.open();
    let registry = registry(&store).await;
    let once = RegistrySchedule { on_demand: true, ..RegistrySchedule::default() };
    let made = store.create_schedule(DEFAULT_CUSTOMER, registry.uuid, once).await.unwrap();
    assert_eq!(made.status, ScheduleStatus::Queued);
    let claim = |by: &'static str, lease| store.claim_schedule(DEFAULT_CUSTOMER, by, None, lease);
    let first = claim("one", Duration::ZERO).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = claim("two", LONG).await.unwrap().unwrap();
    assert!(claim("three", LONG).await.unwrap().is_none());
    assert_eq!(first.uuid, second.uuid);
    let (lost, run) = (first.run.unwrap(), second.run.unwrap());
    let progress = |tags| RunProgress { tags, ..RunProgress::default() };
    assert!(!store.note_progress(DEFAULT_CUSTOMER, lost, progress(1), LONG).await.unwrap());
    assert!(store.note_progress(DEFAULT_CUSTOMER, run, progress(2), LONG).await.unwrap());
    assert!(store.claimed_schedule(Uuid::from_u128(9), run).await.unwrap().is_none());
    let refused = store.delete_registry(DEFAULT_CUSTOMER, registry.uuid).await.unwrap_err();
    assert!(refused.to_string().contains("is Running"), "{refused}");
    let end = RunEnd { progress: progress(3), failure: None };
    assert!(!store.end_walk(DEFAULT_CUSTOMER, lost, end.clone()).await.unwrap());
    assert!(store.end_walk(DEFAULT_CUSTOMER, run, end).await.unwrap());
    let ended = store.schedule(DEFAULT_CUSTOMER, made.uuid).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.progress.tags), (ScheduleStatus::Finished, 3));
    assert!(!store.cancel_schedule(DEFAULT_CUSTOMER, made.uuid).await.unwrap());
}

pub(crate) async fn schedules_are_queued_when_they_are_due_and_not_once_they_are_called_off(
    backend: impl Backend,
) {
    let store = backend.open();
    let registry = registry(&store).await;
    let daily = RegistrySchedule { minute: 30, interval_days: 1, ..RegistrySchedule::default() };
    let made = store.create_schedule(DEFAULT_CUSTOMER, registry.uuid, daily).await.unwrap();
    assert_eq!((made.status, made.due > Timestamp::now()), (ScheduleStatus::Created, true));
    assert_eq!(store.queue_due_schedules(Timestamp::now(), 10).await.unwrap(), 0);
    assert_eq!(store.queue_due_schedules(made.due, 10).await.unwrap(), 1);
    assert_eq!(
        store.queue_due_schedules(Timestamp(made.due.0 + 86_400_000), 10).await.unwrap(),
        0,
        "it waits"
    );
    let claimed = store.claim_schedule(DEFAULT_CUSTOMER, "w", Some(made.uuid), LONG).await.unwrap().unwrap();
    assert_eq!(claimed.due.0, made.due.0 + 86_400_000);
    assert!(store.cancel_schedule(DEFAULT_CUSTOMER, made.uuid).await.unwrap());
    let run = claimed.run.unwrap();
    assert!(!store.note_progress(DEFAULT_CUSTOMER, run, RunProgress::default(), LONG).await.unwrap());
    assert_eq!(store.queue_due_schedules(Timestamp(made.due.0 * 2), 10).await.unwrap(), 0);
    let event = RegistryEvent { repository: "a".to_owned(), tag: Some("1".to_owned()), digest: None };
    let told = store
        .tell_registry_events(DEFAULT_CUSTOMER, registry.uuid, vec![event.clone(), event.clone()])
        .await
        .unwrap();
    let claimed = store.claim_schedule(DEFAULT_CUSTOMER, "w", None, LONG).await.unwrap().unwrap();
    assert_eq!((claimed.uuid, claimed.events), (told.uuid, vec![event.clone()]));
    // what is told during a walk is the next one's
    store.tell_registry_events(DEFAULT_CUSTOMER, registry.uuid, vec![event]).await.unwrap();
    assert!(store.end_walk(DEFAULT_CUSTOMER, claimed.run.unwrap(), RunEnd::default()).await.unwrap());
    assert!(store.claim_schedule(DEFAULT_CUSTOMER, "w", None, LONG).await.unwrap().is_some());
}

pub(crate) async fn images_have_the_names_that_tags_give_them_and_lose_them_with_the_tags(
    backend: impl Backend,
) {
    let store = backend.open();
    let registry = registry(&store).await;
    let list = async |tags: &[(&str, &str)]| {
        store.list_tags(DEFAULT_CUSTOMER, registry.uuid, listing(tags)).await.unwrap()
    };
    assert!(list(&[("1", "m1"), ("2", "m2")]).await.is_empty());
    for (number, tag) in [(1, "1"), (2, "2")] {
        let mut report = report(number, &["bash"]);
        let name = |tag: Option<&str>| Reference {
            registry: "r.example".to_owned(),
            repository: "team/app".to_owned(),
            tag: tag.map(str::to_owned),
            digest: Some(digest(&format!("m{number}"))),
        };
        report.image.references = vec![name(Some(tag)), name(None)];
        let image = report.image.id;
        store.put_report(DEFAULT_CUSTOMER, report).await.unwrap();
        let (digest, state) = (digest(&format!("m{number}")), ManifestState::Scanned);
        let outcome = ManifestOutcome { digest, state, image: Some(image), built: Some(Timestamp(5)) };
        store.note_manifests(DEFAULT_CUSTOMER, registry.uuid, vec![outcome]).await.unwrap();
    }
    let before = store.clock().await.unwrap();
    assert_eq!(list(&[("1", "m1"), ("2", "m2")]).await.len(), 2);
    assert_eq!(store.clock().await.unwrap(), before, "nothing changed, so nothing was written");
    let names = async || {
        let mut names = Vec::new();
        for image in store.images_after(None, 10).await.unwrap() {
            let of = image.document.facts.references.iter().map(|name| name.tag.clone().unwrap_or_default());
            names.push(of.collect::<Vec<_>>().join(","));
        }
        names.sort();
        names
    };
    assert_eq!(names().await, ["1,", "2,"]);
    // a tag of a known manifest names its image at once; one that moves leaves the other
    list(&[("1", "m2"), ("2", "m2"), ("latest", "m2")]).await;
    assert_eq!(names().await, ["", "2,,1,latest"]);
    // of a part of a list nothing is told about what is not in it
    let gone = ListedTag { tag: "1".to_owned(), state: TagState::Gone };
    let part = TagListing { repository: "team/app".to_owned(), span: Span::Listed, tags: vec![gone] };
    store.list_tags(DEFAULT_CUSTOMER, registry.uuid, part).await.unwrap();
    assert_eq!(names().await, ["", "2,,latest"]);
    let repositories = store.registry_repositories(DEFAULT_CUSTOMER, registry.uuid).await.unwrap();
    assert_eq!((repositories[0].manifests, repositories[0].images.len()), (1, 1));
    let gone = store
        .keep_repositories(DEFAULT_CUSTOMER, registry.uuid, vec!["team/other".to_owned()])
        .await
        .unwrap();
    assert_eq!(gone, ["team/app"]);
    assert_eq!(names().await, ["", ""], "the images stay");
    assert!(store.registry_repositories(DEFAULT_CUSTOMER, registry.uuid).await.unwrap().is_empty());
}

pub(crate) async fn images_say_which_registries_list_them_as_long_as_a_tag_does(backend: impl Backend) {
    let store = backend.open();
    let one = registry(&store).await.uuid;
    let none = RegistrySecret::default();
    let two = store.create_registry(DEFAULT_CUSTOMER, settings("s.example"), none).await.unwrap().uuid;
    let image = report(1, &["bash"]).image.id;
    let list = async |registry, tags: &[(&str, &str)]| {
        drop(store.list_tags(DEFAULT_CUSTOMER, registry, listing(tags)).await.unwrap());
    };
    let note = async |registry, state| {
        let outcome = ManifestOutcome { digest: digest("m1"), state, image: Some(image), built: None };
        store.note_manifests(DEFAULT_CUSTOMER, registry, vec![outcome]).await.unwrap();
    };
    let listed = async || stored(&store, 1).await.registries;
    // as a walk goes: tags, the report, what came of the manifest
    list(one, &[("1", "m1")]).await;
    store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    assert!(listed().await.is_empty());
    note(one, ManifestState::Scanned).await;
    assert_eq!(listed().await, [one]);
    let clock = store.clock().await.unwrap();
    assert_eq!(stored(&store, 1).await.updated, clock, "it is a change that followers see");
    note(one, ManifestState::Scanned).await;
    list(one, &[("1", "m1")]).await;
    assert_eq!(store.clock().await.unwrap(), clock, "nothing changed");
    note(two, ManifestState::LeftOut).await;
    assert_eq!(listed().await, [one], "no tag of the other names it yet");
    list(two, &[("a", "m1"), ("b", "m1")]).await;
    let both = if one < two { [one, two] } else { [two, one] };
    assert_eq!(listed().await, both);
    // further reports leave it as it is
    let mut later = report(1, &["bash", "curl"]);
    later.scanned_at.0 += 1;
    store.put_report(DEFAULT_CUSTOMER, later).await.unwrap();
    assert_eq!(listed().await, both);
    list(two, &[("b", "m1")]).await;
    assert_eq!(listed().await, both, "one tag is left");
    list(two, &[("b", "m2")]).await;
    assert_eq!(listed().await, [one], "the last one names another manifest");
    // one that comes to be known after it was listed
    let other = report(2, &["bash"]).image.id;
    let known = ManifestOutcome {
        digest: digest("m2"),
        state: ManifestState::LeftOut,
        image: Some(other),
        built: None,
    };
    store.note_manifests(DEFAULT_CUSTOMER, two, vec![known]).await.unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(2, &["bash"])).await.unwrap();
    assert_eq!(stored(&store, 2).await.registries, [two]);
    store.delete_registry(DEFAULT_CUSTOMER, two).await.unwrap();
    assert!(stored(&store, 2).await.registries.is_empty());
    store.keep_repositories(DEFAULT_CUSTOMER, one, Vec::new()).await.unwrap();
    assert!(listed().await.is_empty());
}

pub(crate) async fn very_many_tags_are_held_against_what_is_known_part_by_part(backend: impl Backend) {
    let store = backend.open();
    let registry = registry(&store).await;
    let tag = |number: usize| format!("t{number:05}");
    let part = |from: usize, to: usize, after: Option<usize>, until: Option<usize>| {
        let tags =
            (from..to).map(|number| ListedTag { tag: tag(number), state: TagState::Names(digest("m")) });
        let span = Span::Between { after: after.map(tag), until: until.map(tag) };
        TagListing { repository: "a".to_owned(), span, tags: tags.collect() }
    };
    let count = async || {
        let repositories = store.registry_repositories(DEFAULT_CUSTOMER, registry.uuid).await.unwrap();
        repositories.iter().map(|repository| repository.manifests).sum::<u64>()
    };
    for (from, after, until) in
        [(0, None, Some(4_999)), (5_000, Some(4_999), Some(9_999)), (10_000, Some(9_999), None)]
    {
        let listing = part(from, from + 5_000, after, until);
        store.list_tags(DEFAULT_CUSTOMER, registry.uuid, listing).await.unwrap();
    }
    assert_eq!(count().await, 1);
    // the middle is gone, and the ends are not spoken of
    store.list_tags(DEFAULT_CUSTOMER, registry.uuid, part(0, 0, Some(99), Some(14_899))).await.unwrap();
    let unsorted = part(0, 2, None, None);
    let unsorted = TagListing { tags: unsorted.tags.into_iter().rev().collect(), ..unsorted };
    assert!(store.list_tags(DEFAULT_CUSTOMER, registry.uuid, unsorted).await.is_err());
    let ends = part(0, 100, None, Some(14_899));
    let clock = store.clock().await.unwrap();
    store.list_tags(DEFAULT_CUSTOMER, registry.uuid, ends).await.unwrap();
    assert_eq!(store.clock().await.unwrap(), clock);
}
