//! Proving that a database holds together: every reference leads somewhere, every derived value is what it derives to,
//! every document can be read, and the log of changes is complete.
//!
//! It reads everything once, in one snapshot, so that writers of the moment cannot make it see half of their work. What
//! it finds wrong it tells and goes on. It mends nothing: most damage has more than one possible cause, and some of the
//! remedies (reporting an image again, taking a backup back) lie outside.

use std::collections::HashSet;
use std::fmt;

use model::{Digest, Timestamp};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::change;
use crate::codec::Codec;
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::inventory::Stored;
use crate::names::Names;
use crate::package::page;
use crate::sql::sql;
use crate::{inventory, judgement, package};

/// Rows read at once.
const PAGE: usize = 1_000;

/// What was looked at, in rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The clock of the snapshot.
    pub clock: Timestamp,
    /// Packages of the dictionary.
    pub packages: u64,
    /// Findings, ended ones included.
    pub findings: u64,
    /// Inventories.
    pub inventories: u64,
    /// Entries of all inventories.
    pub entries: u64,
    /// Inventories that no image names; not a fault, see [`crate::Store::collect_inventories`].
    pub orphans: u64,
    /// Images.
    pub images: u64,
    /// Containers.
    pub containers: u64,
    /// Containers that hold something else than their image.
    pub drifted: u64,
    /// Hosts.
    pub hosts: u64,
    /// Tags.
    pub tags: u64,
    /// Deleted records of which a tombstone is left.
    pub tombstones: u64,
    /// Judgements in the log of changes.
    pub judgements: u64,
    /// Jobs.
    pub jobs: u64,
    /// Notes of days.
    pub days: u64,
    /// Accounts.
    pub accounts: u64,
    /// Sensors.
    pub sensors: u64,
    /// Tokens that let sensors in.
    pub sensor_tokens: u64,
    /// Profiles of sensors.
    pub profiles: u64,
    /// Registries.
    pub registries: u64,
    /// Connectors, the logins that registries share.
    pub connectors: u64,
    /// Schedules of registries.
    pub schedules: u64,
    /// Tags of registries.
    pub registry_tags: u64,
    /// Manifests of registries.
    pub manifests: u64,
    /// How much was wrong.
    pub problems: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The table.
    pub table: &'static str,
    /// The row's key, its parts with slashes between them.
    pub key: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.key, self.fault)
    }
}

/// What can be wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The content is not what the digest was taken of.
    #[error("has the content of digest {0}")]
    OtherContent(Digest),
    /// The number leaves a gap.
    #[error("is not the number that follows, {0}")]
    Gap(u32),
    /// The uuid is not the one that follows from the id or name.
    #[error("should have the uuid {0}")]
    OtherUuid(Uuid),
    /// A package is named that is not in the dictionary.
    #[error("names package {0}, which does not exist")]
    NoPackage(u32),
    /// A package is named that is not in the image's inventory.
    #[error("says since when it has package {0}, which is not in its inventory")]
    NotInInventory(u32),
    /// An inventory is named that does not exist.
    #[error("names inventory {0}, which does not exist")]
    NoInventory(Digest),
    /// A tag is named that does not exist.
    #[error("names tag `{0}`, which does not exist")]
    NoTag(String),
    /// The record that it belongs to does not exist.
    #[error("belongs to {0}, which does not exist")]
    NoOwner(Uuid),
    /// A time is later than the clock.
    #[error("has the time {}, beyond the clock", .0.0)]
    BeyondClock(Timestamp),
    /// Something ended before it began.
    #[error("has times in a wrong order")]
    TimesCrossed,
    /// A column says something else than the document.
    #[error("has a column `{0}` that its document contradicts")]
    Contradicted(&'static str),
    /// A container has another inventory than follows from its image's and its drift.
    #[error("has an inventory that does not follow from its image's and its drift")]
    NotDerived,
    /// A part of the record, in a table of its own, is missing.
    #[error("has no row in the table `{0}`")]
    Incomplete(&'static str),
    /// A profile is named that does not exist.
    #[error("names profile {0}, which does not exist")]
    NoProfile(Uuid),
    /// A record is there and yet deleted.
    #[error("is left of a record that is there")]
    NotDeleted,
    /// The log of changes lacks what must be in it.
    #[error("has no entry in the log of changes for its change at {}", .0.0)]
    NotLogged(Timestamp),
    /// Its counts cannot be true.
    #[error("has counts that cannot be")]
    Miscounted,
}

/// A pass over the database.
pub(crate) struct Pass<'a> {
    pub(crate) connection: &'a mut dyn Connection,
    pub(crate) codec: &'a mut Codec,
    tell: &'a mut dyn FnMut(Problem),
    pub(crate) counts: Verified,
    /// All inventories, sorted.
    pub(crate) inventories: Vec<Digest>,
    /// Those that images name, by their place in `inventories`.
    pub(crate) named: Vec<bool>,
    /// The number of the last package.
    last_package: u32,
    /// Names and versions of packages.
    pub(crate) names: Names,
    /// All customers.
    pub(crate) customers: HashSet<Uuid>,
    /// All tags, by customer and name.
    pub(crate) tags: HashSet<(Uuid, String)>,
    /// The clock values of judgements.
    pub(crate) judgements: HashSet<Timestamp>,
}

/// Reads everything and tells what is wrong.
pub(crate) fn verify(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    tell: &mut dyn FnMut(Problem),
) -> Result<Verified> {
    let counts = Verified { clock: change::clock(connection)?, ..Verified::default() };
    let mut pass = Pass {
        connection,
        codec,
        tell,
        counts,
        inventories: Vec::new(),
        named: Vec::new(),
        last_package: 0,
        names: Names::default(),
        customers: HashSet::new(),
        tags: HashSet::new(),
        judgements: HashSet::new(),
    };
    pass.customers()?;
    pass.changes()?;
    pass.tags()?;
    pass.packages()?;
    pass.findings()?;
    pass.inventories()?;
    pass.images()?;
    pass.containers()?;
    pass.hosts()?;
    pass.jobs()?;
    pass.days()?;
    pass.accounts()?;
    pass.sensors()?;
    pass.registries()?;
    pass.counts.orphans = pass.named.iter().filter(|named| !**named).count() as u64;
    Ok(pass.counts)
}

impl Pass<'_> {
    /// Tells of a fault.
    pub(crate) fn fault(&mut self, table: &'static str, key: impl fmt::Display, fault: Fault) {
        self.counts.problems += 1;
        (self.tell)(Problem { table, key: key.to_string(), fault });
    }

    /// Gives what was read, or tells that it could not be. Only what concerns the row alone is told; when the
    /// database fails, the pass ends.
    pub(crate) fn readable<T>(
        &mut self,
        table: &'static str,
        key: impl fmt::Display,
        read: Result<T>,
    ) -> Result<Option<T>> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error @ (StoreError::Damaged { .. } | StoreError::Engine(_))) => {
                self.fault(table, key, Fault::Unreadable(error.to_string()));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells of a customer that does not exist.
    pub(crate) fn owned(&mut self, table: &'static str, key: impl fmt::Display, customer: Uuid) {
        if !self.customers.contains(&customer) {
            self.fault(table, key, Fault::NoOwner(customer));
        }
    }

    /// Tells of a text that is no JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        &mut self,
        table: &'static str,
        key: impl fmt::Display,
        column: &str,
        text: &str,
    ) -> Result<()> {
        let read = serde_json::from_str::<T>(text).map_err(|error| StoreError::damaged(column, error));
        self.readable(table, key, read).map(drop)
    }

    /// Tells of times beyond the clock.
    pub(crate) fn within_clock(&mut self, table: &'static str, key: impl fmt::Display, time: Timestamp) {
        if time > self.counts.clock {
            self.fault(table, key, Fault::BeyondClock(time));
        }
    }

    /// Runs a statement page by page. Its first parameters are the key that it starts after, the last is the number of
    /// rows; the key is in the first columns of a row, or where `columns` says.
    pub(crate) fn pages(
        &mut self,
        sql: &str,
        start: Vec<Value>,
        columns: &[usize],
        mut each: impl FnMut(&mut Self, Row) -> Result<()>,
    ) -> Result<()> {
        let mut values = start;
        loop {
            values.push(page(PAGE));
            let rows = self.connection.query(sql, &values)?;
            let Some(last) = rows.last() else { return Ok(()) };
            values = columns.iter().map(|column| last.0[*column].clone()).collect();
            for row in rows {
                each(self, row)?;
            }
        }
    }

    fn packages(&mut self) -> Result<()> {
        self.pages(sql!("package/after"), vec![Value::Int(0)], &[0], |pass, row| {
            pass.counts.packages += 1;
            let number = row.0.first().cloned();
            let next = pass.last_package + 1;
            let Some(row) = pass.readable("package", format!("{number:?}"), package::read(row))? else {
                pass.last_package = next;
                return Ok(());
            };
            if row.id != next {
                pass.fault("package", row.id, Fault::Gap(next));
            }
            pass.last_package = row.id;
            pass.names.learn([(row.id, &*row.package.name, &*row.package.version)].into_iter());
            pass.within_clock("package", row.id, row.changed);
            if row.changed < row.created {
                pass.fault("package", row.id, Fault::TimesCrossed);
            } else if row.changed > row.created && !pass.judgements.contains(&row.changed) {
                pass.fault("package", row.id, Fault::NotLogged(row.changed));
            }
            Ok(())
        })
    }

    fn findings(&mut self) -> Result<()> {
        let start = vec![Value::Int(-1), Value::Int(-1)];
        self.pages(sql!("finding/after"), start, &[0, 1], |pass, row| {
            pass.counts.findings += 1;
            let finding = judgement::read(row)?;
            let key = format!("{}/{}", finding.package, finding.qid);
            if finding.package == 0 || finding.package > pass.last_package {
                pass.fault("finding_first_seen", &key, Fault::NoPackage(finding.package));
            }
            pass.within_clock("finding_first_seen", &key, finding.ended.unwrap_or(finding.first_found));
            if finding.ended.is_some_and(|ended| ended < finding.first_found) {
                pass.fault("finding_first_seen", &key, Fault::TimesCrossed);
            }
            Ok(())
        })
    }

    fn inventories(&mut self) -> Result<()> {
        self.pages(sql!("inventory/after"), vec![Value::Bytes(Vec::new())], &[0], |pass, mut row| {
            pass.counts.inventories += 1;
            let (digest, content) = (row.digest(0)?, row.bytes(1)?);
            pass.inventories.push(digest);
            let stored = Stored::read(pass.codec, "content", &content);
            let Some(stored) = pass.readable("inventory", digest, stored)? else { return Ok(()) };
            pass.counts.entries += stored.packages().count() as u64;
            let known = 1..=pass.last_package;
            let unknown = stored.packages().find(|number| !known.contains(number));
            if let Some(number) = unknown {
                pass.fault("inventory", digest, Fault::NoPackage(number));
                return Ok(());
            }
            let known = pass.names.known();
            let entries = stored.entries("content", |package| known.get(package));
            drop(known);
            let Some(entries) = pass.readable("inventory", digest, entries)? else { return Ok(()) };
            let found = Digest::of(&inventory::encode_ordered(entries));
            if found != digest {
                pass.fault("inventory", digest, Fault::OtherContent(found));
            }
            Ok(())
        })?;
        self.named = vec![false; self.inventories.len()];
        Ok(())
    }
}
