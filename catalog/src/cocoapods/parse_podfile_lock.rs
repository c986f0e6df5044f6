//! `Podfile.lock` (guides.cocoapods.org, "Using CocoaPods"): YAML of a fixed shape, read line by line.
//!
//! A subspec (`Pod/Part`) is a part of its pod and has its version, so the pod is listed once. Pods out of a folder are local.

use std::collections::HashSet;

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE, unquoted};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Lines that are kept until it is known which pods are local.
const MAX_PODS: usize = 200_000;

/// Keeps the pods.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut pods: Vec<(String, String)> = Vec::new();
    let mut local: HashSet<String> = HashSet::new();
    let (mut section, mut external) = (String::new(), String::new());
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        if !line.starts_with(' ') {
            line.trim().clone_into(&mut section);
            continue;
        }
        match section.as_str() {
            "PODS:" => {
                // What a pod needs is indented further.
                let pod = line.strip_prefix("  - ").and_then(pod);
                pods.extend(pod);
                if pods.len() > MAX_PODS {
                    return Err(Problem::Malformed(format!("more than {MAX_PODS} pods")));
                }
            }
            "EXTERNAL SOURCES:" => match line.strip_prefix("    ") {
                Some(field) if field.trim_start().starts_with(":path:") => {
                    local.insert(std::mem::take(&mut external));
                }
                Some(_) => {}
                None => root(unquoted(line.trim().trim_end_matches(':'))).clone_into(&mut external),
            },
            _ => {}
        }
    }
    let mut list = Declared::new(facts, Ecosystem::Cocoapods);
    for (name, version) in pods.iter().filter(|(name, _)| !local.contains(name)) {
        list.add(name, version)?;
    }
    Ok(())
}

/// `"Pod/Part (1.2.3)":` gives `Pod` and `1.2.3`.
fn pod(entry: &str) -> Option<(String, String)> {
    let (name, version) = unquoted(entry.trim().trim_end_matches(':')).split_once(" (")?;
    Some((root(name).to_owned(), version.strip_suffix(')')?.to_owned()))
}

fn root(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn parts_are_their_pod_and_local_pods_are_left_out() {
        let text = "PODS:\n  - AFNetworking/NSURLSession (4.0.1):\n    - AFNetworking/Reachability (= 4.0.1)\n  - AFNetworking/Reachability (4.0.1)\n\
            \x20 - \"GoogleUtilities/NSData+zlib (7.11.0)\"\n  - Own (0.1.0)\n  - Git (2.0.0)\n\nDEPENDENCIES:\n  - AFNetworking (~> 4.0)\n\n\
            EXTERNAL SOURCES:\n  Git:\n    :git: https://example.org/g.git\n  Own:\n    :path: \"../Own\"\n\n\
            SPEC CHECKSUMS:\n  AFNetworking: 7864\n\nCOCOAPODS: 1.12.0\n";
        assert_eq!(
            packages("app/Podfile.lock", text),
            ["AFNetworking 4.0.1", "GoogleUtilities 7.11.0", "Git 2.0.0"]
        );
    }
}
