//! Credentials found in an image, in the block that `scanDetails=secrets` asks for.
//!
//! No public source shows the shape of this block; the keys follow the ones of the vendor's own scanner.

use model::{ImageFacts, SecretRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::layer;
use super::scalar::Sha;

/// One credential.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret<'a> {
    /// The rule that knew it.
    r#type: &'a str,
    category: &'static str,
    title: &'a str,
    file_path: &'a str,
    /// From 1; 0 where there are no lines.
    start_line: u32,
    end_line: u32,
    severity: &'static str,
    /// Never the whole credential.
    r#match: &'a str,
    layer_sha: Vec<Sha>,
}

impl<'a> Secret<'a> {
    pub(crate) fn new(record: &'a SecretRecord, facts: &ImageFacts) -> Self {
        Self {
            r#type: &record.rule,
            category: "SECRET",
            title: &record.title,
            file_path: &record.path,
            start_line: record.line,
            end_line: record.line,
            severity: match record.severity.get() {
                5 => "CRITICAL",
                4 => "HIGH",
                3 => "MEDIUM",
                _ => "LOW",
            },
            r#match: &record.masked,
            layer_sha: record.layer.and_then(|index| layer::sha_of(facts, index)).into_iter().collect(),
        }
    }
}
