//! What the package managers in a container say of it, and the runtime of what changed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::daemon::Daemon;

/// dpkg's states in which the files of a package are there.
const UNPACKED: [&str; 5] =
    ["installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"];

/// What is true of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    /// dpkg's packages by name, with the architecture unless that is `all`, and their versions.
    pub(super) debs: BTreeMap<String, String>,
    /// Every place where a Python package says who it is.
    pub(super) metadata: BTreeSet<String>,
    pub(super) pythons: Vec<Python>,
    /// npm's packages by folder: name and version.
    pub(super) npm: BTreeMap<String, (String, String)>,
    /// Programs that are there and changed since the containers were started.
    pub(super) programs: BTreeSet<String>,
    /// All files, if they were asked for.
    pub(super) files: BTreeSet<String>,
    /// Files of packages that are not as they were installed, if they were verified.
    pub(super) damaged: Option<BTreeSet<String>>,
    /// What the runtime says of paths: `A`, `C` or `D`; with the verified files.
    pub(super) changes: Option<BTreeMap<String, char>>,
}

/// One of several places where Python looks for packages.
#[derive(Clone, Debug, Default)]
pub(super) struct Python {
    pub(super) name: String,
    /// Directories, in the order in which they are searched.
    pub(super) path: Vec<String>,
    /// What pip lists, by normalised name.
    pub(super) packages: BTreeMap<String, String>,
}

/// What is asked for that takes time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// npm's packages.
    pub(super) npm: bool,
    /// What became of the files of packages, by their records and by the runtime.
    pub(super) verified: bool,
    /// A list of all files.
    pub(super) files: bool,
}

/// Asks in a running container. Programs count that changed since a time in seconds.
pub(super) fn ask(daemon: &Daemon, id: &str, since: u64, wanted: Wanted) -> Result<Truth> {
    let since = since.to_string();
    let mut command = vec!["exec", "--user", "0", id, "sh", "/repo/inside/tell.sh", &since];
    let words = [(wanted.npm, "npm"), (wanted.verified, "verify"), (wanted.files, "files")];
    command.extend(words.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, word)| word));
    let mut truth = read(&daemon.docker(&command)?)?;
    if wanted.verified {
        // podman's fails where a directory took the place of a file; then there is one word less to compare with
        truth.changes = daemon.docker(&["diff", id]).ok().map(|text| changes(&text));
    }
    Ok(truth)
}

/// The runtime's own word of what differs from the image.
fn changes(text: &str) -> BTreeMap<String, char> {
    let line = |line: &str| {
        let (kind, path) = line.split_once(' ')?;
        Some((plain(path), kind.chars().next()?))
    };
    text.lines().filter_map(line).collect()
}

/// Without the leading slash.
fn plain(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}

fn read(told: &str) -> Result<Truth> {
    let mut truth = Truth::default();
    let mut section = "";
    let mut has_end = false;
    for line in told.lines() {
        if let Some(name) = line.strip_prefix("== ") {
            (section, has_end) = (name, name == "end");
            match name {
                "verify" => truth.damaged = Some(BTreeSet::new()),
                _ => {
                    if let Some(name) = name.strip_prefix("path ") {
                        truth.pythons.push(Python { name: name.to_owned(), ..Python::default() });
                    }
                }
            }
            continue;
        }
        match section.split(' ').next().unwrap_or_default() {
            "deb" => deb(line, &mut truth)?,
            "metadata" => drop(truth.metadata.insert(plain(line))),
            "path" => {
                let python = truth.pythons.last_mut().context("a path of no Python")?;
                python.path.push(plain(line));
            }
            "pip" => truth.pythons.last_mut().context("a list of no Python")?.packages.extend(pip(line)?),
            "npm" => truth.npm.extend(npm(line)),
            "files" => drop(truth.files.insert(plain(line))),
            "programs" => drop(truth.programs.insert(plain(line))),
            "verify" => drop(truth.damaged.get_or_insert_default().insert(plain(line))),
            _ => bail!("a container told an unexpected line: {line}"),
        }
    }
    if !has_end {
        bail!("a container broke off telling of itself");
    }
    Ok(truth)
}

fn deb(line: &str, truth: &mut Truth) -> Result<()> {
    let [name, arch, version, status] = line.split('\t').collect::<Vec<_>>()[..] else {
        bail!("dpkg-query printed an unexpected line: {line}");
    };
    if UNPACKED.contains(&status) {
        let name = if arch == "all" { name.to_owned() } else { format!("{name}:{arch}") };
        truth.debs.insert(name, version.to_owned());
    }
    Ok(())
}

fn pip(line: &str) -> Result<Vec<(String, String)>> {
    let list: Vec<Value> = serde_json::from_str(line).context("cannot read the output of pip list")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(list.iter().map(|row| (normalised(&text(&row["name"])), text(&row["version"]))).collect())
}

/// A name as PyPI compares it.
pub(super) fn normalised(name: &str) -> String {
    let mut plain = String::new();
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !plain.is_empty() {
            plain.push('-');
        }
        plain.push_str(&part.to_lowercase());
    }
    plain
}

/// `path:name@version:…`; the first line of a list is the folder itself.
fn npm(line: &str) -> Option<(String, (String, String))> {
    let (path, rest) = line.split_once(':')?;
    let (name, version) = rest.split(':').next()?.rsplit_once('@')?;
    path.contains("/node_modules/").then(|| (plain(path), (name.to_owned(), version.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_s_words_are_read_section_by_section() {
        let told = "== deb\nsed\tamd64\t4.9\tinstalled\ntzdata\tall\t2024a\tunpacked\ncurl\tamd64\t7\tconfig-files\n\
                    == metadata\n/a/x-1.dist-info/METADATA\n== path system\n/usr/local\n/usr/lib\n== pip system\n\
                    [{\"name\": \"Zope.Interface\", \"version\": \"6.1\"}]\n== npm\n/srv/app:app@1.0.0:\n\
                    /srv/app/node_modules/@a/b:@a/b@1.2.3:\n== programs\n/usr/local/bin/tool\n== verify\n/etc/x\n== end\n";
        let truth = read(told).unwrap();
        let debs: Vec<_> = truth.debs.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(debs, ["sed:amd64 4.9", "tzdata 2024a"]);
        assert_eq!(truth.pythons[0].path, ["usr/local", "usr/lib"]);
        assert_eq!(truth.pythons[0].packages["zope-interface"], "6.1");
        assert_eq!(truth.npm["srv/app/node_modules/@a/b"], ("@a/b".to_owned(), "1.2.3".to_owned()));
        assert!(truth.programs.contains("usr/local/bin/tool") && truth.damaged.unwrap().contains("etc/x"));
        assert!(read("== deb\n").is_err(), "it broke off");
    }
}
