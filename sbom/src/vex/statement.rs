//! The statements, in the words of OpenVEX 0.2; the other forms are brought to them.

use model::report::Unreadable;
use model::{Digest, Reference, Timestamp};

/// A document of statements.
#[derive(Clone, Debug, PartialEq)]
pub struct VexDocument {
    /// Its own id: OpenVEX `@id`, CSAF `document.tracking.id`, CycloneDX `serialNumber`; empty if it names none.
    pub id: String,
    /// Who says it; empty if it names nobody.
    pub author: String,
    /// The statements, in the order of the document.
    pub statements: Vec<Statement>,
    /// What could not be understood, by its place in the document.
    pub unreadable: Vec<Unreadable>,
}

/// One position on one vulnerability in some products.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The ids of the vulnerability, the main one first, aliases behind it. Never empty.
    pub vulnerabilities: Vec<String>,
    /// What it is said of; empty means that the document names no product and speaks of whatever it is applied to.
    pub products: Vec<Product>,
    /// The position.
    pub status: Status,
    /// Why it is not affected, as one of the known words.
    pub justification: Option<Justification>,
    /// The same, or what to do, in the author's own words; empty if there are none.
    pub detail: String,
    /// When it was said; `None` if nothing tells.
    pub timestamp: Option<Timestamp>,
    /// [`VexDocument::id`].
    pub document: String,
}

/// What a statement is said of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Package URLs: of an image (`pkg:oci`, `pkg:docker`) or of a package.
    pub purls: Vec<String>,
    /// Digests of an image: of its config or of its manifest.
    pub digests: Vec<Digest>,
    /// Names of an image.
    pub references: Vec<Reference>,
    /// Package URLs of the parts that it is about; empty means the product as a whole.
    pub subcomponents: Vec<String>,
}

/// The position of a statement (OpenVEX 0.2, "Status Labels"; CSAF `product_status`; CycloneDX `analysis.state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing has to be done.
    NotAffected,
    /// Something has to be done.
    Affected,
    /// This version holds the fix.
    Fixed,
    /// Not known yet.
    UnderInvestigation,
}

impl Status {
    /// The word of OpenVEX.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }

    /// Whether a finding with this position does not count.
    pub const fn suppresses(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}

/// Why something is not affected (OpenVEX 0.2, "Status Justifications"; the same words as CSAF's flags).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Justification {
    /// The product does not hold the component.
    ComponentNotPresent,
    /// The component is there without the vulnerable code.
    VulnerableCodeNotPresent,
    /// The code is never run.
    VulnerableCodeNotInExecutePath,
    /// The code cannot be reached by an attacker.
    VulnerableCodeCannotBeControlledByAdversary,
    /// Something else stops an attack.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
    ];

    /// The word of OpenVEX and CSAF.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }
}
