//! The bundle file: equal bytes from equal inputs, damage, numbers that are kept, installation.

use std::fs;

use knowledge::{Bundle, KnowledgeDir, KnowledgeError, qid};
use model::{Namespace, NamespaceFamily};
use proptest::prelude::*;

use crate::support::{Feeds, affected};

const TRACKER: &str = r#"{"openssl": {"CVE-2020-1001": {"description": "A flaw.", "releases": {
    "bookworm": {"status": "resolved", "fixed_version": "3.0.11-1", "urgency": "low"}}},
    "TEMP-1-1": {"releases": {"bookworm": {"status": "open"}}}}}"#;

const RECORD: &str = r#"{"id": "GHSA-aaaa-bbbb-cccc", "summary": "Foo is broken", "published": "2021-05-01T00:00:00Z", "affected": [
    {"package": {"ecosystem": "npm", "name": "@foo/bar"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.4.0"}]}]}]}"#;

fn small() -> Feeds {
    Feeds::new().file("debian/tracker-json-2026-11-22.json", TRACKER).osv("npm", &[RECORD, "broken"]).file(
        "endoflife/products-full.json",
        r#"{"result": [{"name": "debian", "releases": [{"name": "12"}]}]}"#,
    )
}

#[test]
fn the_manifest_names_sources_dates_licences_and_counts() {
    let (bundle, _) = small().compile();
    insta::assert_json_snapshot!("manifest", bundle.manifest());
}

#[test]
fn the_bytes_of_a_small_bundle_are_pinned() {
    // If this changes without a change of the feeds above, a stored form has changed: raise the format.
    let (bundle, report) = small().compile();
    insta::assert_snapshot!("small_bundle", format!("{} {}", bundle.id(), report.bytes));
}

#[test]
fn compiling_twice_gives_equal_bytes() {
    let (first, second) = (small(), small());
    first.compile();
    second.compile();
    assert_eq!(fs::read(first.output()).unwrap(), fs::read(second.output()).unwrap());
}

#[test]
fn numbers_of_an_earlier_bundle_are_carried_over() {
    let feeds = small();
    let (bundle, _) = feeds.compile();
    let id = "GHSA-aaaa-bbbb-cccc";
    let number = affected(&bundle, "npm", "@foo/bar")[0].vulnerability.qid;
    assert_eq!(number, qid(NamespaceFamily::Npm, id));
    assert_eq!(bundle.vulnerability(number).unwrap().id, id);
    assert_eq!(bundle.vulnerability(number + 1), None);
    assert_eq!(bundle.vulnerabilities().count(), 3);
    // A later bundle without the record still keeps its number taken.
    let later = Feeds::new().file("debian/json", TRACKER);
    let options = knowledge::CompileOptions { previous: Some(&bundle), allow_shrink: &["osv".to_owned()] };
    knowledge::compile_with(&later.path(), &options, &later.output(), &|_| {}).unwrap();
    let fresh = fs::metadata(later.output()).unwrap().len();
    later.compile();
    assert!(fresh > fs::metadata(later.output()).unwrap().len(), "the registry travels on");
}

#[test]
fn an_empty_bundle_covers_nothing() {
    let bundle = Bundle::empty();
    bundle.verify().unwrap();
    assert!(!bundle.covers(&Namespace("debian:12".into())));
    assert!(bundle.affected(&Namespace("debian:12".into()), "openssl").is_empty());
    assert_eq!(bundle.lifecycle("debian", "12"), None);
    assert_eq!(bundle.id(), Bundle::empty().id());
    let (small, _) = small().compile();
    assert!(small.covers(&Namespace("debian:12".into())) && small.covers(&Namespace("npm".into())));
    assert!(!small.covers(&Namespace("pypi".into())));
}

#[test]
fn a_bundle_is_shared_between_threads() {
    fn shareable<T: Send + Sync>(_: &T) {}
    let bundle = Bundle::empty();
    shareable(&bundle);
    let (small, _) = small().compile();
    let look = || affected(&small, "npm", "@foo/bar")[0].vulnerability.id.clone();
    let ids = std::thread::scope(|scope| {
        [scope.spawn(look), scope.spawn(look)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(ids, ["GHSA-aaaa-bbbb-cccc", "GHSA-aaaa-bbbb-cccc"]);
}

fn open_bytes(bytes: &[u8]) -> Result<Bundle, KnowledgeError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    Bundle::open(file.path())
}

#[test]
fn a_bundle_cut_short_is_refused_wherever_it_is_cut() {
    let feeds = small();
    feeds.compile();
    let whole = fs::read(feeds.output()).unwrap();
    for length in (0..whole.len()).step_by(7) {
        let error = open_bytes(&whole[..length]).unwrap_err();
        assert!(matches!(error, KnowledgeError::Damaged { .. }), "{length}: {error}");
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(open_bytes(&longer).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn a_bundle_of_a_newer_program_is_refused_with_advice() {
    let feeds = small();
    feeds.compile();
    let mut bytes = fs::read(feeds.output()).unwrap();
    bytes[8] = 9;
    let error = open_bytes(&bytes).unwrap_err();
    assert!(matches!(error, KnowledgeError::Newer { found: 9, known: 3, .. }));
    assert!(error.to_string().contains("update plimsoll"), "{error}");
}

#[test]
fn garbage_is_no_bundle() {
    for garbage in [&b""[..], b"PLIMBNDL", &[0; 4096], b"{\"json\": true}"] {
        assert!(matches!(open_bytes(garbage), Err(KnowledgeError::Damaged { .. })));
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(Bundle::open(folder.path()).is_err());
    let missing = Bundle::open(&folder.path().join("missing")).unwrap_err();
    assert!(missing.to_string().starts_with("cannot open"), "{missing}");
}

fn look_at_everything(bundle: &Bundle) {
    for (namespace, package) in [("debian:12", "openssl"), ("npm", "@foo/bar"), ("pypi", "x")] {
        let _ = bundle.affected(&Namespace(namespace.into()), package);
    }
    let _ = bundle.vulnerabilities().take(1000).count();
    let _ = bundle.lifecycle("debian", "12");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_flipped_bit_is_found_and_never_panics(at: prop::sample::Index, bit in 0_u8..8) {
        thread_local! {
            static WHOLE: Vec<u8> = {
                let feeds = small();
                feeds.compile();
                fs::read(feeds.output()).unwrap()
            };
        }
        let mut bytes = WHOLE.with(Clone::clone);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(bundle) = open_bytes(&bytes) {
            prop_assert!(bundle.verify().is_err());
            look_at_everything(&bundle);
        }
    }
}

#[test]
fn every_single_byte_may_be_wrong_without_a_panic() {
    let feeds = small();
    feeds.compile();
    let whole = fs::read(feeds.output()).unwrap();
    let path = feeds.path().join("flipped");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] = !bytes[at];
        fs::write(&path, &bytes).unwrap();
        if let Ok(bundle) = Bundle::open(&path) {
            look_at_everything(&bundle);
        }
    }
}

#[test]
fn installing_replaces_the_current_bundle_and_keeps_the_one_before() {
    let data = tempfile::tempdir().unwrap();
    let dir = KnowledgeDir::new(data.path());
    assert_eq!((dir.current(), dir.previous()), (None, None));
    let first = small();
    let (bundle, _) = first.compile();
    let current = dir.install(&first.output()).unwrap();
    assert_eq!(dir.current().as_deref(), Some(current.as_path()));
    assert!(!first.output().exists());

    let second = Feeds::new().file("debian/json", TRACKER);
    fs::create_dir_all(dir.path()).unwrap();
    knowledge::compile(&second.path(), &dir.staging(), &|_| {}).unwrap();
    dir.install(&dir.staging()).unwrap();
    assert_eq!(Bundle::open(&dir.previous().unwrap()).unwrap().id(), bundle.id());
    let installed = Bundle::open(&dir.current().unwrap()).unwrap().id();
    assert_ne!(installed, bundle.id());
    let mut names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["current.bundle", "previous.bundle"]);

    let damaged = data.path().join("damaged.bundle");
    let mut bytes = fs::read(dir.current().unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let error = dir.install(&damaged).unwrap_err();
    assert!(error.to_string().contains("damaged.bundle"), "{error}");
    assert_eq!(Bundle::open(&dir.current().unwrap()).unwrap().id(), installed);
}
