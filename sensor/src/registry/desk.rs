//! What a walk says to the server.

use model::ScanReport;
use model::registry::{
    ListingAnswer, ManifestOutcome, RegistryClaim, RegistryJob, RepositoryListing, RunEnd, RunProgress,
    TagListing,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Repositories in one list at most; beyond them none is taken for gone.
const MAX_REPOSITORIES: usize = 1_000_000;

/// A server that takes JSON.
pub trait Server: Sync {
    /// Posts a body to a path such as `api/v1/reports`; gives the body of the answer, empty if it has none. Tries again by itself as long
    /// as it thinks that the failure may pass.
    ///
    /// # Errors
    /// [`ServerError::Lost`] for 409; anything else as it is.
    fn post(&self, path: &str, json: Vec<u8>) -> Result<Vec<u8>, ServerError>;
}

/// Why the server did not take something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The walk is not ours any more: it was called off, or somebody else is at it.
    #[error("the walk was called off, or taken over by another sensor")]
    Lost,
    /// It does not take this, however often it is sent.
    #[error("the server refused: {0}")]
    Refused(String),
    /// It cannot be reached at the moment.
    #[error("the server cannot be reached: {0}")]
    Away(String),
}

/// Asks for work.
pub(super) fn claim(
    server: &dyn Server,
    worker: &str,
    schedule: Option<Uuid>,
) -> Result<Option<RegistryJob>, ServerError> {
    let claim = RegistryClaim { worker: worker.to_owned(), schedule };
    let answer = server.post("api/v1/registry-jobs/claim", encode(&claim)?)?;
    if answer.is_empty() {
        return Ok(None);
    }
    decode(&answer).map(Some)
}

/// The server, for one walk.
#[derive(Clone, Copy)]
pub(super) struct Desk<'s> {
    server: &'s dyn Server,
    run: Uuid,
}

impl<'s> Desk<'s> {
    pub(super) fn new(server: &'s dyn Server, run: Uuid) -> Self {
        Self { server, run }
    }

    /// Tells of tags; gives what is known of their manifests.
    pub(super) fn tags(&self, listing: &TagListing) -> Result<Vec<ManifestOutcome>, ServerError> {
        let answer: ListingAnswer = decode(&self.post("tags", listing)?)?;
        Ok(answer.known)
    }

    /// Tells of all repositories, unless they are too many.
    pub(super) fn repositories(&self, repositories: &[String]) -> Result<(), ServerError> {
        if repositories.len() > MAX_REPOSITORIES {
            return Ok(());
        }
        self.post("repositories", &RepositoryListing { repositories: repositories.to_vec() }).map(drop)
    }

    /// Tells what came of manifests.
    pub(super) fn manifests(&self, outcomes: &[ManifestOutcome]) -> Result<(), ServerError> {
        self.post("manifests", &outcomes).map(drop)
    }

    /// Sends what was found in an image.
    pub(super) fn report(&self, report: &ScanReport) -> Result<(), ServerError> {
        self.server.post("api/v1/reports", encode(report)?).map(drop)
    }

    /// A sign of life.
    pub(super) fn progress(&self, progress: &RunProgress) -> Result<(), ServerError> {
        self.post("progress", progress).map(drop)
    }

    /// The end.
    pub(super) fn end(&self, end: &RunEnd) -> Result<(), ServerError> {
        self.post("end", end).map(drop)
    }

    fn post(&self, what: &str, value: &impl Serialize) -> Result<Vec<u8>, ServerError> {
        self.server.post(&format!("api/v1/registry-jobs/{}/{what}", self.run), encode(value)?)
    }
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, ServerError> {
    serde_json::to_vec(value).map_err(|error| ServerError::Refused(format!("it cannot be written: {error}")))
}

fn decode<T: DeserializeOwned>(answer: &[u8]) -> Result<T, ServerError> {
    serde_json::from_slice(answer)
        .map_err(|error| ServerError::Refused(format!("its answer is not understood: {error}")))
}
