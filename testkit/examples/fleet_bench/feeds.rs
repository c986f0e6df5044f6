//! Feeds that say something new, and how long it takes until a list shows it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::Options;
use crate::client::encode;

/// The list that is changed, below the folder of the feeds.
const TRACKER: &str = "debian/tracker-json-reconstructed-2026-11-22.json.gz";
/// The package that the new vulnerability is in: every image of Debian holds it.
const PACKAGE: &str = "glibc";
/// How often a list is asked.
const PAUSE: Duration = Duration::from_millis(5);
/// When waiting is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// `--from FEEDS --to DIR --vulnerabilities N --marker CVE [--without DIR,DIR]`: a copy in which so many vulnerabilities of
/// Debian are fixed by another version, and one is new.
pub(crate) fn change(options: &Options) -> Result<Value, String> {
    let (from, to) = (options.path("from")?, options.path("to")?);
    let wanted = options.number("vulnerabilities", 1_000)?;
    let without: Vec<&str> =
        options.text("without").map(|names| names.split(',').collect()).unwrap_or_default();
    copy(&from, &to, &without)?;
    let path = to.join(TRACKER);
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    GzDecoder::new(fs::File::open(&path).map_err(failed)?).read_to_string(&mut text).map_err(failed)?;
    let mut tracker: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let changed = later_fixes(&mut tracker, wanted);
    let release = json!({
        "status": "open", "urgency": "high", "repositories": {"bookworm": "2.36-9+deb12u10"},
    });
    tracker[PACKAGE][options.text("marker")?] =
        json!({"releases": {"bullseye": release, "bookworm": release, "trixie": release}});
    let mut packed = GzEncoder::new(fs::File::create(&path).map_err(failed)?, Compression::fast());
    packed.write_all(tracker.to_string().as_bytes()).map_err(failed)?;
    packed.finish().map_err(failed)?;
    Ok(json!({"vulnerabilities": changed}))
}

/// Gives vulnerabilities a later fix in every release; hands back how many.
fn later_fixes(tracker: &mut Value, wanted: u64) -> u64 {
    let mut changed = BTreeSet::new();
    for vulnerabilities in tracker.as_object_mut().into_iter().flat_map(|packages| packages.values_mut()) {
        for (name, record) in vulnerabilities.as_object_mut().into_iter().flatten() {
            if !changed.contains(name) && changed.len() as u64 >= wanted {
                continue;
            }
            for release in record["releases"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
                let fixed = release["fixed_version"].as_str().filter(|version| *version != "0");
                if let Some(later) = fixed.map(|version| format!("{version}+later1")) {
                    release["fixed_version"] = later.into();
                    changed.insert(name.clone());
                }
            }
        }
    }
    changed.len() as u64
}

fn copy(from: &Path, to: &Path, without: &[&str]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if without.contains(&entry.file_name().to_string_lossy().as_ref()) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target, &[])?;
        } else {
            // by its bytes: the shared files may not be written to, and neither may a copy of their permissions
            fs::write(&target, fs::read(&path).map_err(failed)?).map_err(failed)?;
        }
    }
    Ok(())
}

/// `--bundle FILE --current FILE --marker CVE --shown yes|no`: puts a bundle in the place of the current one and waits until the lists of images
/// and of containers show the vulnerability, or no longer do.
pub(crate) fn shown(options: &Options) -> Result<Value, String> {
    let (bundle, current) = (options.path("bundle")?, options.path("current")?);
    let filter = encode(&format!("vulnerabilities.cveids:{}", options.text("marker")?));
    let wanted = options.text("shown")? == "yes";
    let mut client = options.client()?;
    fs::rename(&bundle, &current).map_err(|error| format!("{}: {error}", bundle.display()))?;
    let started = Instant::now();
    let mut seconds = [0.0; 2];
    for (entity, seconds) in ["images", "containers"].iter().zip(&mut seconds) {
        let path = format!("/csapi/v1.3/{entity}?pageSize=1&filter={filter}");
        loop {
            let answer = client.get(&path)?;
            match answer.status {
                200 if wanted => break,
                204 if !wanted => break,
                200 | 204 => {}
                status => return Err(format!("{path}: {status} {}", client.text())),
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{entity} do not show the new bundle after {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(PAUSE);
        }
        *seconds = started.elapsed().as_secs_f64();
    }
    Ok(json!({"images": seconds[0], "containers": seconds[1]}))
}
