//! The oracle itself, on records written by hand.

use serde_json::{Value, json};

use super::*;

/// 2024-05-01T12:04:05.678Z
const NOW: i64 = 1_714_565_045_678;
const SHA: &str = "d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32d1a5";

fn image() -> Value {
    json!({
        "created": "0", "updated": "1714565000000", "lastScanned": "1714521600000", "lastUsedDate": null,
        "author": "Team Web, Ltd.", "uuid": "0b1c2d3e-1111-3222-8333-444455556666", "sha": SHA, "imageId": "d1a50f311f32",
        "repo": [{"registry": "registry.example.com", "repository": "team/web", "tag": "1.4"},
                 {"registry": "docker.io", "repository": "other/app", "tag": "latest"}],
        "repoDigests": null, "label": [{"key": "maintainer", "value": "x"}, {"key": "stage", "value": "prod-eu (west)"}],
        "operatingSystem": "Ubuntu Linux 22.04.4", "size": 7_654_321, "architecture": "amd64", "source": ["GENERAL", "CICD"],
        "users": ["root", "app"], "assignedTags": [{"name": "Jira_ticket"}], "riskScore": 700, "qdsSeverity": "HIGH",
        "host": [{"hostname": "node-a.corp.example", "ipAddress": "10.0.0.8"}, {"hostname": "node-b", "ipAddress": "fd00::1"}],
        "inUse": {"last": "1714500000000", "live": false}, "isContinuouslyAssessed": null, "hasSecrets": true,
        "softwares": [
            {"name": "openssl", "version": "3.0.11-1", "fixVersion": "3.0.14-1", "lifecycle": {"stage": "GA", "eolDate": "-631152000000"},
             "findings": [{"qid": 7, "severity": 5}]},
            {"name": "libsystemd0:amd64", "version": "252.6-1", "fixVersion": null, "lifecycle": null, "findings": []}],
        "vulnerabilities": [
            {"qid": 7, "title": "EOL/Obsolete OpenSSL", "severity": 5, "typeDetected": "CONFIRMED", "cveids": ["CVE-2024-1", "CVE-2024-2"],
             "cvss3Info": {"baseScore": "9.8"}, "patchAvailable": true, "published": 1_700_000_000_000_i64,
             "threatIntel": {"activeAttacks": true, "malware": null}, "software": [{"name": "openssl", "fixVersion": "3.0.14-1"}]},
            {"qid": 105_144, "title": "zlib", "severity": 2, "typeDetected": "POTENTIAL", "cveids": [],
             "cvss3Info": {"baseScore": "0.0"}, "patchAvailable": false, "published": null,
             "threatIntel": {"activeAttacks": null}, "software": null}]
    })
}

fn container() -> Value {
    json!({
        "state": "RUNNING", "imageSha": null, "containerId": "aaaaaaaaaaaa", "name": "web-1", "isRoot": true, "isDrift": null,
        "created": "1700000000000", "environment": ["PATH=/usr/bin:/bin", "MODE=fast"], "ipv4": "172.17.0.2", "ipv6": null,
        "host": {"hostname": "node-a", "ipAddress": "10.0.0.8"}, "portMapping": [{"port": 80, "hostPort": 8080, "protocol": "TCP"}],
        "label": [{"key": "io.kubernetes.pod.namespace", "value": "prod"}, {"key": "pod-uid", "value": "0b1c2d3e-1111-3222-8333-444455556666"}],
        "vulnerabilities": null, "softwares": null, "macAddress": ""
    })
}

fn holds(entity: Entity, filter: &str, record: &Value) -> bool {
    let ask = parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    ask.is_none_or(|ask| Judge { entity, now: NOW }.holds(&ask, record))
}

const IMAGES: &[(&str, bool)] = &[
    ("", true),
    ("sha:d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32d1a5", true),
    ("sha:sha256:D1A50F311F32D1A50F311F32D1A50F311F32D1A50F311F32D1A50F311F32D1A5", true),
    ("sha:d1a50f311f32", false),
    ("sha:d1a5*", true),
    ("imageId:D1A50F311F32", true),
    ("imageId:d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32d1a50f311f32ffff", true),
    ("imageId:d1a50f311f3", false),
    ("uuid: [0b1c2d3e-1111-3222-8333-444455556666, x]", true),
    ("image.uuid:`0B1C2D3E-1111-3222-8333-444455556666`", true),
    ("uuid:0b1c2d3e", false),
    ("author:team", true),
    ("author:TEA", true),
    ("author:eam", false),
    ("author:ltd.", true),
    ("author:nobody web", true),
    ("author:\"team we\"", true),
    ("author:\"web team\"", false),
    ("author:\"team ltd\"", false),
    ("author:`Team Web, Ltd.`", true),
    ("author:`team web, ltd.`", false),
    ("author:'  Team Web, Ltd.  '", true),
    ("author=`Team Web, Ltd.`", true),
    ("author!=`Team Web, Ltd.`", false),
    ("author:*", true),
    ("author:we*", true),
    ("author:[`x`, web]", true),
    ("author:\"- /\"", false),
    ("repo.registry:registry.example.com and repo.repository:team/web and repo.tag:1.4", true),
    ("repo.registry:example", false),
    ("repo.repository:web", true),
    ("repo.tag:4", true),
    ("repo.tag:1.5", false),
    ("repo.tag:1.4*", true),
    ("repo.tag:5 1", true),
    ("repo.tag:\"1.5\"", false),
    ("repo:(registry:docker.io and tag:latest)", true),
    ("repo:(registry:docker.io and tag:`1.4`)", false),
    ("repo.registry:docker.io and repo.tag:`1.4`", true),
    ("repoDigests.digest is null", true),
    ("not repoDigests.digest:ab", true),
    ("repoDigests.digest!=ab", true),
    ("label:(key:maintainer and value:x)", true),
    ("label:(key:maintainer and not value:x)", false),
    ("label:(not key:maintainer)", true),
    ("label.value:west", true),
    ("label.value:\"prod eu west\"", true),
    ("operatingSystem:Ubuntu", true),
    ("operatingSystem:\"Ubuntu Linux 22\"", true),
    ("operatingSystem:\"Ubuntu Linux 2 0\"", false),
    ("operatingSystem is null", false),
    ("operatingSystem is not null", true),
    ("source:cicd", true),
    ("source:[HOST, general]", true),
    ("not source:[HOST, CLUSTER]", true),
    ("architecture:AMD64", true),
    ("architecture:amd64", true),
    ("size>7654320 and size<=7654321", true),
    ("size:[7654321 .. 7654321]", true),
    ("size:(7654321 ... 8000000)", false),
    ("size:(7000000 .. 7654321]", true),
    ("size:`[.. 7654321)`", false),
    ("size:[70-100]", false),
    ("riskScore:[70-1000]", true),
    ("riskScore:700.0", true),
    ("created is null", true),
    ("created:[0 .. 5]", false),
    ("created!=2024", true),
    ("lastScanned:2024-05-01", true),
    ("lastScanned:2024-05", true),
    ("lastScanned>2024-04", true),
    ("lastScanned<=2024-05-01", true),
    ("lastScanned<2024-05-01", false),
    ("lastScanned:(2024-04 .. 2024-05-01]", true),
    ("lastScanned:(2024-05-01 .. 2024-06)", false),
    ("updated:[now-60s ... now]", true),
    ("updated:[now-40s ... now]", false),
    ("updated:[1714565000000 ..]", true),
    ("updated:[\"2024-05-01T00:00:00Z\"..\"2024-05-02T00:00:00Z\"] and (source:CICD)", true),
    ("lastUsedDate:[2000 .. 2030]", false),
    ("imagesInUse:`[now-30d ... now]`", true),
    ("imagesInUse:'[now-1h ... now]'", false),
    ("imagesInUse:true", false),
    ("imagesInUse:2024-04-30", true),
    ("host.ipAddress:10.0.0.8", true),
    ("host.ipAddress:10.0.0.0/29", false),
    ("host.ipAddress:10.0.0.8/29", true),
    ("host.ipAddress:FD00::0001", true),
    ("host.ipAddress:fd00::/64", true),
    ("host.ipAddress:[10.0.0.1 .. 10.0.0.9]", true),
    ("host.ipAddress>10.0.0.8", false),
    ("host.hostname:node-a.corp", true),
    ("host.hostname:corp", false),
    ("tags.name:jira", true),
    ("isContinuouslyAssessed:false", false),
    ("not isContinuouslyAssessed:false", true),
    ("hasSecrets:TRUE", true),
    ("qdsSeverity:[low, high]", true),
    ("vulnerabilities.severity:5 and vulnerabilities.typeDetected:POTENTIAL", true),
    ("vulnerabilities:(severity:5 and typeDetected:POTENTIAL)", false),
    ("vulnerabilities:(severity:5 or severity:4) and not imagesInUse:[now-1h ... now]", true),
    ("not vulnerabilities.severity:5", false),
    ("vulnerabilities.typeDetected:[Confirmed, Potential]", true),
    ("vulnerabilities.title:EOL", true),
    ("vulnerabilities.cveids:cve-2024-2", true),
    ("vulnerabilities:(cveids is null and severity<3)", true),
    ("vulnerabilities.qid:[105144, 256906]", true),
    ("vulnerabilities.cvss3Info.baseScore>=9.8", true),
    ("vulnerabilities.cvss3Info.baseScore:0", true),
    ("vulnerabilities.threatIntel.activeAttacks:true", true),
    ("vulnerabilities.threatIntel.malware:true or vulnerabilities.threatIntel.malware:false", false),
    ("vulnerabilities:(software.name:openssl and not patchAvailable:false)", true),
    ("vulnerabilities:(software:(name:openssl and fixVersion:`3.0.14-1`))", true),
    ("vulnerabilities.published is null", false),
    ("vulnerabilities:(published is null)", true),
    ("softwares:(name:openssl and vulnerabilities.severity:5)", true),
    ("software:(name:libsystemd0:amd64 and vulnerabilities.severity is null)", true),
    ("softwares:(vulnerabilities:(severity:5 and qid:7))", true),
    ("softwares.lifecycle.eol is null", true),
    ("softwares.version:3.0.11-1", true),
    ("softwares.version:3.0", false),
    ("softwares.version:3.0*", true),
    ("(author:team or author:x) and not (size:1 or size:2) riskScore:700", true),
    ("not not author:team", true),
    ("author:team or size:1 and size:2", true),
];

const CONTAINERS: &[(&str, bool)] = &[
    ("state: `RUNNING` and created:[1700000000000 ... 1700604802000]", true),
    ("state:'RUNNING'", true),
    ("state: ' RUNNING'", true),
    ("container.state:running", true),
    ("vulnerabilities.qid is null", true),
    ("not vulnerabilities.severity:5", true),
    ("vulnerabilities:(not severity:5)", false),
    ("isRoot:True", true),
    ("isDrift is null", true),
    ("environment:\"MODE=fast\"", true),
    ("environment:bin:", true),
    ("ipv4:172.17.0.0/16", true),
    ("ipv6:::1", false),
    ("portMapping:(port:80 and hostPort>=8080 and protocol:tcp)", true),
    ("label:(key:`io.kubernetes.pod.namespace` and value:prod)", true),
    ("label.value:0b1c2d3e-1111-3222-8333-444455556666", true),
    ("label.value:1111", false),
    ("label.value:0b1c", true),
    ("macAddress is null", false),
    ("imageSha is null AND NOT name:x", true),
];

#[test]
fn every_rule_of_the_language_holds_on_records_written_by_hand() {
    for (filter, expected) in IMAGES {
        assert_eq!(holds(Entity::Image, filter, &image()), *expected, "{filter}");
    }
    for (filter, expected) in CONTAINERS {
        assert_eq!(holds(Entity::Container, filter, &container()), *expected, "{filter}");
    }
    assert!(IMAGES.len() + CONTAINERS.len() >= 80);
}

#[test]
fn a_question_means_the_same_in_every_spelling() {
    for (filter, expected) in IMAGES.iter().filter(|(filter, _)| !filter.is_empty()) {
        let ask = parse(filter).unwrap().unwrap();
        for seed in 0..20 {
            let text = print(&ask, &mut Dice::new(seed));
            assert_eq!(holds(Entity::Image, &text, &image()), *expected, "{filter} as {text}");
        }
    }
}

#[test]
fn records_without_a_value_come_last_or_first_if_descending_and_equal_ones_by_uuid() {
    let row = |uuid: &str, size: Option<u32>| json!({"uuid": uuid, "size": size});
    let rows = [row("c", Some(10)), row("b", None), row("a", Some(9)), row("d", None), row("0", Some(10))];
    let sorted = |descending: bool| -> String {
        let mut rows: Vec<&Value> = rows.iter().collect();
        sort_by_uuid_too(&mut rows, &Entity::Image.column("size").unwrap(), descending);
        rows.iter().map(|row| row["uuid"].as_str().unwrap()).collect()
    };
    assert_eq!(sorted(false), "a0cbd");
    assert_eq!(sorted(true), "bd0ca");
}
