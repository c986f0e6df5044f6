//! Containers: pods of workloads on the nodes of clusters.

use model::container::{HostFacts, PortMapping};
use model::{ContainerReport, ContainerState, Digest, Label, Timestamp};

use super::dice::Dice;
use super::image::Head;
use super::{Fleet, hexadecimal};

/// How many pods the workloads of a block have.
const REPLICAS: [u64; 12] = [1, 1, 1, 2, 2, 3, 3, 5, 6, 8, 12, 20];
/// Containers in a block.
const BLOCK: u64 = 64;
/// Nodes of all clusters together.
pub(super) const HOSTS: u64 = 5_000;
/// Nodes of one cluster.
const CLUSTER: u64 = 125;
/// When the first containers were made, 2025-03-01.
const EPOCH: i64 = 1_740_787_200_000;
const DAY: u64 = 24 * 3_600 * 1_000;

/// The report of container `index`.
pub(super) fn report(fleet: &Fleet, index: u64) -> ContainerReport {
    let seed = fleet.seed;
    let (workload, replica) = workload_of(index);
    let mut of_workload = Dice::new(seed, "workload", workload);
    // few images run often, most do not run at all
    let running = (fleet.sizes.images * 35 / 100).max(1);
    let image = spread(of_workload.skewed(running, 2.2), fleet.sizes.images.max(1));
    let head = Head::new(fleet, image);
    let cluster = of_workload.below(HOSTS / CLUSTER);
    let environment = *of_workload.pick(&["prod", "prod", "prod", "staging", "dev"]);
    let namespace = format!("{}-{environment}", head.app.area);
    let kind = *of_workload.pick(&["Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet"]);
    let template = format!("{:.10}", hexadecimal(of_workload.next()));
    let controller = format!("{}-{}", head.app.name, workload % 9);
    let owned_port = 8_000 + (head.app.number % 90) as u16;

    let mut dice = Dice::new(seed, "container", index);
    let pod = match kind {
        "StatefulSet" => format!("{controller}-{replica}"),
        "DaemonSet" => format!("{controller}-{:.5}", hexadecimal(dice.next())),
        _ => format!("{controller}-{template}-{:.5}", hexadecimal(dice.next())),
    };
    let uid = uuid_text(&mut dice);
    let node = cluster * CLUSTER + (workload * 7 + replica * 13 + dice.below(5)) % CLUSTER;
    let created = Timestamp(EPOCH + dice.below(120 * DAY) as i64);
    let state = match dice.below(100) {
        0..=90 => ContainerState::Running,
        91..=95 => ContainerState::Stopped,
        96 | 97 => ContainerState::Created,
        98 => ContainerState::Paused,
        _ => ContainerState::Deleted,
    };
    let changed = Timestamp(created.0 + dice.below(DAY) as i64);
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    let mut labels = vec![
        label("io.kubernetes.container.name", head.app.name.clone()),
        label("io.kubernetes.pod.name", pod.clone()),
        label("io.kubernetes.pod.namespace", namespace.clone()),
        label("io.kubernetes.pod.uid", uid.clone()),
    ];
    if head.app.number.is_multiple_of(4) {
        labels.insert(0, label("app.kubernetes.io/part-of", head.app.area.to_owned()));
    }
    let [a, b] = [(index >> 8) as u8, index as u8];
    ContainerReport {
        id: Digest::of(format!("{seed} container {index}").as_bytes()),
        name: format!("k8s_{}_{pod}_{namespace}_{uid}_0", head.app.name),
        image_id: Some(head.id),
        image_digest: head.reference.digest,
        image_name: Some(format!(
            "{}/{}:{}",
            head.reference.registry,
            head.reference.repository,
            head.reference.tag.as_deref().unwrap_or("latest")
        )),
        host: host(cluster, node),
        state,
        created,
        state_changed: changed,
        observed_at: Timestamp(changed.0 + dice.below(DAY) as i64),
        path: Some("/app/entrypoint.sh".to_owned()),
        arguments: vec!["serve".to_owned()],
        environment: vec![
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            format!("HOSTNAME={pod}"),
            "KUBERNETES_SERVICE_HOST=10.96.0.1".to_owned(),
        ],
        labels,
        ports: ports(owned_port, &mut dice),
        privileged: Some(dice.percent(2)),
        root: Some(head.app.number.is_multiple_of(3)),
        mac_address: String::new(),
        ipv4: Some(format!("10.{}.{a}.{b}", cluster + 128)),
        ipv6: None,
        source: "CLUSTER".to_owned(),
        details: None,
        tags: head.tags,
    }
}

fn host(cluster: u64, node: u64) -> HostFacts {
    HostFacts {
        hostname: format!("node-{node:04}.cluster-{cluster:02}.example.internal"),
        ip_address: Some(format!("10.{}.{}.{}", cluster, node % CLUSTER / 25, 10 + node % 25)),
        ipv6_address: None,
        architecture: Some("x86_64".to_owned()),
    }
}

/// Few containers are reached past the cluster's own network.
fn ports(port: u16, dice: &mut Dice) -> Vec<PortMapping> {
    if !dice.percent(15) {
        return Vec::new();
    }
    let host_port = Some(30_000 + dice.below(2_768) as u16);
    vec![PortMapping { host_ip: Some("0.0.0.0".to_owned()), host_port, port, protocol: "TCP".to_owned() }]
}

fn workload_of(index: u64) -> (u64, u64) {
    let mut left = index % BLOCK;
    for (place, replicas) in REPLICAS.iter().enumerate() {
        if left < *replicas {
            return (index / BLOCK * REPLICAS.len() as u64 + place as u64, left);
        }
        left -= replicas;
    }
    unreachable!("the replicas of a block add up to its size")
}

/// Lays neighbours apart: a permutation of the numbers below `count`, as long as it has no factor in common with the prime.
fn spread(number: u64, count: u64) -> u64 {
    (u128::from(number) * 2_654_435_761 % u128::from(count)) as u64
}

fn uuid_text(dice: &mut Dice) -> String {
    let (high, low) = (hexadecimal(dice.next()), hexadecimal(dice.next()));
    format!("{}-{}-4{}-a{}-{}", &high[..8], &high[8..12], &high[13..], &low[1..4], &low[4..])
}
