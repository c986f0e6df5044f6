//! What can be wrong with a document as a whole; what is wrong with a part of it is a note in the report.

use std::io;

/// Why a document cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// More bytes than [`crate::Limits::bytes`].
    #[error("the document has {bytes} bytes, more than {most}")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many are read.
        most: usize,
    },
    /// A form that is known and not read; the text says which and what to do.
    #[error("{0}")]
    Unsupported(String),
    /// JSON that is none of the forms.
    #[error("the document is none of CycloneDX, SPDX, Syft or Plimsoll JSON")]
    UnknownForm,
    /// JSON that is no exploitability statement.
    #[error("the document is none of OpenVEX, CSAF VEX or CycloneDX VEX")]
    UnknownVex,
    /// Not JSON, or the frame of the document does not have the shape that its form asks for.
    #[error("the {form} document cannot be read: {reason}")]
    Malformed {
        /// The form, such as `CycloneDX`.
        form: &'static str,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The output does not take what is written.
    #[error("the document cannot be written: {0}")]
    Write(#[source] io::Error),
}

impl SbomError {
    pub(crate) fn malformed(form: &'static str, error: &serde_json::Error) -> Self {
        Self::Malformed { form, reason: error.to_string() }
    }
}

impl From<serde_json::Error> for SbomError {
    /// Of writing: our own documents always have a JSON form, so only the output can have failed.
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}
