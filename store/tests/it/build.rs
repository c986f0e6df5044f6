//! Small reports to store.

use model::report::REPORT_SCHEMA;
use model::{
    ContainerReport, ContainerState, DiffId, Digest, Distro, Ecosystem, ImageFacts, ImageId, LayerFacts,
    OsRelease, Package, PackageRecord, Reference, ScanReport, Timestamp,
};
use store::{DEFAULT_CUSTOMER, ImageRecord, Store, image_uuid};

/// A digest that is told from others by a number.
pub(crate) fn digest(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

/// A Debian package of that name.
pub(crate) fn package(name: &str) -> PackageRecord {
    let package = Package {
        ecosystem: Ecosystem::Deb,
        distro: Some(Distro::new("debian", "12")),
        name: name.to_owned(),
        version: "1.0-1".to_owned(),
        arch: Some("amd64".to_owned()),
        source: None,
        module: None,
        vendor: None,
    };
    let mut record = PackageRecord::new(package, "var/lib/dpkg/status");
    record.layer = Some(0);
    record
}

/// A report of image `number` at time 1,000 with one layer and the named packages.
pub(crate) fn report(number: u32, packages: &[&str]) -> ScanReport {
    let layer = LayerFacts {
        diff_id: Some(DiffId(digest(900_000 + number))),
        digest: None,
        size: 10,
        created_by: "RUN true".to_owned(),
        created: None,
        comment: String::new(),
    };
    ScanReport {
        schema: REPORT_SCHEMA,
        scanner: "plimsoll/test".to_owned(),
        scanned_at: Timestamp(1_000),
        source: "GENERAL".to_owned(),
        image: ImageFacts {
            id: ImageId(digest(number)),
            references: Vec::new(),
            created: Some(Timestamp(500)),
            author: String::new(),
            architecture: Some("amd64".to_owned()),
            os: Some("linux".to_owned()),
            docker_version: None,
            size: 10,
            labels: Vec::new(),
            environment: vec!["A=1".to_owned()],
            runtime: model::RuntimeFacts::default(),
            base: None,
            layers: vec![layer],
        },
        os_release: None,
        users: vec!["root".to_owned()],
        packages: packages.iter().map(|name| package(name)).collect(),
        secrets: Vec::new(),
        unreadable: Vec::new(),
        tags: Vec::new(),
        build: None,
    }
}

/// Debian 12.
pub(crate) fn bookworm() -> OsRelease {
    OsRelease {
        id: "debian".to_owned(),
        id_like: Vec::new(),
        version_id: Some("12".to_owned()),
        version_codename: Some("bookworm".to_owned()),
        display_name: "Debian Linux 12".to_owned(),
        stream: None,
    }
}

/// A name of an image.
pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

/// A running container of image 1, seen at time 1,000.
pub(crate) fn container(number: u32) -> ContainerReport {
    let json = serde_json::json!({
        "id": digest(500_000 + number),
        "name": format!("web-{number}"),
        "imageId": digest(1),
        "host": {"hostname": "node-1", "ipAddress": "10.0.0.1"},
        "state": "RUNNING",
        "created": 100,
        "stateChanged": 200,
        "observedAt": 1_000,
        "source": "GENERAL",
        "tags": ["web"],
    });
    let report: ContainerReport = serde_json::from_value(json).unwrap();
    assert_eq!(report.state, ContainerState::Running);
    report
}

/// The record of image `number`, which must be there.
pub(crate) async fn stored(store: &Store, number: u32) -> ImageRecord {
    let uuid = image_uuid(DEFAULT_CUSTOMER, &ImageId(digest(number)));
    store.image(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap()
}

/// Names of the packages of an image, sorted.
pub(crate) async fn package_names(store: &Store, image: &ImageRecord) -> Vec<String> {
    let rows = store.packages_after(None, usize::MAX).await.unwrap();
    let inventory = store.inventory(&image.inventory).await.unwrap();
    let name = |id: u32| rows.iter().find(|row| row.id == id).unwrap().package.name.clone();
    let mut names: Vec<String> = inventory.entries.iter().map(|entry| name(entry.package)).collect();
    names.sort();
    names
}
