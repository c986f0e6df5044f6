//! The report of one image: a base, an application on it, and what a registry and a build say of them.

use std::sync::Arc;

use model::report::REPORT_SCHEMA;
use model::{
    BaseImage, DiffId, Digest, ImageFacts, ImageId, Label, LayerFacts, Reference, RuntimeFacts, ScanReport,
    Timestamp,
};

use super::app::{self, App};
use super::base::Base;
use super::dice::Dice;
use super::words::TAGS;
use super::{Fleet, hexadecimal};

const HOUR: i64 = 3_600 * 1_000;
const DAY: i64 = 24 * HOUR;

/// What an image is told by, without its contents.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: ImageId,
    pub(super) reference: Reference,
    pub(super) app: App,
    pub(super) tags: Vec<String>,
    build: u64,
}

impl Head {
    pub(super) fn new(fleet: &Fleet, index: u64) -> Self {
        let seed = fleet.seed;
        let (number, build) = app::of_image(index);
        let app = App::new(seed, number);
        let mut dice = Dice::new(seed, "head", index);
        let id = ImageId(Digest::of(format!("{seed} image {index}").as_bytes()));
        let digest = Digest::of(format!("{seed} manifest {index}").as_bytes());
        let tag = match dice.below(10) {
            0..=5 => format!("{}-build.{}", app.version(build), 1_000 + index % 9_000),
            6..=8 => format!("main-{:.10}", hexadecimal(dice.next())),
            _ => app.version(build),
        };
        let repository = format!("{}/{}", app.team, app.name);
        let reference =
            Reference { registry: app.registry.to_owned(), repository, tag: Some(tag), digest: Some(digest) };
        let tags = tags(&app, build, &mut dice);
        Self { id, reference, app, tags, build }
    }
}

/// Where it runs, where in the world, and what holds for its team.
fn tags(app: &App, build: u64, dice: &mut Dice) -> Vec<String> {
    let mut of_app = Dice::new(0, "tags", app.number);
    let mut found = vec![TAGS[dice.below(3).min(build) as usize]];
    found.push(TAGS[5 + of_app.below(3) as usize]);
    for (tag, percent) in [(3, 7), (4, 15), (8, 12), (9, 9), (10, 5), (11, 4)] {
        if of_app.percent(percent) {
            found.push(TAGS[tag]);
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// The whole report.
pub(super) fn report(fleet: &Fleet, index: u64) -> ScanReport {
    let Head { id, reference, app, tags, build } = Head::new(fleet, index);
    let mut dice = Dice::new(fleet.seed, "image", index);
    let inventory = app.inventory_of(build);
    let base_number = app.base(inventory);
    let base = fleet.base(base_number);
    let created =
        Timestamp(base.created.0 + (1 + build as i64) * DAY / 2 + dice.below(24 * 3_600) as i64 * 1_000);
    let scanned_at = Timestamp(created.0 + HOUR + dice.below(12 * 3_600) as i64 * 1_000);
    let mut packages = base.packages.clone();
    // both are sorted, and packages of systems stand before those of languages
    packages.extend(app.packages(&fleet.names, inventory));
    let layers = layers(fleet, &base, &app, inventory, index, created);
    let source = match dice.below(10) {
        0..=5 => "REGISTRY",
        6 | 7 => "CICD",
        _ => "GENERAL",
    };
    let facts = ImageFacts {
        references: references(&reference, build, &mut dice),
        created: Some(created),
        author: if dice.percent(10) {
            format!("{} <{}@example.com>", app.team, app.area)
        } else {
            String::new()
        },
        architecture: Some(if app.number.is_multiple_of(9) { "arm64" } else { "amd64" }.to_owned()),
        os: Some("linux".to_owned()),
        docker_version: dice.percent(15).then(|| "24.0.7".to_owned()),
        size: layers.iter().map(|layer| layer.size).sum(),
        labels: labels(&app, build, &reference, &mut dice),
        environment: environment(&app, build),
        runtime: runtime(&app),
        base: Some(BaseImage {
            id: ImageId(Digest::of(format!("{} base {base_number}", fleet.seed).as_bytes())),
            references: vec![Reference {
                registry: "registry.example.com".to_owned(),
                repository: "base".to_owned(),
                tag: Some(base.tag.clone()),
                digest: None,
            }],
            layers: 2,
        }),
        layers,
        ..ImageFacts::new(id)
    };
    let mut users = base.users.clone();
    users.push("app".to_owned());
    ScanReport {
        schema: REPORT_SCHEMA,
        scanner: "plimsoll/0.1.0".to_owned(),
        scanned_at,
        source: source.to_owned(),
        image: facts,
        os_release: Some(base.os_release.clone()),
        users,
        packages,
        secrets: Vec::new(),
        unreadable: Vec::new(),
        tags,
        build: None,
    }
}

/// The name that it was pushed under, and sometimes a moving one.
fn references(first: &Reference, build: u64, dice: &mut Dice) -> Vec<Reference> {
    let mut names = vec![first.clone()];
    if build == 0 || dice.percent(6) {
        names.push(Reference { tag: Some("latest".to_owned()), ..first.clone() });
    }
    names
}

fn layers(
    fleet: &Fleet,
    base: &Arc<Base>,
    app: &App,
    inventory: u64,
    index: u64,
    created: Timestamp,
) -> Vec<LayerFacts> {
    let seed = fleet.seed;
    let layer = |name: String, created_by: String, size: u64| LayerFacts {
        diff_id: Some(DiffId(Digest::of(format!("{seed} {name}").as_bytes()))),
        digest: Some(Digest::of(format!("{seed} blob {name}").as_bytes())),
        size,
        created_by,
        created: Some(created),
        comment: "buildkit.dockerfile.v0".to_owned(),
    };
    let empty = |created_by: String| LayerFacts {
        diff_id: None,
        digest: None,
        size: 0,
        created_by,
        created: Some(created),
        comment: "buildkit.dockerfile.v0".to_owned(),
    };
    let install = match app.stack {
        "python" => "pip install --no-cache-dir -r requirements.txt",
        "node" => "npm ci --omit=dev",
        "java" => "./mvnw -q package -DskipTests",
        "go" => "go build -o /usr/local/bin ./...",
        "ruby" => "bundle install --jobs 4",
        _ => "composer install --no-dev",
    };
    let number = app.number;
    let mut layers = base.layers.clone();
    layers.push(empty("WORKDIR /app".to_owned()));
    layers.push(layer(
        format!("dependencies {number} {inventory}"),
        format!("RUN /bin/sh -c {install} # buildkit"),
        40_000_000 + number % 1_009 * 100_000,
    ));
    layers.push(layer(
        format!("files {index}"),
        "COPY . . # buildkit".to_owned(),
        1_000_000 + index % 983 * 7_919,
    ));
    layers.push(layer(
        format!("user {number}"),
        "RUN /bin/sh -c adduser --system --no-create-home app # buildkit".to_owned(),
        4_096,
    ));
    if number.is_multiple_of(3) {
        layers.push(layer(
            format!("certificates {number}"),
            "COPY certs/ /usr/local/share/ca-certificates/ # buildkit".to_owned(),
            220_000,
        ));
    }
    for line in
        ["USER app", "EXPOSE map[8080/tcp:{}]", "ENTRYPOINT [\"/app/entrypoint.sh\"]", "CMD [\"serve\"]"]
    {
        if layers.len() < 8 + (number % 7) as usize {
            layers.push(empty(line.to_owned()));
        }
    }
    layers
}

fn labels(app: &App, build: u64, reference: &Reference, dice: &mut Dice) -> Vec<Label> {
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    let mut labels = vec![
        label("com.example.team", app.team.clone()),
        label(
            "org.opencontainers.image.revision",
            format!("{}{:.8}", hexadecimal(dice.next()), hexadecimal(dice.next())),
        ),
        label("org.opencontainers.image.source", format!("https://git.example.com/{}", reference.repository)),
        label("org.opencontainers.image.title", app.name.clone()),
        label("org.opencontainers.image.version", app.version(build)),
    ];
    if app.number.is_multiple_of(4) {
        labels.insert(0, label("com.example.cost-centre", format!("cc-{}", 1_000 + app.number % 77)));
    }
    if app.number.is_multiple_of(5) {
        labels.insert(0, label("maintainer", format!("{}@example.com", app.team)));
        labels.sort();
    }
    labels
}

fn environment(app: &App, build: u64) -> Vec<String> {
    let mut environment =
        vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
    environment.extend(
        match app.stack {
            "python" => ["LANG=C.UTF-8", "PYTHON_VERSION=3.11.9"],
            "node" => ["NODE_VERSION=20.11.1", "NODE_ENV=production"],
            "java" => ["JAVA_HOME=/opt/java/openjdk", "JAVA_VERSION=jdk-17.0.10+7"],
            "go" => ["GODEBUG=madvdontneed=1", "TZ=UTC"],
            "ruby" => ["RUBY_VERSION=3.1.4", "RAILS_ENV=production"],
            _ => ["PHP_VERSION=8.2.17", "COMPOSER_HOME=/tmp"],
        }
        .map(str::to_owned),
    );
    environment.push(format!("APP_VERSION={}", app.version(build)));
    environment
}

fn runtime(app: &App) -> RuntimeFacts {
    RuntimeFacts {
        user: if app.number.is_multiple_of(3) { String::new() } else { "app".to_owned() },
        exposed_ports: vec![format!("{}/tcp", 8_000 + app.number % 90)],
        entrypoint: vec!["/app/entrypoint.sh".to_owned()],
        command: vec!["serve".to_owned()],
        working_dir: "/app".to_owned(),
        ..RuntimeFacts::default()
    }
}
