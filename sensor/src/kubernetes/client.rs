//! Questions to the API server.
//!
//! Only metadata is asked for (`PartialObjectMetadata`), so that an answer holds names, labels and owners and not the definitions with
//! whatever secrets somebody wrote into them.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Place;
pub(super) use super::document::Document;

/// Pages of one list.
pub(super) const MAX_PAGES: usize = 20;

/// Bytes of one answer: a thousand pods take some two megabytes.
const MAX_BODY: usize = 32 << 20;

/// Bytes of a token.
const MAX_TOKEN: u64 = 64 << 10;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Characters of the server's words that are repeated.
const MAX_WORDS: usize = 300;

/// Metadata alone, as one object or a list, and what has none as it is.
const WANTED: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
                      application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// Why the API server has no answer.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// What the client is made of cannot be used.
    #[error("the client of the API server cannot be made: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
    /// A file that the pod should have cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It does not answer.
    #[error("the API server does not answer at {address}: {cause}")]
    Away {
        /// Its address.
        address: String,
        /// Why.
        cause: String,
    },
    /// The service account may not ask this.
    #[error("the API server refuses {path}: {reason}")]
    Denied {
        /// What was asked for.
        path: String,
        /// Its words.
        reason: String,
    },
    /// It answers with an error.
    #[error("the API server answers {path} with status {status}: {reason}")]
    Failed {
        /// What was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// It answers what nobody can read.
    #[error("the API server answers {path} with what is no answer: {reason}")]
    Garbled {
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// An API server.
#[derive(Debug)]
pub(super) struct ApiServer {
    client: reqwest::Client,
    address: String,
    token: PathBuf,
}

impl ApiServer {
    pub(super) fn new(place: &Place) -> Result<Self, KubernetesError> {
        let setup = |error: &dyn std::error::Error| KubernetesError::Setup { reason: chain(error) };
        // Another part of the program may have chosen one already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .user_agent(concat!("plimsoll-sensor/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &place.authorities {
            let file = |source| KubernetesError::File { path: path.clone(), source };
            let pem = std::fs::read(path).map_err(file)?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| setup(&error))?;
            builder = builder.tls_certs_only(authorities);
        }
        let client = builder.build().map_err(|error| setup(&error))?;
        Ok(Self { client, address: place.address.clone(), token: place.token.clone() })
    }

    /// Asks for a document; `None` if there is no such thing.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, KubernetesError> {
        let away = |error: reqwest::Error| KubernetesError::Away {
            address: self.address.clone(),
            cause: chain(&error.without_url()),
        };
        let owned = path.to_owned();
        let garbled = |reason: String| KubernetesError::Garbled { path: owned.clone(), reason };
        let query: Vec<String> = query
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key}={}", encode(value)))
            .collect();
        let mut address = format!("{}{path}", self.address);
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        let request =
            self.client.get(address).header(ACCEPT, WANTED).header(AUTHORIZATION, self.bearer().await?);
        let mut response = request.send().await.map_err(away)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(garbled(format!("it is longer than {} MiB", MAX_BODY >> 20)));
            }
            body.extend_from_slice(&chunk);
        }
        let path = path.to_owned();
        match status {
            StatusCode::OK => {
                serde_json::from_slice(&body).map(Some).map_err(|error| garbled(error.to_string()))
            }
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::FORBIDDEN => Err(KubernetesError::Denied { path, reason: words(&body) }),
            status => Err(KubernetesError::Failed { path, status: status.as_u16(), reason: words(&body) }),
        }
    }

    /// It did not answer in time.
    pub(super) fn late(&self, patience: Duration) -> KubernetesError {
        let cause = format!("not within {} s", patience.as_secs());
        KubernetesError::Away { address: self.address.clone(), cause }
    }

    async fn bearer(&self) -> Result<HeaderValue, KubernetesError> {
        let path = self.token.clone();
        let file = |source| KubernetesError::File { path: path.clone(), source };
        let length = tokio::fs::metadata(&path).await.map_err(file)?.len();
        if length > MAX_TOKEN {
            let reason = format!("a token of {length} bytes, more than {MAX_TOKEN}");
            return Err(KubernetesError::Setup { reason });
        }
        let token = tokio::fs::read_to_string(&path).await.map_err(file)?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
            .map_err(|_| KubernetesError::Setup { reason: "the token is no token".to_owned() })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A value within an address.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The message of a `Status` document, or the beginning of whatever came.
fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let text = match serde_json::from_slice::<Status>(body) {
        Ok(status) => status.message,
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(MAX_WORDS)]).into_owned(),
    };
    text.chars().take(MAX_WORDS).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// An error with its causes, the outermost of which says little by itself.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
