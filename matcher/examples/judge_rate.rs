//! How many packages are judged in a second: `cargo xtask bench judge` builds a bundle and runs this.
//!
//! Every package is one that the bundle has statements about, in versions near those that the statements name, which
//! is the worst mix there is: in a real fleet most packages are never spoken of. All packages are distinct.

#![expect(clippy::print_stdout, reason = "its output is its result")]

use std::path::Path;
use std::time::{Duration, Instant};

use knowledge::{Bundle, Changes};
use matcher::{Hits, hits, judge};
use model::{Distro, Ecosystem, Package, SourcePackage, Timestamp};
use version::Scheme;

/// Packages judged in the measurement.
const PACKAGES: usize = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: judge_rate BUNDLE [NEXT-BUNDLE]");
        std::process::exit(2);
    };
    let opened = Instant::now();
    let bundle = open(first);
    println!("{{\"open_ms\": {:.3}}}", opened.elapsed().as_secs_f64() * 1e3);
    let packages = packages(&bundle);
    println!(
        "{{\"packages\": {}, \"statements_each\": {:.1}}}",
        packages.len(),
        statements(&bundle, &packages)
    );
    report("hits, one thread", packages.len(), || count_hits(&packages, &bundle));
    report("findings in words, one thread", packages.len(), || count_findings(&packages, &bundle));
    report("findings in words, two threads", packages.len(), || in_two(&packages, &bundle));
    if let [next] = rest {
        let next = open(next);
        let started = Instant::now();
        let changes = Changes::between(&bundle, &next);
        let compared = started.elapsed();
        let touched: Vec<Package> =
            packages.iter().filter(|package| changes.touches(package)).cloned().collect();
        let found = in_two(&touched, &next);
        println!(
            "{{\"what\": \"re-judging what a new bundle touches\", \"compare_ms\": {:.1}, \"touched\": {}, \"seconds\": {:.3}, \"findings\": {found}}}",
            compared.as_secs_f64() * 1e3,
            touched.len(),
            started.elapsed().as_secs_f64()
        );
    }
}

fn open(path: &str) -> Bundle {
    Bundle::open(Path::new(path)).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1);
    })
}

/// Seconds that this thread has run, which other programs on the machine do not prolong; 0 where the kernel does not tell.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn report(what: &str, packages: usize, run: impl Fn() -> usize) {
    run();
    let (mut best, mut processor, mut found) = (Duration::MAX, f64::MAX, 0);
    for _ in 0..3 {
        let (started, before) = (Instant::now(), processor_seconds());
        found = run();
        best = best.min(started.elapsed());
        processor = processor.min(processor_seconds() - before);
    }
    let seconds = best.as_secs_f64();
    println!(
        "{{\"what\": \"{what}\", \"seconds\": {seconds:.3}, \"processor_seconds\": {processor:.3}, \
         \"packages_per_second\": {:.0}, \"per_processor_second\": {:.0}, \"findings\": {found}}}",
        packages as f64 / seconds,
        packages as f64 / processor,
    );
}

fn count_hits(packages: &[Package], bundle: &Bundle) -> usize {
    let mut out = Hits::default();
    let mut found = 0;
    for package in packages {
        hits(package, bundle, &mut out);
        found += out.hits.len();
    }
    found
}

fn count_findings(packages: &[Package], bundle: &Bundle) -> usize {
    packages.iter().map(|package| judge(package, bundle, Timestamp::default()).findings.len()).sum()
}

fn in_two(packages: &[Package], bundle: &Bundle) -> usize {
    let (left, right) = packages.split_at(packages.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| count_findings(right, bundle));
        count_findings(left, bundle) + other.join().unwrap_or_default()
    })
}

fn statements(bundle: &Bundle, packages: &[Package]) -> f64 {
    let of = |package: &Package| {
        let namespace = knowledge::namespace_of(package)?;
        bundle.row(&namespace.0, &knowledge::advisory_key(package)).map(|row| row.len())
    };
    packages.iter().filter_map(of).sum::<usize>() as f64 / packages.len() as f64
}

/// Distinct packages of all namespaces, spread over all rows in turn.
fn packages(bundle: &Bundle) -> Vec<Package> {
    let rows: Vec<_> = bundle.rows().filter(|(namespace, _, _)| scheme(namespace).is_some()).collect();
    let mut made = Vec::with_capacity(PACKAGES);
    for round in 0_usize.. {
        let before = made.len();
        for (namespace, name, row) in &rows {
            let versions: Vec<&str> = row.versions().collect();
            let Some(version) = versions.get(round % versions.len().max(1)) else { continue };
            made.extend(package(namespace, name, version, round / versions.len()));
            if made.len() == PACKAGES {
                return made;
            }
        }
        if made.len() == before {
            break;
        }
    }
    made
}

fn scheme(namespace: &str) -> Option<Scheme> {
    // restricted streams are never the release of a package
    (namespace.split(':').count() <= 2).then(|| knowledge::scheme_of(namespace)).flatten()
}

fn package(namespace: &str, name: &str, version: &str, number: usize) -> Option<Package> {
    let scheme = scheme(namespace)?;
    let version = match (number, scheme) {
        (0, _) => version.to_owned(),
        (_, Scheme::Deb) => format!("{version}+b{number}"),
        (_, Scheme::Apk) => {
            format!("{}-r{}", version.rsplit_once("-r").map_or(version, |(v, _)| v), number + 50)
        }
        (_, Scheme::Rpm) => format!("{version}.{number}"),
        (_, Scheme::Pep440) => format!("{version}.post{number}"),
        _ => format!("{version}.{number}"),
    };
    version::check(scheme, &version).ok()?;
    let ecosystem = match scheme {
        Scheme::Deb => Ecosystem::Deb,
        Scheme::Apk => Ecosystem::Apk,
        Scheme::Rpm => Ecosystem::Rpm,
        _ => namespace.parse().ok()?,
    };
    let mut package = Package::new(ecosystem, name, version.as_str());
    if ecosystem.is_os() {
        let (id, release) = namespace.split_once(':').unwrap_or((namespace, ""));
        package.distro = Some(Distro::new(id, release));
        package.source = Some(SourcePackage { name: name.to_owned(), version });
    }
    Some(package)
}
