//! What a registry holds: its repositories, their tags, and the manifests that these name.
//!
//! Lists come in pages, and whoever is asked writes the way to the next one. So a list is followed only on the registry itself, as
//! long as every page brings something new, and up to [`MAX_NAMES`].
//!
//! The decision a reader may doubt: a tag costs a request of its own, because the list of tags says nothing about what they name and a
//! tag moves without a new name. Google's registries put the manifests into the list, and Azure's have a list of their own that does;
//! there it costs none.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use model::Digest;
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::LINK;

use super::document::MANIFESTS;
use super::error::RegistryError;
use super::listing_page::{Names, TagPage, next_page};
use super::login::Login;
use super::name::{RegistryName, is_component, is_loopback, is_tag};
use super::session::{Ask, Session};
use super::wire::{Wire, host_of};
use super::{RegistryOptions, name, wire_to};

/// Names that are read of one list; a longer one is an error.
pub const MAX_NAMES: usize = 1_000_000;
/// Pages of one list.
const MAX_PAGES: usize = 50_000;
/// Pages in a row that bring nothing new.
const MAX_STALE_PAGES: usize = 3;
/// Bytes of a page. Some registries have one page for all.
const MAX_PAGE: u64 = 64 << 20;
/// Bytes of a manifest that is read only for its digest.
const MAX_MANIFEST: u64 = 16 << 20;
/// Sessions that are kept for repositories asked before.
const MAX_SESSIONS: usize = 64;

/// A tag in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTag {
    /// The tag.
    pub name: String,
    /// The manifest that it names, if the list says so.
    pub digest: Option<Digest>,
}

/// A registry whose contents are listed. Any number of threads may ask.
#[derive(Debug)]
pub struct Catalogue {
    wire: Arc<Wire>,
    registry: String,
    options: RegistryOptions,
    /// Logins are for one repository each; the last ones are kept.
    sessions: Mutex<Vec<(String, Arc<Session>)>>,
}

impl Catalogue {
    /// Prepares for a registry, `HOST[:PORT]` or `docker.io`; nothing is connected to yet.
    ///
    /// # Errors
    /// The host is none, or must not be asked.
    pub fn new(registry: &str, options: &RegistryOptions) -> Result<Self, RegistryError> {
        // the grammar of names is also that of the host in them
        let name: RegistryName = format!("{registry}/a").parse()?;
        let host = name.host();
        let is_here = is_loopback(name::host_only(host));
        let wire = Arc::new(wire_to(host, is_here, options)?);
        let registry = name.reference().registry.clone();
        Ok(Self { wire, registry, options: options.clone(), sessions: Mutex::default() })
    }

    /// Whether the registry lets us in: its root is asked for, with the login if it wants one.
    ///
    /// # Errors
    /// It does not, or it is no registry.
    pub fn check(&self) -> Result<(), RegistryError> {
        self.session("").read(Ask { path: "/v2/", ..Ask::default() }, 1 << 20, |_| ()).map(drop)
    }

    /// Requests made and bytes of bodies got so far.
    pub fn traffic(&self) -> (u64, u64) {
        (self.wire.traffic.requests(), self.wire.traffic.bytes())
    }

    /// All repositories, sorted bytewise, each once. Names that no registry can have are left out.
    ///
    /// # Errors
    /// The registry has no such list (as Docker Hub), or not for this login, or it is broken.
    pub fn repositories(&self) -> Result<Vec<String>, RegistryError> {
        let session = self.session("");
        let mut all: HashSet<String> = HashSet::new();
        self.pages(&session, "/v2/_catalog?n=1000", |page| {
            let names = Names::parse(page, "repositories", MAX_NAMES, |name| {
                name.len() <= 255 && name.split('/').all(is_component)
            })?;
            let before = all.len();
            all.extend(names.0);
            Ok((all.len() > before, all.len()))
        })?;
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_unstable();
        Ok(all)
    }

    /// The tags of a repository, sorted bytewise, each once; `None` if there is no such repository.
    ///
    /// # Errors
    /// The registry refuses, or the list is broken.
    pub fn tags(&self, repository: &str) -> Result<Option<Vec<RemoteTag>>, RegistryError> {
        if !repository.split('/').all(is_component) {
            return Ok(None);
        }
        let session = self.session(repository);
        let path = match self.registry.ends_with(".azurecr.io") {
            true => format!("/acr/v1/{repository}/_tags?n=1000"),
            false => format!("/v2/{repository}/tags/list?n=1000"),
        };
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        let read = self.pages(&session, &path, |page| {
            let before = all.len();
            let fresh = TagPage::parse(page, MAX_NAMES, is_tag)?.tags;
            all.extend(fresh.into_iter().filter(|tag| seen.insert(tag.name.clone())));
            Ok((all.len() > before, all.len()))
        });
        match read {
            Err(RegistryError::NotFound { .. }) => return Ok(None),
            read => read?,
        }
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(all))
    }

    /// The digest of the manifest or index that a tag names; `None` if there is no such tag (any more).
    ///
    /// # Errors
    /// The registry refuses or breaks the protocol.
    pub fn digest_of(&self, repository: &str, tag: &str) -> Result<Option<Digest>, RegistryError> {
        if !repository.split('/').all(is_component) || !is_tag(tag) {
            return Ok(None);
        }
        let session = self.session(repository);
        let path = format!("manifests/{tag}");
        let ask = Ask { path: &path, accept: Some(MANIFESTS), head: true, ..Ask::default() };
        match session.read(ask, 0, stated_digest) {
            Ok((_, Some(digest))) => return Ok(Some(digest)),
            Err(RegistryError::NotFound { .. }) => return Ok(None),
            // old registries know no such question, or do not state the digest
            Ok((_, None)) | Err(RegistryError::Status { status: 405 | 501, .. }) => {}
            Err(error) => return Err(error),
        }
        match session.read(Ask { head: false, ..ask }, MAX_MANIFEST, |_| ()) {
            Ok((manifest, ())) => Ok(Some(Digest::of(&manifest))),
            Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Follows a list; `read` takes a page and gives whether it brought something new, and how many there are.
    fn pages(
        &self,
        session: &Session,
        first: &str,
        mut read: impl FnMut(&[u8]) -> Result<(bool, usize), String>,
    ) -> Result<(), RegistryError> {
        let broken = |reason: String| RegistryError::Protocol { host: self.wire.host(), reason };
        let (mut path, mut stale) = (first.to_owned(), 0);
        for _ in 0..MAX_PAGES {
            let ask = Ask { path: &path, ..Ask::default() };
            let (page, link) = session.read(ask, MAX_PAGE, next_of)?;
            let (is_new, count) = read(&page).map_err(|reason| broken(format!("`{path}`: {reason}")))?;
            if count > MAX_NAMES {
                return Err(broken(format!("its list `{first}` has more than {MAX_NAMES} names")));
            }
            let Some(link) = link else { return Ok(()) };
            stale = if is_new { 0 } else { stale + 1 };
            if stale == MAX_STALE_PAGES {
                return Err(broken(format!("the pages of its list `{first}` turn in circles")));
            }
            path = self.next_path(&path, &link)?;
        }
        Err(broken(format!("its list `{first}` has more than {MAX_PAGES} pages")))
    }

    /// The path of the next page, which must be on the registry itself.
    fn next_path(&self, path: &str, link: &str) -> Result<String, RegistryError> {
        let broken =
            |reason: &str| RegistryError::Protocol { host: self.wire.host(), reason: reason.to_owned() };
        let here = self.wire.base.join(path).map_err(|_| broken("its list has no address"))?;
        let next: Url = here.join(link).map_err(|_| broken("the next page of its list has no address"))?;
        if next.origin() != self.wire.base.origin() {
            let (host, target) = (self.wire.host(), host_of(&next));
            return Err(RegistryError::Refused {
                host,
                target,
                reason: "the next page of a list is on another host",
            });
        }
        let query = next.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", next.path()))
    }

    fn session(&self, repository: &str) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, session)) = sessions.iter().find(|(known, _)| known == repository) {
            return session.clone();
        }
        let path = match self.registry == "docker.io" && !repository.is_empty() && !repository.contains('/') {
            true => format!("library/{repository}"),
            false => repository.to_owned(),
        };
        let (given, files) = (self.options.credentials.clone(), self.options.credential_files.clone());
        let login = Login::new(given, files, self.registry.clone(), path.clone());
        let session = Arc::new(Session::new(self.wire.clone(), login, path));
        if sessions.len() == MAX_SESSIONS {
            sessions.remove(0);
        }
        sessions.push((repository.to_owned(), session.clone()));
        session
    }
}

fn stated_digest(response: &Response) -> Option<Digest> {
    response.headers().get("docker-content-digest")?.to_str().ok()?.parse().ok()
}

fn next_of(response: &Response) -> Option<String> {
    response.headers().get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_page)
}

/// Entry for the fuzz target.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    let _ = Names::parse(bytes, "repositories", 1_000, |_| true);
    let _ = TagPage::parse(bytes, 1_000, is_tag);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = next_page(text);
    }
}
