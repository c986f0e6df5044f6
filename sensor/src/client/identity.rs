//! Who the sensor is at the server, remembered in the state directory.

use std::path::{Path, PathBuf};

use model::Digest;
use model::sensor::Enrolled;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StateError;
use crate::spool::files;

/// The file of the identity.
const FILE: &str = "sensor.json";
/// It has a few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// Who the sensor is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Its identity.
    pub(crate) sensor: Uuid,
    /// Whose it is.
    pub(crate) customer: Uuid,
    /// At which server.
    pub(crate) server: String,
    /// A print of the token that it enrolled with, to tell when another one is given.
    pub(crate) token: String,
}

impl Identity {
    pub(super) fn new(enrolled: &Enrolled, server: &str, token: &str) -> Self {
        let (sensor, customer) = (enrolled.sensor, enrolled.customer);
        Self { sensor, customer, server: server.to_owned(), token: print_of(token) }
    }

    /// Goes on although this token was given for that server and is of no use.
    pub(super) fn accept(&mut self, server: &str, token: &str) {
        server.clone_into(&mut self.server);
        self.token = print_of(token);
    }

    /// The identity of the state directory. A damaged file counts as none, for a new enrolment mends it.
    pub(super) fn load(state: &Path) -> Result<Option<Self>, StateError> {
        let path = path(state);
        let bytes = files::read_bounded(&path, LARGEST);
        let bytes = bytes.map_err(|source| StateError::Io { path: path.clone(), source })?;
        let Some(bytes) = bytes else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(identity) => Ok(Some(identity)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "{} is damaged: {error}", path.display());
                Ok(None)
            }
        }
    }

    pub(super) fn save(&self, state: &Path) -> std::io::Result<()> {
        files::write_whole(&path(state), &serde_json::to_vec_pretty(self)?)
    }

    /// Whether it serves for `server` although `token` is given: a token that was used up already is no wish to enrol anew.
    pub(super) fn serves(&self, server: &str, token: Option<&str>) -> bool {
        match token {
            None => true,
            Some(token) => self.server == server && self.token == print_of(token),
        }
    }
}

fn path(state: &Path) -> PathBuf {
    state.join(FILE)
}

fn print_of(token: &str) -> String {
    Digest::of(token.as_bytes()).to_hex()
}
