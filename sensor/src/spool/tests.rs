use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use model::container::HostFacts;
use model::{ContainerReport, ContainerState, Digest, ImageId, Timestamp};
use proptest::prelude::*;

use super::*;

const ROOM: u64 = 1 << 20;

pub(crate) fn report(number: u8, version: u32, state: ContainerState) -> ContainerReport {
    ContainerReport {
        id: Digest::of(&[number]),
        name: format!("web-{number}"),
        image_id: None,
        image_digest: None,
        image_name: Some("alpine:3.18".to_owned()),
        host: HostFacts { hostname: "host".to_owned(), ..HostFacts::default() },
        state,
        created: Timestamp(1),
        state_changed: Timestamp(version.into()),
        observed_at: Timestamp(version.into()),
        path: None,
        arguments: Vec::new(),
        environment: vec![format!("VERSION={version}")],
        labels: Vec::new(),
        ports: Vec::new(),
        privileged: None,
        root: None,
        mac_address: String::new(),
        ipv4: None,
        ipv6: None,
        source: "GENERAL".to_owned(),
        details: None,
        tags: Vec::new(),
    }
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder, ROOM).unwrap().0
}

fn log_of(folder: &Path) -> std::path::PathBuf {
    folder.join("containers.log")
}

/// What waits: container name → version.
fn waiting(spool: &Spool) -> BTreeMap<String, i64> {
    let waiting = spool.waiting_containers(usize::MAX, usize::MAX);
    let parse = |one: WaitingContainer| serde_json::from_slice::<ContainerReport>(&one.json).unwrap();
    waiting.into_iter().map(parse).map(|report| (report.name, report.observed_at.0)).collect()
}

fn image(number: u8) -> ImageId {
    ImageId(Digest::of(&[number, 1]))
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, bool),
    /// Sends at most so many; the flag says whether the answer came back.
    Send(usize, bool),
    Kill,
    Renew,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u8..12, prop::bool::weighted(0.2)).prop_map(|(id, gone)| Step::Put(id, gone)),
        3 => (1_usize..8, any::<bool>()).prop_map(|(most, acked)| Step::Send(most, acked)),
        1 => Just(Step::Kill),
        1 => Just(Step::Renew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing is lost and nothing that was acknowledged is sent again, whenever the process is killed.
    #[test]
    fn what_was_not_acknowledged_waits_and_nothing_else(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
        for (version, step) in (1_u32..).zip(steps) {
            match step {
                Step::Put(id, gone) => {
                    let state = if gone { ContainerState::Deleted } else { ContainerState::Running };
                    let report = report(id, version, state);
                    prop_assert!(spool.put_container(&report, "docker").unwrap());
                    wanted.insert(report.name, version.into());
                }
                Step::Send(most, acked) => {
                    let taken = spool.waiting_containers(most, usize::MAX);
                    prop_assert_eq!(taken.len(), most.min(wanted.len()));
                    if acked {
                        spool.containers_sent(&taken);
                        for one in taken {
                            let report: ContainerReport = serde_json::from_slice(&one.json).unwrap();
                            prop_assert_eq!(wanted.remove(&report.name), Some(report.observed_at.0));
                        }
                    }
                }
                Step::Kill => {
                    drop(spool);
                    spool = open(folder.path());
                }
                Step::Renew => spool.lock().book.renew().unwrap(),
            }
            prop_assert_eq!(&waiting(&spool), &wanted);
        }
    }

    /// A power cut takes what was written since the last sync at most, wherever it falls.
    #[test]
    fn a_torn_log_keeps_what_was_synced(before in 1_u8..6, after in 0_u8..6, cut in 0.0..1.0_f64, garbage in prop::collection::vec(any::<u8>(), 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path());
        for id in 0..before {
            spool.put_container(&report(id, 1, ContainerState::Running), "docker").unwrap();
        }
        spool.sync().unwrap();
        let synced = fs::metadata(log_of(folder.path())).unwrap().len();
        for id in 0..after {
            spool.put_container(&report(id, 2, ContainerState::Running), "docker").unwrap();
        }
        drop(spool);
        let file = OpenOptions::new().append(true).open(log_of(folder.path())).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(synced + ((length - synced) as f64 * cut) as u64).unwrap();
        (&file).write_all(&garbage).unwrap();
        let spool = open(folder.path());
        let waiting = waiting(&spool);
        for id in 0..before {
            prop_assert!(waiting.contains_key(&format!("web-{id}")), "{waiting:?}");
        }
        // and it goes on from there
        prop_assert!(spool.put_container(&report(50, 9, ContainerState::Running), "docker").unwrap());
        drop(spool);
        prop_assert!(super::tests::waiting(&open(folder.path())).contains_key("web-50"));
    }

    /// Whatever lies there, the spool opens.
    #[test]
    fn no_bytes_keep_the_spool_from_opening(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(log_of(folder.path()), &bytes).unwrap();
        let spool = open(folder.path());
        prop_assert!(spool.put_container(&report(1, 1, ContainerState::Running), "docker").unwrap());
    }
}

#[test]
fn a_spoilt_block_in_the_middle_costs_only_its_own_records() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    for id in 0..5 {
        spool.put_container(&report(id, 1, ContainerState::Running), "docker").unwrap();
    }
    drop(spool);
    let mut bytes = fs::read(log_of(folder.path())).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(log_of(folder.path()), bytes).unwrap();
    let (spool, words) = Spool::open(folder.path(), ROOM).unwrap();
    assert_eq!(waiting(&spool).len(), 4);
    assert_eq!(words.len(), 1, "{words:?}");
}

#[test]
fn only_what_a_container_says_is_news_and_not_that_it_was_seen_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let mut one = report(1, 1, ContainerState::Running);
    assert!(spool.put_container(&one, "docker").unwrap());
    one.observed_at = Timestamp(99);
    assert!(!spool.put_container(&one, "docker").unwrap());
    assert_eq!(spool.known(&one.id).unwrap().observed_at, Timestamp(99));
    assert_eq!(waiting(&spool), BTreeMap::from([("web-1".to_owned(), 1)]));
}

#[test]
fn a_version_put_while_an_older_one_is_on_its_way_is_still_to_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    spool.put_container(&report(1, 1, ContainerState::Running), "docker").unwrap();
    let on_its_way = spool.waiting_containers(10, usize::MAX);
    spool.put_container(&report(1, 2, ContainerState::Stopped), "docker").unwrap();
    spool.containers_sent(&on_its_way);
    assert_eq!(waiting(&spool), BTreeMap::from([("web-1".to_owned(), 2)]));
}

#[test]
fn a_container_that_is_gone_and_told_is_remembered_as_gone_only() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let gone = report(1, 1, ContainerState::Deleted);
    spool.put_container(&gone, "docker").unwrap();
    assert!(!spool.is_buried(&gone.id), "the server does not know yet");
    spool.containers_sent(&spool.waiting_containers(10, usize::MAX));
    for spool in [spool, open(folder.path())] {
        assert!(spool.is_buried(&gone.id));
        assert!(spool.known(&gone.id).is_none());
    }
}

#[test]
fn images_go_oldest_first_when_there_is_no_room_and_containers_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(folder.path(), 10_000).unwrap();
    for number in 1..=5 {
        spool.put_image(image(number), 0, &[number; 2_500]).unwrap();
    }
    assert_eq!(spool.figures().dropped, 1, "four have room");
    assert_eq!(spool.waiting_image().unwrap().0.image, image(2));
    for id in 0..20 {
        spool.put_container(&report(id, 1, ContainerState::Running), "docker").unwrap();
    }
    let figures = spool.figures();
    assert!(figures.bytes <= 10_000, "{figures:?}");
    assert_eq!(waiting(&spool).len(), 20);
    assert!(spool.put_image(image(9), 0, &[0; 10_001]).unwrap_err().is_full());
}

#[test]
fn containers_are_kept_in_memory_while_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(folder.path(), 2_000).unwrap();
    for id in 0..20 {
        spool.put_container(&report(id, 1, ContainerState::Running), "docker").unwrap();
    }
    assert!(spool.figures().is_full);
    assert_eq!(waiting(&spool).len(), 20);
    // once those on the disk are told and gone, there is room for the others
    for id in 0..20 {
        spool.put_container(&report(id, 2, ContainerState::Deleted), "docker").unwrap();
        spool.containers_sent(&spool.waiting_containers(100, usize::MAX));
    }
    spool.lock().book.renew().unwrap();
    assert!(!spool.figures().is_full);
    assert_eq!(spool.figures().waiting, 0);
}

#[test]
fn a_newer_report_of_an_image_takes_the_place_of_the_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    spool.put_image(image(1), 1, b"old").unwrap();
    spool.put_image(image(2), 1, b"other").unwrap();
    spool.put_image(image(1), 2, b"new").unwrap();
    fs::write(folder.path().join("images/half.zst.part"), "x").unwrap();
    for spool in [spool, open(folder.path())] {
        assert_eq!(spool.figures().waiting, 2);
        assert!(spool.waits(&image(1), Some(2)) && !spool.waits(&image(1), Some(1)));
        let (waiting, body) = spool.waiting_image().unwrap();
        assert_eq!((waiting.image, &body[..]), (image(2), &b"other"[..]));
    }
    let spool = open(folder.path());
    let (waiting, _) = spool.waiting_image().unwrap();
    spool.image_sent(&waiting, 7);
    assert!(spool.has_image(&image(2), 7, Some(1)));
    let spool = open(folder.path());
    assert!(spool.has_image(&image(2), 7, None) && !spool.has_image(&image(2), 8, Some(1)));
    assert_eq!(fs::read_dir(folder.path().join("images")).unwrap().count(), 1);
}

#[test]
fn everything_is_sent_anew_when_the_server_asks() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    spool.put_container(&report(1, 1, ContainerState::Running), "docker").unwrap();
    spool.containers_sent(&spool.waiting_containers(10, usize::MAX));
    spool.put_image(image(1), 1, b"report").unwrap();
    spool.image_sent(&spool.waiting_image().unwrap().0, 1);
    spool.follow("docker", Timestamp(5));
    spool.resend();
    for spool in [spool, open(folder.path())] {
        assert_eq!(waiting(&spool).len(), 1);
        assert!(!spool.has_image(&image(1), 1, None));
        assert_eq!(spool.followed("docker"), Some(Timestamp(5)));
    }
}

#[test]
fn a_log_of_outdated_records_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(folder.path(), 1 << 30).unwrap();
    let mut large = report(1, 1, ContainerState::Running);
    for version in 0..200_i64 {
        let word = |number: i64| Digest::of(&[version.to_le_bytes(), number.to_le_bytes()].concat()).to_hex();
        large.environment = (0..1_000).map(word).collect();
        spool.put_container(&large, "docker").unwrap();
        spool.containers_sent(&spool.waiting_containers(10, usize::MAX));
    }
    assert!(spool.figures().bytes < 9 << 20, "{:?}", spool.figures());
    assert_eq!(spool.container(&large.id), Some(large));
}
