//! The feeds that can be downloaded: who publishes each, on what terms, how it is followed, and what is fetched.
//!
//! The decision a reader may doubt: feeds whose terms forbid what a user may be doing are in the list and off. Whoever has the
//! right to use them names them in the settings.

use super::kind::Kind;
use super::protocol::{alpine, listing};
use super::tasks::{
    Task, amazon_tasks, azure_tasks, calendar_tasks, commit, debian_list_tasks, osv_tasks, red_hat_tasks,
    rocky_tasks, suse_tasks, ubuntu_tasks, whole,
};

/// A feed that can be downloaded.
pub(crate) struct Source {
    /// As `--only`, `--without` and the settings name it.
    pub(crate) name: &'static str,
    pub(crate) publisher: &'static str,
    /// Below the folder of feeds.
    pub(crate) folder: &'static str,
    /// The address, or what all addresses begin with.
    pub(crate) address: &'static str,
    /// How changes are followed, in words.
    pub(crate) protocol: &'static str,
    /// How often it changes, in words.
    pub(crate) interval: &'static str,
    pub(crate) licence: &'static str,
    /// Whether it is fetched unless somebody says otherwise.
    pub(crate) on: bool,
    tasks: fn() -> Vec<Task>,
}

impl Source {
    /// What is to be fetched, in order.
    pub(super) fn tasks(&self) -> Vec<Task> {
        (self.tasks)()
    }
}

const CONDITIONAL: &str = "conditional request (ETag, Last-Modified)";
const COMMIT: &str = "newest commit, then its archive if it is another one";

/// All of them, in the order in which they are reported.
pub(crate) const SOURCES: [Source; 27] = [
    Source {
        name: "osv",
        publisher: "OSV.dev (Google), with GitHub, PyPA, Go, RustSec and others",
        folder: "osv",
        address: "https://osv-vulnerabilities.storage.googleapis.com/",
        protocol: "`all.zip` of an ecosystem once a week, in between `modified_id.csv` and the changed records",
        interval: "1 h",
        licence: "CC-BY-4.0, CC0-1.0 or Apache-2.0 by database",
        on: true,
        tasks: osv_tasks,
    },
    Source {
        name: "debian",
        publisher: "Debian security team",
        folder: "debian",
        address: "https://security-tracker.debian.org/tracker/data/json",
        protocol: CONDITIONAL,
        interval: "2 h to 4 h",
        licence: "free to use, credit Debian",
        on: true,
        tasks: || {
            vec![whole(
                "debian/json",
                "https://security-tracker.debian.org/tracker/data/json",
                512,
                Kind::Json,
            )]
        },
    },
    Source {
        name: "debian-lists",
        publisher: "Debian security team",
        folder: "debian-lists",
        address: "https://salsa.debian.org/security-tracker-team/security-tracker",
        protocol: CONDITIONAL,
        interval: "2 h to 4 h",
        licence: "free to use, credit Debian",
        on: true,
        tasks: debian_list_tasks,
    },
    Source {
        name: "ubuntu",
        publisher: "Canonical",
        folder: "ubuntu",
        address: "https://security-metadata.canonical.com/",
        protocol: CONDITIONAL,
        interval: "6 h",
        licence: "CC-BY-SA-4.0",
        on: true,
        tasks: ubuntu_tasks,
    },
    Source {
        name: "alpine",
        publisher: "Alpine Linux",
        folder: "alpine-secdb",
        address: alpine::INDEX,
        protocol: "directory listing, then conditional requests",
        interval: "6 h",
        licence: "CC-BY-SA-4.0",
        on: true,
        tasks: || vec![Task::Alpine],
    },
    Source {
        name: "wolfi",
        publisher: "Chainguard",
        folder: "wolfi",
        address: "https://packages.wolfi.dev/os/security.json",
        protocol: CONDITIONAL,
        interval: "6 h",
        licence: "CC-BY-NC-ND-4.0, not in commercial scanners without Chainguard's consent",
        on: false,
        tasks: || {
            vec![whole(
                "wolfi/os/security.json",
                "https://packages.wolfi.dev/os/security.json",
                256,
                Kind::Json,
            )]
        },
    },
    Source {
        name: "chainguard",
        publisher: "Chainguard",
        folder: "chainguard",
        address: "https://packages.cgr.dev/chainguard/security.json",
        protocol: CONDITIONAL,
        interval: "6 h",
        licence: "CC-BY-NC-ND-4.0, not in commercial scanners without Chainguard's consent",
        on: false,
        tasks: || {
            let url = "https://packages.cgr.dev/chainguard/security.json";
            vec![whole("chainguard/security.json", url, 256, Kind::Json)]
        },
    },
    Source {
        name: "redhat",
        publisher: "Red Hat Product Security",
        folder: "redhat-csaf",
        address: "https://security.access.redhat.com/data/csaf/v2/",
        protocol: "archive once a month, in between `changes.csv` and `deletions.csv`; checksums of archive and documents",
        interval: "1 h to 24 h",
        licence: "CC-BY-4.0",
        on: true,
        tasks: red_hat_tasks,
    },
    Source {
        name: "suse",
        publisher: "SUSE",
        folder: "suse-csaf",
        address: "https://ftp.suse.com/pub/projects/security/",
        protocol: "archive once a month, in between `changes.csv`; checksums of documents",
        interval: "6 h",
        licence: "CC-BY-4.0",
        on: true,
        tasks: suse_tasks,
    },
    Source {
        name: "suse-oval",
        publisher: "SUSE",
        folder: "suse-oval",
        address: listing::SUSE_OVAL,
        protocol: "directory listing, then conditional requests",
        interval: "24 h",
        licence: "CC-BY-4.0",
        on: true,
        tasks: || vec![Task::SuseOval],
    },
    Source {
        name: "oracle",
        publisher: "Oracle",
        folder: "oracle",
        address: "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "published for use by scanners",
        on: true,
        tasks: || {
            let url = "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2";
            vec![whole("oracle/com.oracle.elsa-all.xml.bz2", url, 512, Kind::Bzip2)]
        },
    },
    Source {
        name: "azurelinux",
        publisher: "Microsoft",
        folder: "azurelinux",
        address: "https://github.com/microsoft/AzureLinuxVulnerabilityData",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "MIT",
        on: true,
        tasks: azure_tasks,
    },
    Source {
        name: "amazon",
        publisher: "Amazon Web Services",
        folder: "updateinfo/amzn",
        address: "https://cdn.amazonlinux.com/",
        protocol: "`mirror.list`, `repomd.xml`, then `updateinfo` if its checksum is another one",
        interval: "6 h to 24 h",
        licence: "free to use, credit Amazon",
        on: true,
        tasks: amazon_tasks,
    },
    Source {
        name: "fedora",
        publisher: "Fedora Project",
        folder: "updateinfo/fedora",
        address: listing::FEDORA,
        protocol: "directory listing, `repomd.xml`, then `updateinfo` if its checksum is another one",
        interval: "6 h to 24 h",
        licence: "free to use, credit Fedora",
        on: true,
        tasks: || vec![Task::Fedora],
    },
    Source {
        name: "rocky",
        publisher: "Rocky Enterprise Software Foundation",
        folder: "updateinfo/rocky",
        address: "https://dl.rockylinux.org/pub/rocky/",
        protocol: "`repomd.xml`, then `updateinfo` if its checksum is another one",
        interval: "6 h to 24 h",
        licence: "BSD-3-Clause",
        on: true,
        tasks: rocky_tasks,
    },
    Source {
        name: "nvd",
        publisher: "NIST",
        folder: "nvd",
        address: "https://nvd.nist.gov/",
        protocol: "yearly feeds with `.meta` checksums once, then the API's windows of modification",
        interval: "2 h",
        licence: "public domain; uses NVD data but is not endorsed or certified by the NVD",
        on: true,
        tasks: || vec![Task::Nvd],
    },
    Source {
        name: "cvelist",
        publisher: "CVE Program, with CISA's enrichment",
        folder: "cvelist",
        address: "https://github.com/CVEProject/cvelistV5",
        protocol: "archive of a day once a month, in between `deltaLog.json` and the changed records",
        interval: "1 h",
        licence: "CVE Program terms of use; CC0-1.0 (CISA)",
        on: true,
        tasks: || vec![Task::CveList],
    },
    Source {
        name: "kev",
        publisher: "CISA",
        folder: "kev",
        address: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        protocol: CONDITIONAL,
        interval: "6 h",
        licence: "CC0-1.0",
        on: true,
        tasks: || {
            let url = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";
            vec![whole("kev/known_exploited_vulnerabilities.json", url, 64, Kind::Json)]
        },
    },
    Source {
        name: "epss",
        publisher: "FIRST",
        folder: "epss",
        address: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
        protocol: "conditional request, redirected to the file of the day",
        interval: "24 h",
        licence: "free to use, credit FIRST.org",
        on: true,
        tasks: || {
            let url = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz";
            vec![whole("epss/epss_scores-current.csv.gz", url, 64, Kind::Gzip)]
        },
    },
    Source {
        name: "exploitdb",
        publisher: "OffSec",
        folder: "exploitdb",
        address: "https://gitlab.com/exploit-database/exploitdb",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "GPL-2.0-or-later; only numbers are taken",
        on: true,
        tasks: || {
            let url = "https://gitlab.com/exploit-database/exploitdb/-/raw/main/files_exploits.csv";
            vec![whole("exploitdb/files_exploits.csv", url, 128, Kind::Text)]
        },
    },
    Source {
        name: "metasploit",
        publisher: "Rapid7",
        folder: "metasploit",
        address: "https://github.com/rapid7/metasploit-framework",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "BSD-3-Clause",
        on: true,
        tasks: || {
            let url = "https://raw.githubusercontent.com/rapid7/metasploit-framework/master/db/modules_metadata_base.json";
            vec![whole("metasploit/modules_metadata_base.json", url, 256, Kind::Json)]
        },
    },
    Source {
        name: "nuclei",
        publisher: "ProjectDiscovery",
        folder: "nuclei",
        address: "https://github.com/projectdiscovery/nuclei-templates",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "MIT",
        on: true,
        tasks: || {
            let url = "https://raw.githubusercontent.com/projectdiscovery/nuclei-templates/main/cves.json";
            vec![whole("nuclei/cves.json", url, 64, Kind::Json)]
        },
    },
    Source {
        name: "ruby-advisory-db",
        publisher: "RubySec",
        folder: "ruby-advisory-db",
        address: "https://github.com/rubysec/ruby-advisory-db",
        protocol: COMMIT,
        interval: "1 h to 6 h",
        licence: "public domain",
        on: true,
        tasks: || commit("rubysec/ruby-advisory-db", "master", "ruby-advisory-db/ruby-advisory-db.tar.gz"),
    },
    Source {
        name: "friendsofphp",
        publisher: "FriendsOfPHP",
        folder: "friendsofphp",
        address: "https://github.com/FriendsOfPHP/security-advisories",
        protocol: COMMIT,
        interval: "1 h to 6 h",
        licence: "Unlicense",
        on: true,
        tasks: || {
            commit("FriendsOfPHP/security-advisories", "master", "friendsofphp/security-advisories.tar.gz")
        },
    },
    Source {
        name: "nodejs-security-wg",
        publisher: "Node.js Security Working Group",
        folder: "nodejs-security-wg",
        address: "https://github.com/nodejs/security-wg",
        protocol: COMMIT,
        interval: "24 h",
        licence: "MIT",
        on: true,
        tasks: || commit("nodejs/security-wg", "main", "nodejs-security-wg/security-wg.tar.gz"),
    },
    Source {
        name: "endoflife",
        publisher: "endoflife.date",
        folder: "endoflife",
        address: "https://endoflife.date/api/v1/products/full",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "MIT",
        on: true,
        tasks: || {
            let url = "https://endoflife.date/api/v1/products/full";
            vec![whole("endoflife/products-full.json", url, 128, Kind::Json)]
        },
    },
    Source {
        name: "calendar",
        publisher: "Debian",
        folder: "calendar",
        address: "https://salsa.debian.org/debian/distro-info-data",
        protocol: CONDITIONAL,
        interval: "24 h",
        licence: "ISC (distro-info-data), GPL-2.0-or-later (debian-security-support)",
        on: true,
        tasks: calendar_tasks,
    },
];

/// The feed that a file of the folder belongs to.
pub(super) fn source_of(path: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| {
        path.strip_prefix(source.folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The reference page of all feeds, in Markdown.
pub fn feeds_page() -> String {
    let mut page = String::from(
        "# Feeds\n\nWhat `plimsoll feeds update` downloads, and how. *Interval* is how often a publisher changes the feed or asks to be \
         asked at most;\nall of them are asked at every update. A feed that is off is fetched if `--feeds-also` names it. This page is \
         generated by `cargo xtask generate`.\n\n\
         | feed | folder | publisher | address | changes are followed by | interval | licence | on |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for source in &SOURCES {
        let Source { name, folder, publisher, address, protocol, interval, licence, on, .. } = source;
        let on = if *on { "yes" } else { "no" };
        page += &format!(
            "| `{name}` | `{folder}/` | {publisher} | <{address}> | {protocol} | {interval} | {licence} | {on} |\n"
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feed_has_a_name_of_its_own_and_fetches_into_its_folder_over_https() {
        let mut names: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SOURCES.len());
        for source in &SOURCES {
            assert!(source.address.starts_with("https://"), "{}", source.name);
            let tasks = source.tasks();
            assert!(!tasks.is_empty(), "{}", source.name);
            for task in tasks {
                assert!(task.host().contains('.'), "{task:?}");
                let path = match &task {
                    Task::Whole(item) => item.path.clone(),
                    Task::Csaf(directory) => directory.path.to_owned(),
                    Task::Commit(repository) => repository.path.to_owned(),
                    Task::Notices { folder, .. } => folder.clone(),
                    _ => continue,
                };
                assert_eq!(source_of(&path).map(|source| source.name), Some(source.name), "{path}");
            }
        }
        assert!(source_of("osvx/a").is_none());
    }

    #[test]
    fn feeds_of_chainguard_are_off() {
        let off: Vec<&str> = SOURCES.iter().filter(|source| !source.on).map(|source| source.name).collect();
        assert_eq!(off, ["wolfi", "chainguard"]);
    }
}
