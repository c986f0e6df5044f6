//! Places in an image, as SARIF 2.1.0 §3.28 writes them.

use model::ScanReport;
use serde::Serialize;
use serde_json::{Value, json};

use crate::output::printable;
use crate::verdict::Subject;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Value>,
    message: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    /// Relative to the root of the image.
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

/// `line` 0 is nowhere in particular; services want one all the same, so it is the first. `layer` as in a package record.
pub(super) fn location(
    report: &ScanReport,
    path: &str,
    line: u32,
    layer: Option<u32>,
    subject: Option<Subject<'_>>,
) -> Location {
    let diff_id = layer.and_then(|layer| {
        let mut layers = report.image.layers.iter().filter_map(|layer| layer.diff_id);
        layers.nth(usize::try_from(layer).unwrap_or(usize::MAX))
    });
    let text = match layer {
        Some(layer) => format!("{path} in layer {layer}"),
        None => path.to_owned(),
    };
    Location {
        physical_location: Physical {
            artifact_location: Artifact { uri: uri(path) },
            region: Region { start_line: line.max(1) },
        },
        logical_locations: subject.map(logical).into_iter().collect(),
        message: json!({ "text": printable(&text) }),
        properties: layer.map(|layer| json!({ "layer": layer, "diffId": diff_id })),
    }
}

/// The package, SARIF 2.1.0 §3.33; `kind` may be any word where the listed ones do not fit.
fn logical(subject: Subject<'_>) -> Value {
    let full = match subject {
        Subject::Package(_, record) => record.purl.clone(),
        Subject::System(release) => format!("{} {}", release.id, subject.version()),
    };
    json!({
        "name": printable(subject.name()),
        "fullyQualifiedName": printable(&full),
        "kind": "package",
    })
}

/// The path as a relative reference (RFC 3986 §4.2): a colon in its first part would make a scheme of it.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'@'
            | b'+'
            | b','
            | b'=' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_reference_whatever_it_holds() {
        assert_eq!(uri("srv/x.jar!/y z.jar"), "srv/x.jar!/y%20z.jar");
        assert_eq!(uri("config:env/NAME"), "config%3Aenv/NAME");
        assert_eq!(uri("a\u{1b}[31m\n?#%ö"), "a%1B%5B31m%0A%3F%23%25%C3%B6");
    }
}
