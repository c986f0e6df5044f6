//! The records that leave the store: plain data, as they stand in one snapshot of the database.
//!
//! What it is not for: judgements. A record says what was seen; what is vulnerable is worked out elsewhere.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use model::{
    Build, ContainerReport, Digest, ImageFacts, ImageId, OsRelease, Package, SecretRecord, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The customer of an installation that has only one.
pub const DEFAULT_CUSTOMER: Uuid = Uuid::from_u128(1);

/// The uuid of an image of `customer`: version 3 of `image:<64 hex digits>` in the customer's namespace.
pub fn image_uuid(customer: Uuid, id: &ImageId) -> Uuid {
    Uuid::new_v3(&customer, format!("image:{}", id.0.to_hex()).as_bytes())
}

/// The uuid of a container of `customer`: version 3 of `container:<64 hex digits>`.
pub fn container_uuid(customer: Uuid, id: &Digest) -> Uuid {
    Uuid::new_v3(&customer, format!("container:{}", id.to_hex()).as_bytes())
}

/// The uuid of a host of `customer`: version 3 of `host:<hostname>`.
pub fn host_uuid(customer: Uuid, hostname: &str) -> Uuid {
    Uuid::new_v3(&customer, format!("host:{hostname}").as_bytes())
}

/// The uuid of a tag of `customer`: version 3 of `tag:<name>`.
pub fn tag_uuid(customer: Uuid, name: &str) -> Uuid {
    Uuid::new_v3(&customer, format!("tag:{name}").as_bytes())
}

/// What a writer is told when its facts are durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ack {
    /// The `updated` of the written record (the latest one of several), whether or not this request moved it.
    pub updated: Timestamp,
    /// Whether anything changed; `false` for a report that was known already.
    pub changed: bool,
    /// The records concerned, in the order of the request.
    pub uuids: Vec<Uuid>,
}

/// A package of the dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRow {
    /// Its number: dense from 1, append-only, in the order of `created`.
    pub id: u32,
    /// Its identity.
    pub package: Package,
    /// The clock value at which it was first seen in any image.
    pub created: Timestamp,
    /// The clock value at which its findings last changed; `created` if they never did.
    pub changed: Timestamp,
    /// What its last judgement came to, as the judge fingerprints it; `None` if it was never judged.
    pub fingerprint: Option<u64>,
}

/// What is known of an image besides its identity, times and packages: shown, never searched in SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageDocument {
    /// The image as its newest report describes it, with the names (`references`) of all reports.
    pub facts: ImageFacts,
    /// Its operating system.
    #[serde(default)]
    pub os_release: Option<OsRelease>,
    /// Account names of `/etc/passwd`.
    #[serde(default)]
    pub users: Vec<String>,
    /// The program that looked.
    pub scanner: String,
    /// Credentials that lie in it, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretRecord>,
    /// How many places could not be read.
    #[serde(default)]
    pub unreadable: u32,
    /// Its build, as the newest of those reports tells that tell one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Box<ImageBuild>>,
}

/// The build of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageBuild {
    /// When the report's scanner looked, in the build.
    pub scanned_at: Timestamp,
    /// What it told.
    pub build: Build,
}

impl ImageBuild {
    /// The one that counts: the newest, of two of the same time the one that came later.
    pub(crate) fn newest<'a>(known: Option<&'a Self>, told: Option<&'a Self>) -> Option<&'a Self> {
        match (known, told) {
            (Some(known), Some(told)) if known.scanned_at > told.scanned_at => Some(known),
            (known, told) => told.or(known),
        }
    }
}

/// An image of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRecord {
    /// Whose it is.
    pub customer: Uuid,
    /// See [`image_uuid`].
    pub uuid: Uuid,
    /// Digest of its config document.
    pub id: ImageId,
    /// The clock value at which it was first stored.
    pub created_at: Timestamp,
    /// The clock value at which the record last changed. Its packages' findings may have changed later:
    /// see [`PackageRow::changed`].
    pub updated: Timestamp,
    /// `scanned_at` of its newest report.
    pub last_scanned: Timestamp,
    /// Who reported it, in the order of first report.
    pub sources: Vec<String>,
    /// Names of its tags, sorted.
    pub tags: Vec<String>,
    /// Registries that list it: those of which a tag names it. Sorted.
    pub registries: Vec<Uuid>,
    /// Its packages, see [`crate::Store::inventory`].
    pub inventory: Digest,
    /// Packages that came to it after it was first stored, by number and in that order, each with the clock value of the
    /// report that brought it. A package that is not named here was in its first report.
    pub since: Box<[(u32, Timestamp)]>,
    /// The rest.
    pub document: ImageDocument,
    /// The document as it is stored, small: [`crate::decode_image_document`] gives all of it but its id and names.
    pub document_bytes: Arc<[u8]>,
}

/// A set of packages with their places; images with equal content share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Digest over the entries.
    pub digest: Digest,
    /// The entries, sorted and without repetition.
    pub entries: Vec<InventoryEntry>,
}

/// One package at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InventoryEntry {
    /// [`PackageRow::id`].
    pub package: u32,
    /// See [`model::PackageRecord::layer`].
    pub layer: Option<u32>,
    /// See [`model::PackageRecord::path`].
    pub path: String,
    /// See [`model::PackageRecord::owned_by`].
    pub owned_by: Option<String>,
    /// See [`model::PackageRecord::license`].
    pub license: Option<String>,
    /// See [`model::PackageRecord::found_by`].
    pub found_by: String,
    /// See [`model::PackageRecord::declared`].
    pub declared: bool,
}

/// A container of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRecord {
    /// Whose it is.
    pub customer: Uuid,
    /// See [`container_uuid`].
    pub uuid: Uuid,
    /// The clock value at which the record last changed.
    pub updated: Timestamp,
    /// The clock value at which it was first stored.
    pub created_at: Timestamp,
    /// See [`host_uuid`].
    pub host_uuid: Uuid,
    /// The image that it runs, see [`image_uuid`]; set whether or not that image is known.
    pub image_uuid: Option<Uuid>,
    /// Names of its own tags, sorted. Those of its image count for it too and are not repeated here.
    pub tags: Vec<String>,
    /// Its newest report; `tags` in it is empty.
    pub report: ContainerReport,
    /// The report's details as they are stored: [`crate::decode_inside`] gives them. Empty if there are none.
    pub inside_bytes: Arc<[u8]>,
    /// The packages that it has in place of its image's, see [`crate::Store::inventory`]; `None` if it has the image's.
    pub inventory: Option<Digest>,
    /// Packages of `inventory` that came to the container after it was first stored, as [`ImageRecord::since`].
    pub since: Box<[(u32, Timestamp)]>,
}

/// A vulnerability of a package, with the times at which it was judged so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingRow {
    /// [`PackageRow::id`].
    pub package: u32,
    /// [`model::Vulnerability::qid`].
    pub qid: u32,
    /// When it was first judged so; of one that ended and came back, when it came back.
    pub first_found: Timestamp,
    /// When it ceased to be; `None` while it stands.
    pub ended: Option<Timestamp>,
}

/// The new judgement of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejudged {
    /// [`PackageRow::id`].
    pub package: u32,
    /// What the judgement comes to.
    pub fingerprint: u64,
    /// All its vulnerabilities.
    pub qids: Vec<u32>,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Manager,
    /// Read what its scope shows.
    Reader,
    /// Send reports, read nothing.
    Scanner,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Manager, Self::Reader, Self::Scanner];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Reader => "reader",
            Self::Scanner => "scanner",
        }
    }

    /// The words that are taken for it, its name first.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Manager => &["manager", "admin", "administrator"],
            Self::Reader => &["reader", "viewer", "user", "sub-user", "subuser", "auditor"],
            Self::Scanner => &["scanner", "sensor", "ingest", "ci"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; roles are manager, reader and scanner")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let word = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|role| role.words().contains(&word.as_str()))
            .ok_or_else(|| UnknownRole(text.chars().take(64).collect()))
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// 1 to 128 visible characters without a colon.
    pub name: String,
    /// 1 to 1,024 bytes.
    pub password: String,
    /// What it may do.
    pub role: Role,
    /// The tags that it may see; empty for everything.
    pub tags: Vec<String>,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose records it sees.
    pub customer: Uuid,
    /// Its own id, never used again after it is deleted.
    pub uuid: Uuid,
    /// Unique over all customers.
    pub name: String,
    /// PHC string, see [`crate::verify_password`].
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// The tags that it may see; `None` is everything.
    pub scope: Option<BTreeSet<String>>,
    /// A disabled account exists and may not log in.
    pub disabled: bool,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("customer", &self.customer)
            .field("uuid", &self.uuid)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("scope", &self.scope)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_by_any_of_their_words_and_an_unknown_word_lists_them() {
        assert_eq!("Administrator".parse(), Ok(Role::Manager));
        assert_eq!("sub-user".parse(), Ok(Role::Reader));
        assert_eq!(" CI ".parse(), Ok(Role::Scanner));
        let refused = "root".parse::<Role>().unwrap_err().to_string();
        assert_eq!(refused, "`root` is not a role; roles are manager, reader and scanner");
    }

    #[test]
    fn every_role_is_read_back_from_its_own_name() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
    }

    #[test]
    fn uuids_differ_by_customer_and_kind_and_are_stable() {
        let digest = Digest::from_bytes([7; 32]);
        let image = image_uuid(DEFAULT_CUSTOMER, &ImageId(digest));
        assert_eq!(image, image_uuid(DEFAULT_CUSTOMER, &ImageId(digest)));
        assert_ne!(image, container_uuid(DEFAULT_CUSTOMER, &digest));
        assert_ne!(image, image_uuid(Uuid::from_u128(2), &ImageId(digest)));
        assert_eq!(image.get_version_num(), 3);
    }
}
