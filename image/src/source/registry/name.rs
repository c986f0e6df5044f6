//! Names of images in registries (the grammar of distribution's `reference` package).
//!
//! `model::Reference` reads any name that a document may hold, leniently. What is sent to a registry is held
//! to the grammar here, so that a slip of the pen is told before anything is connected to.

use std::fmt;
use std::str::FromStr;

use model::{Digest, Reference};

use super::error::RegistryError;

/// Where the images of Docker's short names are.
const DOCKER_HUB: &str = "docker.io";
/// The host that serves them.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";
/// Other hosts that mean the same.
const DOCKER_HUB_ALIASES: [&str; 2] = ["index.docker.io", DOCKER_HUB_HOST];

/// The grammar's bound for registry and repository together.
const MAX_NAME: usize = 255;
/// The grammar's bound for a tag.
const MAX_TAG: usize = 128;

/// An image in a registry, by tag or digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryName {
    reference: Reference,
}

impl RegistryName {
    /// The name as reports carry it: `docker.io` for short names, without `library/`. Without tag and digest
    /// the tag is `latest`.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Host and port to connect to.
    pub(super) fn host(&self) -> &str {
        match self.reference.registry.as_str() {
            DOCKER_HUB => DOCKER_HUB_HOST,
            host => host,
        }
    }

    /// The repository as the registry's paths name it.
    pub(super) fn repository(&self) -> String {
        let repository = &self.reference.repository;
        match self.reference.registry == DOCKER_HUB && !repository.contains('/') {
            true => format!("library/{repository}"),
            false => repository.clone(),
        }
    }

    /// What the manifest is asked for by: the digest, else the tag.
    pub(super) fn pointer(&self) -> String {
        match (&self.reference.digest, &self.reference.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.clone().unwrap_or_else(|| "latest".to_owned()),
        }
    }

    /// Whether the registry is on this machine, by its name alone.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(host_only(self.host()))
    }
}

impl fmt::Display for RegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.reference.registry, self.repository())?;
        if let Some(tag) = &self.reference.tag {
            write!(f, ":{tag}")?;
        }
        match &self.reference.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for RegistryName {
    type Err = RegistryError;

    /// Reads `[registry/]repository[:tag][@sha256:…]`. The part before the first `/` is a registry if it
    /// holds a `.` or a `:` or is `localhost`.
    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let wrong = |reason: &'static str| RegistryError::Name { text: text.to_owned(), reason };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => {
                let digest = digest.parse::<Digest>();
                (name, Some(digest.map_err(|_| wrong("the digest is not sha256: and 64 hex digits"))?))
            }
            None => (text, None),
        };
        let (registry, rest) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => (DOCKER_HUB, name),
        };
        if !is_host(registry) {
            return Err(wrong("the registry is no host name with or without port"));
        }
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        if !tag.is_none_or(is_tag) {
            return Err(wrong("the tag holds other than letters, digits, `_`, `.` and `-`"));
        }
        if !repository.split('/').all(is_component) || registry.len() + repository.len() + 1 > MAX_NAME {
            return Err(wrong(
                "a repository has small letters and digits, parted by `.`, `_`, `-` and `/`, 255 at most",
            ));
        }
        let is_hub = registry == DOCKER_HUB || DOCKER_HUB_ALIASES.contains(&registry);
        let (registry, repository) = match is_hub {
            true => (DOCKER_HUB, repository.strip_prefix("library/").unwrap_or(repository)),
            false => (registry, repository),
        };
        let latest = || digest.is_none().then(|| "latest".to_owned());
        let tag = tag.map(str::to_owned).or_else(latest);
        let (registry, repository) = (registry.to_owned(), repository.to_owned());
        Ok(Self { reference: Reference { registry, repository, tag, digest } })
    }
}

/// The host without its port.
pub(super) fn host_only(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// Whether a host is this machine: `localhost` and below, or an address that never leaves it.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        || host == "localhost"
        || host.ends_with(".localhost")
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "1"),
    };
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return is_port && inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    is_port && host.split('.').all(is_label)
}

pub(super) fn is_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends_in_words = bytes.first().is_some_and(is_word) && bytes.last().is_some_and(is_word);
    let mut separators = bytes.split(is_word).filter(|run| !run.is_empty());
    ends_in_words
        && separators.all(|run| matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-'))
}

pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= MAX_TAG
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_mean_docker_hub_and_its_own_paths() {
        let digest = format!("sha256:{}", "0f".repeat(32));
        let with_digest = format!("127.0.0.1:5000/team/app@{digest}");
        let both = format!("localhost/a:1@{digest}");
        let cases = [
            ("debian:12", "registry-1.docker.io", "library/debian", "12"),
            ("debian", "registry-1.docker.io", "library/debian", "latest"),
            ("docker.io/library/debian:12", "registry-1.docker.io", "library/debian", "12"),
            ("index.docker.io/team/web", "registry-1.docker.io", "team/web", "latest"),
            ("ghcr.io/a/b-c__d.e/f---g:V1.2-x", "ghcr.io", "a/b-c__d.e/f---g", "V1.2-x"),
            (&with_digest, "127.0.0.1:5000", "team/app", &digest),
            (&both, "localhost", "a", &digest),
            ("[::1]:5000/a", "[::1]:5000", "a", "latest"),
            ("Registry.Example.com/a", "Registry.Example.com", "a", "latest"),
        ];
        for (text, host, repository, pointer) in cases {
            let name: RegistryName = text.parse().unwrap();
            assert_eq!((name.host(), &*name.repository(), &*name.pointer()), (host, repository, pointer));
        }
        let short: RegistryName = "docker.io/library/debian:12".parse().unwrap();
        assert_eq!(Some(short.reference()), Reference::parse("debian:12").as_ref());
        assert_eq!(short.to_string(), "docker.io/library/debian:12");
    }

    #[test]
    fn what_breaks_the_grammar_is_no_name() {
        let long = format!("a/{}", "b".repeat(260));
        let tag = format!("a:{}", "b".repeat(129));
        for text in [
            "",
            ":1",
            "/a",
            "a/",
            "a//b",
            "A",
            "a:",
            "a:.x",
            "a b",
            "./a",
            "../a",
            "a..b",
            "a___b",
            "-a",
            "a-",
            "a@sha256:00",
            "a@md5:00",
            "ex ample.com/a",
            "example.com:0/a",
            "example.com:x/a",
            "-x.com/a",
            "localhost:70000/a",
            "a:b:c",
            "[::g]/a",
            "http://a/b",
            &long,
            &tag,
        ] {
            assert!(text.parse::<RegistryName>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("127.8.0.1", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("10.0.0.1", false),
            ("localhost.example.com", false),
            ("[::2]", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
