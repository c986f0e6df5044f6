//! The facts in memory: tables of columns, made so that the next state shares with the present one all that did not change.
//!
//! One table of images and one of containers for each customer; packages, findings and inventories once for all of them,
//! because they are the same for everybody and tell nothing of who has them.

mod columns;
mod containers;
mod findings;
mod hosts;
mod identity;
mod images;
mod packages;
mod tags;
mod tenant;
mod vulnerabilities;

pub(crate) use columns::{LabelsColumn, NO_TIME, TextColumn, TextsColumn, TuplesColumn};
pub(crate) use containers::{Containers, Flags, NamedImages, PortsColumn, state_number, state_of};
pub(crate) use findings::Verdict;
pub use findings::FindingRow;
pub(crate) use hosts::Hosts;
pub use identity::Identity;
pub(crate) use images::{Images, ReferencesColumn, SecretsColumn};
pub(crate) use packages::{PackageHead, Packages, Put, Tables};
pub use packages::PackageEntry;
pub(crate) use tags::Tagged;
pub(crate) use tenant::Tenant;
pub(crate) use vulnerabilities::{Threats, Vulnerabilities, VulnerabilityRow};
