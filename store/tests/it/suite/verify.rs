//! Whether damage of sensors, registries and the inside of containers is told: each row is spoilt once and healed again.

use std::time::Duration;

use model::registry::{
    ListedTag, ManifestOutcome, ManifestState, RegistrySchedule, RegistrySecret, RegistrySettings, Span,
    TagListing, TagState,
};
use model::sensor::Heartbeat;
use model::{
    ContainerDetails, ContainerReport, Drift, DriftPackage, DriftReason, HostReport, ImageId, PackageRecord,
    SensorProfile, SensorType, Timestamp,
};
use store::{Connector, DEFAULT_CUSTOMER, Fault, NewProfile, NewSensor, NewSensorToken, Store};
use uuid::Uuid;

use crate::Backend;
use crate::build::{container, digest, package, report};
use crate::verify::problems;

/// A store in which somebody walks through a registry, and a container differs from its image.
async fn filled(backend: &impl Backend) -> Store {
    let store = backend.open();
    sensor(&store).await;
    registry(&store).await;
    store.put_report(DEFAULT_CUSTOMER, report(1, &["base", "curl", "sudo"])).await.unwrap();
    let record = PackageRecord { version: "1.6".to_owned(), layer: None, ..package("jq") };
    let of = |reason, record| DriftPackage { reason, record, before: None, changed_at: None };
    let packages = vec![of(DriftReason::New, record), of(DriftReason::Removed, package("sudo"))];
    let drift = Drift { packages, ..Drift::default() };
    let details = ContainerDetails { drift: Some(drift), ..ContainerDetails::default() };
    let drifted = ContainerReport { details: Some(Box::new(details)), ..container(1) };
    store.put_containers(DEFAULT_CUSTOMER, vec![drifted, container(2)]).await.unwrap();
    store
}

async fn sensor(store: &Store) {
    let new = NewProfile {
        name: "calm".to_owned(),
        kind: "GENERAL".to_owned(),
        description: String::new(),
        document: "{}".to_owned(),
        settings: SensorProfile::default(),
        sensors: None,
    };
    let profile = store.put_profile(DEFAULT_CUSTOMER, None, new).await.unwrap();
    let new = NewSensorToken {
        customer: DEFAULT_CUSTOMER,
        created_by: "admin".to_owned(),
        expires: Timestamp(Timestamp::now().0 + 3_600_000),
        uses: 2,
        profile: Some(profile),
    };
    let (token, _) = store.create_sensor_token(new).await.unwrap();
    let new = NewSensor {
        public_key: [7; 32],
        name: "sensor".to_owned(),
        kind: SensorType::General,
        version: "plimsoll/0.1.0".to_owned(),
        host: HostReport { hostname: "node".to_owned(), ..HostReport::default() },
    };
    let sensor = store.enrol_sensor(&token, new).await.unwrap().unwrap();
    let heartbeat = Heartbeat { version: "plimsoll/0.1.0".to_owned(), ..Heartbeat::default() };
    store.beat_sensor(DEFAULT_CUSTOMER, sensor.uuid, heartbeat).await.unwrap().unwrap();
}

async fn registry(store: &Store) {
    let secret = || RegistrySecret { password: Some("geheim".to_owned()), ..RegistrySecret::default() };
    let settings = RegistrySettings { uri: "https://r.example".to_owned(), ..RegistrySettings::default() };
    let made = store.create_registry(DEFAULT_CUSTOMER, settings, secret()).await.unwrap().uuid;
    store.set_event_secret(DEFAULT_CUSTOMER, made, Some(digest(1))).await.unwrap();
    let connector = Connector {
        uuid: Uuid::from_u128(3),
        kind: "aws".to_owned(),
        settings: "{}".to_owned(),
        created: Timestamp(1),
    };
    store.put_connector(DEFAULT_CUSTOMER, connector, secret()).await.unwrap();
    let once = RegistrySchedule { on_demand: true, ..RegistrySchedule::default() };
    store.create_schedule(DEFAULT_CUSTOMER, made, once).await.unwrap();
    let lease = Duration::from_secs(600);
    store.claim_schedule(DEFAULT_CUSTOMER, "sensor", None, lease).await.unwrap().unwrap();
    let tags = vec![ListedTag { tag: "1".to_owned(), state: TagState::Names(digest(5)) }];
    let span = Span::Between { after: None, until: None };
    let listing = TagListing { repository: "team/app".to_owned(), span, tags };
    store.list_tags(DEFAULT_CUSTOMER, made, listing).await.unwrap();
    let image = Some(ImageId(digest(1)));
    let outcome = ManifestOutcome { digest: digest(5), state: ManifestState::Scanned, image, built: None };
    store.note_manifests(DEFAULT_CUSTOMER, made, vec![outcome]).await.unwrap();
}

pub(crate) async fn sensors_registries_and_drift_that_the_store_wrote_hold_together(backend: impl Backend) {
    let store = filled(&backend).await;
    let (found, verified) = problems(&store).await;
    assert_eq!(found, []);
    let counted = [
        verified.containers,
        verified.drifted,
        verified.sensors,
        verified.sensor_tokens,
        verified.profiles,
        verified.registries,
        verified.connectors,
        verified.schedules,
        verified.registry_tags,
        verified.manifests,
    ];
    assert_eq!(counted, [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
}

/// What is done to a row, the table that is then told of, and what is told.
type Case = (&'static str, &'static str, fn(&Fault) -> bool);

fn is_unreadable(fault: &Fault) -> bool {
    matches!(fault, Fault::Unreadable(_))
}

fn has_no_owner(fault: &Fault) -> bool {
    matches!(fault, Fault::NoOwner(_))
}

fn is_not_derived(fault: &Fault) -> bool {
    *fault == Fault::NotDerived
}

const SENSORS: &[Case] = &[
    ("UPDATE sensor_token SET used = uses + 1", "sensor_token", |fault| *fault == Fault::Miscounted),
    ("UPDATE sensor_token SET expires = created - 1", "sensor_token", |fault| *fault == Fault::TimesCrossed),
    ("UPDATE sensor_token SET digest = substr(digest, 2)", "sensor_token", is_unreadable),
    ("UPDATE sensor_token SET customer = uuid", "sensor_token", has_no_owner),
    ("UPDATE sensor SET kind = 'ODD'", "sensor", is_unreadable),
    ("UPDATE sensor SET public_key = substr(public_key, 2)", "sensor", is_unreadable),
    ("UPDATE sensor SET profile = substr(profile, 2)", "sensor", is_unreadable),
    ("UPDATE sensor SET customer = uuid", "sensor", has_no_owner),
    ("DELETE FROM sensor", "sensor_state", has_no_owner),
    ("DELETE FROM sensor_state", "sensor", |fault| *fault == Fault::Incomplete("sensor_state")),
    ("DELETE FROM sensor_profile", "sensor", |fault| matches!(fault, Fault::NoProfile(_))),
    ("UPDATE sensor_state SET host = '{'", "sensor_state", is_unreadable),
    ("UPDATE sensor_state SET heartbeat = '{'", "sensor_state", is_unreadable),
    ("UPDATE sensor_profile SET settings = '{'", "sensor_profile", is_unreadable),
    ("UPDATE sensor_profile SET document = '{'", "sensor_profile", is_unreadable),
    ("UPDATE sensor_profile SET customer = uuid", "sensor_profile", has_no_owner),
];

const REGISTRIES: &[Case] = &[
    ("UPDATE registry SET settings = '{'", "registry", is_unreadable),
    ("UPDATE registry SET secret = substr(secret, 2)", "registry", is_unreadable),
    ("UPDATE registry SET event_secret = substr(event_secret, 2)", "registry", is_unreadable),
    ("UPDATE registry SET customer = uuid", "registry", has_no_owner),
    ("DELETE FROM secret WHERE name = 'registries'", "registry", is_unreadable),
    ("UPDATE secret SET value = substr(value, 2) WHERE name = 'registries'", "secret", is_unreadable),
    ("UPDATE registry_connector SET settings = ''", "registry_connector", is_unreadable),
    // sealed at its place, so no other row can use it
    (
        "UPDATE registry_connector SET secret = (SELECT secret FROM registry)",
        "registry_connector",
        is_unreadable,
    ),
    ("DELETE FROM registry", "registry_schedule", has_no_owner),
    ("DELETE FROM registry", "registry_tag", has_no_owner),
    ("DELETE FROM registry", "registry_manifest", has_no_owner),
    ("UPDATE registry_schedule SET status = 77", "registry_schedule", is_unreadable),
    ("UPDATE registry_schedule SET progress = '{'", "registry_schedule", is_unreadable),
    ("UPDATE registry_schedule SET run = NULL", "registry_schedule", |fault| {
        *fault == Fault::Contradicted("run")
    }),
    ("UPDATE registry_schedule SET status = 4", "registry_schedule", |fault| {
        *fault == Fault::Contradicted("run")
    }),
    ("UPDATE registry_tag SET digest = substr(digest, 2)", "registry_tag", is_unreadable),
    ("UPDATE registry_manifest SET state = 77", "registry_manifest", is_unreadable),
    ("UPDATE registry_manifest SET image = substr(image, 2)", "registry_manifest", is_unreadable),
];

const DRIFT: &[Case] = &[
    ("UPDATE container SET inside = substr(inside, 2) WHERE inside IS NOT NULL", "container", is_unreadable),
    ("UPDATE container SET inside = NULL", "container", |fault| *fault == Fault::Contradicted("inventory")),
    ("UPDATE container SET inventory = NULL", "container", is_not_derived),
    (
        "UPDATE container SET inventory = (SELECT inventory FROM image) WHERE inside IS NOT NULL",
        "container",
        is_not_derived,
    ),
    ("UPDATE container SET updated = updated - 1 WHERE inside IS NOT NULL", "container", |fault| {
        *fault == Fault::TimesCrossed
    }),
    (
        "DELETE FROM inventory WHERE digest IN (SELECT inventory FROM container WHERE inventory IS NOT NULL)",
        "container",
        |fault| matches!(fault, Fault::NoInventory(_)),
    ),
];

pub(crate) async fn damage_of_sensors_registries_and_drift_is_told_at_its_place(backend: impl Backend) {
    let store = filled(&backend).await;
    for (damage, table, check) in SENSORS.iter().chain(REGISTRIES).chain(DRIFT) {
        let spoilt = damage.trim_start_matches("UPDATE ").trim_start_matches("DELETE FROM ");
        let spoilt = spoilt.split(' ').next().unwrap_or_default();
        backend.run_sql(&format!("CREATE TABLE kept AS SELECT * FROM {spoilt}; {damage}"));
        let (found, _) = problems(&store).await;
        let told = found.iter().any(|problem| problem.table == *table && check(&problem.fault));
        assert!(told, "{damage}: {found:?}");
        backend.run_sql(&format!(
            "DELETE FROM {spoilt}; INSERT INTO {spoilt} SELECT * FROM kept; DROP TABLE kept"
        ));
    }
    assert_eq!(problems(&store).await.0, []);
}
