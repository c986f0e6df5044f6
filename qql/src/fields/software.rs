//! Tokens of software (query language reference, section 7), relative to the array.

use super::FieldType::{Date, Keyword, Text};
use super::{Field, later};

/// In the order of the documentation.
pub(super) const FIELDS: &[Field] = &[
    later("name", Text),
    later("version", Keyword),
    later("fixVersion", Keyword),
    later("packagePath", Text),
    later("scanType", Keyword),
    later("lifecycle.stage", Keyword),
    later("lifecycle.eol", Date),
    later("lifecycle.eos", Date),
    later("lifecycle.ga", Date),
    later("lifecycle.eolDate", Date),
    later("lifecycle.eosDate", Date),
    later("lifecycle.gaDate", Date),
];
