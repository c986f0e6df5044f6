//! `security-support.debNN` of `debian-security-support` (<https://salsa.debian.org/debian/debian-security-support>):
//! source packages whose support is limited, or ends before the release's.
//!
//! ```text
//! package         limited         why
//! package         non-supported   last supported version   date   why
//! begin-of-name.* supported       why
//! ```
//!
//! An end without a date, as one line of Debian 11 has it, is an end all the same. Lines are sometimes corrected by
//! later ones for a part of the names; an exact name wins over a beginning.

use model::Timestamp;

use crate::product::{PackageSupport, SupportEnd};
use crate::record::FileHarvest;
use crate::text::is_name;

/// Reads the list of Debian's `release`, such as `12`.
pub(super) fn read(release: &str, text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    if release.is_empty() || !release.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{release}` is no release of Debian"));
    }
    let mut ends = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match read_line(line) {
            Ok(end) => ends.push(end),
            Err(reason) => out.quarantine(line, reason),
        }
    }
    out.records += ends.len() as u64;
    out.harvest.products.add_support("debian", release, ends);
    Ok(())
}

fn read_line(line: &str) -> Result<SupportEnd, String> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let (package, is_prefix) = match name.strip_suffix(".*") {
        Some(begin) => (begin, true),
        None => (name, false),
    };
    if !is_name(package) || package.contains(['*', '[', '(', '\\', '^', '$', '|', '?']) {
        return Err(format!("`{name}` is neither a package nor the beginning of its name"));
    }
    let support = match words.next() {
        Some("limited" | "supported") => PackageSupport::AsRelease,
        Some("non-supported") => PackageSupport::Ends(words.nth(1).and_then(Timestamp::parse)),
        other => return Err(format!("`{}` is no kind of support", other.unwrap_or_default())),
    };
    Ok(SupportEnd { package: package.to_owned(), is_prefix, support })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_packages_and_when_their_support_ends() {
        let end = |line: &str| read_line(line).map(|end| (end.package, end.is_prefix, end.support));
        let on = |date: &str| PackageSupport::Ends(Timestamp::parse(date));
        assert_eq!(
            end("dnsdist  non-supported   1.7.3-2\t2025-10-01\tNo support"),
            Ok(("dnsdist".into(), false, on("2025-10-01")))
        );
        assert_eq!(
            end("golang.*   limited  See there"),
            Ok(("golang".into(), true, PackageSupport::AsRelease))
        );
        assert_eq!(
            end("freeimage non-supported   Inactive project upstream"),
            Ok(("freeimage".into(), false, PackageSupport::Ends(None)))
        );
        assert_eq!(end("libsoup2.4 supported"), Ok(("libsoup2.4".into(), false, PackageSupport::AsRelease)));
        assert!(end("x maybe").is_err() && end("x").is_err() && end("(a|b) limited").is_err());
    }
}
