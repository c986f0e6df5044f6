//! Bundles on their way: deltas, packing, arrival in a data directory; whole, cut short, flipped and foreign.

use std::fs;
use std::path::PathBuf;

use knowledge::{
    Bundle, BundleForm, Difference, KnowledgeDir, KnowledgeError, apply_delta, delta_between, delta_info,
    pack, unpack,
};
use model::Digest;

use crate::support::{Feeds, shared};

pub(crate) const FORMS: [BundleForm; 3] = [BundleForm::Whole, BundleForm::Packed, BundleForm::Delta];

fn tracker(fixed: &str, more: &str) -> String {
    format!(
        r#"{{"openssl": {{"CVE-2020-1001": {{"description": "A flaw.", "releases": {{
        "bookworm": {{"status": "resolved", "fixed_version": "{fixed}", "urgency": "low"}}}}}}}}{more},
        "zlib": {{"CVE-2022-0003": {{"releases": {{"bookworm": {{"status": "open"}}}}}}}}}}"#
    )
}

fn predictions(score: &str) -> String {
    format!(
        "#model_version:v2025.03.14,score_date:2026-11-2{0}T00:00:00+0000\ncve,epss,percentile\nCVE-2020-1001,0.0{0},0.5\n\
         CVE-2022-0003,0.01,0.2\n",
        score
    )
}

const RECORD: &str = r#"{"id": "GHSA-aaaa-bbbb-cccc", "summary": "Foo is broken", "affected": [
    {"package": {"ecosystem": "npm", "name": "foo"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.4.0"}]}]}]}"#;

pub(crate) fn older() -> Feeds {
    let feeds = Feeds::new().file("debian/json", tracker("3.0.11-1", "")).osv("npm", &[RECORD]);
    feeds.file("epss/epss_scores-2026-11-21.csv", predictions("1"))
}

/// One statement changed, one vulnerability came, one went with its file, a file came that sorts before the others.
fn newer() -> Feeds {
    let bash = r#", "bash": {"CVE-2021-0002": {"releases": {"bookworm": {"status": "open"}}}}"#;
    let alpine = r#"{"packages": [{"pkg": {"name": "zlib", "secfixes": {"1.3-r0": ["CVE-2022-0003"]}}}]}"#;
    let feeds = Feeds::new().file("alpine-secdb/v3.18/main.json", alpine);
    feeds
        .file("debian/json", tracker("3.0.12-1", bash))
        .file("epss/epss_scores-2026-11-22.csv", predictions("2"))
}

/// Two bundles, what leads from the one to the other, and a place to work in.
pub(crate) struct Pair {
    pub(crate) old: Feeds,
    pub(crate) new: Feeds,
    room: tempfile::TempDir,
}

impl Pair {
    pub(crate) fn make() -> Self {
        let pair = Self { old: older(), new: newer(), room: tempfile::tempdir().unwrap() };
        let (old, new) = (pair.old.compile().0, pair.new.compile().0);
        delta_between(&old, &new, None, &pair.file("a.delta")).unwrap();
        pack(&pair.new.output(), &pair.file("a.bundle.zst")).unwrap();
        fs::copy(pair.new.output(), pair.file("a.bundle")).unwrap();
        pair
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    pub(crate) fn form(&self, form: BundleForm) -> PathBuf {
        self.file(match form {
            BundleForm::Whole => "a.bundle",
            BundleForm::Packed => "a.bundle.zst",
            BundleForm::Delta => "a.delta",
        })
    }

    /// A data directory in which the old bundle is in force.
    pub(crate) fn directory(&self) -> KnowledgeDir {
        let data = tempfile::tempdir_in(self.room.path()).unwrap().keep();
        let directory = KnowledgeDir::new(data);
        directory.receive(&self.old.output(), None).unwrap();
        directory
    }

    pub(crate) fn old_id(&self) -> Digest {
        Bundle::open(&self.old.output()).unwrap().id()
    }

    pub(crate) fn new_id(&self) -> Digest {
        Bundle::open(&self.new.output()).unwrap().id()
    }
}

pub(crate) fn in_force(directory: &KnowledgeDir) -> Digest {
    let bundle = Bundle::open(&directory.current().unwrap()).unwrap();
    bundle.read_everything().unwrap();
    bundle.id()
}

/// Nothing but the bundles, their signatures and the trusted keys may lie there.
pub(crate) fn nothing_is_left_over(directory: &KnowledgeDir) {
    for entry in fs::read_dir(directory.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = ["current.bundle", "previous.bundle", "trusted.pub"];
        assert!(known.contains(&name.trim_end_matches(".minisig")), "{name}");
    }
}

#[test]
fn a_delta_leads_to_the_new_bundle_bit_for_bit() {
    let pair = Pair::make();
    let (old, new) = (Bundle::open(&pair.old.output()).unwrap(), Bundle::open(&pair.new.output()).unwrap());
    let info = delta_info(&pair.file("a.delta")).unwrap();
    assert_eq!((info.old, info.new, info.length), (old.id(), new.id(), new.size()));
    assert_eq!(apply_delta(&old, &pair.file("a.delta"), &pair.file("made")).unwrap(), None);
    assert_eq!(fs::read(pair.file("made")).unwrap(), fs::read(pair.new.output()).unwrap());
    // and back, and to itself, and from nothing
    let empty_feeds =
        Feeds::new().file("kev/known_exploited_vulnerabilities.json", r#"{"vulnerabilities": []}"#);
    let (empty, _) = empty_feeds.compile();
    for (from, to) in [(&new, &old), (&new, &new), (&empty, &new), (&new, &empty)] {
        delta_between(from, to, None, &pair.file("b.delta")).unwrap();
        apply_delta(from, &pair.file("b.delta"), &pair.file("made")).unwrap();
        assert_eq!(
            Bundle::open(&pair.file("made")).unwrap().read_everything().unwrap(),
            to.read_everything().unwrap()
        );
        assert_eq!(Bundle::open(&pair.file("made")).unwrap().id(), to.id());
    }
}

#[test]
fn the_same_delta_made_twice_has_equal_bytes() {
    let (first, second) = (Pair::make(), Pair::make());
    for form in FORMS {
        assert_eq!(fs::read(first.form(form)).unwrap(), fs::read(second.form(form)).unwrap(), "{form:?}");
    }
}

#[test]
fn a_bundle_is_received_in_every_form() {
    let pair = Pair::make();
    for form in FORMS {
        let directory = pair.directory();
        let received = directory.receive(&pair.form(form), None).unwrap();
        assert_eq!((received.form, received.id), (form, pair.new_id()));
        assert_eq!((received.replaced, received.signed_by.as_deref()), (Some(pair.old_id()), None));
        assert!(!received.is_older);
        assert_eq!(in_force(&directory), pair.new_id());
        assert_eq!(Bundle::open(&directory.previous().unwrap()).unwrap().id(), pair.old_id());
        assert!(pair.form(form).is_file(), "the file that was given stays");
        nothing_is_left_over(&directory);
        assert!(directory.receive(&pair.old.output(), None).unwrap().is_older);
    }
}

#[test]
fn a_delta_of_another_base_is_refused_by_name() {
    let pair = Pair::make();
    let directory = pair.directory();
    directory.receive(&pair.form(BundleForm::Whole), None).unwrap();
    let error = directory.receive(&pair.file("a.delta"), None).unwrap_err();
    assert!(matches!(error, KnowledgeError::WrongBase { found: Some(found), .. } if found == pair.new_id()));
    let said = error.to_string();
    for part in
        ["a.delta", &pair.old_id().to_string(), &pair.new_id().to_string(), "carry the whole bundle over"]
    {
        assert!(said.contains(part), "{said}");
    }
    let empty = KnowledgeDir::new(pair.file("empty"));
    let said = empty.receive(&pair.file("a.delta"), None).unwrap_err().to_string();
    assert!(said.contains("the bundle at hand is none"), "{said}");
    assert_eq!(empty.current(), None);
}

/// Gives `bytes` to a directory as each form's file, which must refuse them and name the file.
fn refused(pair: &Pair, directory: &KnowledgeDir, name: &str, bytes: &[u8]) -> String {
    let path = pair.file(name);
    fs::write(&path, bytes).unwrap();
    let said = directory.receive(&path, None).unwrap_err().to_string();
    assert!(said.contains(name), "{said}");
    said
}

#[test]
fn what_is_cut_short_is_refused_wherever_it_is_cut() {
    let pair = Pair::make();
    let directory = pair.directory();
    for form in FORMS {
        let whole = fs::read(pair.form(form)).unwrap();
        let lengths =
            (0..whole.len()).step_by(whole.len() / 40 + 1).chain([1, 7, 8, 87, 151, whole.len() - 1]);
        for length in lengths.filter(|length| *length < whole.len()) {
            refused(&pair, &directory, "short", &whole[..length]);
        }
        refused(&pair, &directory, "long", &[&whole[..], b"x"].concat());
    }
    assert_eq!(in_force(&directory), pair.old_id());
    nothing_is_left_over(&directory);
}

#[test]
fn a_wrong_byte_is_found_wherever_it_is() {
    let pair = Pair::make();
    let directory = pair.directory();
    for form in FORMS {
        let whole = fs::read(pair.form(form)).unwrap();
        let step = if form == BundleForm::Whole { 97 } else { 13 };
        for at in (0..whole.len()).step_by(step).chain(0..24) {
            let mut bytes = whole.clone();
            bytes[at] = !bytes[at];
            fs::write(pair.file("flipped"), &bytes).unwrap();
            // zstd has bits that mean nothing; what comes out must be the right bundle or nothing at all
            match directory.receive(&pair.file("flipped"), None) {
                Err(error) => assert!(error.to_string().contains("flipped"), "{error}"),
                Ok(received) => {
                    assert_eq!((form, received.id), (BundleForm::Packed, pair.new_id()), "byte {at}")
                }
            }
        }
    }
    nothing_is_left_over(&directory);
}

#[test]
fn what_comes_from_a_newer_program_is_refused_with_advice() {
    let pair = Pair::make();
    let directory = pair.directory();
    for (form, places) in [(BundleForm::Whole, &[8][..]), (BundleForm::Delta, &[8, 12])] {
        for at in places {
            let mut bytes = fs::read(pair.form(form)).unwrap();
            bytes[*at] = 99;
            let said = refused(&pair, &directory, "newer", &bytes);
            assert!(said.contains("99") && said.contains("update plimsoll"), "{said}");
        }
    }
    let said = refused(&pair, &directory, "other", b"PK\x03\x04 a zip");
    assert!(said.contains(r"it begins with `PK\x03\x04 a z`"), "{said}");
    assert!(refused(&pair, &directory, "nothing", b"").contains("nothing"));
    assert_eq!(in_force(&directory), pair.old_id());
}

/// Makes the checksum of a delta right after it was tampered with.
fn resealed(mut delta: Vec<u8>) -> Vec<u8> {
    let checksum = *Digest::of(&delta[56..]).as_bytes();
    delta[24..56].copy_from_slice(&checksum);
    delta
}

#[test]
fn a_delta_that_claims_too_much_is_refused_without_trying() {
    let pair = Pair::make();
    let directory = pair.directory();
    let whole = fs::read(pair.file("a.delta")).unwrap();
    for at in [120, 128, 136, 144] {
        for claim in [u64::MAX, 1 << 40, 1 << 31, 1] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&claim.to_le_bytes());
            refused(&pair, &directory, "bomb", &resealed(bytes));
        }
    }
    // a right checksum over any wrong byte of plan and blobs
    for at in 152..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        fs::write(pair.file("tampered"), resealed(bytes)).unwrap();
        if let Ok(received) = directory.receive(&pair.file("tampered"), None) {
            assert_eq!(received.id, pair.new_id());
            directory.receive(&pair.old.output(), None).unwrap();
        }
    }
    assert_eq!(in_force(&directory), pair.old_id());
}

#[test]
fn a_packed_bomb_ends_at_the_length_that_its_bundle_claims() {
    let pair = Pair::make();
    let directory = pair.directory();
    let whole = fs::read(pair.new.output()).unwrap();
    let longer = [&whole[..], &vec![0; 64 << 20]].concat();
    let said = refused(&pair, &directory, "bomb.zst", &zstd::encode_all(&longer[..], 3).unwrap());
    assert!(said.contains(&format!("more than the {} bytes that its bundle claims", whole.len())), "{said}");
    assert!(fs::metadata(pair.file("bomb.zst")).unwrap().len() < 65536, "it was a bomb");
    let mut claims = whole.clone();
    claims[16..24].copy_from_slice(&(1_u64 << 50).to_le_bytes());
    let said = refused(&pair, &directory, "claim.zst", &zstd::encode_all(&claims[..], 3).unwrap());
    assert!(said.contains("are the limit"), "{said}");
    let said = refused(&pair, &directory, "zeros.zst", &zstd::encode_all(&vec![0; 1 << 20][..], 3).unwrap());
    assert!(said.contains("what is packed in it is no bundle"), "{said}");
    assert!(unpack(&pair.file("claim.zst"), &pair.file("out")).is_err());
    assert_eq!(in_force(&directory), pair.old_id());
    nothing_is_left_over(&directory);
}

#[test]
fn a_damaged_bundle_in_force_is_mended_by_a_whole_one() {
    let pair = Pair::make();
    let directory = pair.directory();
    fs::write(directory.path().join("current.bundle"), "damaged").unwrap();
    assert!(directory.receive(&pair.file("a.delta"), None).is_err());
    directory.receive(&pair.file("a.bundle"), None).unwrap();
    assert_eq!(in_force(&directory), pair.new_id());
}

#[test]
fn the_difference_names_what_came_went_and_changed() {
    let pair = Pair::make();
    let (old, new) = (Bundle::open(&pair.old.output()).unwrap(), Bundle::open(&pair.new.output()).unwrap());
    let difference = Difference::between(&old, &new);
    let ids =
        |names: &[knowledge::VulnerabilityName]| names.iter().map(|name| name.id.clone()).collect::<Vec<_>>();
    // Alpine has a family of its own
    assert_eq!(ids(&difference.came), ["CVE-2021-0002", "CVE-2022-0003"]);
    assert_eq!(ids(&difference.went), ["GHSA-aaaa-bbbb-cccc"]);
    let changed: Vec<_> = difference.changed.iter().map(|change| change.now.id.as_str()).collect();
    assert_eq!(changed, ["CVE-2020-1001"], "its fix is another one");
    assert_eq!(difference.predictions, 0);
    let namespaces: Vec<_> = difference.namespaces.iter().map(|one| one.namespace.as_str()).collect();
    assert_eq!(namespaces, ["alpine:3.18", "debian:12", "npm"]);
    let feeds: Vec<_> = difference.feeds.iter().map(|feed| (feed.feed.as_str(), feed.records)).collect();
    assert_eq!(feeds, [("alpine", [0, 1]), ("debian", [2, 3]), ("epss", [2, 2]), ("osv", [1, 0])]);
    let same = Difference::between(&old, &old);
    assert!(same.is_empty() && same.came.is_empty() && same.changed.is_empty() && same.packages_touched == 0);
}

#[test]
fn new_predictions_cost_a_delta_little_and_are_counted_and_not_listed() {
    let records: Vec<String> = (0..3000)
        .map(|n| {
            format!(
                r#""p{n}": {{"CVE-2021-{}": {{"releases": {{"bookworm": {{"status": "open"}}}}}}}}"#,
                10_000 + n
            )
        })
        .collect();
    let tracker = format!("{{{}}}", records.join(","));
    let scores = |seed: u32| {
        let line = |n: u32| {
            format!("CVE-2021-{},0.000{:02},0.{:05}\n", 10_000 + n, n % 50, (n * 7919 + seed) % 100_000)
        };
        format!("cve,epss,percentile\n{}", (0..3000).map(line).collect::<String>())
    };
    let make = |seed| Feeds::new().file("debian/json", &tracker).file("epss/epss_scores.csv", scores(seed));
    let (first, second) = (make(1), make(2));
    let (old, new) = (first.compile().0, second.compile().0);
    let room = tempfile::tempdir().unwrap();
    let size = delta_between(&old, &new, None, &room.path().join("delta")).unwrap();
    assert!(size < 8 * 3000, "{size} bytes for 3000 predictions of 8 bytes in a bundle of {}", new.size());
    let difference = Difference::between(&old, &new);
    assert_eq!((difference.predictions, difference.changed.len()), (3000, 0));
}

#[test]
fn every_entry_of_a_bundle_is_counted_when_it_is_read_from_end_to_end() {
    let (bundle, report) = older().compile();
    let contents = bundle.read_everything().unwrap();
    assert_eq!((contents.rows, contents.statements), (report.packages, report.statements));
    assert_eq!((contents.vulnerabilities, contents.predictions, contents.records), (3, 2, 3));
}

#[test]
fn a_delta_between_bundles_of_real_feeds_leads_to_the_same_bytes() {
    if !shared().join("data").is_dir() {
        println!("skipped: there is no {}", shared().join("data").display());
        return;
    }
    let base = || {
        let feeds = Feeds::new().real("kev/known_exploited_vulnerabilities.json");
        feeds.real("alpine-secdb/v3.5/main.json").real("alpine-secdb/v3.9/main.json")
    };
    let (less, more) = (base(), base().real("alpine-secdb/v3.8/main.json"));
    let (old, new) = (less.compile().0, more.compile().0);
    let room = tempfile::tempdir().unwrap();
    let delta = room.path().join("delta");
    for (from, to, feeds) in [(&old, &new, &more), (&new, &old, &less)] {
        let size = delta_between(from, to, None, &delta).unwrap();
        apply_delta(from, &delta, &room.path().join("made")).unwrap();
        assert_eq!(fs::read(room.path().join("made")).unwrap(), fs::read(feeds.output()).unwrap());
        assert!(size * 3 < to.size(), "{size} of {}", to.size());
    }
}
