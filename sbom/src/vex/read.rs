//! Tells the three forms apart, and keeps what all of them need while they are read.

use model::report::{Unreadable, limits};

use super::{VexDocument, csaf, cyclonedx, openvex};
use crate::recognise::{self, Form};
use crate::{Limits, SbomError};

/// Statements and notes that are kept of one document.
const MOST: usize = 1_000_000;
const MAX_NOTES: usize = 10_000;

/// Reads OpenVEX 0.2 (older ones as far as they are alike), the VEX profile of CSAF 2.0, or CycloneDX with
/// `vulnerabilities[].analysis`; also as the predicate of an in-toto statement.
///
/// A statement that cannot be understood is listed in [`VexDocument::unreadable`]; an error means that the document as a
/// whole is none of the forms.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<VexDocument, SbomError> {
    let bytes = recognise::without_mark(bytes);
    match recognise::form(bytes, limits)? {
        Some(Form::Within(predicate)) => match recognise::form(predicate.as_bytes(), limits)? {
            Some(form) => read_as(form, predicate.as_bytes()),
            None => Err(SbomError::UnknownVex),
        },
        Some(form) => read_as(form, bytes),
        None => Err(SbomError::UnknownVex),
    }
}

fn read_as(form: Form<'_>, bytes: &[u8]) -> Result<VexDocument, SbomError> {
    match form {
        Form::OpenVex => openvex::read(bytes),
        Form::Csaf => csaf::read(bytes),
        Form::CycloneDx => cyclonedx::read(bytes),
        _ => Err(SbomError::UnknownVex),
    }
}

impl VexDocument {
    pub(super) fn new(id: &str, author: &str) -> Self {
        let cut = |text: &str| text[..text.floor_char_boundary(limits::WORD)].to_owned();
        Self { id: cut(id), author: cut(author), statements: Vec::new(), unreadable: Vec::new() }
    }

    /// Notes what could not be understood, by its place in the document.
    pub(super) fn note(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        if self.unreadable.len() < MAX_NOTES {
            self.unreadable.push(Unreadable { layer: None, path: place.into(), reason: reason.into() });
        }
    }

    /// Keeps a statement, with its texts cut to what a report takes.
    pub(super) fn add(&mut self, mut statement: super::Statement) {
        statement.detail.truncate(statement.detail.floor_char_boundary(limits::TEXT));
        if self.statements.len() < MOST {
            self.statements.push(statement);
        } else if self.statements.len() == MOST {
            self.note("", format!("statements beyond the first {MOST} are left out"));
        }
    }
}
