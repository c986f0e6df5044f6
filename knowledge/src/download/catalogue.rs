//! The feeds that can be downloaded: who publishes each, on what terms, how it is followed, and what is fetched.
//!
//! The decision a reader may doubt: feeds whose terms forbid what a user may be doing are in the list and off. Whoever has the
//! right to use them names them in the settings.

use super::kind::Kind;
use super::protocol;
use super::protocol::commit::Repository;
use super::protocol::csaf::Directory;
use super::protocol::repomd::Base;
use super::protocol::{alpine, csaf, cvelist, listing, nvd, osv};
use super::worker::{Item, Worker, host};

const MIB: u64 = 1 << 20;

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

/// A piece of work that does not need another one's outcome.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Whole(Item),
    Alpine,
    Osv(&'static str),
    Csaf(Directory),
    Nvd,
    CveList,
    Notices { base: Base, folder: String },
    Commit(Repository),
    SuseOval,
    Fedora,
}

impl Task {
    /// The host that is asked first; tasks of one host are worked off one after the other.
    pub(super) fn host(&self) -> String {
        let url = match self {
            Self::Whole(item) => item.url.clone(),
            Self::Alpine => alpine::INDEX.to_owned(),
            Self::Osv(_) => osv::BUCKET.to_owned(),
            Self::Csaf(directory) => directory.url.to_owned(),
            Self::Nvd => nvd::API.to_owned(),
            Self::CveList => cvelist::RAW.to_owned(),
            Self::Notices { base, .. } => base.url().to_owned(),
            Self::Commit(repository) => repository.url(),
            Self::SuseOval => listing::SUSE_OVAL.to_owned(),
            Self::Fedora => listing::FEDORA.to_owned(),
        };
        host(&url).to_owned()
    }

    pub(super) fn run(&self, worker: &mut Worker<'_>, keyed: bool) {
        match self {
            Self::Whole(item) => worker.whole_noted(item),
            Self::Alpine => alpine::run(worker),
            Self::Osv(ecosystem) => osv::run(worker, ecosystem),
            Self::Csaf(directory) => csaf::run(worker, *directory),
            Self::Nvd => nvd::run(worker, keyed),
            Self::CveList => cvelist::run(worker),
            Self::Notices { base, folder } => protocol::repomd::run(worker, base, folder),
            Self::Commit(repository) => protocol::commit::run(worker, *repository),
            Self::SuseOval => listing::suse_oval(worker),
            Self::Fedora => listing::fedora(worker),
        }
    }
}

fn whole(path: &str, url: &str, mib: u64, kind: Kind) -> Task {
    Task::Whole(Item { path: path.to_owned(), url: url.to_owned(), limit: mib * MIB, kind })
}

fn osv_tasks() -> Vec<Task> {
    // Those of Wolfi and Chainguard are left to the feeds of these names, which are off.
    const ECOSYSTEMS: [&str; 22] = [
        "AlmaLinux",
        "Alpine",
        "Bitnami",
        "CRAN",
        "Debian",
        "Go",
        "Hackage",
        "Hex",
        "Julia",
        "Maven",
        "NuGet",
        "Packagist",
        "Pub",
        "PyPI",
        "Red Hat",
        "Rocky Linux",
        "RubyGems",
        "SwiftURL",
        "Ubuntu",
        "crates.io",
        "npm",
        "openEuler",
    ];
    ECOSYSTEMS.into_iter().map(Task::Osv).collect()
}

fn debian_list_tasks() -> Vec<Task> {
    let raw = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data";
    let list = |name: &str| {
        whole(&format!("debian-lists/data/{name}/list"), &format!("{raw}/{name}/list"), 256, Kind::Text)
    };
    ["DSA", "DLA", "CVE"].map(list).to_vec()
}

fn ubuntu_tasks() -> Vec<Task> {
    let canonical = "https://security-metadata.canonical.com";
    [("osv", 1024), ("vex", 2048)]
        .map(|(form, mib)| {
            let file = format!("{form}-all.tar.xz");
            whole(&format!("ubuntu/{file}"), &format!("{canonical}/{form}/{file}"), mib, Kind::Xz)
        })
        .to_vec()
}

fn red_hat_tasks() -> Vec<Task> {
    let vex = Directory {
        url: "https://security.access.redhat.com/data/csaf/v2/vex/",
        archive: None,
        path: "redhat-csaf/vex/csaf_vex_latest.tar.zst",
        prefix: "",
    };
    let advisories = Directory {
        url: "https://security.access.redhat.com/data/csaf/v2/advisories/",
        path: "redhat-csaf/advisories/csaf_advisories_latest.tar.zst",
        ..vex
    };
    let map = "https://security.access.redhat.com/data/metrics/repository-to-cpe.json";
    vec![
        Task::Csaf(vex),
        Task::Csaf(advisories),
        whole("redhat-csaf/repository-to-cpe.json", map, 64, Kind::Json),
    ]
}

fn suse_tasks() -> Vec<Task> {
    let advisories = Directory {
        url: "https://ftp.suse.com/pub/projects/security/csaf/",
        archive: Some("https://ftp.suse.com/pub/projects/security/csaf.tar.bz2"),
        path: "suse-csaf/csaf.tar.zst",
        prefix: "csaf/",
    };
    let vex = Directory {
        url: "https://ftp.suse.com/pub/projects/security/csaf-vex/",
        archive: Some("https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2"),
        path: "suse-csaf/csaf-vex.tar.zst",
        prefix: "csaf-vex/",
    };
    vec![Task::Csaf(advisories), Task::Csaf(vex)]
}

fn azure_tasks() -> Vec<Task> {
    let raw = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main";
    ["azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml", "cbl-mariner-1.0-oval.xml"]
        .map(|file| whole(&format!("azurelinux/{file}"), &format!("{raw}/{file}"), 512, Kind::Xml))
        .to_vec()
}

/// Repositories with a list of mirrors each; Amazon Linux 1's are served without encryption only and are left out.
fn amazon_tasks() -> Vec<Task> {
    let cdn = "https://cdn.amazonlinux.com";
    let task = |list: String, folder: String| Task::Notices { base: Base::Mirrors(list), folder };
    let mut tasks = vec![
        task(
            format!("{cdn}/al2023/core/mirrors/latest/x86_64/mirror.list"),
            "updateinfo/amzn/2023/core/repodata".into(),
        ),
        task(format!("{cdn}/2/core/latest/x86_64/mirror.list"), "updateinfo/amzn/2/core/repodata".into()),
    ];
    let topics = [
        "docker",
        "ecs",
        "firefox",
        "kernel-5.10",
        "kernel-5.15",
        "livepatch",
        "nginx1",
        "php8.2",
        "postgresql14",
        "python3.8",
        "redis6",
        "tomcat9",
    ];
    tasks.extend(topics.map(|topic| {
        task(
            format!("{cdn}/2/extras/{topic}/latest/x86_64/mirror.list"),
            format!("updateinfo/amzn/2/{topic}/repodata"),
        )
    }));
    tasks
}

fn rocky_tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for release in ["8", "9", "10"] {
        let builder = if release == "8" { "PowerTools" } else { "CRB" };
        for repository in ["BaseOS", "AppStream", builder] {
            let base = format!("https://dl.rockylinux.org/pub/rocky/{release}/{repository}/x86_64/os/");
            let folder = format!("updateinfo/rocky/{release}/{repository}/repodata");
            tasks.push(Task::Notices { base: Base::At(base), folder });
        }
    }
    tasks
}

fn calendar_tasks() -> Vec<Task> {
    let dates = "https://salsa.debian.org/debian/distro-info-data/-/raw/main";
    let support = "https://salsa.debian.org/debian/debian-security-support/-/raw/master";
    let mut tasks: Vec<Task> = ["debian.csv", "ubuntu.csv"]
        .map(|file| whole(&format!("calendar/distro-info/{file}"), &format!("{dates}/{file}"), 4, Kind::Text))
        .to_vec();
    for release in 11..=14 {
        let file = format!("security-support.deb{release}");
        let path = format!("calendar/debian-security-support/{file}");
        tasks.push(whole(&path, &format!("{support}/{file}"), 4, Kind::Text));
    }
    tasks
}

fn commit(name: &'static str, branch: &'static str, path: &'static str) -> Vec<Task> {
    vec![Task::Commit(Repository { name, branch, path })]
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
