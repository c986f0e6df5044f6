//! Versions as rpm writes them, `[epoch:]version-release`, and what the name of a source package tells.

use std::collections::HashMap;

use model::Ecosystem;

use super::MAX_PACKAGES;
use crate::facts::{Facts, Found};
use crate::text::Problem;

/// A package as a database or a list tells it.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub name: String,
    /// 0 is the same as none.
    pub epoch: u32,
    /// `version-release`.
    pub version: String,
    pub arch: String,
    /// File name of the source package, such as `bash-5.1.8-6.el9.src.rpm`; empty if there is none.
    pub source: String,
    /// Who built it.
    pub vendor: Option<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// `name:stream` of the module that it came with.
    pub module: Option<String>,
}

/// Adds the packages to `facts`.
///
/// The name of a source package does not tell its epoch. It is that of a binary package with the very version
/// of the source, which its main package has; where no such package is installed, the binary's own.
pub(super) fn finish(records: Vec<Record>, facts: &mut Facts) -> Result<(), Problem> {
    let mut epochs: HashMap<String, u32> = HashMap::new();
    for record in &records {
        if source_of(&record.source).is_some_and(|(_, version)| version == record.version) {
            epochs.insert(record.source.clone(), record.epoch);
        }
    }
    for record in records {
        if facts.packages.len() == MAX_PACKAGES {
            return Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
        }
        let source = source_of(&record.source).map(|(name, version)| {
            let epoch = epochs.get(&record.source).copied().unwrap_or(record.epoch);
            (name.to_owned(), with_epoch(epoch, version))
        });
        facts.packages.push(Found {
            ecosystem: Ecosystem::Rpm,
            version: with_epoch(record.epoch, &record.version),
            arch: Some(record.arch).filter(|arch| !arch.is_empty()),
            name: record.name,
            source,
            module: record.module,
            vendor: record.vendor,
            license: record.license,
            declared: false,
            part_of: None,
            inside: String::new(),
        });
    }
    Ok(())
}

/// An epoch of 0 is not written, as it is the same as none.
fn with_epoch(epoch: u32, version: &str) -> String {
    if epoch == 0 { version.to_owned() } else { format!("{epoch}:{version}") }
}

/// Name and `version-release` of a source package by its file name.
fn source_of(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let release = stem.rfind('-')?;
    let version = stem[..release].rfind('-')?;
    let (name, version) = (&stem[..version], &stem[version + 1..]);
    (!name.is_empty()).then_some((name, version))
}

/// `name:stream` out of a modularity label, `name:stream:version:context[:arch]`.
pub(super) fn module_of(label: &str) -> Option<String> {
    let mut parts = label.split(':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(stream)) if !name.is_empty() && !stream.is_empty() => {
            Some(format!("{name}:{stream}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_of_a_source_package_is_cut_from_its_end() {
        assert_eq!(source_of("bash-5.1.8-6.el9.src.rpm"), Some(("bash", "5.1.8-6.el9")));
        assert_eq!(source_of("python-a-b-1~rc1-1.nosrc.rpm"), Some(("python-a-b", "1~rc1-1")));
        for text in ["", "(none)", "a-1.src.rpm", "-1-1.src.rpm", "bash-5.1.8-6.el9.x86_64.rpm"] {
            assert_eq!(source_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_source_has_the_epoch_of_the_package_with_its_own_version() {
        let record = |name: &str, epoch, version: &str| Record {
            name: name.into(),
            epoch,
            version: version.into(),
            source: "perl-5.26.3-416.el8.src.rpm".into(),
            ..Record::default()
        };
        let sources = |records: Vec<Record>| {
            let mut facts = Facts::default();
            finish(records, &mut facts).unwrap();
            facts.packages.into_iter().map(|found| found.source.unwrap().1).collect::<Vec<_>>()
        };
        let errno = || record("perl-Errno", 0, "1.28-416.el8");
        let libs = record("perl-libs", 4, "5.26.3-416.el8");
        assert_eq!(sources(vec![errno(), libs]), ["4:5.26.3-416.el8", "4:5.26.3-416.el8"]);
        assert_eq!(sources(vec![errno()]), ["5.26.3-416.el8"]);
    }

    #[test]
    fn a_module_is_its_name_and_stream() {
        assert_eq!(module_of("nodejs:18:9030020240301111035:rhel9"), Some("nodejs:18".into()));
        assert_eq!(module_of("nodejs"), None);
        assert_eq!(module_of("(none)"), None);
    }
}
