//! Bombs: documents that are made to cost more than they are worth.

use model::report::limits;
use sbom::Limits;
use serde_json::json;

use crate::{notes, read};

#[test]
fn components_within_components_are_followed_to_a_depth_and_cost_no_stack() {
    let mut nested = String::from(r#"{"purl": "pkg:npm/deepest@1"}"#);
    for level in 0..3_000 {
        nested = format!(r#"{{"purl": "pkg:npm/level-{level}@1", "components": [{nested}]}}"#);
    }
    let report =
        read(&format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{nested}]}}"#));
    assert_eq!(report.packages.len(), 17);
    assert!(
        notes(&report)[0].ends_with("components within it are nested too deep and left out"),
        "{:?}",
        notes(&report)
    );
    let brackets = format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(read(&brackets).packages.is_empty());
}

#[test]
fn packages_beyond_the_limit_are_counted_and_so_are_notes() {
    let purls: Vec<_> = (0..50).map(|number| json!({"purl": format!("pkg:npm/a{number}@1")})).collect();
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": purls}).to_string();
    let report = sbom::read(document.as_bytes(), &Limits { packages: 20, ..Limits::default() }).unwrap();
    assert_eq!(report.packages.len(), 20);
    assert_eq!(notes(&report), [": 30 packages beyond the first 20 are left out"]);

    let nothing = vec![json!({}); 10_500];
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": nothing}).to_string();
    assert_eq!(notes(&read(&document)).last().unwrap(), ": 500 further notes are left out");
}

#[test]
fn words_that_are_too_long_are_cut_and_names_that_are_too_long_left_out() {
    let long = "x".repeat(limits::WORD + 1);
    let os = json!({"type": "operating-system", "name": long, "version": long});
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"tools": [{"name": long, "version": "1"}]},
        "components": [os, {"purl": format!("pkg:npm/{long}@1")}, {"purl": "pkg:npm/a@1"}]});
    let report = read(&document.to_string());
    assert_eq!(report.packages.len(), 1);
    assert_eq!(report.os_release.as_ref().unwrap().id.len(), limits::WORD);
    assert_eq!(report.scanner.len(), limits::WORD);
    assert!(
        notes(&report).contains(&": 1 of the packages left out: too long or empty".to_owned()),
        "{:?}",
        notes(&report)
    );
}

#[test]
fn layers_that_are_not_listed_and_values_that_are_none_do_not_come_in() {
    let property = |name: &str, value: &str| json!({"name": name, "value": value});
    let component = json!({"name": "a", "version": "1", "properties": [
        property("plimsoll:ecosystem", "npm"), property("plimsoll:layer", "7")]});
    let release =
        json!({"name": "debian", "version": "1", "properties": [property("plimsoll:ecosystem", "os")]});
    let strange = json!({"name": "b", "properties": [property("plimsoll:ecosystem", "npm"), property("plimsoll:layer", "-1")]});
    let image = json!({"type": "container", "name": "x", "properties": [
        property("plimsoll:image:id", "sha256:zz"), property("plimsoll:tag", " a\n"), property("plimsoll:source", "lower case"),
        property("plimsoll:image:layer", "nonsense")]});
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": image},
        "components": [component, release, strange]});
    let report = read(&document.to_string());
    assert_eq!((report.packages.len(), report.packages[0].layer), (1, None));
    assert_eq!((report.source.as_str(), report.tags.len(), report.image.layers.len()), ("GENERAL", 0, 0));
    assert_eq!(
        notes(&report),
        [
            ": 1 packages or secrets name a layer that the document does not list",
            "metadata.component: digest `zz` is not followed by 64 hex digits",
            "metadata.component: a layer is no digest, so all of them are left out",
            "components[1]: an operating system is no package of its own",
            "components[2]: names a layer that is no number",
        ]
    );
}
