//! Lifecycles: every form of endoflife.date, the distributions' own calendars, and which cycle a package finds.

use knowledge::Bundle;
use model::{Confidence, Distro, Ecosystem, Lifecycle, LifecycleStage, Package, SourcePackage, Timestamp};

use crate::real::format_sample;
use crate::support::{Feeds, source};

const PRODUCTS: &str = "endoflife/endoflife.date-products-2026-08-22.tar.gz";
const V0: &str = "endoflife/endoflife.date-api-v0-2026-08-22.tar.gz";
const RELEASE_DATA: &str = "endoflife/release-data-2026-08-22.tar.gz";
const CALENDARS: &str = "debian/support-and-lifecycle-2026-10.tar.gz";

fn day(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text).unwrap())
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap()
}

fn deb(release: &str, source: &str) -> Package {
    let mut package = Package::new(Ecosystem::Deb, format!("{source}-bin"), "1");
    package.distro = Some(release.parse::<Distro>().unwrap());
    package.source = Some(SourcePackage { name: source.into(), version: "1".into() });
    package
}

/// `product cycle eol confidence` of a package, or `-`.
fn cycle_of(bundle: &Bundle, package: &Package) -> String {
    let Some(found) = bundle.cycle_of(package) else { return "-".to_owned() };
    let Lifecycle { product, cycle, eol, confidence, .. } = found.lifecycle.as_ref();
    let eol = eol.map_or("none".to_owned(), |date| date.to_rfc3339()[..10].to_owned());
    format!("{product} {cycle} {eol} {confidence:?}")
}

fn known(bundle: &Bundle, ecosystem: Ecosystem, name: &str, version: &str) -> String {
    cycle_of(bundle, &Package::new(ecosystem, name, version))
}

#[test]
fn all_real_files_together_give_every_product_once() {
    let (bundle, report) = Feeds::new().real(PRODUCTS).real(V0).real(RELEASE_DATA).real(CALENDARS).compile();
    for (path, records) in [(PRODUCTS, 464), (V0, 464), (RELEASE_DATA, 136)] {
        let read = source(&report, path);
        assert_eq!(
            (read.feed, read.records, read.quarantined_count),
            ("endoflife", records, 0),
            "{:?}",
            read.quarantined
        );
    }
    let calendars = source(&report, CALENDARS);
    assert_eq!((calendars.feed, calendars.quarantined_count), ("calendar", 0), "{:?}", calendars.quarantined);
    assert_eq!(calendars.records, EXPECTED_CALENDAR_RECORDS);
    assert_eq!(report.lifecycles, EXPECTED_CYCLES);
    assert_eq!(bundle.product("nodejs").unwrap().label(), "Node.js");
    assert_eq!(bundle.product("node").unwrap().page(), Some("https://endoflife.date/nodejs"));
    assert_eq!(bundle.product("nodejs").unwrap().newest_supported(now()), Some("26"));
    assert_eq!(bundle.product("debian").unwrap().newest_supported(now()), Some("13"));
}

const EXPECTED_CALENDAR_RECORDS: u64 = 236;
const EXPECTED_CYCLES: u64 = 8380;

#[test]
fn packages_find_their_product_by_identifier_and_their_cycle_by_version() {
    let (bundle, _) = Feeds::new().real(PRODUCTS).real(CALENDARS).compile();
    let found = |ecosystem, name, version| known(&bundle, ecosystem, name, version);
    use Ecosystem::{Composer, Gem, Generic, Golang, Hex, Maven, Npm, Nuget, Pypi};
    assert_eq!(found(Pypi, "Django", "4.2.7"), "django 4.2 2026-04-07 Confirmed");
    assert_eq!(found(Npm, "@angular/core", "17.3.0"), "angular 17 2025-05-15 Confirmed");
    assert_eq!(found(Npm, "react", "18.2.0"), "react 18 none Confirmed");
    assert_eq!(
        found(Maven, "org.springframework.boot:spring-boot", "2.7.18.RELEASE"),
        "spring-boot 2.7 2023-06-30 Confirmed"
    );
    assert_eq!(found(Maven, "org.apache.logging.log4j:log4j-core", "2.17.1"), "log4j 2 none Confirmed");
    assert_eq!(
        found(Maven, "org.apache.logging.log4j:log4j-core", "2.12.4"),
        "log4j 2.12 2021-12-14 Confirmed"
    );
    assert_eq!(found(Gem, "rails", "6.1.7.6"), "rails 6.1 2024-10-01 Confirmed");
    assert_eq!(found(Composer, "Laravel/Framework", "v9.52.16"), "laravel 9 2024-02-06 Confirmed");
    assert_eq!(found(Hex, "phoenix", "1.5.14"), "phoenix-framework 1.5 none Confirmed");
    assert_eq!(found(Golang, "github.com/gorilla/mux", "v1.8.0"), "gorilla 1 none Confirmed");
    assert_eq!(found(Golang, "stdlib", "v1.20.5"), "go 1.20 2024-02-06 Confirmed");
    assert_eq!(found(Golang, "stdlib", "v1.23rc1"), "go 1.23 2025-08-12 Confirmed");
    assert_eq!(found(Golang, "stdlib", "(devel)"), "-");
    assert_eq!(
        found(Nuget, "Microsoft.NETCore.App.Runtime.linux-musl-x64", "6.0.5"),
        "dotnet 6 2024-11-12 Confirmed"
    );
    assert_eq!(found(Nuget, "Microsoft.NETCore.App", "3.1.32"), "dotnet 3.1 2022-12-13 Confirmed");
    assert_eq!(found(Generic, "node", "14.21.3"), "nodejs 14 2023-04-30 Confirmed");
    assert_eq!(found(Generic, "python", "3.9.18"), "python 3.9 2025-10-31 Confirmed");
    assert_eq!(found(Generic, "httpd", "2.4.58"), "apache-http-server 2.4 none Confirmed");
    assert_eq!(found(Generic, "openssl", "1.1.1w"), "openssl 1.1.1 2023-09-11 Confirmed");
    assert_eq!(found(Generic, "postgresql", "9.6.24"), "postgresql 9.6 2021-11-11 Confirmed");
    assert_eq!(found(Generic, "postgresql", "16.1"), "postgresql 16 2028-11-09 Confirmed");
    assert_eq!(found(Generic, "ruby", "3.1.2p20"), "ruby 3.1 2025-03-26 Confirmed");
    assert_eq!(found(Generic, "openjdk", "8u392"), "openjdk 8 2030-12-31 Potential");
    assert_eq!(found(Generic, "openjdk", "1.8.0_392"), "openjdk 8 2030-12-31 Potential");
    assert_eq!(found(Generic, "openjdk", "17.0.9+9"), "openjdk 17 2027-10-31 Potential");
    assert_eq!(found(Generic, "openjdk", "13.0.2"), "openjdk 13 2020-03-17 Potential");
    assert_eq!(found(Generic, "oracle-jdk", "17.0.10"), "oracle-jdk 17 2026-09-30 Confirmed");
    for (ecosystem, name, version) in [
        (Generic, "graalvm", "23.1.2"),
        (Generic, "busybox", "1.36.1"),
        (Generic, "windows", "10"),
        (Npm, "node", "14.0.0"),
        (Npm, "left-pad", "1.0.0"),
        (Pypi, "django", "99.1"),
        (Generic, "node", ""),
    ] {
        assert_eq!(found(ecosystem, name, version), "-", "{name}");
    }
}

#[test]
fn releases_of_every_distribution_find_their_dates() {
    let (bundle, _) = Feeds::new().real(PRODUCTS).real(CALENDARS).compile();
    let stage = |release: &str| {
        let cycle = bundle.release_cycle(&release.parse().unwrap()).map(|found| found.lifecycle);
        cycle.map(|cycle| (cycle.cycle.clone(), cycle.stage(now())))
    };
    use LifecycleStage::{Eol, Eos, Ga, SecuritySupport};
    for (release, cycle, at) in [
        ("debian:10", "10", Eos),
        ("debian:11", "11", Eos),
        ("debian:12", "12", Eol),
        ("debian:13", "13", Ga),
        ("ubuntu:18.04", "18.04", Eol),
        ("ubuntu:20.04", "20.04", Eol),
        ("ubuntu:22.04", "22.04", SecuritySupport),
        ("ubuntu:23.10", "23.10", Eol),
        ("ubuntu:24.04", "24.04", Ga),
        ("ubuntu:26.10", "26.10", Ga),
        ("alpine:3.18", "3.18", Eol),
        ("alpine:3.22", "3.22", Ga),
        ("rhel:7", "7", Eol),
        ("rhel:8", "8", SecuritySupport),
        ("rhel:9", "9", Ga),
        ("rocky:8", "8", SecuritySupport),
        ("almalinux:9", "9", Ga),
        ("ol:7", "7", Eol),
        ("ol:8", "8", Ga),
        ("centos:7", "7", Eol),
        ("centos:8", "8", Eol),
        ("centos:9", "9", Ga),
        ("amzn:2018.03", "2018.03", Eol),
        ("amzn:2", "2", Eol),
        ("amzn:2023", "2023", Ga),
        ("fedora:41", "41", Eol),
        ("fedora:43", "43", Ga),
        ("sles:12.5", "12.5", Eol),
        ("sles:15", "15.0", Eos),
        ("sles:15.3", "15.3", Eos),
        ("sles:15.6", "15.6", Eol),
        ("sles:15.7", "15.7", Ga),
        ("opensuse-leap:15.4", "15.4", Eol),
        ("opensuse-leap:15.6", "15.6", Eol),
        ("opensuse-leap:16.0", "16.0", Ga),
        ("photon:3.0", "3.0", Eol),
        ("photon:5.0", "5.0", Ga),
    ] {
        assert_eq!(stage(release), Some((cycle.to_owned(), at)), "{release}");
    }
    for rolling in [
        "debian:14",
        "debian:sid",
        "debian",
        "alpine:edge",
        "wolfi",
        "chainguard",
        "arch",
        "opensuse-tumbleweed",
        "plan9:4",
    ] {
        assert_eq!(stage(rolling), None, "{rolling}");
    }
}

#[test]
fn a_distributions_own_calendar_wins_over_endoflife_date() {
    let (without, _) = Feeds::new().real(PRODUCTS).compile();
    let (with, _) = Feeds::new().real(PRODUCTS).real(CALENDARS).compile();
    let jammy = |bundle: &Bundle| bundle.lifecycle("ubuntu", "22.04").unwrap();
    assert_eq!((jammy(&without).eol, jammy(&without).eos), (day("2027-04-01"), day("2032-04-09")));
    assert_eq!((jammy(&with).eol, jammy(&with).eos), (day("2027-06-01"), day("2032-04-21")));
    assert_eq!(jammy(&with).eoas, day("2024-09-30"), "the calendar does not speak of it");
    assert_eq!(with.lifecycle("ubuntu", "26.10").unwrap().ga, day("2026-10-15"));
    assert_eq!(with.lifecycle("ubuntu", "27.04").unwrap().stage(now()), LifecycleStage::Unknown);
    assert_eq!(with.lifecycle("ubuntu", "8.04").unwrap().eol, day("2013-05-09"), "the server's end");
    assert_eq!(with.lifecycle("debian", "9").unwrap().eos, day("2022-06-30"));
    // The calendar alone is enough.
    let (alone, _) = Feeds::new().real(CALENDARS).compile();
    assert_eq!(alone.lifecycle("debian", "12").unwrap().eol, day("2026-07-11"));
    assert_eq!(cycle_of(&alone, &deb("debian:13", "bash")), "debian 13 2028-08-09 Confirmed");
}

#[test]
fn packages_whose_support_ends_before_the_release_have_dates_of_their_own() {
    let (bundle, _) = Feeds::new().real(PRODUCTS).real(CALENDARS).compile();
    let dates = |release: &str, source: &str| {
        let found = bundle.cycle_of(&deb(release, source)).unwrap().lifecycle;
        (found.eol, found.eos, found.stage(now()))
    };
    use LifecycleStage::{Eol, Eos, Ga};
    assert_eq!(dates("debian:12", "bash"), (day("2026-07-11"), day("2028-06-30"), Eol));
    assert_eq!(dates("debian:12", "webkit2gtk"), (day("2026-04-30"), day("2026-04-30"), Eos));
    assert_eq!(dates("debian:12", "php-horde-core"), (day("2025-03-22"), day("2025-03-22"), Eos));
    assert_eq!(dates("debian:12", "golang-1.19"), dates("debian:12", "bash"), "limited is not ended");
    assert_eq!(dates("debian:11", "pdns"), (day("2024-08-14"), day("2025-10-01"), Eos), "ended during LTS");
    assert_eq!(
        dates("debian:13", "isc-dhcp"),
        (day("2023-07-05"), day("2023-07-05"), Eos),
        "never supported"
    );
    assert_eq!(dates("debian:13", "rust-sequoia-sqv"), (day("2028-08-09"), day("2030-06-30"), Ga));
    // One line of Debian 11 says that support has ended and not when.
    assert_eq!(dates("debian:11", "freeimage"), (day("2024-08-14"), day("2026-08-31"), Eos));
    let foreign = Package { vendor: Some("Docker".into()), ..deb("debian:13", "docker-ce") };
    assert_eq!(cycle_of(&bundle, &foreign), "debian 13 2028-08-09 Potential");
}

#[test]
fn each_form_gives_the_same_dates() {
    let (files, _) = Feeds::new().real(PRODUCTS).compile();
    let (v0, _) = Feeds::new().real(V0).compile();
    for (product, cycle) in [
        ("debian", "12"),
        ("nodejs", "18"),
        ("ubuntu", "22.04"),
        ("php", "8.2"),
        ("rhel", "8"),
        ("sles", "15.4"),
    ] {
        assert_eq!(files.lifecycle(product, cycle), v0.lifecycle(product, cycle), "{product} {cycle}");
    }
    // v0 has no identifiers: well-known programs and libraries are found all the same.
    assert_eq!(known(&v0, Ecosystem::Generic, "node", "14.21.3"), "nodejs 14 2023-04-30 Confirmed");
    assert_eq!(known(&v0, Ecosystem::Pypi, "django", "4.2"), "django 4.2 2026-04-07 Confirmed");
    let (data, _) = Feeds::new().real(RELEASE_DATA).compile();
    assert_eq!(data.lifecycle("django", "4.2.7").unwrap().eol, files.lifecycle("django", "4.2").unwrap().eol);
    let full = format_sample("lifecycle.tar.gz", "endoflife-api-v1-full/happy/full");
    let (v1, _) = Feeds::new().file("endoflife/products/full", full).compile();
    let jammy = v1.lifecycle("ubuntu", "22.04").unwrap();
    assert_eq!(
        (jammy.ga, jammy.eoas, jammy.eol, jammy.eos),
        (day("2022-04-21"), day("2024-09-30"), day("2027-04-01"), day("2032-04-09"))
    );
    assert_eq!(jammy.confidence, Confidence::Confirmed);
}

#[test]
fn odd_calendars_cost_only_their_bad_lines() {
    let csv = "version,codename,series,created,release,eol,eol-lts\n12,B,b,2021-08-14,2023-06-10,2026-99-11\n\n# x\n13,T,t,2023-06-10,2025-08-09,2028-08-09\n,Sid,sid,1993-08-16\n";
    let support = "a non-supported 1 2026-01-01 x\nb maybe\n(c|d) limited\n";
    let (bundle, report) = Feeds::new()
        .file("distro-info/debian.csv", csv)
        .file("distro-info/ubuntu.csv", "a,b\n")
        .file("debian-security-support/security-support.deb13", support)
        .file("debian-security-support/security-support.debX", support)
        .compile();
    assert_eq!(source(&report, "distro-info/debian.csv").quarantined_count, 1);
    assert_eq!(source(&report, "debian-security-support/security-support.deb13").quarantined_count, 2);
    assert_eq!(bundle.lifecycle("debian", "12"), None);
    assert_eq!(cycle_of(&bundle, &deb("debian:13", "a")), "debian 13 2026-01-01 Confirmed");
    assert_eq!(report.skipped.len(), 2, "{:?}", report.skipped);
}
