//! Tells the forms apart by the keys that only they have.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Limits, SbomError};

/// The keys by which forms are told apart; everything else is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    bom_format: Option<&'a RawValue>,
    #[serde(borrow)]
    spdx_version: Option<&'a RawValue>,
    #[serde(borrow, rename = "@context")]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    artifacts: Option<&'a RawValue>,
    #[serde(borrow)]
    scanned_at: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    CycloneDx,
    Spdx,
    Syft,
    Own,
    OpenVex,
    Csaf,
    /// The statement within an in-toto attestation.
    Within(&'a str),
}

/// Says which form the bytes have. `None` for JSON that is none.
pub(crate) fn form<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Option<Form<'a>>, SbomError> {
    if bytes.len() > limits.bytes {
        return Err(SbomError::TooLarge { bytes: bytes.len(), most: limits.bytes });
    }
    refuse_other_syntax(bytes)?;
    let head: Head<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("JSON", &error))?;
    if head.bom_format.is_some() {
        return Ok(Some(Form::CycloneDx));
    }
    if head.spdx_version.is_some() {
        return Ok(Some(Form::Spdx));
    }
    match head.context.map(RawValue::get) {
        Some(context) if context.contains("openvex") => return Ok(Some(Form::OpenVex)),
        Some(context) if context.contains("spdx.org/rdf/3.") => {
            return Err(refused("SPDX 3 is not read; write the document as SPDX 2.3 or CycloneDX"));
        }
        _ => {}
    }
    if head.scanned_at.is_some() {
        return Ok(Some(Form::Own));
    }
    if head.artifacts.is_some() {
        return Ok(Some(Form::Syft));
    }
    if head.document.is_some_and(|document| document.get().contains("csaf_version")) {
        return Ok(Some(Form::Csaf));
    }
    match (head.predicate, head.payload) {
        (Some(predicate), _) if predicate.get().starts_with('{') => Ok(Some(Form::Within(predicate.get()))),
        (_, Some(_)) => Err(refused("a signed envelope is not read; take the document out of it first")),
        _ => Ok(None),
    }
}

fn refuse_other_syntax(bytes: &[u8]) -> Result<(), SbomError> {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"<") {
        return Err(refused("XML is not read; write the document as CycloneDX JSON or SPDX JSON"));
    }
    if start.starts_with(b"SPDXVersion:") || start.starts_with(b"#") {
        return Err(refused("SPDX in the tag-value form is not read; write the document as SPDX JSON"));
    }
    Ok(())
}

fn refused(words: &str) -> SbomError {
    SbomError::Unsupported(words.to_owned())
}

/// The bytes without a byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
