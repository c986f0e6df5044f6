//! Version strings to compare with the reference programs: real ones, and made ones that are nastier.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use version::{Scheme, check, compare};

/// The folder with the real feeds.
pub(crate) fn shared() -> PathBuf {
    std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from)
}

/// A repeatable sequence of numbers (a 64-bit linear congruential generator, upper bits only).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// All versions and range ends of one ecosystem of the OSV export; empty when the folder is not there.
pub(crate) fn osv_versions(ecosystem: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let path = shared().join("data/osv").join(ecosystem).join("all.zip");
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return found;
    };
    let mut archive = zip::ZipArchive::new(file).unwrap();
    for index in 0..archive.len() {
        let mut text = String::new();
        archive.by_index(index).unwrap().read_to_string(&mut text).unwrap();
        let Ok(record) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
        for affected in record["affected"].as_array().into_iter().flatten() {
            let listed = affected["versions"].as_array().into_iter().flatten();
            found.extend(listed.filter_map(|version| Some(version.as_str()?.to_owned())));
            for event in affected["ranges"].as_array().into_iter().flatten() {
                let ends = event["events"].as_array().into_iter().flatten();
                let ends = ends.filter_map(|end| end.as_object()?.values().next()?.as_str());
                found.extend(ends.map(ToOwned::to_owned));
            }
        }
    }
    found
}

/// Versions that this machine's dpkg knows, and those of the Debian tracker's sample.
pub(crate) fn debian_versions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in std::fs::read_to_string("/var/lib/dpkg/status").unwrap_or_default().lines() {
        if let Some(version) = line.strip_prefix("Version: ") {
            found.insert(version.to_owned());
        }
    }
    let folder = shared().join("data/debian");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("tracker-json") && name.ends_with(".gz") {
            let tracker =
                serde_json::from_reader(flate2::read::GzDecoder::new(File::open(entry.path()).unwrap()))
                    .unwrap();
            collect_fixed_versions(&tracker, &mut found);
        }
    }
    found.remove("0");
    found
}

fn collect_fixed_versions(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    let serde_json::Value::Object(fields) = value else { return };
    for (key, value) in fields {
        match value {
            serde_json::Value::String(text) if key == "fixed_version" => {
                found.insert(text.clone());
            }
            value => collect_fixed_versions(value, found),
        }
    }
}

/// Pairs worth comparing: neighbours in our order, where mistakes hide, and as many at random.
/// At most `limit` versions are taken, evenly over the whole set; unreadable ones meet a random partner.
pub(crate) fn pairs(scheme: Scheme, versions: &BTreeSet<String>, limit: usize) -> Vec<(String, String)> {
    let step = versions.len().div_ceil(limit).max(1);
    let all: Vec<&String> = versions.iter().step_by(step).collect();
    let mut readable = all.clone();
    readable.retain(|version| check(scheme, version).is_ok());
    readable.sort_by(|a, b| compare(scheme, a, b).unwrap());
    let mut pairs: Vec<(String, String)> =
        readable.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let mut dice = Dice(7);
    for version in &all {
        pairs.push(((*version).clone(), all[dice.below(all.len())].clone()));
    }
    pairs
}

/// Made pairs: short random lists of `pieces`, so that many differ in one place only.
pub(crate) fn made_pairs(pieces: &[&str], count: usize) -> Vec<(String, String)> {
    let mut dice = Dice(42);
    let make = |dice: &mut Dice| {
        let length = 1 + dice.below(6);
        let mut text = dice.below(3).to_string();
        for _ in 0..length {
            text.push_str(pieces[dice.below(pieces.len())]);
        }
        text
    };
    (0..count).map(|_| (make(&mut dice), make(&mut dice))).collect()
}
