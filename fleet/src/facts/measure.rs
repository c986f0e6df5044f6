//! How fast and how large the tables are at the size they are made for. Ignored by default; run with
//! `cargo test --release -p plimsoll-fleet --lib facts::measure -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::Instant;

use matcher::{Coverage, Judgement};
use model::{
    Confidence, Digest, Distro, Ecosystem, Finding, FixState, NamespaceFamily, Package, Severity,
    SeverityRule, SourcePackage, Timestamp, Vulnerability,
};
use store::{InventoryEntry, PackageRow};

use super::{Inventories, Packages, Put};
use crate::judge::Judged;
use crate::table::Bits;

const PACKAGES: u32 = 1_000_000;
const VULNERABILITIES: u32 = 100_000;
const INVENTORIES: u32 = 500_000;
/// Packages below are those of common bases: 100 findings come with 300 of them.
const COMMON: u32 = 150_000;

/// A small source of numbers (splitmix64, public domain).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(limit)) as u32
    }

    /// Small numbers much oftener than large ones.
    fn skewed(&mut self, limit: u32) -> u32 {
        let share = f64::from(self.below(1 << 30)) / f64::from(1 << 30);
        (share.powi(4) * f64::from(limit)) as u32
    }
}

/// When a step began, by the clock on the wall and by the time that the processors spent.
struct Clock(Instant, u64);

impl Clock {
    fn new() -> Self {
        Self(Instant::now(), spent())
    }

    fn lap(&mut self, what: &str) {
        let (wall, spent) = (self.0.elapsed().as_secs_f64() * 1e3, spent() - self.1);
        println!(
            "{what}: {wall:.1} ms, {spent} ms of processors, {} MB resident",
            (field("statm", 1) * 4_096) >> 20
        );
        *self = Self::new();
    }
}

/// Milliseconds that all threads have spent on processors.
fn spent() -> u64 {
    (field("stat", 13) + field("stat", 14)) * 10
}

/// A number of what the kernel tells of this process.
fn field(file: &str, index: usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    text.split(' ').nth(index).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn vulnerability(qid: u32) -> Arc<Vulnerability> {
    Arc::new(Vulnerability {
        qid,
        id: format!("CVE-2024-{qid:06}"),
        family: NamespaceFamily::Debian,
        title: format!("a flaw in part {} of module {}", qid % 977, qid / 977),
        published: Some(Timestamp(i64::from(qid))),
        references: vec![format!("https://security.example.org/{qid}")],
        ..Vulnerability::default()
    })
}

fn package(number: u32) -> Package {
    let name = format!("lib{}-{}", number / 8, number % 3);
    Package {
        ecosystem: if number.is_multiple_of(3) { Ecosystem::Deb } else { Ecosystem::Npm },
        distro: (number.is_multiple_of(3))
            .then(|| Distro::new("debian", if number.is_multiple_of(2) { "12" } else { "11" })),
        version: format!("{}.{}.{}-{}", number % 7, number % 31, number % 101, number % 5),
        arch: (number.is_multiple_of(3)).then(|| "amd64".to_owned()),
        source: (number.is_multiple_of(3))
            .then(|| SourcePackage { name: format!("src{}", number / 16), version: "1".into() }),
        name,
        module: None,
        vendor: None,
    }
}

fn judged(package: u32, all: &[Arc<Vulnerability>], chance: &mut Chance) -> Judged {
    let one_of = if package < COMMON { 60 } else { 4 };
    let count = if chance.below(one_of) == 0 { 20 } else { 0 };
    let mut qids: Vec<u32> = (0..count).map(|_| chance.below(VULNERABILITIES)).collect();
    qids.sort_unstable();
    qids.dedup();
    let finding = |qid: u32| Finding {
        vulnerability: Arc::clone(&all[qid as usize]),
        advisory: format!("DSA-{}", qid % 5_000),
        feed: "debian".into(),
        severity: Severity::new((qid % 5 + 1) as u8).unwrap(),
        severity_rule: SeverityRule::Cvss,
        base_severity: Severity::MINIMAL,
        raised_by: None,
        risk: (qid % 100 + 1) as u8,
        state: FixState::Fixed,
        fix_version: Some(format!("{}.{}", qid % 100, qid % 7)),
        confidence: Confidence::Confirmed,
    };
    let judgement = Judgement {
        findings: qids.into_iter().map(finding).collect(),
        coverage: Coverage::Covered,
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: None,
    };
    Judged { judgement, stage: None, fingerprint: 1 }
}

fn packages(clock: &mut Clock) -> Packages {
    let all: Vec<_> = (0..VULNERABILITIES).map(vulnerability).collect();
    clock.lap("vulnerabilities made");
    let mut chance = Chance(1);
    let mut packages = Packages::default();
    for first in (0..PACKAGES).step_by(2_000) {
        let puts: Vec<Put> = (first..first + 2_000)
            .map(|id| {
                let package = package(id);
                let (created, changed) = (Timestamp(1), Timestamp(1));
                let row = PackageRow { id, package, created, changed, fingerprint: Some(1) };
                let verdict = packages.verdict(judged(id, &all, &mut chance));
                Put { row, verdict, first_found: Vec::new() }
            })
            .collect();
        packages.put(puts);
    }
    let rows: usize = packages.rows().map(|(_, _, rows)| rows.len()).sum();
    clock.lap(&format!("{} packages with {rows} findings put", packages.len()));
    packages.give_places();
    clock.lap("places given");
    packages
}

fn entry(package: u32, layer: u32) -> InventoryEntry {
    let path = if package.is_multiple_of(3) {
        "var/lib/dpkg/status".to_owned()
    } else {
        format!("app/{package}/package.json")
    };
    InventoryEntry {
        package,
        layer: Some(layer),
        path,
        owned_by: None,
        license: Some("MIT".into()),
        found_by: "some-cataloger".into(),
        declared: false,
    }
}

fn inventories(packages: &Packages, clock: &mut Clock) -> Inventories {
    let mut chance = Chance(2);
    let mut inventories = Inventories::default();
    // bases of 200 packages, and 100 of an image's own
    let bases: Vec<Vec<u32>> =
        (0..500_u32).map(|base| (0..200).map(|at| (base * 300 + at * 3) % PACKAGES).collect()).collect();
    let mut made = std::time::Duration::ZERO;
    let mut numbers = Vec::new();
    for first in (0..INVENTORIES).step_by(2_000) {
        let started = Instant::now();
        let batch: Vec<_> = (first..first + 2_000)
            .map(|number| {
                let base = &bases[chance.skewed(500) as usize];
                let mut entries: Vec<_> = base.iter().map(|package| entry(*package, 0)).collect();
                entries.extend((0..100).map(|at| entry(chance.skewed(PACKAGES), 1 + at % 3)));
                (Digest::of(&number.to_be_bytes()), entries)
            })
            .collect();
        made += started.elapsed();
        numbers.extend(inventories.intern(packages, batch).unwrap());
        numbers.drain(..).for_each(|number| inventories.acquire(number));
        if first % 64_000 == 0 {
            inventories.settle();
        }
    }
    inventories.settle();
    clock.lap(&format!(
        "{} inventories of {} items put, {made:?} of it to make them",
        inventories.end(),
        inventories.items().len()
    ));
    inventories
}

#[test]
#[ignore = "takes a minute and gigabytes of memory"]
fn tables_of_half_a_million_inventories() {
    let mut clock = Clock::new();
    let mut packages = packages(&mut clock);
    let mut inventories = inventories(&packages, &mut clock);
    for (what, every) in
        [("one package", PACKAGES), ("100", PACKAGES / 100), ("10,000", PACKAGES / 10_000), ("half", 2)]
    {
        for offset in [0, every - 1] {
            let set = Bits::from_fn(PACKAGES, |package| package % every == offset);
            clock = Clock::new();
            let items = inventories.items().of_packages(&set);
            clock.lap(&format!("{what} +{offset}: {} items", items.count()));
            let found = inventories.holding(&items);
            clock.lap(&format!("    {} inventories", found.count()));
        }
    }
    let severe: Bits = packages
        .rows()
        .filter(|(_, _, rows)| rows.iter().any(|row| row.severity == Severity::URGENT))
        .map(|(package, ..)| package)
        .collect();
    clock.lap("a pass over all rows");
    let all = Bits::all(packages.end());
    inventories.judged_anew(&packages, &all);
    clock.lap("all derived anew");
    let found = inventories.judged_with(&severe);
    clock.lap(&format!("{} inventories with one of {} packages", found.count(), severe.count()));
    let before = (packages.clone(), inventories.clone());
    let renewed: Vec<Put> = (0..PACKAGES)
        .map(|package| {
            let entry = packages.entry(package).unwrap();
            packages.renewed(entry, packages.verdict_of(entry))
        })
        .collect();
    clock.lap("all renewed");
    packages.put(renewed);
    clock.lap("and put");
    drop(before);
    for _ in 0..3 {
        let shared = (packages.clone(), inventories.clone());
        clock = Clock::new();
        let number = inventories.intern(&packages, [(Digest::of(b"new"), vec![entry(5, 1)])]).unwrap()[0];
        inventories.acquire(number);
        inventories.settle();
        clock.lap("one inventory more while a reader looks");
        drop(shared);
    }
}
