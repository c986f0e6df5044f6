//! Logins for registries: those given, and those that `docker login` and `podman login` have left.
//!
//! The files are docker's `config.json` and podman's `auth.json` (containers-auth.json(5)), which have one
//! form. They are looked into only when a registry asks for a login.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::error::RegistryError;
use super::helper;

/// The key that docker keeps the login of Docker Hub under.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// The names that mean Docker Hub.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Bytes of a file with logins that are read.
const MAX_FILE: u64 = 1 << 20;

/// The most that a helper is waited for; some ask a person.
const HELPER_PATIENCE: Duration = Duration::from_secs(60);

/// A login for a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password or access token.
    Password {
        /// The user.
        username: String,
        /// The secret.
        password: String,
    },
    /// A refresh token, as single sign-on gives it.
    IdentityToken(String),
    /// A bearer token that is sent as it is.
    RegistryToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(…)",
            Self::IdentityToken(_) => "IdentityToken(…)",
            Self::RegistryToken(_) => "RegistryToken(…)",
        })
    }
}

/// The files in which logins are looked for, the first that knows the registry wins.
///
/// `REGISTRY_AUTH_FILE` alone if it is set; else docker's `config.json` (`DOCKER_CONFIG`, `~/.docker`), then
/// podman's `auth.json` (`XDG_RUNTIME_DIR`, `XDG_CONFIG_HOME` or `~/.config`).
pub fn credential_files(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = set("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let home = set("HOME");
    let below_home = |name: &str| home.as_ref().map(|home| home.join(name));
    let docker = set("DOCKER_CONFIG").or_else(|| below_home(".docker"));
    let settings = set("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
    let podman = [set("XDG_RUNTIME_DIR"), settings];
    let podman = podman.into_iter().flatten().map(|folder| folder.join("containers/auth.json"));
    docker.map(|folder| folder.join("config.json")).into_iter().chain(podman).collect()
}

/// Finds the login for a repository of a registry; `None` if no file knows one.
pub(super) fn find(
    files: &[PathBuf],
    registry: &str,
    repository: &str,
) -> Result<Option<Credentials>, RegistryError> {
    for path in files {
        let Some(bytes) = read(path)? else { continue };
        let failed = |reason: String| RegistryError::Login { path: path.clone(), reason };
        let file = LoginFile::parse(&bytes).map_err(failed)?;
        if let Some(found) = file.ask_helper(registry)? {
            return Ok(Some(found));
        }
        if let Some(found) = file.find(registry, repository).map_err(failed)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, RegistryError> {
    let failed = |reason: String| RegistryError::Login { path: path.to_owned(), reason };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(failed(format!("it is larger than {MAX_FILE} bytes"))),
        false => Ok(Some(bytes)),
    }
}

/// The keys of interest; docker keeps much else in the same file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LoginFile {
    auths: BTreeMap<String, Entry>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(rename = "registrytoken")]
    registry_token: Option<String>,
}

impl LoginFile {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// What the file itself holds: the entry with the longest path that covers the repository, then the one
    /// of the registry in any of the ways to write it.
    pub(crate) fn find(&self, registry: &str, repository: &str) -> Result<Option<Credentials>, String> {
        let mut path = repository;
        while !path.is_empty() {
            if let Some(entry) = self.auths.get(&format!("{registry}/{path}")) {
                return entry.credentials();
            }
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        let fits = |key: &&String| same_registry(key, registry);
        match self.auths.keys().find(|key| *key == registry).or_else(|| self.auths.keys().find(fits)) {
            Some(key) => self.auths[key].credentials(),
            None => Ok(None),
        }
    }

    /// What a helper program holds, if the file names one for the registry.
    fn ask_helper(&self, registry: &str) -> Result<Option<Credentials>, RegistryError> {
        let own = self.helpers.iter().find(|(key, _)| same_registry(key, registry));
        let program = own.map(|(_, program)| program).or(self.store.as_ref());
        let Some(program) = program.filter(|program| !program.is_empty()) else { return Ok(None) };
        let server = if DOCKER_HUB.contains(&registry) { DOCKER_HUB_KEY } else { registry };
        helper::ask(program, server, HELPER_PATIENCE)
    }
}

/// Whether a key, a host or a URL, means the registry.
fn same_registry(key: &str, registry: &str) -> bool {
    let host = key.trim_start_matches("https://").trim_start_matches("http://");
    // a URL may have a path, a bare name with one is that of a repository
    let host = match (host.len() < key.len(), host.split_once('/')) {
        (true, Some((host, _))) | (false, Some((host, "" | "v1" | "v1/" | "v2" | "v2/"))) => host,
        _ => host,
    };
    let hub = |host: &str| DOCKER_HUB.contains(&host);
    host.eq_ignore_ascii_case(registry) || (hub(host) && hub(registry))
}

impl Entry {
    /// `None` for an entry that is only a mark, as with a helper.
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = some(&self.identity_token) {
            return Ok(Some(Credentials::IdentityToken(token)));
        }
        if let Some(token) = some(&self.registry_token) {
            return Ok(Some(Credentials::RegistryToken(token)));
        }
        if let Some(auth) = some(&self.auth) {
            let (username, password) = decode(&auth).ok_or("an `auth` is not base64 of user:password")?;
            return Ok(Some(Credentials::Password { username, password }));
        }
        let pair = some(&self.username).zip(some(&self.password));
        Ok(pair.map(|(username, password)| Credentials::Password { username, password }))
    }
}

/// Base64 of `user:password`, with or without padding; docker fills some with NUL bytes at the end.
fn decode(auth: &str) -> Option<(String, String)> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent);
    let bytes = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(auth.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.trim_end_matches('\0').split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str, registry: &str, repository: &str) -> String {
        let file = LoginFile::parse(json.as_bytes()).unwrap();
        match file.find(registry, repository) {
            Ok(None) => "none".to_owned(),
            Ok(Some(Credentials::Password { username, password })) => format!("{username}:{password}"),
            Ok(Some(Credentials::IdentityToken(token))) => format!("identity {token}"),
            Ok(Some(Credentials::RegistryToken(token))) => format!("registry {token}"),
            Err(reason) => reason,
        }
    }

    #[test]
    fn entries_are_found_however_the_registry_is_written() {
        let json = r#"{
            "auths": {
                "https://index.docker.io/v1/": { "auth": "aHViOnB3" },
                "example.com": { "auth": "YTpiOmM" },
                "example.com/team/app": { "auth": "dDp4AAA=" },
                "https://other.example/v2/": { "username": "u", "password": "p" },
                "token.example": { "auth": "YTpi", "identitytoken": "I" },
                "raw.example:5000": { "registrytoken": "R" },
                "marked.example": {},
                "bad.example": { "auth": "!!" }
            },
            "HttpHeaders": { "a": 1 }, "psFormat": "x"
        }"#;
        for (registry, repository, expected) in [
            ("docker.io", "library/debian", "hub:pw"),
            ("example.com", "web", "a:b:c"),
            ("example.com", "team/app", "t:x"),
            ("example.com", "team/app/part", "t:x"),
            ("example.com", "team/application", "a:b:c"),
            ("example.com:443", "web", "none"),
            ("other.example", "web", "u:p"),
            ("token.example", "web", "identity I"),
            ("raw.example:5000", "web", "registry R"),
            ("marked.example", "web", "none"),
            ("bad.example", "web", "an `auth` is not base64 of user:password"),
            ("unknown.example", "web", "none"),
        ] {
            assert_eq!(found(json, registry, repository), expected, "{registry}/{repository}");
        }
        assert!(LoginFile::parse(b"[").is_err());
    }

    #[test]
    fn the_variables_of_docker_and_podman_decide_which_files_are_read() {
        let files = |set: &[(&str, &str)]| -> Vec<String> {
            let variable = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            credential_files(variable).iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(files(&[("HOME", "/h")]), ["/h/.docker/config.json", "/h/.config/containers/auth.json"]);
        let all =
            [("HOME", "/h"), ("DOCKER_CONFIG", "/d"), ("XDG_RUNTIME_DIR", "/r"), ("XDG_CONFIG_HOME", "/c")];
        assert_eq!(files(&all), ["/d/config.json", "/r/containers/auth.json", "/c/containers/auth.json"]);
        assert_eq!(files(&[("HOME", "/h"), ("REGISTRY_AUTH_FILE", "/a.json")]), ["/a.json"]);
        assert!(files(&[]).is_empty());
    }

    #[test]
    fn a_login_is_never_shown() {
        let secret = Credentials::Password { username: "a".into(), password: "hunter2".into() };
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
