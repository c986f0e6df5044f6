//! What the images of a fleet hold, without a store.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::time::{Duration, Instant};

use knowledge::Bundle;
use matcher::judge;
use model::{Package, Timestamp};
use testkit::fleet_builder::Fleet;

pub(crate) fn weigh(fleet: &Fleet, bundle: Option<&Path>) -> Result<(), String> {
    let bundle = bundle.map(Bundle::open).transpose().map_err(|error| error.to_string())?;
    let images = fleet.sizes().images;
    let mut found: HashMap<Package, u64> = HashMap::new();
    let mut inventories: HashMap<u64, u64> = HashMap::new();
    let mut by_release: HashMap<String, [u64; 4]> = HashMap::new();
    let (mut packages, mut bytes, mut each) = (0, 0, Vec::new());
    let mut making = Duration::ZERO;
    for index in 0..images {
        let started = Instant::now();
        let report = fleet.image(index);
        making += started.elapsed();
        let mut hasher = DefaultHasher::new();
        let (mut of_system, mut of_language) = (0, 0);
        for record in &report.packages {
            let package = record.package();
            (&package, record.layer, &record.path).hash(&mut hasher);
            let system = package.ecosystem.is_os();
            let count =
                *found.entry(package).or_insert_with_key(|package| findings(bundle.as_ref(), package));
            *if system { &mut of_system } else { &mut of_language } += count;
        }
        *inventories.entry(hasher.finish()).or_default() += 1;
        packages += report.packages.len();
        if index % 97 == 0 {
            bytes += serde_json::to_vec(&report).map_err(|error| error.to_string())?.len();
        }
        let release = report.os_release.map(|release| release.distro().to_string()).unwrap_or_default();
        let language = report.packages.iter().find(|record| !record.ecosystem.is_os());
        let language = language.map_or("none", |record| record.ecosystem.as_str()).to_owned();
        for (key, count) in [(release, of_system), (language, of_language)] {
            let sum = by_release.entry(key).or_default();
            sum[0] += 1;
            sum[1] += count;
        }
        each.push(of_system + of_language);
    }
    let seconds = making.as_secs_f64();
    let shared: u64 = inventories.values().filter(|count| **count > 1).sum();
    each.sort_unstable();
    let share = |part: usize| each.get(each.len() * part / 100).copied().unwrap_or_default();
    println!("images made                {:.0}/s, one thread", images as f64 / seconds);
    println!("packages an image          {:.1}", packages as f64 / images as f64);
    println!("distinct packages          {}", found.len());
    println!(
        "distinct inventories       {} ({:.1} % of the images share theirs)",
        inventories.len(),
        100.0 * shared as f64 / images as f64
    );
    println!("bytes of a report (JSON)   {}", bytes as u64 / images.div_ceil(97));
    println!(
        "findings an image          {:.1} (p10 {}, p50 {}, p90 {}, p99 {})",
        each.iter().sum::<u64>() as f64 / images as f64,
        share(10),
        share(50),
        share(90),
        share(99)
    );
    println!("packages with a finding    {}", found.values().filter(|count| **count > 0).count());
    let mut rows: Vec<_> = by_release.into_iter().collect();
    rows.sort();
    for (release, [count, sum, ..]) in rows {
        println!(
            "  {release:<16} {count:>8} images, {:.1} findings of it in each",
            sum as f64 / count as f64
        );
    }
    Ok(())
}

fn findings(bundle: Option<&Bundle>, package: &Package) -> u64 {
    bundle.map_or(0, |bundle| judge(package, bundle, Timestamp::default()).findings.len() as u64)
}
