//! What a document may hold at most.
//!
//! Lists and words are bounded by [`model::report::limits`], which the server asks for; here is only what comes before.

/// Bounds of reading. The default takes documents of the largest images a hundred times over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Packages that are kept; further ones are counted in a note.
    pub packages: usize,
    /// Levels of components within components; deeper ones are noted.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 512 << 20, packages: model::report::limits::PACKAGES, depth: 16 }
    }
}
