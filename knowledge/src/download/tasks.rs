//! What is fetched of each feed: addresses, places and bounds.

use super::kind::Kind;
use super::protocol;
use super::protocol::commit::Repository;
use super::protocol::csaf::Directory;
use super::protocol::repomd::Base;
use super::protocol::{alpine, cvelist, listing, nvd, osv};
use super::worker::{Item, Worker, host};

const MIB: u64 = 1 << 20;

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
            Self::Csaf(directory) => protocol::csaf::run(worker, *directory),
            Self::Nvd => nvd::run(worker, keyed),
            Self::CveList => cvelist::run(worker),
            Self::Notices { base, folder } => protocol::repomd::run(worker, base, folder),
            Self::Commit(repository) => protocol::commit::run(worker, *repository),
            Self::SuseOval => listing::suse_oval(worker),
            Self::Fedora => listing::fedora(worker),
        }
    }
}

pub(super) fn whole(path: &str, url: &str, mib: u64, kind: Kind) -> Task {
    Task::Whole(Item { path: path.to_owned(), url: url.to_owned(), limit: mib * MIB, kind })
}

pub(super) fn osv_tasks() -> Vec<Task> {
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

pub(super) fn debian_list_tasks() -> Vec<Task> {
    let raw = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data";
    let list = |name: &str| {
        whole(&format!("debian-lists/data/{name}/list"), &format!("{raw}/{name}/list"), 256, Kind::Text)
    };
    ["DSA", "DLA", "CVE"].map(list).to_vec()
}

pub(super) fn ubuntu_tasks() -> Vec<Task> {
    let canonical = "https://security-metadata.canonical.com";
    [("osv", 1024), ("vex", 2048)]
        .map(|(form, mib)| {
            let file = format!("{form}-all.tar.xz");
            whole(&format!("ubuntu/{file}"), &format!("{canonical}/{form}/{file}"), mib, Kind::Xz)
        })
        .to_vec()
}

pub(super) fn red_hat_tasks() -> Vec<Task> {
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

pub(super) fn suse_tasks() -> Vec<Task> {
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

pub(super) fn azure_tasks() -> Vec<Task> {
    let raw = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main";
    ["azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml", "cbl-mariner-1.0-oval.xml"]
        .map(|file| whole(&format!("azurelinux/{file}"), &format!("{raw}/{file}"), 512, Kind::Xml))
        .to_vec()
}

/// Repositories with a list of mirrors each; Amazon Linux 1's are served without encryption only and are left out.
pub(super) fn amazon_tasks() -> Vec<Task> {
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

pub(super) fn rocky_tasks() -> Vec<Task> {
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

pub(super) fn calendar_tasks() -> Vec<Task> {
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

pub(super) fn commit(name: &'static str, branch: &'static str, path: &'static str) -> Vec<Task> {
    vec![Task::Commit(Repository { name, branch, path })]
}
