//! Scan reports and container reports by the number, for tests of the store, the fleet and the API.
//!
//! Everything follows from the numbers that a test gives: the same number is the same image, and no clock or random
//! source is read.

use model::container::HostFacts;
use model::report::REPORT_SCHEMA;
use model::{
    ContainerReport, ContainerState, DiffId, Digest, Distro, Ecosystem, ImageFacts, ImageId, LayerFacts,
    OsRelease, Package, PackageRecord, Reference, ScanReport, SourcePackage, Timestamp,
};

/// The id of the image with a number.
pub fn image_id(number: u64) -> ImageId {
    ImageId(Digest::of(format!("image {number}").as_bytes()))
}

/// The id of the container with a number.
pub fn container_id(number: u64) -> Digest {
    Digest::of(format!("container {number}").as_bytes())
}

/// Builds a [`ScanReport`] of a Debian 12 image.
#[derive(Clone, Debug)]
pub struct ReportBuilder {
    report: ScanReport,
}

impl ReportBuilder {
    /// An image without packages, scanned one second after the epoch for each number.
    pub fn new(number: u64) -> Self {
        let seconds = i64::try_from(number).unwrap_or(i64::MAX / 2_000) * 1_000;
        let layer = LayerFacts {
            diff_id: Some(DiffId(Digest::of(format!("layer {number}").as_bytes()))),
            digest: None,
            size: 1_000,
            created_by: "ADD rootfs /".into(),
            created: Some(Timestamp(seconds)),
            comment: String::new(),
        };
        let image = ImageFacts {
            id: image_id(number),
            references: vec![Reference {
                registry: "registry.example.com".into(),
                repository: format!("team/app{number}"),
                tag: Some("1.0".into()),
                digest: None,
            }],
            created: Some(Timestamp(seconds)),
            author: String::new(),
            architecture: Some("amd64".into()),
            os: Some("linux".into()),
            docker_version: None,
            size: 1_000,
            labels: Vec::new(),
            environment: Vec::new(),
            runtime: model::RuntimeFacts::default(),
            base: None,
            layers: vec![layer],
        };
        let os_release = OsRelease {
            id: "debian".into(),
            version_id: Some("12".into()),
            version_codename: Some("bookworm".into()),
            display_name: "Debian Linux 12.5".into(),
            ..OsRelease::default()
        };
        let report = ScanReport {
            schema: REPORT_SCHEMA,
            scanner: "plimsoll/test".into(),
            scanned_at: Timestamp(seconds),
            source: "GENERAL".into(),
            image,
            os_release: Some(os_release),
            users: vec!["root".into()],
            packages: Vec::new(),
            secrets: Vec::new(),
            unreadable: Vec::new(),
            tags: Vec::new(),
            build: None,
        };
        Self { report }
    }

    /// Adds a Debian 12 package that is its own source package.
    pub fn debian(mut self, name: &str, version: &str) -> Self {
        let package = Package {
            ecosystem: Ecosystem::Deb,
            distro: Some(Distro::new("debian", "12")),
            name: name.into(),
            version: version.into(),
            arch: Some("amd64".into()),
            source: Some(SourcePackage { name: name.into(), version: version.into() }),
            module: None,
            vendor: None,
        };
        self.push(package, "var/lib/dpkg/status".into(), None);
        self
    }

    /// Adds a Python package.
    pub fn python(self, name: &str, version: &str) -> Self {
        self.python_owned_by(name, version, None)
    }

    /// Adds a Python package that is part of an OS package.
    pub fn python_owned_by(mut self, name: &str, version: &str, owner: Option<&str>) -> Self {
        let package = Package {
            ecosystem: Ecosystem::Pypi,
            distro: None,
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            module: None,
            vendor: None,
        };
        let path = format!("usr/lib/python3/dist-packages/{name}-{version}.dist-info/METADATA");
        self.push(package, path, owner.map(Into::into));
        self
    }

    /// Puts a tag on the image.
    pub fn tag(mut self, name: &str) -> Self {
        self.report.tags.push(name.into());
        self
    }

    /// Sets when it was scanned, in milliseconds.
    pub fn scanned_at(mut self, millis: i64) -> Self {
        self.report.scanned_at = Timestamp(millis);
        self
    }

    /// Sets when it was built; `None` for an image that does not say.
    pub fn created(mut self, created: Option<i64>) -> Self {
        self.report.image.created = created.map(Timestamp);
        self
    }

    /// The report, its packages sorted.
    pub fn build(mut self) -> ScanReport {
        self.report.packages.sort();
        self.report.packages.dedup();
        self.report
    }

    fn push(&mut self, package: Package, path: String, owned_by: Option<String>) {
        let record = PackageRecord { layer: Some(0), owned_by, ..PackageRecord::new(package, path) };
        self.report.packages.push(record);
    }
}

/// A running container on `host` of the image with a number, observed at `observed_at` milliseconds.
pub fn container_report(number: u64, image: Option<u64>, host: &str, observed_at: i64) -> ContainerReport {
    ContainerReport {
        id: container_id(number),
        name: format!("app-{number}"),
        image_id: image.map(image_id),
        image_digest: None,
        image_name: image.map(|image| format!("registry.example.com/team/app{image}:1.0")),
        host: HostFacts {
            hostname: host.into(),
            ip_address: Some("192.0.2.7".into()),
            ..HostFacts::default()
        },
        state: ContainerState::Running,
        created: Timestamp(observed_at),
        state_changed: Timestamp(observed_at),
        observed_at: Timestamp(observed_at),
        path: Some("/bin/sh".into()),
        arguments: vec!["-c".into(), "run.sh".into()],
        environment: vec!["PATH=/usr/bin:/bin".into()],
        labels: Vec::new(),
        ports: Vec::new(),
        privileged: Some(false),
        root: Some(true),
        mac_address: String::new(),
        ipv4: None,
        ipv6: None,
        source: "GENERAL".into(),
        details: None,
        tags: Vec::new(),
    }
}
