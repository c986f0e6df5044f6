//! The part of [`crate::verify`] that looks at records: images, containers, hosts, tags, the log, jobs, days, accounts.

use std::ops::RangeInclusive;

use model::{Digest, Timestamp};
use uuid::Uuid;

use crate::batch;
use crate::change::{self, Cause, Change, ChangeKind};
use crate::driver::{Row, Value};
use crate::error::{Result, StoreError};
use crate::job::{self, PART};
use crate::record::{container_uuid, host_uuid, image_uuid, tag_uuid};
use crate::sql::sql;
use crate::verify::{Fault, Pass};
use crate::{account, container, image, inventory, packed};

/// Deleted records that are looked for together.
const BURIED: usize = 1_000;

/// The key of an entry of the log, to show.
fn change_key(change: &Change) -> String {
    format!("{}/{}/{}", change.customer, change.kind as i64, change.key)
}

/// The start of a walk over rows with the key (customer, uuid).
pub(crate) fn nil_key() -> Vec<Value> {
    vec![Uuid::nil().into(), Uuid::nil().into()]
}

/// The customer and uuid at the start of a row, as a key to show.
pub(crate) fn key_of(row: &Row) -> Result<(Uuid, Uuid, String)> {
    let mut key = Row(row.0.iter().take(2).cloned().collect());
    let (customer, uuid) = (key.uuid(0)?, key.uuid(1)?);
    Ok((customer, uuid, format!("{customer}/{uuid}")))
}

impl Pass<'_> {
    pub(crate) fn images(&mut self) -> Result<()> {
        self.pages(sql!("image/after"), nil_key(), &[0, 1], |pass, row| {
            pass.counts.images += 1;
            let (customer, uuid, key) = key_of(&row)?;
            let cause = row.0.get(13).cloned();
            let read = image::read_record(pass.codec, row);
            let Some(record) = pass.readable("image", &key, read)? else { return Ok(()) };
            let expected = image_uuid(customer, &record.id);
            if uuid != expected {
                pass.fault("image", &key, Fault::OtherUuid(expected));
            }
            pass.within_clock("image", &key, record.updated);
            if record.created_at > record.updated {
                pass.fault("image", &key, Fault::TimesCrossed);
            }
            if record.document.facts.id != record.id {
                pass.fault("image", &key, Fault::Contradicted("id"));
            }
            match pass.inventories.binary_search(&record.inventory) {
                Ok(place) => pass.named[place] = true,
                Err(_) => pass.fault("image", &key, Fault::NoInventory(record.inventory)),
            }
            if !record.since.is_empty() {
                let times = record.created_at..=record.updated;
                pass.since("image", &key, (&record.inventory, &record.since), times)?;
            }
            pass.logged("image", &key, cause);
            pass.tagged("image", &key, customer, record.tags);
            Ok(())
        })
    }

    /// Packages that came later are of the record's inventory, and came while the record was there.
    fn since(
        &mut self,
        table: &'static str,
        key: &str,
        (digest, since): (&Digest, &[(u32, Timestamp)]),
        times: RangeInclusive<Timestamp>,
    ) -> Result<()> {
        if self.inventories.binary_search(digest).is_err() {
            return Ok(());
        }
        if since.iter().any(|(_, clock)| !times.contains(clock)) {
            self.fault(table, key, Fault::TimesCrossed);
        }
        let content = inventory::packages(self.connection, self.codec, digest);
        // one that cannot be read was told of with the inventories
        let Ok(content) = content else { return Ok(()) };
        for (package, _) in since.iter().filter(|(package, _)| !content.contains(package)) {
            self.fault(table, key, Fault::NotInInventory(*package));
        }
        Ok(())
    }

    pub(crate) fn containers(&mut self) -> Result<()> {
        let mut drifted = Vec::new();
        self.pages(sql!("container/after"), nil_key(), &[0, 1], |pass, row| {
            pass.counts.containers += 1;
            let (customer, uuid, key) = key_of(&row)?;
            let (state, cause) = (row.0.get(4).cloned(), row.0.get(13).cloned());
            let read = container::read(pass.codec, row);
            let Some(mut record) = pass.readable("container", &key, read)? else { return Ok(()) };
            let expected = container_uuid(customer, &record.report.id);
            if uuid != expected {
                pass.fault("container", &key, Fault::OtherUuid(expected));
            }
            pass.within_clock("container", &key, record.updated);
            if record.created_at > record.updated {
                pass.fault("container", &key, Fault::TimesCrossed);
            }
            if state != Some(Value::Int(packed::state_number(record.report.state))) {
                pass.fault("container", &key, Fault::Contradicted("state"));
            }
            if let Some(inventory) = record.inventory {
                match pass.inventories.binary_search(&inventory) {
                    Ok(place) => pass.named[place] = true,
                    Err(_) => pass.fault("container", &key, Fault::NoInventory(inventory)),
                }
            }
            if let (Some(inventory), false) = (record.inventory, record.since.is_empty()) {
                let times = record.created_at..=record.updated;
                pass.since("container", &key, (&inventory, &record.since), times)?;
            }
            pass.logged("container", &key, cause);
            pass.tagged("container", &key, customer, std::mem::take(&mut record.tags));
            pass.inside(&mut drifted, key, record)
        })?;
        self.derived(drifted)
    }

    /// A living record must tell why it last changed.
    fn logged(&mut self, table: &'static str, key: &str, cause: Option<Value>) {
        let known = matches!(cause, Some(Value::Int(number)) if Cause::from_number(number).is_some());
        if !known {
            self.fault(table, key, Fault::Unreadable("it has an unknown cause".to_owned()));
        }
    }

    /// The tags of a record must exist.
    fn tagged(&mut self, table: &'static str, key: &str, customer: Uuid, tags: Vec<String>) {
        for tag in tags {
            let known = (customer, tag);
            if !self.tags.contains(&known) {
                self.fault(table, key, Fault::NoTag(known.1));
            }
        }
    }

    pub(crate) fn changes(&mut self) -> Result<()> {
        let start = vec![Uuid::nil().into(), Value::Int(-1), Uuid::nil().into()];
        let mut buried = Vec::new();
        self.pages(sql!("change/page"), start, &[1, 2, 3], |pass, row| {
            let key = format!("{:?}/{:?}/{:?}", row.0[1], row.0[2], row.0[3]);
            let Some(change) = pass.readable("change", key, change::read(row))? else { return Ok(()) };
            pass.within_clock("change", change_key(&change), change.clock);
            if change.kind == ChangeKind::Judgement {
                pass.counts.judgements += 1;
                pass.judgements.insert(change.clock);
                return Ok(());
            }
            pass.counts.tombstones += 1;
            if change.tombstone.is_none() {
                let reason = "it does not say what was deleted".to_owned();
                pass.fault("change", change_key(&change), Fault::Unreadable(reason));
            }
            if change.deleted {
                buried.push(change);
            } else {
                pass.fault("change", change_key(&change), Fault::NotDeleted);
            }
            if buried.len() >= BURIED {
                pass.are_gone(std::mem::take(&mut buried))?;
            }
            Ok(())
        })?;
        self.are_gone(buried)
    }

    /// Tells of records that are there although something is left of their deletion.
    fn are_gone(&mut self, buried: Vec<Change>) -> Result<()> {
        for (kind, sql) in
            [(ChangeKind::Image, sql!("image/existing")), (ChangeKind::Container, sql!("container/existing"))]
        {
            let of_kind = buried.iter().filter(|change| change.kind == kind);
            let keys: Vec<(Uuid, Uuid)> = of_kind.map(|change| (change.customer, change.key)).collect();
            for mut row in batch::rows_of(self.connection, sql, &[], &keys)? {
                let key = format!("{}/{}/{}", row.uuid(0)?, kind as i64, row.uuid(1)?);
                self.fault("change", key, Fault::NotDeleted);
            }
        }
        Ok(())
    }

    pub(crate) fn hosts(&mut self) -> Result<()> {
        self.pages(sql!("host/after"), nil_key(), &[0, 1], |pass, mut row| {
            pass.counts.hosts += 1;
            let (customer, uuid, key) = key_of(&row)?;
            let (hostname, document) = (row.text(2)?, row.text(3)?);
            let expected = host_uuid(customer, &hostname);
            if uuid != expected {
                pass.fault("host", &key, Fault::OtherUuid(expected));
            }
            let facts = serde_json::from_str::<model::container::HostFacts>(&document);
            let facts = facts.map_err(|error| StoreError::damaged("document", error));
            if let Some(facts) = pass.readable("host", &key, facts)?
                && facts.hostname != hostname
            {
                pass.fault("host", &key, Fault::Contradicted("hostname"));
            }
            Ok(())
        })
    }

    pub(crate) fn tags(&mut self) -> Result<()> {
        self.pages(sql!("tag/after"), nil_key(), &[0, 1], |pass, mut row| {
            pass.counts.tags += 1;
            let (customer, uuid, key) = key_of(&row)?;
            let name = row.text(2)?;
            let expected = tag_uuid(customer, &name);
            if uuid != expected {
                pass.fault("tag", &key, Fault::OtherUuid(expected));
            }
            pass.tags.insert((customer, name));
            Ok(())
        })
    }

    pub(crate) fn jobs(&mut self) -> Result<()> {
        self.pages(sql!("job/after"), nil_key(), &[0, 1], |pass, row| {
            pass.counts.jobs += 1;
            let (.., key) = key_of(&row)?;
            let Some(job) = pass.readable("job", &key, job::read(row))? else { return Ok(()) };
            if job.kept > job.done || job.total > 0 && job.done > job.total {
                pass.fault("job", &key, Fault::Miscounted);
            }
            Ok(())
        })?;
        let start = vec![Uuid::nil().into(), Uuid::nil().into(), Value::Int(-1)];
        self.pages(sql!("job/parts_after"), start, &[0, 1, 2], |pass, mut row| {
            let (customer, job, part) = (row.uuid(0)?, row.uuid(1)?, row.int(2)?);
            let key = format!("{customer}/{job}/{part}");
            let waits = !matches!(row.0.get(3), None | Some(Value::Null));
            match row.optional_int(4)? {
                None => pass.fault("job_part", key, Fault::NoOwner(job)),
                // a part keeps its records exactly as long as they are not worked off
                Some(done) if waits != (part.saturating_mul(PART as i64) >= done) => {
                    pass.fault("job_part", key, Fault::Miscounted);
                }
                Some(_) => {}
            }
            Ok(())
        })
    }

    pub(crate) fn days(&mut self) -> Result<()> {
        let start = vec![Uuid::nil().into(), "".into(), Value::Int(i64::MIN)];
        self.pages(sql!("day/after"), start, &[0, 1, 2], |pass, mut row| {
            pass.counts.days += 1;
            let key = format!("{}/{}/{}", row.uuid(0)?, row.text(1)?, row.int(2)?);
            let document = serde_json::from_str::<serde::de::IgnoredAny>(&row.text(3)?);
            let document = document.map_err(|error| StoreError::damaged("document", error));
            pass.readable("fleet_day", key, document).map(drop)
        })
    }

    pub(crate) fn accounts(&mut self) -> Result<()> {
        let accounts = account::all(self.connection);
        let accounts = self.readable("account", "all", accounts)?.unwrap_or_default();
        self.counts.accounts = accounts.len() as u64;
        accounts.iter().for_each(|account| self.owned("account", &account.name, account.customer));
        Ok(())
    }

    pub(crate) fn customers(&mut self) -> Result<()> {
        let rows = self.connection.query(sql!("customer/all"), &[])?;
        self.customers = rows.into_iter().map(|mut row| Ok(row.uuid(0)?)).collect::<Result<_>>()?;
        Ok(())
    }
}
