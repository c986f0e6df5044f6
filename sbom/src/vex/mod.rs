//! Exploitability statements (VEX): what a supplier says about a vulnerability in a product. OpenVEX, CSAF and
//! CycloneDX in, OpenVEX and CSAF out.
//!
//! What it is for: reading such documents as data, telling which statement holds for a finding, and writing the
//! judgements of an image. What it is not for: deciding what a caller does with the answer.
//!
//! The decision a reader may doubt: a statement never applies by the name of a product alone. A product is known by a package
//! URL, a digest or a reference of an image; what is named by words only is listed in [`VexDocument::unreadable`].

mod apply;
mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod read;
mod statement;
mod write;

pub use apply::judge;
pub use read::read;
pub use statement::{Justification, Product, Statement, Status, VexDocument};
pub use write::{Cleared, write_csaf, write_openvex};
