//! Images in a registry (OCI distribution-spec v1.1).
//!
//! Opening one gets its manifest and config and nothing else; layers come when they are read, straight into
//! the scan and never to disk. [`Catalogue`] lists repositories and tags. What this is not for: pushing, signatures.
//!
//! The decision a reader may doubt: an own client over plain HTTP requests in place of a library. The rules
//! about who gets a password, where a redirect may lead, how long is waited and how a broken layer goes on
//! are the larger part of the work, and they are what differs between libraries.

mod challenge;
mod cloud;
mod credential;
mod dialect;
mod document;
mod error;
mod guard;
mod helper;
mod listing;
mod listing_page;
mod login;
mod name;
mod paging;
mod parts;
mod remote;
mod retry;
mod session;
mod toc;
mod wire;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;

pub use self::cloud::{Admission, CloudPlaces, credentials_of};
pub use self::credential::{Credentials, credential_files};
use self::document::Documents;
pub use self::error::RegistryError;
use self::guard::Guard;
pub use self::listing::{Catalogue, RemoteTag};
use self::login::Login;
pub use self::name::RegistryName;
pub use self::paging::MAX_NAMES;
pub(crate) use self::parts::{Checklist, PartsStream, Plan};
pub(crate) use self::remote::{RemoteBlob, RemoteReader};
pub use self::retry::Patience;
use self::session::Session;
use self::wire::Wire;
use super::OpenOptions;
use crate::error::{ImageError, Place};
use crate::open::OpenImage;

/// How registries are spoken to.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// The login to use; without it `credential_files` are looked into once a registry asks.
    pub credentials: Option<Credentials>,
    /// Files as `docker login` and `podman login` leave them, first choice first; see [`credential_files`].
    pub credential_files: Vec<PathBuf>,
    /// Certificates in PEM form that are trusted beside the system's. A registry on this machine is then
    /// spoken to over TLS, too.
    pub authorities: Option<PathBuf>,
    /// Plain HTTP. Registries on this machine are spoken to so unless `tls` is set.
    pub plain_http: bool,
    /// TLS also to a registry on this machine.
    pub tls: bool,
    /// Refuse a registry that is itself on this machine or at a link-local address: somebody else has named it.
    pub public_only: bool,
    /// Bounds of waiting.
    pub patience: Patience,
}

/// What was got from a registry so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Bytes of all answers' bodies.
    pub bytes: u64,
    /// Requests made, to token services and other hosts as well.
    pub requests: u64,
    /// Layers of which anything was asked for.
    pub layers: usize,
}

/// The connection of an open image.
#[derive(Clone)]
pub(crate) struct Origin(Arc<Session>);

impl Origin {
    /// Bytes and requests.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.0.wire.traffic.bytes(), self.0.wire.traffic.requests())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.0.wire.base)
    }
}

/// Opens the image that name and options choose.
pub(super) fn open(name: &RegistryName, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let place = Place::whole(Path::new(&name.to_string()));
    let session = connect(name, &options.registry)
        .map_err(|source| ImageError::Registry { place, source: Box::new(source) })?;
    let session = Arc::new(session);
    let documents = Documents { name, session: session.clone(), options };
    let mut image = documents.open()?;
    image.set_origin(Origin(session));
    Ok(image)
}

/// Prepares everything; the first request connects.
fn connect(name: &RegistryName, options: &RegistryOptions) -> Result<Session, RegistryError> {
    let wire = wire_to(name.host(), name.is_loopback(), options)?;
    let registry = name.reference().registry.clone();
    let (given, files) = (options.credentials.clone(), options.credential_files.clone());
    let login = Login::new(given, files, registry, name.repository());
    Ok(Session::new(Arc::new(wire), login, name.repository()))
}

/// Whether a URL leads to this machine, by its name alone.
fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(name::is_loopback)
}

fn wire_to(host: &str, is_loopback: bool, options: &RegistryOptions) -> Result<Wire, RegistryError> {
    let is_tls = options.tls || options.authorities.is_some() || host.ends_with(":443");
    let is_plain = options.plain_http || (is_loopback && !is_tls);
    let scheme = if is_plain { "http" } else { "https" };
    let base = Url::parse(&format!("{scheme}://{host}/"))
        .map_err(|error| RegistryError::Client { reason: format!("`{host}` is no host: {error}") })?;
    let mut guard = Guard::new(&base, options.plain_http, |name| std::env::var(name).ok());
    if options.public_only {
        guard =
            guard.public_only().map_err(|reason| RegistryError::Private { host: host.to_owned(), reason })?;
    }
    Wire::new(base, guard, options.authorities.as_deref(), options.patience.clone())
}

/// Entry for the fuzz target: lists as each sort of registry writes them.
#[cfg(fuzzing)]
pub fn fuzz_lists(bytes: &[u8]) {
    dialect::fuzz(bytes);
}

/// Entry for the fuzz target: documents that a registry, or a user's folder, may hold.
#[cfg(fuzzing)]
pub fn fuzz_documents(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (challenge::parse(text), text.parse::<RegistryName>());
    }
    if let Ok(file) = credential::LoginFile::parse(bytes) {
        let _ = file.find("registry.example", "team/app");
    }
    let _ = (login::parse_token(bytes), error::words(bytes), toc::parse(bytes, 1 << 20));
    listing::fuzz(bytes);
    cloud::fuzz(bytes);
    let place = Place::new("fuzz", "manifest");
    let _ = crate::manifest::Document::parse(bytes, &place);
}
