//! `modules.yaml` beside a list of notices: which package was built for which module stream
//! (<https://github.com/fedora-modularity/libmodulemd>, modulemd version 2).
//!
//! It is asked only where a notice lists a module's package without naming the module. It is read line by line, as
//! libmodulemd writes it, and not as YAML: only three keys of it matter and it is long.

use std::collections::HashMap;
use std::path::Path;

use crate::input::{LIMITS, read_document};

use super::advisory::Update;

/// `name-epoch:version-release.arch` → `module:stream`; `None` where two streams share a build.
pub(super) type Builds = HashMap<String, Option<String>>;

/// Reads what lies beside `notices`; a missing or unreadable file tells nothing.
pub(super) fn beside(notices: &Path) -> Builds {
    let mut builds = Builds::new();
    let Some(listing) = notices.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return builds;
    };
    for entry in listing.flatten() {
        let name = entry.file_name();
        let is_list = name.to_str().is_some_and(|name| {
            let start = name.find("modules.yaml");
            start.is_some_and(|at| {
                matches!(&name[at + "modules.yaml".len()..], "" | ".gz" | ".xz" | ".zst" | ".bz2")
            })
        });
        if is_list && let Ok(text) = read_document(&entry.path(), &LIMITS) {
            read(&text, &mut builds);
        }
    }
    builds
}

fn read(text: &str, builds: &mut Builds) {
    let (mut name, mut stream, mut in_artifacts) = (String::new(), String::new(), false);
    for line in text.lines() {
        let value = |key: &str| line.strip_prefix(key).map(|value| unquoted(value).to_owned());
        if line.starts_with("---") {
            (name, stream, in_artifacts) = (String::new(), String::new(), false);
        } else if let Some(value) = value("  name:") {
            name = value;
        } else if let Some(value) = value("  stream:") {
            stream = value;
        } else if line.starts_with("  artifacts:") {
            in_artifacts = true;
        } else if let Some(build) = line.strip_prefix("    - ").filter(|_| in_artifacts) {
            if !name.is_empty() && !stream.is_empty() {
                let module = format!("{name}:{stream}");
                let known = builds.entry(unquoted(build).to_owned()).or_insert_with(|| Some(module.clone()));
                if known.as_ref() != Some(&module) {
                    *known = None;
                }
            }
        } else if line.starts_with("  ") && !line.starts_with("   ") || line.starts_with("...") {
            in_artifacts = false;
        }
    }
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches(['"', '\''])
}

/// The key of a build.
pub(super) fn key(update: &Update) -> String {
    let epoch = if update.epoch.is_empty() { "0" } else { &update.epoch };
    format!("{}-{epoch}:{}-{}.{}", update.name, update.version, update.release, update.arch)
}

/// Whether its release says that it was built for a module.
pub(super) fn is_modular(update: &Update) -> bool {
    update.release.contains(".module+") || update.release.contains(".module_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_read_with_their_streams() {
        let text = "---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: mariadb\n  stream: \"1\"\n...\n\
            ---\ndocument: modulemd\nversion: 2\ndata:\n  name: mariadb\n  stream: \"10.5\"\n  profiles:\n    - x\n\
            \x20 artifacts:\n    rpms:\n    - mariadb-3:10.5.16-2.module+el9.1.0+13358+56c3b6a3.x86_64\n    - both-0:1-1.module+el9.x86_64\n...\n\
            ---\ndata:\n  name: mariadb\n  stream: 10.11\n  artifacts:\n    rpms:\n    - both-0:1-1.module+el9.x86_64\n";
        let mut builds = Builds::new();
        read(text, &mut builds);
        let update = Update {
            name: "mariadb".into(),
            epoch: "3".into(),
            version: "10.5.16".into(),
            release: "2.module+el9.1.0+13358+56c3b6a3".into(),
            arch: "x86_64".into(),
        };
        assert!(is_modular(&update));
        assert_eq!(builds[&key(&update)].as_deref(), Some("mariadb:10.5"));
        assert_eq!(builds["both-0:1-1.module+el9.x86_64"], None, "nobody can tell which of the two");
        assert_eq!(builds.len(), 2);
    }
}
