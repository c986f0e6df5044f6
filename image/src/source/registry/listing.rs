//! What a registry holds: its repositories, their tags, and the manifests that these name.
//!
//! Lists come in pages, which are followed as [`Pages`] says.
//!
//! The decision a reader may doubt: at a plain registry a tag costs a request of its own, because its list of tags says nothing about what
//! they name and a tag moves without a new name. Google's registries put the manifests into the list, and other sorts have lists of
//! their own that do ([`Dialect`]); there it costs none.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use model::registry::RegistrySettings;
use model::{Digest, Timestamp};
use reqwest::blocking::Response;
use reqwest::header::LINK;

use super::cloud::{Admission, CloudPlaces};
use super::dialect::{self, Dialect, Standing};
use super::document::MANIFESTS;
use super::error::RegistryError;
use super::listing_page::{Names, TagPage, next_page};
use super::login::Login;
use super::name::{RegistryName, is_component, is_loopback, is_tag};
use super::paging::{MAX_NAMES, Pages};
use super::session::{Ask, Session};
use super::wire::Wire;
use super::{RegistryOptions, name, wire_to};

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
    /// When that was pushed, if the list says so.
    pub pushed: Option<Timestamp>,
}

/// A registry whose contents are listed. Any number of threads may ask.
#[derive(Debug)]
pub struct Catalogue {
    wire: Arc<Wire>,
    registry: String,
    options: RegistryOptions,
    dialect: Dialect,
    standing: Standing,
    /// Logins are for one repository each; the last ones are kept.
    sessions: Mutex<Vec<(String, Arc<Session>)>>,
}

impl Catalogue {
    /// Prepares for a registry, `HOST[:PORT]` or `docker.io`, that speaks the distribution API and nothing else; nothing is connected to yet.
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
        let (dialect, standing, sessions) = (Dialect::Plain, Standing::default(), Mutex::default());
        Ok(Self { wire, registry, options: options.clone(), dialect, standing, sessions })
    }

    /// Prepares for a registry of whatever sort, entered with `admission`; nothing is connected to yet.
    ///
    /// # Errors
    /// The host is none, or must not be asked; or the login cannot be one of the sort.
    pub fn of(
        settings: &RegistrySettings,
        admission: Option<&Admission>,
        places: &CloudPlaces,
        options: &RegistryOptions,
    ) -> Result<Self, RegistryError> {
        let mut options = options.clone();
        options.credentials = admission.map(|admission| admission.credentials.clone());
        let mut catalogue = Self::new(settings.host(), &options)?;
        catalogue.dialect = Dialect::of(settings, admission, &catalogue.wire, places, &options)?;
        Ok(catalogue)
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
        let (requests, bytes) = self.dialect.traffic();
        (self.wire.traffic.requests() + requests, self.wire.traffic.bytes() + bytes)
    }

    /// Why a list of the registry's own sort was not to be had, so that its tags were asked for one by one; the first time, once.
    pub fn take_trouble(&self) -> Option<RegistryError> {
        self.standing.take_trouble()
    }

    /// All repositories, sorted bytewise, each once. Names that no registry can have are left out. Of Docker Hub those of one namespace.
    ///
    /// # Errors
    /// The registry has no such list, or not for this login, or it is broken.
    pub fn repositories(&self) -> Result<Vec<String>, RegistryError> {
        let own = self.dialect.repositories();
        let refused = match own {
            Some(Ok(all)) => return Ok(all),
            Some(Err(error)) if dialect::is_passing(&error) => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let first = match self.dialect {
            Dialect::Azure => "/acr/v1/_catalog?n=1000",
            _ => "/v2/_catalog?n=1000",
        };
        let session = self.session("");
        let mut all: HashSet<String> = HashSet::new();
        let read = self.pages(&session, first, |page| {
            let names = Names::parse(page, "repositories", MAX_NAMES, |name| {
                name.len() <= 255 && name.split('/').all(is_component)
            })?;
            let before = all.len();
            all.extend(names.0);
            Ok((all.len() > before, all.len()))
        });
        match (read, refused) {
            (Ok(()), Some(refused)) => self.standing.failed(refused),
            (Ok(()), None) => {}
            // the sort's own list is the one that was meant to be had
            (Err(_), Some(refused)) => return Err(refused),
            (Err(error), None) => return Err(error),
        }
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
        let refused = match self.own_tags(repository) {
            Some(Ok(tags)) => {
                self.standing.went_well();
                return Ok(Some(tags));
            }
            Some(Err(error)) if dialect::is_passing(&error) => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let listed = match self.read_tags(repository, &format!("/v2/{repository}/tags/list?n=1000")) {
            Err(RegistryError::NotFound { .. }) => return Ok(None),
            listed => listed?,
        };
        if let Some(refused) = refused {
            self.standing.failed(refused);
        }
        Ok(Some(listed))
    }

    /// The list of the registry's own sort; `None` if there is none, or it was refused too often.
    fn own_tags(&self, repository: &str) -> Option<Result<Vec<RemoteTag>, RegistryError>> {
        if !self.standing.is_asked() {
            return None;
        }
        match self.dialect {
            Dialect::Azure => Some(self.read_tags(repository, &format!("/acr/v1/{repository}/_tags?n=1000"))),
            _ => self.dialect.tags(repository),
        }
    }

    fn read_tags(&self, repository: &str, first: &str) -> Result<Vec<RemoteTag>, RegistryError> {
        let session = self.session(repository);
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        self.pages(&session, first, |page| {
            let before = all.len();
            let fresh = TagPage::parse(page, MAX_NAMES, is_tag)?.tags;
            all.extend(fresh.into_iter().filter(|tag| seen.insert(tag.name.clone())));
            Ok((all.len() > before, all.len()))
        })?;
        all.sort_unstable_by(|a: &RemoteTag, b| a.name.cmp(&b.name));
        Ok(all)
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
        let mut pages = Pages::new(&self.wire, first);
        loop {
            let ask = Ask { path: pages.path(), ..Ask::default() };
            let (page, link) = session.read(ask, MAX_PAGE, next_of)?;
            let (is_new, count) = read(&page).map_err(|reason| pages.broken(&reason))?;
            if !pages.turn(is_new, count, link.as_deref())? {
                return Ok(());
            }
        }
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

/// Where the head of a page says that the next one is.
pub(super) fn next_of(response: &Response) -> Option<String> {
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
