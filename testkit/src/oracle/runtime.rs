//! Containers of random fleets.

use model::cluster::Controller;
use model::container::{HostFacts, PortMapping};
use model::{
    ClusterFacts, ContainerDetails, ContainerReport, ContainerState, Digest, Drift, DriftPackage,
    DriftReason, ImageId, OsRelease, PackageRecord, ScanReport, Timestamp,
};
use uuid::Uuid;

use super::dice::Dice;
use super::fleet::{FIRST, LAST, Step, labels};
use super::moment::DAY;
use super::packages;

const NAMES: [&str; 5] = ["web-1", "web-2", "billing.invoice", "k8s_api_team-web_0", "etl/nightly"];
const LABELS: [(&str, &[&str]); 4] = [
    ("io.kubernetes.pod.namespace", &["prod", "test", "kube-system"]),
    ("io.kubernetes.pod.name", &["web-7f9c", "api-0"]),
    ("io.kubernetes.pod.uid", &["0b1c2d3e-1111-3222-8333-444455556666"]),
    ("com.example.owner", &["Team Web", "O'Neill", "ops@corp.example"]),
];
const ENVIRONMENT: [&str; 4] =
    ["PATH=/usr/bin:/bin", "MODE=fast", "DB_URL=postgres://db.corp.example:5432/app", "EMPTY="];
const STATES: [ContainerState; 8] = [
    ContainerState::Created,
    ContainerState::Running,
    ContainerState::Running,
    ContainerState::Running,
    ContainerState::Stopped,
    ContainerState::Paused,
    ContainerState::Deleted,
    ContainerState::Unknown,
];

/// What runtimes say of `count` containers, with the times of it.
pub(super) fn steps(dice: &mut Dice, count: usize, images: &[ImageId], tags: &[String]) -> Vec<(i64, Step)> {
    let hosts = hosts(dice);
    let mut steps = Vec::new();
    for _ in 0..count {
        let report = container(dice, images, tags, &hosts);
        let at = report.observed_at.0;
        while dice.percent(25) {
            let mut again = report.clone();
            again.observed_at = Timestamp(dice.between(report.created.0, LAST));
            if again.details.is_some() && dice.percent(50) {
                again.details = details(dice);
            }
            if dice.percent(70) {
                again.state = *dice.pick(&STATES);
                again.state_changed = again.observed_at;
            }
            let count = dice.below(2);
            again.tags = dice.some(tags, count);
            steps.push((again.observed_at.0, Step::Containers(vec![again])));
        }
        if dice.percent(10) {
            steps.push((at + 1, Step::TagContainer(dice.pick(tags).clone(), report.id)));
        }
        if dice.percent(8) {
            steps.push((dice.between(at + 1, LAST), Step::DeleteContainer(report.id)));
        }
        // some runtimes tell of several at once
        match steps.last_mut() {
            Some((_, Step::Containers(reports))) if dice.percent(30) && reports[0].id != report.id => {
                reports.push(report)
            }
            _ => steps.push((at, Step::Containers(vec![report]))),
        }
    }
    steps
}

fn hosts(dice: &mut Dice) -> Vec<HostFacts> {
    let host = |dice: &mut Dice, number: usize| HostFacts {
        hostname: ["node-a.corp.example", "node-b", "worker_3", "10.4.0.9"][number % 4].to_owned(),
        ip_address: dice.percent(80).then(|| format!("10.0.{}.{}", number / 2, 8 + number)),
        ipv6_address: dice.percent(40).then(|| format!("fd00::{number:x}")),
        architecture: dice.percent(70).then(|| ["x86_64", "aarch64"][number % 2].to_owned()),
    };
    (0..1 + dice.below(4)).map(|number| host(dice, number)).collect()
}

/// One of the hosts; what is told of it changes now and then.
fn host(dice: &mut Dice, hosts: &[HostFacts]) -> HostFacts {
    let mut host = dice.pick(hosts).clone();
    if dice.percent(15) {
        host.ip_address = Some(format!("10.9.0.{}", dice.below(200)));
    }
    if dice.percent(10) {
        host.architecture = None;
    }
    host
}

fn container(dice: &mut Dice, images: &[ImageId], tags: &[String], hosts: &[HostFacts]) -> ContainerReport {
    let id = Digest::of(&dice.seed().to_le_bytes());
    let image = match dice.below(10) {
        0 => None,
        1 => Some(ImageId(Digest::of(format!("unknown {}", dice.below(3)).as_bytes()))),
        _ if images.is_empty() => None,
        _ => Some(*dice.pick(images)),
    };
    let created = dice.between(FIRST, LAST - 30 * DAY);
    let observed_at = dice.between(created, LAST);
    let (count, tagged) = (dice.below(4), if dice.percent(30) { 1 + dice.below(2) } else { 0 });
    ContainerReport {
        id,
        name: (*dice.pick(&NAMES)).to_owned(),
        image_id: image,
        image_digest: dice.percent(30).then(|| Digest::of(b"manifest")),
        image_name: Some("registry.example.com/team/web:1.4".into()),
        host: host(dice, hosts),
        state: *dice.pick(&STATES),
        created: Timestamp(created),
        state_changed: Timestamp(dice.between(created, observed_at)),
        observed_at: Timestamp(observed_at),
        path: dice.percent(80).then(|| (*dice.pick(&["/bin/sh", "/usr/bin/proxy", "node"])).to_owned()),
        arguments: dice
            .some(&["-c", "run.sh", "--port=8080", "a b"], count)
            .into_iter()
            .map(Into::into)
            .collect(),
        environment: dice.some(&ENVIRONMENT, count).into_iter().map(Into::into).collect(),
        labels: labels(dice, &LABELS),
        ports: (0..dice.below(3)).map(|_| port(dice)).collect(),
        privileged: dice.percent(80).then(|| dice.percent(30)),
        root: dice.percent(80).then(|| dice.percent(50)),
        mac_address: if dice.percent(60) {
            format!("02:42:ac:11:00:{:02x}", dice.below(9))
        } else {
            String::new()
        },
        ipv4: dice.percent(70).then(|| format!("172.17.0.{}", 2 + dice.below(30))),
        ipv6: dice.percent(30).then(|| format!("fd01::{:x}:1", dice.below(30))),
        source: (*dice.pick(&["GENERAL", "CLUSTER"])).to_owned(),
        details: if dice.percent(35) { details(dice) } else { None },
        tags: dice.some(tags, tagged),
    }
}

/// What a sensor tells.
fn details(dice: &mut Dice) -> Option<Box<ContainerDetails>> {
    let cluster = dice.percent(50).then(|| ClusterFacts {
        name: dice.percent(50).then(|| (*dice.pick(&["east", "west"])).to_owned()),
        namespace: (*dice.pick(&["prod", "test"])).to_owned(),
        pod: (*dice.pick(&["web-7f9c", "api-0"])).to_owned(),
        pod_labels: if dice.percent(60) { labels(dice, &LABELS) } else { Vec::new() },
        controllers: (0..dice.below(3)).map(|_| controller(dice)).collect(),
        node: dice.percent(70).then(|| "node-b".to_owned()),
        node_is_master: dice.percent(50).then(|| dice.percent(30)),
        ..ClusterFacts::default()
    });
    Some(Box::new(ContainerDetails {
        sensor: dice.percent(60).then(|| Uuid::from_u128(1 + dice.below(3) as u128)),
        cluster,
        drift: dice.percent(70).then(|| drift(dice)),
        ..ContainerDetails::default()
    }))
}

fn controller(dice: &mut Dice) -> Controller {
    Controller {
        name: (*dice.pick(&["web-7f9c", "web", "agent.corp.example"])).to_owned(),
        kind: (*dice.pick(&["ReplicaSet", "Deployment", "Rollout"])).to_owned(),
        uid: dice.percent(70).then(|| Uuid::from_u128(7 + dice.below(3) as u128).to_string()),
    }
}

fn drift(dice: &mut Dice) -> Drift {
    let mut drifted = Vec::new();
    for record in packages::some(dice) {
        let reason = *dice.pick(&[DriftReason::New, DriftReason::Removed, DriftReason::Varied]);
        let before = (reason == DriftReason::Varied).then(|| {
            let version = dice.pick(&["3.0.11-1~deb12u2", "2.11", "7.88.1-10", "4.17.15"]);
            Box::new(PackageRecord { version: (*version).to_owned(), ..record.clone() })
        });
        drifted.push(DriftPackage { reason, record, before, changed_at: None });
    }
    drifted.sort();
    Drift { packages: drifted, ..Drift::default() }
}

/// Puts what drifted into the release of the container's image, as it is on real hosts.
///
/// Rows of software do not tell the release, so two that differ in nothing else could not be told apart by who walks through them.
pub(super) fn settle(steps: &mut [(i64, Step)], images: &[ScanReport]) {
    let release = |id: &ImageId| images.iter().find(|report| report.image.id == *id)?.os_release.as_ref();
    for (_, step) in steps {
        let Step::Containers(reports) = step else { continue };
        for report in reports {
            let distro = report.image_id.as_ref().and_then(release).map(OsRelease::distro);
            let (Some(distro), Some(details)) = (distro, &mut report.details) else { continue };
            let drifted = details.drift.iter_mut().flat_map(|drift| &mut drift.packages);
            for package in drifted.filter(|package| package.record.distro.is_some()) {
                package.record.distro = Some(distro.clone());
                if let Some(before) = &mut package.before {
                    before.distro = Some(distro.clone());
                }
            }
        }
    }
}

fn port(dice: &mut Dice) -> PortMapping {
    PortMapping {
        host_ip: dice.percent(50).then(|| (*dice.pick(&["0.0.0.0", "127.0.0.1", "::"])).to_owned()),
        host_port: dice.percent(70).then(|| *dice.pick(&[80, 8080, 32_768])),
        port: *dice.pick(&[80, 443, 8080]),
        protocol: (*dice.pick(&["TCP", "UDP"])).to_owned(),
    }
}
