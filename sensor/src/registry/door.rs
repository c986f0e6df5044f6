//! The way into a registry, renewed when it has become old: what clouds give for a login holds for some hours.

use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use image::{Catalogue, OpenOptions, Platform, RegistryError, RegistryOptions, credentials_of};
use model::registry::RegistryJob;

use super::WalkOptions;

/// A registry that is walked.
pub(super) struct Door<'w> {
    job: &'w RegistryJob,
    options: &'w WalkOptions,
    open: Mutex<Option<Open>>,
    /// Requests and bytes of what was open before, and of images.
    past: Mutex<(u64, u64)>,
}

#[derive(Clone)]
struct Open {
    catalogue: Arc<Catalogue>,
    registry: RegistryOptions,
    until: Option<Instant>,
}

impl<'w> Door<'w> {
    /// Connects to nothing yet.
    pub(super) fn new(job: &'w RegistryJob, options: &'w WalkOptions) -> Self {
        Self { job, options, open: Mutex::default(), past: Mutex::default() }
    }

    /// The lists of the registry.
    pub(super) fn catalogue(&self) -> Result<Arc<Catalogue>, RegistryError> {
        self.enter().map(|open| open.catalogue)
    }

    /// Why tags were asked for one by one at a registry that has better lists; the first time, once.
    pub(super) fn take_trouble(&self) -> Option<RegistryError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().and_then(|open| open.catalogue.take_trouble())
    }

    /// How images of it are opened.
    pub(super) fn open_options(&self) -> Result<OpenOptions, RegistryError> {
        let registry = self.enter()?.registry;
        let platform = self.job.settings.platform.as_deref().map(Platform::from_str).transpose();
        let platform = platform.map_err(|error| RegistryError::Client { reason: error.to_string() })?;
        Ok(OpenOptions { registry, platform, ..OpenOptions::default() })
    }

    /// Adds what an image has cost.
    pub(super) fn count(&self, requests: u64, bytes: u64) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        *past = (past.0 + requests, past.1 + bytes);
    }

    /// Requests and bytes so far.
    pub(super) fn traffic(&self) -> (u64, u64) {
        let past = *self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, bytes) = open.as_ref().map(|open| open.catalogue.traffic()).unwrap_or_default();
        (past.0 + requests, past.1 + bytes)
    }

    /// The same door as long as it is open; other threads wait while one opens it.
    fn enter(&self) -> Result<Open, RegistryError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |open: &Open| open.until.is_none_or(|until| Instant::now() < until);
        if let Some(open) = open.as_ref().filter(|open| is_open(open)) {
            return Ok(open.clone());
        }
        let settings = &self.job.settings;
        let mut registry = RegistryOptions {
            authorities: self.options.authorities.clone(),
            plain_http: settings.is_plain_http(),
            tls: settings.is_tls(),
            public_only: !settings.allow_private,
            patience: self.options.patience.clone(),
            ..RegistryOptions::default()
        };
        // whether it may be asked at all comes before any secret is sent anywhere
        Catalogue::new(settings.host(), &registry)?;
        let places = &self.options.places;
        let found = credentials_of(&self.job.login, settings.host(), places, &registry)?;
        let until = found.as_ref().and_then(|found| Instant::now().checked_add(found.lifetime));
        let catalogue = Arc::new(Catalogue::of(settings, found.as_ref(), places, &registry)?);
        registry.credentials = found.map(|found| found.credentials);
        let renewed = Open { catalogue, registry, until };
        if let Some(before) = open.replace(renewed.clone()) {
            let (requests, bytes) = before.catalogue.traffic();
            self.count(requests, bytes);
        }
        Ok(renewed)
    }
}
