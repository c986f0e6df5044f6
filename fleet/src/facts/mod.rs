//! The facts in memory: tables of columns, made so that the next state shares with the present one all that did not change.
//!
//! One table of images and one of containers for each customer; packages, findings and inventories once for all of them,
//! because they are the same for everybody and tell nothing of who has them.

mod base;
mod cause;
mod change;
mod columns;
mod containers;
mod derived;
mod details;
mod entry;
mod feed;
mod findings;
mod hosts;
mod identity;
mod images;
mod index;
mod inventories;
mod items;
mod links;
mod listing;
mod packages;
mod put_container;
mod put_image;
mod ready;
mod records;
mod rows;
mod scope;
mod segments;
mod shadow;
mod since;
mod tables;
mod tags;
mod tenant;
mod tombstones;
mod usage;
mod vulnerabilities;

pub(crate) use cause::{cause_number, cause_word};
pub(crate) use change::{StoredContainer, StoredImage, TenantStep};
pub(crate) use columns::{LabelsColumn, NO_TIME, TextColumn, TextsColumn, TuplesColumn};
pub(crate) use containers::{Containers, Flags, PortsColumn, state_number, state_of};
pub(crate) use derived::Derived;
pub(crate) use details::answer;
pub use entry::PackageEntry;
pub use feed::{Change as FeedChange, Place as FeedPlace};
pub use findings::FindingRow;
pub(crate) use findings::Verdict;
pub(crate) use hosts::Hosts;
pub use identity::Identity;
pub(crate) use images::{Images, ReferencesColumn, SecretsColumn};
pub(crate) use index::{Index, Step};
pub(crate) use inventories::{Inventories, SavedInventories};
pub(crate) use items::Items;
pub(crate) use packages::{PackageHead, Packages, Put};
pub use ready::PackageText;
pub(crate) use ready::{Ready, ReadyPackage, ReadyRow};
pub(crate) use rows::Rows;
pub(crate) use scope::Visible;
pub(crate) use segments::Segments;
pub(crate) use since::Since;
pub(crate) use tables::Tables;
pub(crate) use tenant::{SavedTenant, Tenant};
pub(crate) use tombstones::Tombstones;
pub(crate) use usage::HostUse;
pub(crate) use vulnerabilities::{Threats, Vulnerabilities, VulnerabilityRow};
