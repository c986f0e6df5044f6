//! What criteria say in words.
//!
//! Publishers write the comment of a criterion by one template each, and tools (some of them the publishers' own) read
//! nothing else. A comment is used for what tests do not tell (a product's name, a module, Canonical's reasons), and
//! instead of a test that the file lacks.

use model::FixState;

use super::publisher::Publisher;

/// What is said of a package, before it is known which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Any version is installed.
    Installed,
    /// None is installed.
    Absent,
    Before(String),
    /// That version or an older one.
    UpTo(String),
    /// Newer than that version.
    After(String),
    /// Whatever the version.
    Affected(FixState),
    NotAffected,
}

/// Criteria that narrow nothing down for an image: signatures, the running kernel, "some release must be installed".
pub(super) fn is_neutral(comment: &str) -> bool {
    comment.contains(" is signed with ")
        || comment.ends_with(" must be installed")
        || comment.ends_with(" is currently running")
        || comment.ends_with(" up on next boot")
        || comment.ends_with(" architecture")
}

/// `Module postgresql:12 is enabled` → `postgresql:12`.
pub(super) fn module(comment: &str) -> Option<&str> {
    comment.strip_prefix("Module ")?.strip_suffix(" is enabled").filter(|module| module.contains(':'))
}

/// `Oracle Linux arch is x86_64` → the names that packages of that machine have.
pub(super) fn machine(comment: &str) -> Option<Vec<String>> {
    let (_, machine) = comment.split_once(" arch is ")?;
    let names: &[&str] = match machine.trim() {
        "i386" => &["i386", "i486", "i586", "i686"],
        other => &[other],
    };
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The package and what is said of it, where there is no test to ask.
pub(super) fn package(publisher: Publisher, comment: &str) -> Option<(String, Fact)> {
    let body = comment.strip_prefix("Package ").unwrap_or(comment);
    let name = |text: &str| text.trim().trim_end_matches(" DPKG").to_owned();
    let version = |text: &str| text.trim_start().split([',', ' ']).next().unwrap_or_default().to_owned();
    for between in [" is earlier than ", " less than "] {
        if let Some((left, right)) = body.split_once(between) {
            return Some((name(left), Fact::Before(version(right))));
        }
    }
    if let Some((left, right)) = body.split_once(" is greater than ") {
        return Some((name(left), Fact::After(version(right))));
    }
    if let Some((left, right)) = body.split_once(" is installed with version ") {
        return right.ends_with(" or earlier").then(|| (name(left), Fact::UpTo(version(right))));
    }
    if let Some(left) = body.strip_suffix(" is not affected") {
        return Some((name(left), Fact::NotAffected));
    }
    if let Some(left) = body.strip_suffix(" is affected") {
        return Some((name(left), Fact::Affected(FixState::Affected)));
    }
    if let Some(left) = body.strip_suffix(" is not installed") {
        return Some((name(left), Fact::Absent));
    }
    let left = body.strip_suffix(" is installed")?;
    if !publisher.installed_means_older() {
        return Some((name(left), Fact::Installed));
    }
    let (rest, release) = left.rsplit_once('-')?;
    let (package, version) = rest.rsplit_once('-')?;
    Some((name(package), Fact::Before(format!("{version}-{release}"))))
}

/// What Canonical says of a source package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canonical {
    /// Where a definition is about a package and each criterion about a CVE.
    pub(super) cve: Option<String>,
    pub(super) package: String,
    /// `jammy`, `esm-infra/bionic`.
    pub(super) pocket: Option<String>,
    /// `Before` with the version of the note; the test's is better where there is one.
    pub(super) fact: Fact,
    pub(super) note: Option<String>,
}

/// Reads a comment of Canonical's, such as `potrace package in bionic, is related to the CVE in some way and has been
/// fixed (note: '1.14-2').`.
pub(super) fn canonical(comment: &str) -> Option<Canonical> {
    let (cve, body) = match comment.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
        Some((cve, body)) if cve.starts_with("CVE-") => (Some(cve.to_owned()), body),
        _ => (None, comment),
    };
    let (left, pocket, said) = match body.split_once(" package in ") {
        Some((left, right)) => {
            let end = right.find([' ', ',']).unwrap_or(right.len());
            (left, Some(right[..end].to_owned()), &right[end..])
        }
        None => {
            let (left, said) = body.split_once(": while related")?;
            (left, None, said)
        }
    };
    let package = left.rsplit(' ').next().unwrap_or_default().trim_matches('\'').to_owned();
    let note = said.split_once("(note: '").and_then(|(_, rest)| rest.split_once("')")).map(|(note, _)| note);
    let has = |words: &str| said.contains(words);
    let fact = if has("not affected") {
        Fact::NotAffected
    } else if has("been fixed") {
        Fact::Before(note?.split(' ').next().unwrap_or_default().to_owned())
    } else if has("to ignore") {
        Fact::Affected(ignored(note.unwrap_or_default()))
    } else if has("to defer") {
        Fact::Affected(FixState::FixDeferred)
    } else if has("not known") || has("may need fixing") || has("may be affected") || has("evaluat") {
        Fact::Affected(FixState::UnderInvestigation)
    } else if has("affected") {
        Fact::Affected(FixState::Affected)
    } else {
        return None;
    };
    let note = note.filter(|_| !matches!(fact, Fact::Before(_))).map(str::to_owned);
    Some(Canonical { cve, package, pocket, fact, note })
}

/// Canonical ignores what is past its support, and what it does not want to fix.
pub(crate) fn ignored(note: &str) -> FixState {
    let note = note.to_ascii_lowercase();
    let ended = ["end of life", "end-of-life", "end of standard support", "out of standard support", "eol"];
    if ended.iter().any(|words| note.contains(words)) { FixState::EndOfLife } else { FixState::WillNotFix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(name: &str, version: &str) -> Option<(String, Fact)> {
        Some((name.to_owned(), Fact::Before(version.to_owned())))
    }

    #[test]
    fn every_publishers_way_of_saying_older_than_is_read() {
        let read = |comment| package(Publisher::Oracle, comment);
        assert_eq!(read("rsyslog is earlier than 0:8.24.0-57.el7"), before("rsyslog", "0:8.24.0-57.el7"));
        assert_eq!(
            read("Package golang is earlier than  1.20.10-1, affected by CVE-1"),
            before("golang", "1.20.10-1")
        );
        assert_eq!(read("cron less than 4.1-70"), before("cron", "4.1-70"));
        assert_eq!(
            read("php7.4 DPKG is earlier than 7.4.30-1+deb11u1"),
            before("php7.4", "7.4.30-1+deb11u1")
        );
        assert_eq!(
            read("Package kernel is installed with version 5.10.189.1-1 or earlier"),
            Some(("kernel".into(), Fact::UpTo("5.10.189.1-1".into())))
        );
        assert_eq!(read("zlib-devel is not installed"), Some(("zlib-devel".into(), Fact::Absent)));
        assert_eq!(read("something else"), None);
        let suse = package(Publisher::Suse, "python3-base-3.6.15-150300.10.37.2 is installed");
        assert_eq!(suse, before("python3-base", "3.6.15-150300.10.37.2"));
        assert_eq!(package(Publisher::Suse, "core9 is installed"), None);
    }

    #[test]
    fn canonical_says_why_it_does_not_fix() {
        let read = |comment: &str| {
            let said = canonical(comment).unwrap();
            (said.package, said.pocket.unwrap_or_default(), said.fact, said.note.unwrap_or_default())
        };
        let affected = Fact::Affected;
        assert_eq!(
            read("xine-console package in bionic is affected and needs fixing."),
            ("xine-console".into(), "bionic".into(), affected(FixState::Affected), String::new())
        );
        assert_eq!(
            read(
                "The 'ruby1.9.1' package in trusty is affected, but a decision has been made to defer addressing it (note: '2019-04-10')."
            ),
            ("ruby1.9.1".into(), "trusty".into(), affected(FixState::FixDeferred), "2019-04-10".into())
        );
        assert_eq!(
            read(
                "The vulnerability of the 'brotli' package in xenial is not known (status: 'needs-triage'). It is pending evaluation."
            ),
            ("brotli".into(), "xenial".into(), affected(FixState::UnderInvestigation), String::new())
        );
        assert_eq!(
            read(
                "apache2: while related to the CVE in some way, a decision has been made to ignore this issue (note: 'end of life')."
            ),
            ("apache2".into(), String::new(), affected(FixState::EndOfLife), "end of life".into())
        );
        assert_eq!(
            read(
                "While related to the CVE in some way, the 'foo' package in esm-apps/focal is not affected (note: 'code not present')."
            ),
            ("foo".into(), "esm-apps/focal".into(), Fact::NotAffected, "code not present".into())
        );
        let fixed = canonical("(CVE-2023-48795) openssh package in fips-updates/jammy was vulnerable but has been fixed (note: '1:8.9p1-3ubuntu0.5').").unwrap();
        assert_eq!(fixed.cve.as_deref(), Some("CVE-2023-48795"));
        assert_eq!((fixed.fact, fixed.note), (Fact::Before("1:8.9p1-3ubuntu0.5".into()), None));
        assert_eq!(canonical("Long Term Support"), None);
    }
}
