//! One request at work inside the writer's transaction: the connection, the clock and the package numbers.
//!
//! Every request runs in a savepoint, so that one with bad data is undone alone. What is remembered outside the
//! database (the clock value, numbers of new packages) is undone with it.
//!
//! The clock's row is advanced once, by the first request that needs it, and set once more before the commit: in
//! between nobody else can see or move it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Digest, Timestamp};
use uuid::Uuid;

use crate::change;
use crate::codec::Codec;
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::names::Names;
use crate::package::{KeyMap, Numbers, PackageKey};
use crate::recent::{Notes, PlacedInventory, Recent, RecentImage};
use crate::sql::sql;

/// How far the clock may run ahead of the wall clock before the requests of one commit begin to share a value.
///
/// Each request has a clock value of its own, which keeps `updated` nearly unique and bulk links short. But each
/// value is at least a millisecond, and a writer that is faster than one request a millisecond would push the
/// clock ever further into the future. Past this limit a value is shared, which any reader must bear anyway.
const MAX_LEAD: i64 = 1_000;

/// What the writer keeps from one transaction to the next.
pub(crate) struct Memory {
    /// Numbers of known packages.
    pub(crate) numbers: Numbers,
    /// Compression state.
    pub(crate) codec: Codec,
    /// Names of packages, for those who read inventories.
    pub(crate) names: Names,
    /// Customers that are known to exist.
    pub(crate) customers: HashSet<Uuid>,
    /// Tags that are known to exist, by customer and uuid.
    pub(crate) tags: HashSet<(Uuid, Uuid)>,
    /// Numbers of what containers share, by a hash of it.
    pub(crate) shared: HashMap<Digest, i64>,
    /// What the database said of its collections when these numbers were learnt.
    shared_of: Option<String>,
    /// What was committed lately.
    recent: Arc<Recent>,
}

impl Memory {
    /// Remembers nothing yet; what is committed is kept in `recent`.
    pub(crate) fn new(recent: Arc<Recent>) -> Self {
        Self {
            numbers: Numbers::default(),
            codec: Codec::new(),
            names: Names::default(),
            customers: HashSet::new(),
            tags: HashSet::new(),
            shared: HashMap::new(),
            shared_of: None,
            recent,
        }
    }
}

/// A row that a request will ask for: a statement that takes customer and uuid, and these.
pub(crate) type Question = (&'static str, Uuid, Uuid);

/// The writer's transaction.
pub(crate) struct Work<'a> {
    /// Where to write; a transaction is open.
    pub(crate) connection: &'a mut dyn Connection,
    /// What outlives it.
    pub(crate) memory: &'a mut Memory,
    /// Numbers given in this transaction.
    fresh: KeyMap<u32>,
    /// The order in which `fresh` was filled.
    fresh_order: Vec<PackageKey>,
    /// The clock value last given in this transaction.
    clock: Option<Timestamp>,
    /// The value of the clock's row, once this transaction has advanced it.
    written: Option<Timestamp>,
    /// The clock value of the request at work.
    ticked: Option<Timestamp>,
    /// Whether each request has a savepoint. Without, one that fails takes all others with it.
    careful: bool,
    /// Rows that were fetched before they were asked for; each is right until its request has asked for it.
    foreseen: HashMap<Question, Vec<Row>>,
    /// The highest number of a package, once it was asked for.
    last_package: Option<u32>,
    /// Whether the numbers of what containers share are known to stand.
    shared_stands: bool,
    /// Whether customers have manifests of registries, as far as that was asked.
    listing: HashMap<Uuid, bool>,
    /// What it has written, for who follows.
    notes: Notes,
}

impl<'a> Work<'a> {
    /// Starts on a transaction that is open. `careful`: each request gets a savepoint.
    pub(crate) fn new(connection: &'a mut dyn Connection, memory: &'a mut Memory, careful: bool) -> Self {
        Self {
            connection,
            memory,
            fresh: KeyMap::default(),
            fresh_order: Vec::new(),
            clock: None,
            written: None,
            ticked: None,
            careful,
            foreseen: HashMap::new(),
            last_package: None,
            shared_stands: false,
            listing: HashMap::new(),
            notes: Notes::default(),
        }
    }

    /// Fetches rows that requests of this transaction will ask for, all in one go.
    pub(crate) fn foresee(&mut self, mut questions: Vec<Question>) -> Result<()> {
        questions.sort_unstable();
        questions.dedup();
        for part in questions.chunk_by(|a, b| a.0 == b.0) {
            let values = |question: &Question| vec![question.1.into(), question.2.into()];
            let sets: Vec<Vec<Value>> = part.iter().map(values).collect();
            let answers = self.connection.query_many(part[0].0, &sets)?;
            self.foreseen.extend(part.iter().copied().zip(answers));
        }
        Ok(())
    }

    /// Forgets what was foreseen, before a request that may write anything.
    pub(crate) fn forget_foreseen(&mut self) {
        self.foreseen.clear();
    }

    /// The row of a customer's uuid. One that was foreseen is given once: who has asked may write another.
    pub(crate) fn row_of(&mut self, sql: &'static str, customer: Uuid, uuid: Uuid) -> Result<Option<Row>> {
        let rows = match self.foreseen.remove(&(sql, customer, uuid)) {
            Some(rows) => rows,
            None => self.connection.query(sql, &[customer.into(), uuid.into()])?,
        };
        Ok(rows.into_iter().next())
    }

    /// Forgets the numbers of what containers share if some were collected since they were learnt. `note` reads what is
    /// told of the last collection; it is asked once in a transaction, which keeps others from collecting.
    pub(crate) fn trust_shared(
        &mut self,
        note: impl FnOnce(&mut dyn Connection) -> Result<Option<String>>,
    ) -> Result<()> {
        if !self.shared_stands {
            let told = note(self.connection)?;
            if told != self.memory.shared_of {
                self.memory.shared.clear();
                self.memory.shared_of = told;
            }
            self.shared_stands = true;
        }
        Ok(())
    }

    /// Whether a customer has manifests of registries; asked once in a transaction.
    pub(crate) fn is_listing(&mut self, customer: Uuid) -> Result<bool> {
        if let Some(known) = self.listing.get(&customer) {
            return Ok(*known);
        }
        let is_listing =
            !self.connection.query(sql!("registry_manifest/any"), &[customer.into()])?.is_empty();
        self.listing.insert(customer, is_listing);
        Ok(is_listing)
    }

    /// Notes that a customer has manifests of registries now.
    pub(crate) fn is_listing_now(&mut self, customer: Uuid) {
        self.listing.insert(customer, true);
    }

    /// The highest number of a package so far; the next ones are this transaction's to give.
    pub(crate) fn last_package(&mut self) -> Result<u32> {
        if let Some(last) = self.last_package {
            return Ok(last);
        }
        let mut rows = self.connection.query(sql!("package/last_id"), &[])?;
        Ok(rows.first_mut().map(|row| row.u32(0)).transpose()?.unwrap_or(0))
    }

    /// Notes the number that was given last.
    pub(crate) fn gave_package(&mut self, last: u32) {
        self.last_package = Some(last);
    }

    /// Runs one request. An outer error means that the whole transaction is lost; without savepoints every error is one.
    pub(crate) fn request<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<Result<T>> {
        self.ticked = None;
        if !self.careful {
            return run(self).map(Ok);
        }
        let (clock, written, fresh) = (self.clock, self.written, self.fresh_order.len());
        let notes = self.notes.len();
        self.connection.execute_later("SAVEPOINT request", &[])?;
        let outcome = run(self).and_then(|value| Ok(self.connection.settle().map(|()| value)?));
        match &outcome {
            Ok(_) => {}
            Err(error) if error.spares_the_group() => {
                // a statement that was to run later fails as its request did, if it does
                let _ = self.connection.settle();
                self.connection.execute("ROLLBACK TO SAVEPOINT request", &[])?;
                (self.clock, self.written) = (clock, written);
                self.last_package = None;
                self.memory.shared.clear();
                self.notes.undo(notes);
                for key in self.fresh_order.drain(fresh..) {
                    self.fresh.remove(&key);
                }
            }
            Err(error) => return Err(error.clone()),
        }
        self.connection.execute_later("RELEASE SAVEPOINT request", &[])?;
        Ok(outcome)
    }

    /// The clock value of this request: advances the clock the first time it is called.
    pub(crate) fn tick(&mut self) -> Result<Timestamp> {
        if let Some(time) = self.ticked {
            return Ok(time);
        }
        let wall = Timestamp::now();
        let time = match self.clock {
            Some(shared) if shared.0 > wall.0 + MAX_LEAD => shared,
            _ => self.advance(wall)?,
        };
        self.clock = Some(time);
        self.ticked = Some(time);
        Ok(time)
    }

    /// The clock as it stands for the request at work.
    pub(crate) fn clock(&mut self) -> Result<Timestamp> {
        match self.clock {
            Some(clock) => Ok(clock),
            None => change::clock(self.connection),
        }
    }

    fn advance(&mut self, wall: Timestamp) -> Result<Timestamp> {
        if self.written.is_some()
            && let Some(last) = self.clock
        {
            return Ok(Timestamp(wall.0.max(last.0 + 1)));
        }
        let mut rows = self.connection.query(sql!("clock/advance"), &[wall.into()])?;
        let row = rows.first_mut().ok_or_else(|| StoreError::damaged("clock", "has no row"))?;
        let time = row.time(0)?;
        self.written = Some(time);
        Ok(time)
    }

    /// Makes everything durable; what went wrong with statements that nobody waited for comes out here.
    pub(crate) fn commit(&mut self) -> Result<()> {
        if let Some(clock) = self.clock.filter(|clock| self.written != Some(*clock)) {
            self.connection.execute_later(sql!("clock/set"), &[clock.into()])?;
        }
        Ok(self.connection.commit()?)
    }

    /// The clock value last given.
    pub(crate) fn last_clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// The number of a package that was given in this transaction or before.
    pub(crate) fn number(&self, key: &PackageKey) -> Option<u32> {
        self.memory.numbers.get(key).or_else(|| self.fresh.get(key).copied())
    }

    /// Remembers a number that stands if this transaction does.
    pub(crate) fn remember(&mut self, key: PackageKey, id: u32) {
        self.fresh.insert(key, id);
        self.fresh_order.push(key);
    }

    /// Makes sure that a customer has a row. Facts may arrive for one before anything else does.
    pub(crate) fn know_customer(&mut self, customer: Uuid) -> Result<()> {
        if !self.memory.customers.contains(&customer) {
            let name = customer.to_string();
            let values = [Value::from(customer), name.into(), Timestamp::now().into()];
            if self.connection.execute(sql!("customer/insert"), &values)? == 0 {
                self.memory.customers.insert(customer);
            }
        }
        Ok(())
    }

    /// Undoes the whole transaction and forgets what did not become durable.
    pub(crate) fn undone(self) {
        self.connection.rollback();
        self.memory.customers.clear();
        self.memory.tags.clear();
        self.memory.shared.clear();
    }

    /// Notes for who follows what a report made of an image; nothing is done if nobody does.
    pub(crate) fn note_image(&mut self, customer: Uuid, uuid: Uuid, image: impl FnOnce() -> RecentImage) {
        if self.memory.recent.is_wanted() {
            self.notes.image(customer, uuid, image());
        }
    }

    /// What was noted of an image does not hold any more.
    pub(crate) fn stale_image(&mut self, customer: Uuid, uuid: Uuid) {
        self.notes.stale(customer, uuid);
    }

    /// Notes for who follows an inventory that was written.
    pub(crate) fn note_inventory(&mut self, digest: Digest, inventory: impl FnOnce() -> PlacedInventory) {
        if self.memory.recent.is_wanted() {
            self.notes.inventory(digest, inventory());
        }
    }

    /// Keeps what was remembered, after the commit; gives the last clock value, if the clock moved.
    pub(crate) fn committed(self) -> Option<Timestamp> {
        if let Some(clock) = self.clock {
            self.memory.recent.keep(self.notes, clock);
        }
        for (key, id) in self.fresh {
            self.memory.numbers.insert(key, id);
        }
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use model::Ecosystem;

    use super::*;
    use crate::driver::{Engine as _, Mode};
    use crate::package::{Identity, number_all};
    use crate::{migration, sqlite::Sqlite};

    fn identity(name: &str) -> Identity {
        let (ecosystem, name, version) = (Ecosystem::Npm, name.to_owned(), "1".to_owned());
        let package = model::Package::new(ecosystem, name, version);
        Identity::of(&package)
    }

    fn database() -> (tempfile::TempDir, Box<dyn Connection>) {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Sqlite::new(&folder.path().join("db")).unwrap().open_writer().unwrap();
        migration::migrate(&mut *connection).unwrap();
        connection.begin(Mode::Write).unwrap();
        (folder, connection)
    }

    #[test]
    fn a_request_that_fails_takes_its_clock_value_and_its_package_numbers_back() {
        let (_folder, mut connection) = database();
        let mut memory = Memory::new(Arc::default());
        let mut work = Work::new(&mut *connection, &mut memory, true);
        let first = work.request(|work| number_all(work, &[identity("a")])).unwrap().unwrap();
        let before = work.clock;
        let failed = work.request(|work| {
            number_all(work, &[identity("b"), identity("c")])?;
            Err::<(), _>(StoreError::invalid("x", "is wrong"))
        });
        assert!(failed.unwrap().is_err());
        assert_eq!(work.clock, before);
        let second = work.request(|work| number_all(work, &[identity("c"), identity("a")])).unwrap().unwrap();
        assert_eq!((first, second), (vec![1], vec![2, 1]));
        work.commit().unwrap();
        let clock = work.committed().unwrap();
        assert_eq!(memory.numbers.get(&identity("c").key), Some(2));
        assert_eq!(memory.numbers.get(&identity("b").key), None);
        assert_eq!(change::clock(&mut *connection).unwrap(), clock);
    }

    #[test]
    fn one_request_has_one_clock_value_and_the_next_a_later_one() {
        let (_folder, mut connection) = database();
        let mut memory = Memory::new(Arc::default());
        let mut work = Work::new(&mut *connection, &mut memory, true);
        let mut tick = || work.request(|work| Ok((work.tick()?, work.tick()?))).unwrap().unwrap();
        let (first, second) = (tick(), tick());
        assert!(first.0 == first.1 && second.0 == second.1 && first.0 < second.0);
    }

    #[test]
    fn values_are_shared_when_the_clock_is_far_ahead_and_stay_later_than_before_the_transaction() {
        let (_folder, mut connection) = database();
        let ahead = Timestamp::now().0 + 60_000;
        connection.execute("UPDATE clock SET now = $1", &[ahead.into()]).unwrap();
        let mut memory = Memory::new(Arc::default());
        let mut work = Work::new(&mut *connection, &mut memory, true);
        let mut tick = || work.request(|work| work.tick()).unwrap().unwrap();
        assert_eq!([tick(), tick(), tick()], [Timestamp(ahead + 1); 3]);
    }
}
