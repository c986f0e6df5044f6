//! What is past its end of life: what becomes a finding, and what only carries its dates.

use matcher::judge;
use model::{Confidence, Distro, Ecosystem, FixState, Package, Severity, SeverityRule, Timestamp};
use serde_json::json;

use crate::make::Feeds;

#[test]
fn ended_runtimes_are_findings_and_ended_libraries_and_os_packages_carry_their_dates() {
    let release = |name: &str, eol: &str| json!({"name": name, "releaseDate": "2010-01-01", "eolFrom": eol});
    let products = json!({"result": [
        {"name": "nodejs", "label": "Node.js", "category": "framework", "identifiers": [{"type": "purl", "id": "pkg:generic/node"}],
         "releases": [release("26", "2029-04-30"), release("14", "2023-04-30")]},
        {"name": "caddy", "label": "Caddy", "category": "server-app", "releases": [release("1", "2020-01-01")]},
        {"name": "go", "label": "Go", "category": "lang", "releases": [release("1.20", "2024-02-06")]},
        {"name": "dotnet", "label": ".NET", "category": "framework", "releases": [release("6", "2024-11-12")]},
        {"name": "django", "label": "Django", "category": "framework", "identifiers": [{"type": "purl", "id": "pkg:pypi/django"}],
         "releases": [release("3.2", "2024-04-01")]},
        {"name": "debian", "label": "Debian", "category": "os", "releases": [release("10", "2022-09-10")]},
    ]});
    let bundle = Feeds::new().add("endoflife/products-full.json", &products).compile();
    let now = Timestamp::parse("2026-11-22").unwrap();
    let judged =
        |ecosystem, name: &str, version: &str| judge(&Package::new(ecosystem, name, version), &bundle, now);

    let node = judged(Ecosystem::Generic, "node", "14.21.3");
    let [finding] = node.findings.as_slice() else { panic!("{node:?}") };
    assert_eq!(
        finding.vulnerability.title,
        "EOL software: Node.js 14 reached its end of life on 2023-04-30; 26 is supported"
    );
    assert_eq!((finding.vulnerability.id.as_str(), finding.severity), ("EOL-nodejs-14", Severity::URGENT));
    assert_eq!((finding.state, finding.severity_rule), (FixState::EndOfLife, SeverityRule::VendorRating));
    assert_eq!((&finding.fix_version, finding.confidence), (&None, Confidence::Confirmed));
    assert!(judged(Ecosystem::Generic, "node", "26.1.0").findings.is_empty());
    assert_eq!(judged(Ecosystem::Generic, "caddy", "1.0.5").findings[0].confidence, Confidence::Potential);
    for (ecosystem, name, version, id) in [
        (Ecosystem::Golang, "stdlib", "v1.20.5", "EOL-go-1.20"),
        (Ecosystem::Nuget, "Microsoft.NETCore.App.Runtime.linux-x64", "6.0.5", "EOL-dotnet-6"),
    ] {
        assert_eq!(judged(ecosystem, name, version).findings[0].vulnerability.id, id);
    }

    let django = judged(Ecosystem::Pypi, "Django", "3.2.1");
    assert!(django.findings.is_empty());
    assert_eq!(django.lifecycle.unwrap().cycle, "3.2");
    let mut python = Package::new(Ecosystem::Deb, "python3.7", "3.7.3-2");
    python.distro = Some(Distro::new("debian", "10"));
    let python = judge(&python, &bundle, now);
    assert!(python.findings.is_empty());
    assert_eq!(python.lifecycle.unwrap().product, "debian");
    assert_eq!(judged(Ecosystem::Npm, "left-pad", "1.0.0").lifecycle, None);
}
