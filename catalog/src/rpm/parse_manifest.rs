//! The list that Microsoft's distroless images have in place of a database: one package a line, ten fields
//! apart by tabs, as `rpm --query` prints them with `%{NAME} %{VERSION}-%{RELEASE} %{INSTALLTIME} %{BUILDTIME}
//! %{VENDOR} %{EPOCH} %{SIZE} %{ARCH} %{EPOCHNUM} %{SOURCERPM}`.

use super::MAX_PACKAGES;
use super::evr::{self, Record};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};
use crate::vendor;

/// Largest list that is read.
const MAX_MANIFEST: u64 = 64 << 20;

/// Keeps the packages of the list; a line that is none becomes a note.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_MANIFEST);
    let mut records = Vec::new();
    let outcome = loop {
        let number = lines.number() + 1;
        match lines.next_line() {
            Ok(Some(line)) if line.trim_ascii().is_empty() => {}
            Ok(Some(_)) if records.len() == MAX_PACKAGES => {
                break Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
            }
            Ok(Some(line)) => match record(line) {
                Some(record) if record.name == "gpg-pubkey" => {}
                Some(record) => records.push(record),
                None => facts.note(format!("line {number} is no package")),
            },
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    evr::finish(records, facts)?;
    outcome
}

fn record(line: &[u8]) -> Option<Record> {
    let mut fields = line.split(|byte| *byte == b'\t').map(owned);
    let (name, version) = (fields.next()?, fields.next()?);
    let vendor = fields.nth(2)?;
    let (arch, epoch, source) = (fields.nth(2)?, fields.next()?, fields.next()?);
    let is_version =
        version.split_once('-').is_some_and(|(version, release)| !version.is_empty() && !release.is_empty());
    if name.is_empty() || !is_version {
        return None;
    }
    let arch = if arch == "(none)" { String::new() } else { arch };
    let vendor = vendor::of_rpm(&vendor, "");
    let epoch = epoch.parse().unwrap_or_default();
    Some(Record { name, epoch, version, arch, source, vendor, ..Record::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_package_with_its_epoch_and_source_and_others_are_noted() {
        let text = "mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t0\t\
                    mariner-release-2.0-12.cm2.src.rpm\n\
                    openssl-libs\t1.1.1k-15.cm2\t1\t1\tMicrosoft Corporation\t(none)\t1\tx86_64\t1\topenssl-1.1.1k-15.cm2.src.rpm\n\
                    no package\n";
        let mut facts = Facts::default();
        let mut content = text.as_bytes();
        let mut input = Input { path: b"", size: 0, content: &mut content };
        read(&mut input, &mut facts).unwrap();
        let lines: Vec<String> = facts
            .packages
            .iter()
            .map(|found| format!("{} {} {:?} {:?}", found.name, found.version, found.arch, found.source))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        mariner-release 2.0-12.cm2 Some("noarch") Some(("mariner-release", "2.0-12.cm2"))
        openssl-libs 1:1.1.1k-15.cm2 Some("x86_64") Some(("openssl", "1:1.1.1k-15.cm2"))
        "#);
        assert_eq!(facts.notes, ["line 3 is no package"]);
    }
}
