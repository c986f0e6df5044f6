//! Random fleets: reports as clients send them, in an order of time.

use model::report::REPORT_SCHEMA;
use model::{
    BaseImage, Build, ContainerReport, DiffId, Digest, ImageFacts, ImageId, Label, LayerFacts, OsRelease,
    Reference, ScanReport, SecretRecord, Severity, Timestamp,
};

use super::dice::Dice;
use super::moment::DAY;
use super::{feeds, packages, runtime};

/// 2023-01-01, the first moment of every random fleet.
pub(super) const FIRST: i64 = 1_672_531_200_000;
/// 2025-01-01, the last one.
pub(super) const LAST: i64 = 1_735_689_600_000;

const TAGS: [&str; 7] = ["blue", "red", "Jira_ticket", "team web", "prod-eu", "cost:42", "Größe"];
const REGISTRIES: [&str; 4] = ["registry.example.com", "docker.io", "r2.example.org:5000", "10.1.2.3:5000"];
const REPOSITORIES: [&str; 8] = [
    "team/web",
    "team/web-front",
    "team/api",
    "alpine",
    "billing/invoice.svc",
    "data/etl_v2",
    "nginx",
    "web/10.4.x/edge",
];
const VERSIONS: [&str; 7] = ["1.4", "1.4.2", "latest", "2024-05-01", "v2", "sha-0b1c2d3", "1.4-alpine3.18"];
const AUTHORS: [&str; 5] =
    ["Team Web", "Team Web, Ltd. <web@corp.example>", "O'Neill \"ops\"", "team-web/2", "Jörg Größe"];
const LABELS: [(&str, &[&str]); 5] = [
    ("maintainer", &["web@corp.example", "Team Web", "x"]),
    ("org.opencontainers.image.version", &["1.4.2", "1.4", "2.0.0-rc.1"]),
    ("stage", &["prod-eu (west)", "test", "prod"]),
    ("build-id", &["0b1c2d3e-1111-3222-8333-444455556666", "102354.vendor"]),
    ("com.example.note", &["a `quoted` \\ word", "true", "null"]),
];
const SOURCES: [&str; 5] = ["GENERAL", "CICD", "REGISTRY", "COMMAND_LINE", "HOST"];

/// One thing that a client sends.
#[derive(Clone, Debug)]
pub enum Step {
    /// A scan report.
    Report(Box<ScanReport>),
    /// What a runtime says of its containers.
    Containers(Vec<ContainerReport>),
    /// A tag for an image.
    TagImage(String, ImageId),
    /// A tag for a container.
    TagContainer(String, Digest),
    /// An image is deleted, unless a container needs it.
    DeleteImage(ImageId),
    /// A container is deleted.
    DeleteContainer(Digest),
}

/// A fleet.
#[derive(Clone, Debug)]
pub struct RandomFleet {
    /// Everything that is sent, in order.
    pub steps: Vec<Step>,
    /// The vulnerability data: names of files with their contents.
    pub feeds: Vec<(String, String)>,
    /// The names of the tags that the records may have.
    pub tags: Vec<String>,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Images, at most.
    pub images: usize,
    /// Containers, at most.
    pub containers: usize,
}

impl RandomFleet {
    /// The fleet of a seed: 10 images or more (fewer only if `size` says so), up to what `size` says.
    pub fn new(seed: u64, size: Size) -> Self {
        let mut dice = Dice::new(seed);
        let count = 2 + dice.below(5);
        let tags: Vec<String> = dice.some(&TAGS, count).into_iter().map(Into::into).collect();
        let images = dice.between(size.images.min(10) as i64, size.images as i64) as usize;
        let images: Vec<ScanReport> = (0..images).fold(Vec::new(), |mut known, _| {
            let next = image(&mut dice, &known, &tags);
            known.push(next);
            known
        });
        let containers = dice.below(size.containers + 1);
        let mut steps: Vec<(i64, Step)> = Vec::new();
        for report in &images {
            for again in reports_of(&mut dice, report, &tags) {
                steps.push((again.scanned_at.0, Step::Report(Box::new(again))));
            }
            if dice.percent(15) {
                let at = dice.between(report.scanned_at.0 + 1, LAST);
                steps.push((at, Step::TagImage(dice.pick(&tags).clone(), report.image.id)));
            }
            if dice.percent(12) {
                let at = dice.between(report.scanned_at.0 + 1, LAST);
                steps.push((at, Step::DeleteImage(report.image.id)));
            }
        }
        let ids: Vec<ImageId> = images.iter().map(|report| report.image.id).collect();
        steps.extend(runtime::steps(&mut dice, containers, &ids, &tags));
        runtime::settle(&mut steps, &images);
        // late reports of old scans: clients do not keep to the order of time
        let mut ranked: Vec<(i64, Step)> =
            steps.into_iter().map(|(at, step)| (at + dice.between(0, 20 * DAY), step)).collect();
        ranked.sort_by_key(|(at, _)| *at);
        let steps = in_order(ranked.into_iter().map(|(_, step)| step));
        Self { steps, feeds: feeds::files(&mut dice), tags }
    }
}

/// What is not known yet can neither be tagged nor deleted, so what comes too early comes at the end.
fn in_order(steps: impl Iterator<Item = Step>) -> Vec<Step> {
    let (mut seen, mut early, mut ordered) = (std::collections::BTreeSet::new(), Vec::new(), Vec::new());
    for step in steps {
        let known = match &step {
            Step::Report(report) => {
                seen.insert(report.image.id.0);
                true
            }
            Step::Containers(reports) => {
                seen.extend(reports.iter().map(|report| report.id));
                true
            }
            Step::TagImage(_, id) | Step::DeleteImage(id) => seen.contains(&id.0),
            Step::TagContainer(_, id) | Step::DeleteContainer(id) => seen.contains(id),
        };
        if known { ordered.push(step) } else { early.push(step) }
    }
    ordered.extend(early);
    ordered
}

/// The first report of an image, and what others or the same one say of it later.
fn reports_of(dice: &mut Dice, first: &ScanReport, tags: &[String]) -> Vec<ScanReport> {
    let mut all = vec![first.clone()];
    while dice.percent(25) {
        let mut again = first.clone();
        again.scanned_at = Timestamp(dice.between(first.scanned_at.0 - 10 * DAY, LAST));
        again.source = (*dice.pick(&SOURCES)).to_owned();
        again.tags = own_tags(dice, tags);
        again.build = build(&again);
        if dice.percent(60) {
            again.image.references = references(dice);
        }
        if dice.percent(40) {
            packages::fill(dice, &mut again);
        }
        all.push(again);
    }
    all
}

fn own_tags(dice: &mut Dice, tags: &[String]) -> Vec<String> {
    let count = dice.below(3);
    dice.some(tags, count)
}

fn optional(dice: &mut Dice, words: &[&str]) -> Option<String> {
    dice.percent(75).then(|| (*dice.pick(words)).to_owned())
}

fn references(dice: &mut Dice) -> Vec<Reference> {
    let one = |dice: &mut Dice| {
        let number = dice.below(40);
        Reference {
            registry: (*dice.pick(&REGISTRIES)).to_owned(),
            repository: (*dice.pick(&REPOSITORIES)).to_owned(),
            tag: optional(dice, &VERSIONS),
            digest: dice.percent(40).then(|| Digest::of(format!("manifest {number}").as_bytes())),
        }
    };
    (0..dice.below(4)).map(|_| one(dice)).collect()
}

fn image(dice: &mut Dice, known: &[ScanReport], tags: &[String]) -> ScanReport {
    let mut facts = ImageFacts::new(ImageId(Digest::of(&dice.seed().to_le_bytes())));
    facts.references = references(dice);
    facts.created = dice.percent(85).then(|| Timestamp(dice.between(FIRST, LAST) / 1_000 * 1_000));
    facts.author = optional(dice, &AUTHORS).unwrap_or_default();
    facts.architecture = optional(dice, &["amd64", "arm64"]);
    facts.os = Some("linux".into());
    facts.docker_version = optional(dice, &["24.0.7", "20.10.21+dfsg1"]);
    facts.size = dice.between(1_000, 500_000) as u64 * if dice.percent(50) { 1_000 } else { 1 };
    facts.labels = labels(dice, &LABELS);
    facts.layers = layers(dice, known);
    if dice.percent(10)
        && let Some(base) = known.first()
        && !facts.layers.is_empty()
    {
        facts.base = Some(BaseImage { id: base.image.id, references: Vec::new(), layers: 1 });
    }
    let count = dice.below(4);
    let users = dice.some(&["root", "daemon", "app", "www-data"], count);
    let mut report = ScanReport {
        schema: REPORT_SCHEMA,
        scanner: "plimsoll/test".into(),
        scanned_at: Timestamp(dice.between(FIRST, LAST)),
        source: (*dice.pick(&SOURCES)).to_owned(),
        image: facts,
        os_release: release(dice),
        users: users.into_iter().map(Into::into).collect(),
        packages: Vec::new(),
        secrets: Vec::new(),
        unreadable: Vec::new(),
        tags: own_tags(dice, tags),
        build: None,
    };
    report.build = build(&report);
    packages::fill(dice, &mut report);
    report.secrets = secrets(dice, &report.image);
    report
}

/// Of what was reported by a build service; without dice, so that fleets stay as they were.
fn build(report: &ScanReport) -> Option<Build> {
    let number = report.scanned_at.0 / 60_000;
    (report.source == "CICD").then(|| Build {
        system: Some("gitlab-ci".into()),
        number: Some(number.to_string()),
        url: Some(format!("https://ci.example.com/runs/{number}")),
        ..Build::default()
    })
}

fn secrets(dice: &mut Dice, image: &ImageFacts) -> Vec<SecretRecord> {
    let held = image.layers.iter().filter(|layer| layer.diff_id.is_some()).count();
    let mut secrets = Vec::new();
    for (path, rule, title) in [
        ("root/.aws/credentials", "aws-access-key-id", "AWS access key"),
        ("srv/app/key.pem", "private-key", "Private key (PEM)"),
    ] {
        if dice.percent(20) {
            secrets.push(SecretRecord {
                path: path.into(),
                line: dice.below(4) as u32,
                rule: rule.into(),
                title: title.into(),
                severity: Severity::new(1 + dice.below(5) as u8).unwrap_or_default(),
                masked: "AKIA****".into(),
                layer: (held > 0 && dice.percent(70)).then(|| dice.below(held) as u32),
            });
        }
    }
    secrets
}

/// Some of `choices`, sorted by key.
pub(super) fn labels(dice: &mut Dice, choices: &[(&str, &[&str])]) -> Vec<Label> {
    let count = dice.below(choices.len() + 1);
    let chosen = dice.some(choices, count);
    let mut labels: Vec<Label> = chosen
        .into_iter()
        .map(|(key, values)| Label { key: key.to_owned(), value: (*dice.pick(values)).to_owned() })
        .collect();
    labels.sort();
    labels
}

/// Layers of its own, often on top of those of an image before it.
fn layers(dice: &mut Dice, known: &[ScanReport]) -> Vec<LayerFacts> {
    let mut layers = Vec::new();
    if dice.percent(40) && !known.is_empty() {
        layers = dice.pick(known).image.layers.clone();
    }
    let mut own = dice.below(4);
    if layers.len() + own > 8 {
        own = 0;
    }
    for _ in 0..own {
        let number = dice.below(1_000);
        layers.push(LayerFacts {
            diff_id: dice.percent(80).then(|| DiffId(Digest::of(format!("layer {number}").as_bytes()))),
            digest: None,
            size: number as u64,
            created_by: format!("RUN step {number}"),
            created: None,
            comment: String::new(),
        });
    }
    layers
}

fn release(dice: &mut Dice) -> Option<OsRelease> {
    let of = |id: &str, version: &str, name: &str| OsRelease {
        id: id.into(),
        version_id: Some(version.into()),
        display_name: name.into(),
        ..OsRelease::default()
    };
    match dice.below(10) {
        0..=4 => Some(of("debian", "12", "Debian Linux 12.5")),
        5 | 6 => Some(of("debian", "10", "Debian Linux 10.13")),
        7 | 8 => Some(of("alpine", "3.18.4", "Alpine Linux 3.18.4")),
        _ => None,
    }
}
