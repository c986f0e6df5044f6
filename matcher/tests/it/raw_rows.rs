//! The engine beside the test-kit's brute-force matcher, which shares no code with it: a part of the feeds and of the packages. The
//! whole is `cargo xtask differential judge`.

use matcher::judge;
use model::{Ecosystem, FixState, Timestamp};
use testkit::brute::{BruteForce, Found, Question, differences};

use crate::make::{self, Feeds, shared};

/// Feeds, and the file that is each.
const FEEDS: [(&str, &str); 6] = [
    ("osv/crates.io", "osv/crates.io/all.zip"),
    ("osv/npm", "osv/npm/all.zip"),
    ("osv/Maven", "osv/Maven/all.zip"),
    (
        "debian/tracker-json-reconstructed-2026-11-22.json.gz",
        "debian/tracker-json-reconstructed-2026-11-22.json.gz",
    ),
    ("nodejs-security-wg", "nodejs-security-wg/security-wg-vuln-2026-04-08.tar.gz"),
    ("friendsofphp", "friendsofphp/security-advisories-2026-08-06.tar.gz"),
];

/// Every how many packages one is judged.
const STEP: usize = 5;

/// Versions of each package.
const VERSIONS: usize = 6;

fn package(question: &Question) -> model::Package {
    let Question { namespace, name, version, .. } = question;
    match namespace.split_once(':') {
        Some(("debian", _)) => make::os_package(Ecosystem::Deb, namespace, "binary", (name, version)),
        _ => make::package(namespace.parse::<Ecosystem>().unwrap(), name, version),
    }
}

fn word(state: FixState) -> String {
    serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn findings_equal_those_of_a_walk_over_the_raw_rows() {
    let data = shared().join("data");
    let feeds = Feeds::new();
    if !FEEDS.iter().all(|(_, file)| feeds.copy_real(file)) {
        eprintln!("skipped: the real feeds are not there");
        return;
    }
    let bundle = feeds.compile();
    let brute = BruteForce::read(&data, |path| FEEDS.iter().any(|(feed, _)| *feed == path)).unwrap();
    let packages: Vec<(&str, &str)> = brute.packages().collect();
    let (mut judged, mut findings) = (0, 0);
    for (namespace, name) in packages.into_iter().step_by(STEP) {
        for question in brute.questions(namespace, name, VERSIONS) {
            let found: Vec<Found> = judge(&package(&question), &bundle, Timestamp(0))
                .findings
                .iter()
                .map(|finding| Found {
                    id: finding.vulnerability.id.clone(),
                    state: word(finding.state),
                    fix: finding.fix_version.as_deref().map(str::to_owned),
                    advisory: finding.advisory.to_string(),
                })
                .collect();
            let (count, different) = differences(&brute, &question, &found);
            let told: Vec<String> = different.iter().map(ToString::to_string).collect();
            assert!(told.is_empty(), "{}", told.join("\n"));
            judged += 1;
            findings += count;
        }
    }
    eprintln!("{judged} packages, {findings} findings equal");
    assert!(judged > 1000 && findings > 10_000, "{judged} packages, {findings} findings");
}
