//! Sensors, the tokens that they come in with, and their profiles.

use std::time::Duration;

use model::sensor::{Heartbeat, ImagesQuestion, SeenImage};
use model::{HostReport, Reference, SensorProfile, SensorType, Timestamp};
use store::{
    DEFAULT_CUSTOMER, DELETE_SENSORS, EnrolRefused, KeptReason, NewJob, NewProfile, NewSensor,
    NewSensorToken, SensorChange, Step, Store, StoreError,
};
use uuid::Uuid;

use crate::Backend;
use crate::build::{reference, report};

const HOUR: i64 = 3_600_000;

fn new_token(uses: u32) -> NewSensorToken {
    NewSensorToken {
        customer: DEFAULT_CUSTOMER,
        created_by: "admin".to_owned(),
        expires: Timestamp(Timestamp::now().0 + HOUR),
        uses,
        profile: None,
    }
}

fn new_sensor(number: u8) -> NewSensor {
    NewSensor {
        public_key: [number; 32],
        name: format!("sensor-{number}"),
        kind: SensorType::General,
        version: "plimsoll/0.1.0".to_owned(),
        host: HostReport {
            hostname: format!("node-{number}"),
            addresses: vec!["10.0.0.8".to_owned()],
            ..HostReport::default()
        },
    }
}

fn profile(name: &str, sensors: Option<Vec<Uuid>>) -> NewProfile {
    NewProfile {
        name: name.to_owned(),
        kind: "GENERAL".to_owned(),
        description: "for tests".to_owned(),
        document: "{\"a\":1}".to_owned(),
        settings: SensorProfile { name: name.to_owned(), heartbeat_seconds: 600, ..SensorProfile::default() },
        sensors,
    }
}

async fn enrolled(store: &Store, number: u8) -> Uuid {
    let (token, _) = store.create_sensor_token(new_token(1)).await.unwrap();
    store.enrol_sensor(&token, new_sensor(number)).await.unwrap().unwrap().uuid
}

pub(crate) async fn a_token_lets_one_sensor_in_once(backend: impl Backend) {
    let store = backend.open();
    let (text, token) = store.create_sensor_token(new_token(1)).await.unwrap();
    assert_eq!(text.len(), 100);
    let first = store.enrol_sensor(&text, new_sensor(1)).await.unwrap().unwrap();
    assert_eq!((first.customer, &first.settings), (DEFAULT_CUSTOMER, &SensorProfile::default()));
    let again = store.enrol_sensor(&text, new_sensor(1)).await.unwrap().unwrap();
    assert_eq!(again, first, "the answer may have been lost");
    let other = store.enrol_sensor(&text, new_sensor(2)).await.unwrap();
    assert_eq!(other, Err(EnrolRefused::Used));
    let known = store.sensor_tokens(DEFAULT_CUSTOMER).await.unwrap();
    assert_eq!(known, [store::SensorToken { used: 1, ..token }]);

    let last = if text.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{last}", &text[..99]);
    for wrong in [forged.as_str(), "", "pse_", &text[1..]] {
        let refused = store.enrol_sensor(wrong, new_sensor(3)).await.unwrap();
        assert_eq!(refused, Err(EnrolRefused::Unknown), "{wrong}");
    }
    let sensor = store.sensor(DEFAULT_CUSTOMER, first.uuid).await.unwrap().unwrap();
    assert_eq!((sensor.key.public_key, sensor.key.name.as_str()), ([1; 32], "sensor-1"));
    assert_eq!((sensor.host.hostname.as_str(), sensor.version.as_str()), ("node-1", "plimsoll/0.1.0"));
    assert!(sensor.heartbeat.is_none() && sensor.is_running(Timestamp::now()));
    assert_eq!(store.sensor_key(first.uuid).await.unwrap(), Some(sensor.key));
    assert!(store.sensor(Uuid::from_u128(7), first.uuid).await.unwrap().is_none(), "it is another's");
    assert_eq!(store.clock().await.unwrap(), Timestamp(0), "nothing of it moves the clock");
}

pub(crate) async fn a_token_for_several_sensors_lets_no_more_in_even_at_once(backend: impl Backend) {
    let store = backend.open();
    let (text, _) = store.create_sensor_token(new_token(3)).await.unwrap();
    let mut coming = tokio::task::JoinSet::new();
    for number in 1..=8 {
        let (store, text) = (store.clone(), text.clone());
        coming.spawn(async move { store.enrol_sensor(&text, new_sensor(number)).await.unwrap() });
    }
    let outcomes = coming.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(EnrolRefused::Used))));
    assert_eq!(store.sensors_after(DEFAULT_CUSTOMER, None, 100).await.unwrap().len(), 3);
}

pub(crate) async fn tokens_expire_and_can_be_taken_back(backend: impl Backend) {
    let store = backend.open();
    let soon = NewSensorToken { expires: Timestamp(Timestamp::now().0 + 300), ..new_token(5) };
    let (text, _) = store.create_sensor_token(soon).await.unwrap();
    let first = store.enrol_sensor(&text, new_sensor(1)).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(store.enrol_sensor(&text, new_sensor(2)).await.unwrap(), Err(EnrolRefused::Expired));
    let again = store.enrol_sensor(&text, new_sensor(1)).await.unwrap().unwrap();
    assert_eq!(again.uuid, first.uuid, "who is in stays in");

    let (text, token) = store.create_sensor_token(new_token(1)).await.unwrap();
    assert!(!store.delete_sensor_token(Uuid::from_u128(7), token.uuid).await.unwrap());
    assert!(store.delete_sensor_token(DEFAULT_CUSTOMER, token.uuid).await.unwrap());
    assert_eq!(store.enrol_sensor(&text, new_sensor(3)).await.unwrap(), Err(EnrolRefused::Unknown));
    for (field, wrong) in [
        ("uses", new_token(0)),
        ("uses", new_token(10_001)),
        ("expires", NewSensorToken { expires: Timestamp(5), ..new_token(1) }),
    ] {
        let refused = store.create_sensor_token(wrong).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Invalid { field: at, .. } if at == field), "{refused}");
    }
}

pub(crate) async fn a_revoked_key_never_comes_in_again(backend: impl Backend) {
    let store = backend.open();
    let uuid = enrolled(&store, 1).await;
    assert!(!store.revoke_sensor(Uuid::from_u128(7), uuid).await.is_ok_and(|revoked| revoked));
    assert!(store.revoke_sensor(DEFAULT_CUSTOMER, uuid).await.unwrap());
    assert!(!store.revoke_sensor(DEFAULT_CUSTOMER, uuid).await.unwrap(), "it was revoked before");
    assert!(store.sensor_key(uuid).await.unwrap().unwrap().revoked.is_some());
    assert_eq!(store.beat_sensor(DEFAULT_CUSTOMER, uuid, beat()).await.unwrap(), None);
    let sensor = store.sensor(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    assert!(!sensor.is_running(Timestamp::now()));
    let (text, _) = store.create_sensor_token(new_token(1)).await.unwrap();
    assert_eq!(store.enrol_sensor(&text, new_sensor(1)).await.unwrap(), Err(EnrolRefused::KeyTaken));
    assert!(store.enrol_sensor(&text, new_sensor(2)).await.unwrap().is_ok(), "the token was not used up");
    let missing = store.revoke_sensor(DEFAULT_CUSTOMER, Uuid::from_u128(9)).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }));
}

fn beat() -> Heartbeat {
    Heartbeat {
        version: "plimsoll/0.1.0".to_owned(),
        sent_at: Timestamp(5),
        lag: 7,
        waiting: 2,
        containers: 40,
        troubles: vec!["docker does not answer".to_owned()],
        ..Heartbeat::default()
    }
}

pub(crate) async fn a_heartbeat_is_kept_and_answered_with_what_people_want(backend: impl Backend) {
    let store = backend.open();
    let uuid = enrolled(&store, 1).await;
    let answer = store.beat_sensor(DEFAULT_CUSTOMER, uuid, beat()).await.unwrap().unwrap();
    assert_eq!(
        (answer.settings, answer.wanted_version, answer.resync),
        (SensorProfile::default(), None, None)
    );
    let slow = store.put_profile(DEFAULT_CUSTOMER, None, profile("slow", None)).await.unwrap();
    let change = SensorChange {
        name: Some("renamed".to_owned()),
        profile: Some(Some(slow)),
        wanted_version: Some(Some("0.2.0".to_owned())),
        resync: Some(true),
    };
    let changed = store.change_sensor(DEFAULT_CUSTOMER, uuid, change).await.unwrap();
    assert_eq!((changed.key.name.as_str(), changed.resync.is_some()), ("renamed", true));
    assert_eq!(store.sensor(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap(), changed);

    let moved = HostReport { hostname: "node-9".to_owned(), ..HostReport::default() };
    let second = Heartbeat { host: Some(moved.clone()), ..beat() };
    let answer = store.beat_sensor(DEFAULT_CUSTOMER, uuid, second).await.unwrap().unwrap();
    assert_eq!((answer.settings.heartbeat_seconds, answer.resync), (600, changed.resync));
    assert_eq!(answer.wanted_version.as_deref(), Some("0.2.0"));
    let upgraded = Heartbeat { version: "plimsoll/0.2.0".to_owned(), ..beat() };
    let answer = store.beat_sensor(DEFAULT_CUSTOMER, uuid, upgraded.clone()).await.unwrap().unwrap();
    assert_eq!((answer.wanted_version, answer.resync), (None, changed.resync), "it has not said that it did");
    let again = SensorChange { resync: Some(true), ..SensorChange::default() };
    let again = store.change_sensor(DEFAULT_CUSTOMER, uuid, again).await.unwrap();
    assert!(again.resync > changed.resync);
    for (said, told) in [(changed.resync, again.resync), (again.resync, None), (None, None), (Some(7), None)]
    {
        let beat = Heartbeat { resynced: said, ..upgraded.clone() };
        let answer = store.beat_sensor(DEFAULT_CUSTOMER, uuid, beat).await.unwrap().unwrap();
        assert_eq!(answer.resync, told, "{said:?}");
    }

    let sensor = store.sensor(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    assert_eq!((sensor.heartbeat, sensor.host, sensor.pause), (Some(upgraded), moved, 600_000));
    let later = |seconds: i64| Timestamp(sensor.seen.0 + seconds * 1_000);
    let now = store.sensor(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    assert_eq!([1_799, 1_800].map(|seconds| now.is_running(later(seconds))), [true, false]);

    let plain = SensorChange { profile: Some(None), wanted_version: Some(None), ..SensorChange::default() };
    let changed = store.change_sensor(DEFAULT_CUSTOMER, uuid, plain).await.unwrap();
    assert_eq!((changed.profile, changed.wanted_version, changed.key.name.as_str()), (None, None, "renamed"));
    let unknown = SensorChange { profile: Some(Some(Uuid::nil())), ..SensorChange::default() };
    assert!(store.change_sensor(DEFAULT_CUSTOMER, uuid, unknown).await.is_err());
    let other = store.change_sensor(Uuid::from_u128(7), uuid, SensorChange::default()).await.unwrap_err();
    assert!(matches!(other, StoreError::NotFound { .. }));
    assert_eq!(store.beat_sensor(Uuid::from_u128(7), uuid, beat()).await.unwrap(), None);
    assert_eq!(store.clock().await.unwrap(), Timestamp(0));
}

pub(crate) async fn an_image_that_was_read_is_known_and_gets_new_names_once(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["curl"]);
    (sent.source, sent.scanner) = ("REGISTRY".to_owned(), "plimsoll/0.1.0".to_owned());
    sent.unreadable.clear();
    let known = sent.image.id;
    store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
    let before = store.images_after(None, 10).await.unwrap().remove(0);
    let other = report(2, &[]).image.id;
    let ask = |names: Vec<Reference>| ImagesQuestion {
        scanner: "plimsoll/0.1.0".to_owned(),
        images: vec![
            SeenImage { id: other, references: Vec::new() },
            SeenImage { id: known, references: names.clone() },
            SeenImage { id: known, references: names },
        ],
    };
    let new = reference("shop/web:stable");
    let see = async |question| store.see_images(DEFAULT_CUSTOMER, "GENERAL", question).await.unwrap();
    let first = see(ask(vec![new.clone()])).await;
    assert_eq!(first.wanted, [other]);
    let after = store.images_after(None, 10).await.unwrap().remove(0);
    assert_eq!(first.updated, Some(after.updated));
    assert!(after.updated > before.updated);
    assert_eq!(after.sources, ["REGISTRY", "GENERAL"]);
    let mut names = before.document.facts.references.clone();
    names.push(new.clone());
    assert_eq!(after.document.facts.references, names);
    assert_eq!((after.inventory, after.last_scanned), (before.inventory, before.last_scanned));
    let again = see(ask(vec![new.clone()])).await;
    assert_eq!((again.wanted, again.updated), (vec![other], None), "the same again changes nothing");
    let clock = store.clock().await.unwrap();
    assert_eq!(clock, after.updated);

    let stranger = store.see_images(Uuid::from_u128(7), "GENERAL", ask(vec![new.clone()])).await.unwrap();
    assert_eq!((stranger.wanted, stranger.updated), (vec![other, known], None), "it is another's");
    let newer = ImagesQuestion { scanner: "plimsoll/0.2.0".to_owned(), ..ask(vec![reference("a/b:c")]) };
    assert_eq!(see(newer).await.wanted, [other, known]);
    // what a bill of materials says later is no reading
    sent.scanner = "syft/1.0".to_owned();
    sent.scanned_at = Timestamp(sent.scanned_at.0 + 1);
    store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    assert_eq!(see(ask(vec![new])).await.wanted, [other, known]);
}

pub(crate) async fn what_a_sensor_says_is_bounded(backend: impl Backend) {
    let store = backend.open();
    let uuid = enrolled(&store, 1).await;
    let host = |hostname: &str| HostReport { hostname: hostname.to_owned(), ..HostReport::default() };
    let many = HostReport { addresses: vec!["10.0.0.8".to_owned(); 257], ..host("a") };
    for (field, wrong) in [
        ("version", Heartbeat { version: String::new(), ..beat() }),
        ("version", Heartbeat { version: "a\u{7}".to_owned(), ..beat() }),
        ("troubles", Heartbeat { troubles: vec![String::new(); 65], ..beat() }),
        ("troubles[0]", Heartbeat { troubles: vec!["x".repeat(2_049)], ..beat() }),
        ("host.hostname", Heartbeat { host: Some(host(" ")), ..beat() }),
        ("host.addresses", Heartbeat { host: Some(many), ..beat() }),
    ] {
        let refused = store.beat_sensor(DEFAULT_CUSTOMER, uuid, wrong).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Invalid { field: at, .. } if at == field),
            "{field}: {refused}"
        );
    }
    let (text, _) = store.create_sensor_token(new_token(1)).await.unwrap();
    let nameless = NewSensor { name: "\n".to_owned(), ..new_sensor(2) };
    assert!(store.enrol_sensor(&text, nameless).await.is_err());
    let odd = Heartbeat { troubles: vec!["a\u{0}b \u{202e}".to_owned()], lag: u64::MAX, ..beat() };
    assert!(store.beat_sensor(DEFAULT_CUSTOMER, uuid, odd.clone()).await.unwrap().is_some());
    assert_eq!(store.sensor(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap().heartbeat, Some(odd));
}

pub(crate) async fn profiles_are_given_to_sensors_and_taken_back(backend: impl Backend) {
    let store = backend.open();
    let (one, two) = (enrolled(&store, 1).await, enrolled(&store, 2).await);
    let slow =
        store.put_profile(DEFAULT_CUSTOMER, None, profile("slow", Some(vec![one, two]))).await.unwrap();
    assert_eq!(store.profile_members(DEFAULT_CUSTOMER).await.unwrap(), [(one, slow), (two, slow)]);
    let refused = store.put_profile(DEFAULT_CUSTOMER, None, profile("slow", None)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { .. }), "{refused}");
    let nobody = profile("other", Some(vec![Uuid::from_u128(9)]));
    assert!(store.put_profile(DEFAULT_CUSTOMER, None, nobody).await.is_err());
    assert_eq!(store.profiles(DEFAULT_CUSTOMER).await.unwrap().len(), 1, "all or nothing");

    let again = profile("slower", Some(vec![two]));
    assert_eq!(store.put_profile(DEFAULT_CUSTOMER, Some(slow), again.clone()).await.unwrap(), slow);
    let kept = store.profile(DEFAULT_CUSTOMER, slow).await.unwrap().unwrap();
    assert_eq!((kept.name, kept.document, kept.settings), (again.name, again.document, again.settings));
    assert!(kept.updated >= kept.created);
    assert_eq!(store.profile_members(DEFAULT_CUSTOMER).await.unwrap(), [(two, slow)]);
    store.put_profile(DEFAULT_CUSTOMER, Some(slow), profile("slow", None)).await.unwrap();
    assert_eq!(store.profile_members(DEFAULT_CUSTOMER).await.unwrap(), [(two, slow)], "nobody was named");

    let other = Uuid::from_u128(7);
    assert_eq!(store.profile(other, slow).await.unwrap(), None);
    assert!(store.profiles(other).await.unwrap().is_empty());
    assert!(!store.delete_profile(other, slow).await.unwrap());
    let missing = store.put_profile(DEFAULT_CUSTOMER, Some(Uuid::from_u128(8)), profile("x", None)).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
    assert!(store.delete_profile(DEFAULT_CUSTOMER, slow).await.unwrap());
    assert_eq!(store.sensor(DEFAULT_CUSTOMER, two).await.unwrap().unwrap().profile, None);

    let quick = store.put_profile(DEFAULT_CUSTOMER, None, profile("quick", None)).await.unwrap();
    let with = NewSensorToken { profile: Some(quick), ..new_token(1) };
    let (text, _) = store.create_sensor_token(with).await.unwrap();
    let came = store.enrol_sensor(&text, new_sensor(3)).await.unwrap().unwrap();
    assert_eq!(came.settings.name, "quick");
}

pub(crate) async fn a_deletion_keeps_sensors_that_are_alive(backend: impl Backend) {
    let store = backend.open();
    let (alive, revoked) = (enrolled(&store, 1).await, enrolled(&store, 2).await);
    store.revoke_sensor(DEFAULT_CUSTOMER, revoked).await.unwrap();
    let job = NewJob {
        customer: DEFAULT_CUSTOMER,
        kind: DELETE_SENSORS.to_owned(),
        payload: "{}".to_owned(),
        items: vec![alive, revoked, Uuid::from_u128(9)],
    };
    let job = store.enqueue_job(job).await.unwrap();
    let lease = Duration::from_secs(600);
    store.claim_job("w", &[DELETE_SENSORS], lease).await.unwrap().unwrap();
    let step = store.delete_step(DEFAULT_CUSTOMER, job.uuid, "w", lease).await.unwrap();
    let Step::Made(now, outcome) = step else { panic!("{step:?}") };
    assert_eq!((now.done, now.kept, outcome.deleted), (3, 2, vec![revoked]));
    let kept = store.kept_of_job(DEFAULT_CUSTOMER, job.uuid, 10).await.unwrap();
    assert_eq!(
        kept.iter().map(|kept| kept.reason).collect::<Vec<_>>(),
        [KeptReason::Running, KeptReason::NotFound]
    );
    assert!(store.sensor_key(revoked).await.unwrap().is_none());
    let left = store.sensors_after(DEFAULT_CUSTOMER, None, 10).await.unwrap();
    assert_eq!(left.iter().map(|sensor| sensor.key.uuid).collect::<Vec<_>>(), [alive]);
    assert!(store.sensors_after(DEFAULT_CUSTOMER, Some(alive), 10).await.unwrap().is_empty());
}
