//! The store as the rest of the program sees it: a handle that is cloned freely.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ContainerReport, Digest, ScanReport, Timestamp};
use tokio::sync::watch;
use uuid::Uuid;

use crate::change::Change;
use crate::codec::Codec;
use crate::driver::{Connection, DriverError, Engine, Value};
use crate::error::{Result, StoreError};
use crate::names::Names;
use crate::postgres::{Postgres, PostgresUrl};
use crate::prepare::PreparedReport;
use crate::reader::Readers;
use crate::recent::Recent;
use crate::record::{
    Account, Ack, ContainerRecord, DEFAULT_CUSTOMER, FindingRow, ImageRecord, Inventory, NewAccount,
    PackageRow, Rejudged,
};
use crate::sql::sql;
use crate::sqlite::Sqlite;
use crate::work::Work;
use crate::writer::Writer;
use crate::{
    account, change, container, image, inventory, judgement, migration, package, secret, tag, validate,
};

/// Reports with more packages than this are prepared on a thread of their own.
const INLINE_PACKAGES: usize = 2_000;

/// Where the store keeps its facts. Shown without a password.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Server(Box<PostgresUrl>),
}

impl StoreOptions {
    /// A SQLite file at `path`; its folder must exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { place: Place::File(path.as_ref().to_owned()) }
    }

    /// A PostgreSQL database by its URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`.
    /// The database must exist; its tables are made.
    ///
    /// # Errors
    /// What is wrong with the URL, without its password.
    pub fn postgres(url: &str) -> Result<Self> {
        let wrong = |error: DriverError| StoreError::invalid("database", error.message);
        Ok(Self { place: Place::Server(Box::new(PostgresUrl::parse(url).map_err(wrong)?)) })
    }

    fn engine(&self) -> Result<Arc<dyn Engine>> {
        Ok(match &self.place {
            Place::File(path) => Arc::new(Sqlite::new(path)?),
            Place::Server(url) => Arc::new(Postgres::new((**url).clone())?),
        })
    }
}

impl std::fmt::Display for StoreOptions {
    /// The path, or the URL without its password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::File(path) => path.display().fmt(f),
            Place::Server(url) => url.fmt(f),
        }
    }
}

/// The facts. Clones share one writer and one pool of readers; when the last one is dropped, waiting writes are
/// finished and the database is closed.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

/// How long an opening waits for other programs that open or close the same database.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two attempts to open.
const OPEN_PAUSE: Duration = Duration::from_millis(10);

struct Shared {
    // fields are dropped in this order: the writer closes last, so that it can tidy the log of the file
    readers: Arc<Readers>,
    names: Arc<Names>,
    recent: Arc<Recent>,
    clock: watch::Receiver<Timestamp>,
    writer: Writer,
}

impl Store {
    /// Opens the database, making it if there is none, and brings it to the newest form.
    ///
    /// Waits for other programs that do the same. Blocks for as long as that takes. That a server cannot be reached is
    /// told at once, because the address may be wrong.
    pub fn open(options: &StoreOptions) -> Result<Self> {
        // the driver of a server waits by a runtime of its own, which a thread that serves another one must not
        std::thread::scope(|scope| scope.spawn(|| Self::open_here(options)).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn open_here(options: &StoreOptions) -> Result<Self> {
        let failed = |error: StoreError| match error {
            StoreError::Engine(source) => {
                StoreError::Open { database: options.to_string(), reason: source.message.clone() }
            }
            StoreError::Away { reason } => StoreError::Open { database: options.to_string(), reason },
            other => other,
        };
        let deadline = Instant::now() + OPEN_PATIENCE;
        loop {
            // The switch to the write-ahead log and the last close of another program refuse at once instead of waiting.
            match options.engine().and_then(Self::open_engine) {
                Err(StoreError::Busy) if Instant::now() < deadline => std::thread::sleep(OPEN_PAUSE),
                outcome => return outcome.map_err(failed),
            }
        }
    }

    fn open_engine(engine: Arc<dyn Engine>) -> Result<Self> {
        let mut connection = engine.open_writer()?;
        migration::migrate(&mut *connection)?;
        add_default_customer(&mut *connection)?;
        let (sender, clock) = watch::channel(change::clock(&mut *connection)?);
        let no_thread = |error: std::io::Error| StoreError::damaged("writer", error);
        let recent: Arc<Recent> = Arc::default();
        let writer = Writer::start(Arc::clone(&engine), connection, sender, Arc::clone(&recent));
        let writer = writer.map_err(no_thread)?;
        let (readers, names) = (Arc::new(Readers::new(engine)), Arc::default());
        Ok(Self { shared: Arc::new(Shared { readers, names, recent, clock, writer }) })
    }

    /// Runs `run` in the next commit; durable when this returns.
    pub(crate) async fn write<T, F>(&self, size: usize, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Clone + Send + 'static,
    {
        self.shared.writer.run(size, Vec::new(), run).await
    }

    /// Runs `work` on one snapshot.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Connection, &mut Codec) -> Result<T> + Clone + Send + 'static,
    {
        self.shared.readers.run(work).await
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.shared.recent
    }

    // ---- facts in

    /// Takes a report in. It is durable when this returns; the same report again changes nothing.
    ///
    /// A report that is older than what is known, by `scanned_at`, adds only its names, sender and tags.
    pub async fn put_report(&self, customer: Uuid, report: ScanReport) -> Result<Ack> {
        let prepared = if report.packages.len() > INLINE_PACKAGES {
            blocking(move || PreparedReport::of(customer, report)).await?
        } else {
            PreparedReport::of(customer, report)?
        };
        self.put_prepared(prepared).await
    }

    /// [`Self::put_report`] for a report that was made ready already, on a thread that may take the time that it takes.
    pub async fn put_prepared(&self, prepared: PreparedReport) -> Result<Ack> {
        let (size, questions) = (prepared.size, image::questions(&prepared));
        let prepared = Arc::new(prepared);
        self.shared.writer.run(size, questions, move |work| image::put_report(work, &prepared)).await
    }

    /// Takes containers in, all or none of them, and notes their hosts. Durable when this returns.
    ///
    /// An observation that is older than the known one, by `observed_at`, adds only its tags.
    pub async fn put_containers(&self, customer: Uuid, reports: Vec<ContainerReport>) -> Result<Ack> {
        validate::containers(&reports)?;
        let size = reports.len() * 1_024;
        let questions = container::questions(customer, &reports);
        self.shared.writer.run(size, questions, move |work| container::put_all(work, customer, reports)).await
    }

    /// Puts a tag on images and containers; they must exist. Counts as a change of those that lacked it.
    pub async fn assign_tag(&self, customer: Uuid, tag: &str, entities: &[Uuid]) -> Result<Ack> {
        let (tag, entities) = (tag.to_owned(), entities.to_vec());
        self.write(entities.len() * 16, move |work| tag::assign(work, customer, &tag, entities)).await
    }

    /// Takes a tag off images and containers; they must exist. Counts as a change of those that had it. A container
    /// keeps the tags of its image.
    pub async fn unassign_tag(&self, customer: Uuid, tag: &str, entities: &[Uuid]) -> Result<Ack> {
        let (tag, entities) = (tag.to_owned(), entities.to_vec());
        self.write(entities.len() * 16, move |work| tag::unassign(work, customer, &tag, entities)).await
    }

    // ---- facts out

    /// The clock: no record that is written from now on has an `updated` at or before it.
    pub async fn clock(&self) -> Result<Timestamp> {
        self.shared.readers.run(|connection, _| change::clock(connection)).await
    }

    /// Follows the clock values that this process commits. Other processes' writes are seen by [`Self::clock`]
    /// and [`Self::changes_after`] only.
    pub fn subscribe(&self) -> watch::Receiver<Timestamp> {
        self.shared.clock.clone()
    }

    /// The latest change of each thing that changed after `clock`, in the order of the clock.
    ///
    /// Gives about `limit` entries: those of one clock value always come together. Asking again with the last
    /// entry's clock value goes on without loss; an empty answer means that there is nothing more.
    pub async fn changes_after(&self, clock: Timestamp, limit: usize) -> Result<Vec<Change>> {
        self.shared.readers.run(move |connection, _| change::after(connection, clock, limit)).await
    }

    /// Packages with a number above `id`, by number.
    pub async fn packages_after(&self, id: Option<u32>, limit: usize) -> Result<Vec<PackageRow>> {
        let rows =
            self.shared.readers.run(move |connection, _| package::after(connection, id, limit)).await?;
        // who reads packages will read inventories, which need their names
        let named = rows.iter().map(|row| (row.id, &*row.package.name, &*row.package.version));
        self.shared.names.learn(named);
        Ok(rows)
    }

    /// Packages that were added or whose findings changed after `clock` and that have a number above `id`, by number.
    pub async fn packages_changed_after(
        &self,
        clock: Timestamp,
        id: Option<u32>,
        limit: usize,
    ) -> Result<Vec<PackageRow>> {
        self.shared
            .readers
            .run(move |connection, _| package::changed_after(connection, clock, id, limit))
            .await
    }

    /// Images of all customers after a (customer, uuid), in this order.
    pub async fn images_after(&self, after: Option<(Uuid, Uuid)>, limit: usize) -> Result<Vec<ImageRecord>> {
        self.shared.readers.run(move |connection, codec| image::after(connection, codec, after, limit)).await
    }

    /// Those of the images (customer, uuid) that there are, in the order of `keys`, all of one snapshot.
    pub async fn images_of(&self, keys: &[(Uuid, Uuid)]) -> Result<Vec<ImageRecord>> {
        let keys = keys.to_vec();
        self.shared.readers.run(move |connection, codec| image::of_keys(connection, codec, &keys)).await
    }

    /// One image; `None` if this customer has none of that uuid.
    pub async fn image(&self, customer: Uuid, uuid: Uuid) -> Result<Option<ImageRecord>> {
        self.shared.readers.run(move |connection, codec| image::one(connection, codec, customer, uuid)).await
    }

    /// Containers of all customers after a (customer, uuid), in this order.
    pub async fn containers_after(
        &self,
        after: Option<(Uuid, Uuid)>,
        limit: usize,
    ) -> Result<Vec<ContainerRecord>> {
        self.shared
            .readers
            .run(move |connection, codec| container::after(connection, codec, after, limit))
            .await
    }

    /// Those of the containers (customer, uuid) that there are, in the order of `keys`, all of one snapshot.
    pub async fn containers_of(&self, keys: &[(Uuid, Uuid)]) -> Result<Vec<ContainerRecord>> {
        let keys = keys.to_vec();
        self.shared.readers.run(move |connection, codec| container::of_keys(connection, codec, &keys)).await
    }

    /// One container; `None` if this customer has none of that uuid.
    pub async fn container(&self, customer: Uuid, uuid: Uuid) -> Result<Option<ContainerRecord>> {
        self.shared
            .readers
            .run(move |connection, codec| container::one(connection, codec, customer, uuid))
            .await
    }

    /// The inventory that an image record names.
    pub async fn inventory(&self, digest: &Digest) -> Result<Inventory> {
        let missing = || StoreError::NotFound { what: format!("inventory {digest}") };
        self.inventories(&[*digest]).await?.pop().ok_or_else(missing)
    }

    /// The inventories of `digests`, in their order; an error if one is missing.
    pub async fn inventories(&self, digests: &[Digest]) -> Result<Vec<Inventory>> {
        let (digests, names) = (digests.to_vec(), Arc::clone(&self.shared.names));
        self.shared
            .readers
            .run(move |connection, codec| inventory::all(connection, codec, &names, &digests))
            .await
    }

    // ---- judgements

    /// What was ever found in `packages`, ended findings included, by (package, qid).
    pub async fn findings_of(&self, packages: &[u32]) -> Result<Vec<FindingRow>> {
        let packages = packages.to_vec();
        self.shared.readers.run(move |connection, _| judgement::of_packages(connection, &packages)).await
    }

    /// All findings after a (package, qid), in this order.
    pub async fn findings_after(&self, after: Option<(u32, u32)>, limit: usize) -> Result<Vec<FindingRow>> {
        self.shared.readers.run(move |connection, _| judgement::after(connection, after, limit)).await
    }

    /// Records the first judgement of new packages as (package, fingerprint, qids): found when the package was
    /// first seen, without a change. Leaves packages alone that have been judged already.
    pub async fn record_first_judgement(&self, judged: Vec<(u32, u64, Vec<u32>)>) -> Result<()> {
        let size = judged.iter().map(|(_, _, qids)| 32 + qids.len() * 4).sum();
        self.write(size, move |work| judgement::record_first(work, judged)).await
    }

    /// Records that packages came out otherwise than before, as one change with its `cause`; gives its clock value.
    ///
    /// Packages that have the given fingerprint already are left alone; if all have, nothing changes and the
    /// clock is given as it stands.
    pub async fn record_rejudgement(&self, cause: &str, judged: Vec<Rejudged>) -> Result<Timestamp> {
        let cause = cause.to_owned();
        let size = judged.iter().map(|package| 32 + package.qids.len() * 4).sum();
        self.write(size, move |work| judgement::record_again(work, &cause, judged)).await
    }

    // ---- accounts

    /// Makes an account of the default customer.
    pub async fn create_account(&self, account: NewAccount) -> Result<Account> {
        self.create_account_for(DEFAULT_CUSTOMER, account).await
    }

    /// Makes an account of a customer.
    pub async fn create_account_for(&self, customer: Uuid, account: NewAccount) -> Result<Account> {
        account::validate_new(&account)?;
        let password = account.password.clone();
        let hash = blocking(move || account::hash_password(&password)).await?;
        self.write(1_024, move |work| account::create(work, customer, &account, hash)).await
    }

    /// The account of that name.
    pub async fn account(&self, name: &str) -> Result<Option<Account>> {
        if name.contains('\0') {
            // no engine is asked for what none can hold
            return Ok(None);
        }
        let name = name.to_owned();
        self.shared.readers.run(move |connection, _| account::by_name(connection, &name)).await
    }

    /// All accounts by name.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.shared.readers.run(|connection, _| account::all(connection)).await
    }

    /// Gives an account another password.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<()> {
        let (name, password) = (name.to_owned(), password.to_owned());
        let hash = blocking(move || account::hash_password(&password)).await?;
        self.write(1_024, move |work| account::set_password(work, &name, &hash)).await
    }

    /// Locks an account out, or lets it in again.
    pub async fn set_account_disabled(&self, name: &str, disabled: bool) -> Result<()> {
        let name = name.to_owned();
        self.write(1_024, move |work| account::set_disabled(work, &name, disabled)).await
    }

    /// Removes an account.
    pub async fn delete_account(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(1_024, move |work| account::delete(work, &name)).await
    }

    // ---- the program's own

    /// The secret of that name: 32 random bytes, made when first asked for and the same ever after.
    pub async fn secret(&self, name: &str) -> Result<[u8; 32]> {
        let name = name.to_owned();
        self.write(64, move |work| secret::secret(work, &name)).await
    }

    /// The random uuid of this database, made when first asked for and the same ever after. What is kept outside
    /// the database and was made from it, such as a snapshot of an index, is tied to it by this.
    pub async fn identity(&self) -> Result<Uuid> {
        match self.shared.readers.run(|connection, _| secret::known_identity(connection)).await? {
            Some(identity) => Ok(identity),
            None => self.write(64, secret::identity).await,
        }
    }

    /// A note that the program left for itself.
    pub async fn note(&self, name: &str) -> Result<Option<String>> {
        let name = name.to_owned();
        self.shared.readers.run(move |connection, _| secret::note(connection, &name)).await
    }

    /// Leaves a note, in place of an older one of that name.
    pub async fn set_note(&self, name: &str, value: &str) -> Result<()> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(64, move |work| secret::set_note(work, &name, &value)).await
    }

    /// Moves the clock forward to `to` at least: for tests that keep two databases in step with each other.
    #[doc(hidden)]
    pub async fn advance_clock(&self, to: Timestamp) -> Result<()> {
        let run = move |work: &mut Work<'_>| {
            Ok(work.connection.query(sql!("clock/advance"), &[to.into()]).map(drop)?)
        };
        self.write(0, run).await
    }

    /// Bounds the database to so many pages of its engine: for tests of a full disk.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: u32) -> Result<()> {
        self.write(0, move |work| Ok(work.connection.limit_pages(pages)?)).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("clock", &*self.shared.clock.borrow()).finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}

fn add_default_customer(connection: &mut dyn Connection) -> Result<()> {
    let values = [Value::from(DEFAULT_CUSTOMER), "default".into(), Timestamp::now().into()];
    connection.execute(sql!("customer/insert"), &values)?;
    Ok(())
}
