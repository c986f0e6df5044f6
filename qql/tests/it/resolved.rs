//! What queries are resolved to.

use qql::{Condition, Entity, Test};

use crate::record::{condition, sorted};

/// A condition in one line.
fn show(condition: &Condition) -> String {
    let all = |operands: &[Condition]| operands.iter().map(show).collect::<Vec<_>>().join(", ");
    match condition {
        Condition::All => "all".to_owned(),
        Condition::And(operands) => format!("and({})", all(operands)),
        Condition::Or(operands) => format!("or({})", all(operands)),
        Condition::Not(inner) => format!("not({})", show(inner)),
        Condition::IsNull(field) => format!("{field:?} is null"),
        Condition::Any { array, inner } => format!("any {array:?}({})", show(inner)),
        Condition::Test { field, test } => format!("{field:?} {}", show_test(test)),
    }
}

fn show_test(test: &Test) -> String {
    match test {
        Test::Text(test) => {
            let mut parts = Vec::new();
            parts.extend((!test.words().is_empty()).then(|| format!("words {:?}", test.words())));
            parts.extend((!test.phrases().is_empty()).then(|| format!("phrases {:?}", test.phrases())));
            parts.extend((!test.exact().is_empty()).then(|| format!("exactly {:?}", test.exact())));
            parts.extend(test.any_present().then(|| "present".to_owned()));
            if parts.is_empty() { "nothing".to_owned() } else { parts.join(" or ") }
        }
        Test::Keyword(test) => {
            let prefixes = if test.prefixes().is_empty() {
                String::new()
            } else {
                format!(" prefixes {:?}", test.prefixes())
            };
            let range = test.range().map_or_else(String::new, |range| format!(" range {range:?}"));
            format!("{:?} {:?}{prefixes}{range}", test.form(), test.values())
        }
        Test::Number(test) => format!("in {:?}", test.ranges()),
        Test::Date(test) => {
            format!("within {:?}{}", test.ranges(), if test.now() { " with now" } else { "" })
        }
        Test::Bool(value) => format!("is {value}"),
        Test::Ip(test) => format!("address in {:?}", test.ranges()),
    }
}

fn shown(entity: Entity, texts: &[&str]) -> String {
    let lines: Vec<_> =
        texts.iter().map(|text| format!("{text}\n    {}", show(&condition(entity, text)))).collect();
    lines.join("\n")
}

#[test]
fn queries_on_images_become_conditions() {
    insta::assert_snapshot!(
        "images",
        shown(
            Entity::Image,
            &[
                "",
                "updated>=1700000000123 AND not uuid: [0b1c2d3e-1111-3222-8333-444455556666]",
                "uuid>0B1C2D3E111132228333444455556666",
                "imagesInUse:`[now-30d ... now]` and vulnerabilities.severity:5",
                "imagesInUse:true or imagesInUse:FALSE",
                "not imagesInUse is null",
                "sha:sha256:ABcd or imageId:d1a50f311f32*",
                "imageId:d1a50f311f32aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "repo.registry:registry.example.com and repo.repository:team/web and repo.tag:1.4",
                "repo:(registry:a and not repo.tag:b)",
                "repo:(image.repo.tag:`b`)",
                "repo.tag is null and repo is not null",
                "vulnerabilities:(severity:[4, 5] and vulnerabilities.typeDetected:Confirmed)",
                "vulnerabilities:(not severity:5)",
                "not vulnerabilities.severity:5",
                "vulnerabilities.severity!=5",
                "vulnerabilities.software.version:1.2.3",
                "vulnerabilities:(software:(name:openssl and fixVersion is null))",
                "vulnerabilities:(threatIntel:(zeroDay:true or activeAttacks:true))",
                "vulnerabilities.threatIntel is null",
                "vulnerabilities is null",
                "softwares.vulnerabilities.qid:[100-200, 7]",
                "softwares:(name:`a` and softwares.vulnerabilities:(severity:5))",
                "software:(lifecycle.eolDate<2024 and softwares.lifecycle.stage:eol)",
                "cvss:x or vulnerabilities.cvss3Info.baseScore>=9.85".split_once(" or ").unwrap().1,
                "vulnerabilities.cvss3Info.baseScore:[7 .. 9)",
                "vulnerabilities.cvssInfo.baseScore:[7.1234, 8]",
                "host:(hostname:a and ipAddress:10.0.0.0/8)",
                "lastFoundOnHost.ipAddress:[10.0.0.1 .. 10.0.0.9] or lastFoundOnHost.ipAddress>fe80::1",
                "lastFoundOnHost:(hostname:a and uuid:b)",
                "tags.name: Jira_ticket",
                "tags:(name:a or name:\"b c\")",
                "source:[cicd, Registry]",
                "size>100000000 and layersCount:[.. 5) and riskScore!=7",
                "size<99999999999999999999999 or size>99999999999999999999999",
                "isEol:TRUE and hasSecrets:[true, false]",
                "operatingSystem:“Ubuntu Linux 22”",
                "operatingSystem:Ubuntu Lin* 22.04",
                "operatingSystem:[Alpine, `Debian 12`, \"Ubuntu 22\"]",
                "operatingSystem:* and not operatingSystem:---",
                "operatingSystem=Ubuntu",
                "created:2024-05-01 and updated:[2024-04 .. 2024-05-01] and lastScanned<=2023",
                "created:[9 .. 5]",
                "uuid:[]",
                "web",
                "\"team web\" or `d1a50f311f32`",
                "repo:(web)",
                "image:(sha:a and images.sha:b)",
                "controls.posture:fail and compliance is null",
            ]
        )
    );
}

#[test]
fn queries_on_containers_become_conditions() {
    insta::assert_snapshot!(
        "containers",
        shown(
            Entity::Container,
            &[
                "state: `RUNNING` and imageSha:AB12 and lastVmScanDate:[now-3d ... now]",
                "state:'RUNNING'",
                "state: ' RUNNING'",
                "state!=running",
                "container.state:[created, PAUSED]",
                "host:(hostname:node-a and ipAddress:10.0.0.8)",
                "host:(host.hostname:node-a)",
                "host is null",
                "cluster.k8s.pod.namespace:prod",
                "cluster:(type:kubernetes and k8s:(pod:(label:(key:app and value:x) and cluster.k8s.pod.name:y)))",
                "cluster.k8s.pod is null",
                "portMapping:(port:(123 .. 1234) and protocol:TCP)",
                "label:(key:a and value:b)",
                "drift.category:software and drift:(reason:new and category:vulnerability)",
                "isDrift:true",
                "macAddress:AA:BB:*",
                "ipv6:::ffff:10.0.0.8 and ipv4:::ffff:10.0.0.0/104",
                "name:libsystemd0:amd64",
                "web-1",
                "*",
            ]
        )
    );
}

#[test]
fn queries_on_the_parts_of_a_record_take_tokens_with_and_without_prefix() {
    insta::assert_snapshot!(
        "vulnerabilities",
        shown(
            Entity::Vulnerability,
            &[
                "severity:5 and vulnerabilities.severity:4 and vulnerability.qid>3",
                "vulnerabilities:(severity:5 and software.name:x)",
                "software:(name:x and version:`1`)",
                "software is null",
                "CVE-2024-1",
                "cveids:[cve-2024-1, CVE-2024-2*]",
                "port:80",
            ]
        )
    );
    insta::assert_snapshot!(
        "software",
        shown(
            Entity::Software,
            &[
                "name:openssl and software.version:1 and softwares.fixVersion is null",
                "vulnerabilities:(severity:5)",
                "vulnerabilities.severity is null",
                "lifecycle:(eol<now)",
                "openssl",
            ]
        )
    );
}

#[test]
fn sort_tokens_name_a_field_and_a_direction() {
    let texts = [
        (Entity::Image, "created:desc"),
        (Entity::Image, "image.created"),
        (Entity::Image, " updated : ASC "),
        (Entity::Image, "lastFoundOnHost.hostname:asc"),
        (Entity::Image, "updated:up"),
        (Entity::Image, "source"),
        (Entity::Image, "repo.tag:asc"),
        (Entity::Image, "vulnerabilities.qid:asc"),
        (Entity::Image, "vulnerabilities"),
        (Entity::Image, "lastFoundOnHost"),
        (Entity::Image, "imagesInUse"),
        (Entity::Image, "udpated:asc"),
        (Entity::Image, "state:asc"),
        (Entity::Image, ""),
        (Entity::Container, "cluster.k8s.pod.name:desc"),
        (Entity::Vulnerability, "vulnerabilities.qid:asc"),
        (Entity::Vulnerability, "qid:desc"),
        (Entity::Vulnerability, "software.name"),
        (Entity::Vulnerability, "cveids"),
        (Entity::Software, "software.name"),
    ];
    let lines: Vec<_> = texts
        .iter()
        .map(|(entity, text)| format!("{entity:?} {text}\n    {}", sorted(*entity, text)))
        .collect();
    insta::assert_snapshot!("sorting", lines.join("\n"));
}
