//! Whose notice it is and which release it is about.
//!
//! The words of the notice come first, then the name of the collection, the packages' own release tags, and the folders
//! of the mirror; each publisher fills in others of them. A third part of the namespace keeps a stream apart that a plain
//! release does not get its packages from:
//!
//! - `amzn:2:docker`: a topic of Amazon Linux 2's extras. Topics carry other versions of packages that the core has too, so a
//!   topic's fix says nothing about the core's package. Where the topic is named after the version that it carries
//!   (`kernel-5.15`, `php8.2`), the statement stands in `amzn:2` for versions from there on, which the core never has.
//! - `fedora:39:testing`: not released yet.
//! - `rocky:9:sig-cloud`: packages of a special interest group (`RXSA`).

use super::advisory::{Advisory, Collection, Update};

/// Who has issued a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publisher {
    Amazon,
    Fedora,
    Epel,
    Rocky,
    AlmaLinux,
}

impl Publisher {
    /// By the form of the notice's id: a prefix, and a year somewhere behind it.
    pub(super) fn of(id: &str) -> Option<Self> {
        let year = |part: &str| part.len() == 4 && part.starts_with(['1', '2']) && is_number(part);
        if !id.split(['-', ':']).skip(1).any(year) {
            return None;
        }
        let prefix = id.split('-').next().unwrap_or_default();
        match prefix {
            "RLSA" | "RLBA" | "RLEA" | "RXSA" | "RXBA" | "RXEA" => Some(Self::Rocky),
            "ALSA" | "ALBA" | "ALEA" => Some(Self::AlmaLinux),
            "FEDORA" if id.starts_with("FEDORA-EPEL-") => Some(Self::Epel),
            "FEDORA" => Some(Self::Fedora),
            _ if prefix.starts_with("ALAS") => Some(Self::Amazon),
            _ => None,
        }
    }
}

/// What a collection's packages belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    /// `amzn:2`, `fedora:39`, `rocky:9`.
    pub(super) name: String,
    /// The stream beside it.
    pub(super) stream: Option<String>,
}

impl Release {
    fn plain(id: &str, version: &str) -> Self {
        Self { name: format!("{id}:{version}"), stream: None }
    }

    fn beside(mut self, stream: Option<&str>) -> Self {
        self.stream = stream.map(str::to_owned);
        self
    }

    /// Namespace and first version that a statement about `update` is limited to.
    pub(super) fn scope(&self, update: &Update) -> (String, Option<String>) {
        let Some(stream) = &self.stream else { return (self.name.clone(), None) };
        let carried = trailing_version(stream).filter(|version| {
            let rest = update.version.strip_prefix(version);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        match carried {
            Some(version) if self.name == "amzn:2" => {
                let first = Update { version: version.into(), release: String::new(), ..update.clone() };
                (self.name.clone(), Some(first.evr()))
            }
            _ => (format!("{}:{stream}", self.name), None),
        }
    }
}

/// The version that a topic is named after: `kernel-5.15` → `5.15`, `nginx1` → `1`.
fn trailing_version(topic: &str) -> Option<&str> {
    let start = topic.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let version = &topic[start..];
    (start > 0 && version.split('.').all(|part| !part.is_empty())).then_some(version)
}

/// The release of a collection; `folders` are those above the file, in lower case.
pub(super) fn release(
    publisher: Publisher,
    advisory: &Advisory,
    collection: &Collection,
    folders: &[String],
) -> Option<Release> {
    match publisher {
        Publisher::Amazon => amazon(&collection.short).or_else(|| amazon_id(&advisory.id)),
        Publisher::Fedora => {
            let testing = matches!(advisory.status.as_str(), "testing" | "pending")
                || folders.iter().any(|folder| folder == "testing");
            let version = fedora(advisory, collection, folders)?;
            Some(Release::plain("fedora", &version).beside(testing.then_some("testing")))
        }
        Publisher::Epel => Some(Release::plain("epel", &enterprise("epel", advisory, collection, folders)?)),
        Publisher::Rocky => {
            let special = advisory.id.starts_with("RX")
                || is_special(&collection.short)
                || is_special(&collection.name);
            let version = enterprise("rocky", advisory, collection, folders)?;
            Some(Release::plain("rocky", &version).beside(special.then_some("sig-cloud")))
        }
        Publisher::AlmaLinux => {
            Some(Release::plain("almalinux", &enterprise("almalinux", advisory, collection, folders)?))
        }
    }
}

/// `amazon-linux-2---kernel-5.15` and its like.
fn amazon(short: &str) -> Option<Release> {
    let short = short.to_ascii_lowercase();
    let rest = short.strip_prefix("amazon-linux-")?;
    let (release, topic) = match rest.split_once("---") {
        Some((release, topic)) => (release, Some(topic)),
        None => (rest, None),
    };
    amazon_release(release, topic)
}

/// `ALAS2KERNEL-5.15-2022-001`: release, topic, year and number. A topic without a release is one of Amazon Linux 2.
fn amazon_id(id: &str) -> Option<Release> {
    let (stem, _) = id.strip_prefix("ALAS")?.rsplit_once('-')?;
    let (stem, _) = stem.rsplit_once('-').unwrap_or(("", stem));
    let release = ["2023", "2022", "2"].into_iter().find(|release| stem.starts_with(release));
    let topic = &stem[release.map_or(0, str::len)..];
    let topic = Some(topic.to_ascii_lowercase()).filter(|topic| !topic.is_empty());
    let release = release.unwrap_or(if topic.is_some() { "2" } else { "ami" });
    amazon_release(release, topic.as_deref())
}

fn amazon_release(release: &str, topic: Option<&str>) -> Option<Release> {
    match release {
        // All images of Amazon Linux 1 got their packages from one repository.
        "ami" => Some(Release::plain("amzn", "2018.03")),
        "2" => Some(Release::plain("amzn", release).beside(topic)),
        // Its further repositories (live patches, Nvidia) hold packages that the core does not have.
        year if is_number(year) && year.len() == 4 => Some(Release::plain("amzn", year)),
        _ => None,
    }
}

fn fedora(advisory: &Advisory, collection: &Collection, folders: &[String]) -> Option<String> {
    let words = advisory.release.split_whitespace().chain(collection.name.split_whitespace());
    let number = words.into_iter().find(|word| is_number(word)).map(str::to_owned);
    number
        .or_else(|| {
            let digits =
                collection.short.strip_prefix('F')?.trim_end_matches(|c: char| c.is_ascii_uppercase());
            is_number(digits).then(|| digits.to_owned())
        })
        .or_else(|| tag(collection, ".fc"))
        .or_else(|| folders.iter().rev().find(|folder| is_number(folder)).cloned())
}

/// The major release of a rebuild of Red Hat's, or of the packages for all of them.
fn enterprise(id: &str, advisory: &Advisory, collection: &Collection, folders: &[String]) -> Option<String> {
    let names = [&advisory.release, &collection.name, &collection.short];
    let known = ["rocky", "almalinux", "fedora epel", "el-", "epel-"];
    let in_words = names.into_iter().find_map(|name| {
        let name = name.to_ascii_lowercase();
        known.iter().any(|word| name.starts_with(word)).then(|| first_major(&name))?
    });
    in_words.or_else(|| tag(collection, ".el").or_else(|| tag(collection, "_el"))).or_else(|| {
        let from = folders.iter().position(|folder| folder.contains(id))?;
        folders[from + 1..].iter().find_map(|folder| first_major(folder))
    })
}

/// The first number among the words of a name, without what is behind its dot: `rocky-linux-9-x86-64` → `9`.
fn first_major(name: &str) -> Option<String> {
    let number = name.split([' ', '-', '_']).find_map(|word| {
        let major = word.split('.').next()?;
        (is_number(major) && major.len() <= 2 && word.split('.').all(is_number)).then_some(major)
    });
    number.map(str::to_owned)
}

/// The number behind `mark` in the releases of the packages, if all name the same one: `8.el9_0` → `9`.
fn tag(collection: &Collection, mark: &str) -> Option<String> {
    let mut found: Option<&str> = None;
    for package in &collection.packages {
        let (_, behind) = package.release.split_once(mark)?;
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let number = &behind[..digits];
        if number.is_empty() || found.is_some_and(|found| found != number) {
            return None;
        }
        found = Some(number);
    }
    found.map(str::to_owned)
}

/// Whether a collection is of one of Rocky's special interest groups.
fn is_special(name: &str) -> bool {
    name.to_ascii_lowercase().split([' ', '-', '/', '_']).any(|word| word == "sig")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The namespace of a package `version`-`release` in a notice.
    fn of(
        id: &str,
        words: &str,
        short: &str,
        package: (&str, &str),
        folder: &str,
    ) -> Option<(String, Option<String>)> {
        let update = Update { version: package.0.into(), release: package.1.into(), ..Update::default() };
        let collection =
            Collection { short: short.into(), packages: vec![update.clone()], ..Collection::default() };
        let advisory = Advisory { id: id.into(), release: words.into(), ..Advisory::default() };
        let folders: Vec<String> = folder.split('/').map(str::to_owned).collect();
        let release = release(Publisher::of(id)?, &advisory, &collection, &folders)?;
        Some(release.scope(&update))
    }

    fn plain(name: &str) -> Option<(String, Option<String>)> {
        Some((name.to_owned(), None))
    }

    #[test]
    fn amazons_releases_are_told_by_collection_or_id() {
        let package = ("4.9.76", "38.79.amzn2");
        let amazon = |id: &str, short: &str| of(id, "", short, package, "");
        assert_eq!(amazon("ALAS-2011-1", "amazon-linux-ami"), plain("amzn:2018.03"));
        assert_eq!(amazon("ALAS-2011-1", ""), plain("amzn:2018.03"));
        assert_eq!(amazon("ALAS2-2018-939", "amazon-linux-2"), plain("amzn:2"));
        assert_eq!(amazon("ALAS2-2018-939", ""), plain("amzn:2"));
        assert_eq!(amazon("ALAS2023-2023-001", "amazon-linux-2023"), plain("amzn:2023"));
        assert_eq!(amazon("ALAS2022-2021-001", ""), plain("amzn:2022"));
        assert_eq!(
            amazon("ALAS2023LIVEPATCH-2023-001", "amazon-linux-2023---kernel-livepatch"),
            plain("amzn:2023")
        );
        assert_eq!(amazon("ALAS2023NVIDIA-2025-001", ""), plain("amzn:2023"));
        assert_eq!(amazon("ALAS2DOCKER-2022-001", "amazon-linux-2---docker"), plain("amzn:2:docker"));
        assert_eq!(amazon("ALASDOCKER-2022-001", ""), plain("amzn:2:docker"));
        assert_eq!(amazon("ALAS2-x", ""), None);
    }

    #[test]
    fn a_topic_named_after_its_version_speaks_of_that_version_in_the_release() {
        let topic =
            |short: &str, version: &str| of("ALAS2KERNEL-5.15-2022-001", "", short, (version, "1.amzn2"), "");
        let since = |version: &str| Some(("amzn:2".to_owned(), Some(version.to_owned())));
        assert_eq!(topic("amazon-linux-2---kernel-5.15", "5.15.43"), since("5.15"));
        assert_eq!(topic("", "5.15.43"), since("5.15"));
        assert_eq!(topic("amazon-linux-2---nginx1", "1.22.1"), since("1"));
        assert_eq!(topic("amazon-linux-2---kernel-5.15", "5.150.1"), plain("amzn:2:kernel-5.15"));
        assert_eq!(topic("amazon-linux-2---corretto8", "1.8.0_382"), plain("amzn:2:corretto8"));
        assert_eq!(trailing_version("mate-desktop1.x"), None);
        assert_eq!(trailing_version("5.15"), None);
        assert_eq!(trailing_version("wort-ä5.15"), Some("5.15"));
    }

    #[test]
    fn fedoras_releases_are_told_by_words_collection_tag_or_folder() {
        let fedora = |words: &str, short: &str, release: &str, folder: &str| {
            of("FEDORA-2024-deafa21e1d", words, short, ("1", release), folder)
        };
        assert_eq!(fedora("Fedora 38 Modular", "F38M", "1", ""), plain("fedora:38"));
        assert_eq!(fedora("", "F43", "1", ""), plain("fedora:43"));
        assert_eq!(fedora("", "F38M", "1", ""), plain("fedora:38"));
        assert_eq!(fedora("", "", "1.fc39", ""), plain("fedora:39"));
        assert_eq!(fedora("", "", "1", "updates/41/everything/x86_64"), plain("fedora:41"));
        assert_eq!(fedora("Fedora 39", "F39", "1", "updates/testing/39"), plain("fedora:39:testing"));
        assert_eq!(fedora("Fedora ELN", "", "1", ""), None);
        assert_eq!(
            of("FEDORA-EPEL-2018-abe0e978c0", "Fedora EPEL 6", "EL-6", ("1", "1.el6"), ""),
            plain("epel:6")
        );
    }

    #[test]
    fn rebuilds_releases_are_told_by_words_collection_tag_or_folder() {
        let rebuild = |id: &str, words: &str, short: &str, release: &str, folder: &str| {
            of(id, words, short, ("1", release), folder)
        };
        let rocky = "RLSA-2022:7513";
        assert_eq!(rebuild(rocky, "Rocky Linux 9", "", "1", ""), plain("rocky:9"));
        assert_eq!(rebuild(rocky, "", "rocky-linux-8-x86-64-baseos-rpms", "1", ""), plain("rocky:8"));
        assert_eq!(rebuild(rocky, "", "", "1.el10_1", ""), plain("rocky:10"));
        assert_eq!(
            rebuild(rocky, "", "", "1", "vault/rocky/8.6/baseos/x86_64/os/repodata"),
            plain("rocky:8")
        );
        assert_eq!(rebuild("RXSA-2023:1", "Rocky Linux 9", "", "1", ""), plain("rocky:9:sig-cloud"));
        let alma = "ALSA-2022:4940";
        assert_eq!(
            rebuild(alma, "0", "almalinux-9-for-x86_64-baseos-rpms__9_1_default", "1", ""),
            plain("almalinux:9")
        );
        let builder = "codeready-builder-for-rhel-8-x86_64-rpms__8_0_default";
        assert_eq!(rebuild(alma, "0", builder, "10.el8_4.1", ""), plain("almalinux:8"));
        assert_eq!(rebuild(alma, "0", "x", "2.module_el8.5.0+2635+e4386a39", ""), plain("almalinux:8"));
        assert_eq!(rebuild(alma, "0", "x", "1", "srv/almalinux/9/baseos"), plain("almalinux:9"));
        assert_eq!(rebuild(alma, "0", "x", "1", "feeds/10"), None);
    }

    #[test]
    fn ids_of_others_are_nobodys() {
        assert_eq!(Publisher::of("NOT-A-VALID-ADVISORY-ID"), None);
        assert_eq!(Publisher::of("SUSE-SU-2023:1234-1"), None);
        assert_eq!(Publisher::of("ELSA-2023-1234"), None);
        assert_eq!(Publisher::of("RLSA-x"), None);
        assert_eq!(Publisher::of(""), None);
    }
}
