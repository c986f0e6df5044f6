//! Every fuzz target that is listed is there, with a seed to begin from. That each cataloger, feed and version scheme has a target is
//! held by a test beside its own list.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A seed is a beginning and no data set.
const LARGEST_SEED: u64 = 8 * 1024;

#[test]
fn every_listed_fuzz_target_has_its_program_and_a_small_seed_and_nothing_else_lies_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
    let mut listed = BTreeSet::new();
    let mut programs = BTreeSet::new();
    for target in manifest["bin"].as_array().unwrap() {
        let name = target["name"].as_str().unwrap().to_owned();
        let seeds: Vec<u64> = fs::read_dir(folder.join("corpus").join(&name))
            .unwrap_or_else(|error| panic!("target `{name}` has no folder of seeds: {error}"))
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("seed"))
            .map(|entry| entry.metadata().unwrap().len())
            .collect();
        assert!(!seeds.is_empty(), "target `{name}` has no seed");
        assert!(
            seeds.iter().all(|size| *size <= LARGEST_SEED),
            "a seed of `{name}` is larger than {LARGEST_SEED} bytes"
        );
        programs.insert(target["path"].as_str().unwrap().to_owned());
        assert!(listed.insert(name), "a target is listed twice");
    }
    assert_eq!(names(&folder.join("corpus"), ""), listed, "folders of seeds and targets");
    assert_eq!(names(&folder.join("fuzz_targets"), "fuzz_targets/"), programs, "programs and targets");
}

fn names(folder: &Path, prefix: &str) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        format!("{prefix}{}", entry.unwrap().file_name().to_string_lossy())
    };
    fs::read_dir(folder).unwrap().map(name).collect()
}
