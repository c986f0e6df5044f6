//! The file: a mark, the parts side by side, and at the end a directory that says what it is of and where the parts are.
//!
//! Parts are read by as many threads as there are processors, the largest first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use model::{Digest, Timestamp};
use uuid::Uuid;

use super::{Pace, Persist, PersistError, Plain, Sink, Source, layout, persist};
use crate::facts::{
    Containers, Images, Index, Inventories, Items, Packages, SavedInventories, SavedTenant, Segments, Tenant,
};

/// What every such file begins with.
const MARK: &[u8; 16] = b"plimsoll index 1";

/// Bytes at the end: place and length of the directory, and a checksum of both.
const TAIL: u64 = 20;

/// What a file is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The program that wrote it: another one may derive other things from the same records.
    pub(crate) program: Digest,
    /// The database; see [`store::Store::identity`].
    pub(crate) database: Uuid,
    /// The series of files that this one is of, one for each place where an index is saved.
    pub(crate) series: Uuid,
    /// This one of the series. The database knows the last one that was written: after a backup is put back, it is another.
    pub(crate) copy: Uuid,
    /// Everything up to this clock value is in it.
    pub(crate) clock: Timestamp,
    /// All packages in it are judged by this bundle; the digest of nothing if it was not one alone.
    pub(crate) judged_by: Option<Digest>,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    kind: u8,
    /// Whose it is; nil for what belongs to all.
    customer: Uuid,
    start: u64,
    length: u64,
}

struct Directory {
    layout: Digest,
    program: Digest,
    database: Uuid,
    series: Uuid,
    copy: Uuid,
    clock: Timestamp,
    is_judged: bool,
    judged_by: Digest,
    rejudged_at: Vec<i64>,
    rejudged_why: crate::table::Dictionary,
    rejudged_by: Vec<u32>,
    places: Vec<Place>,
}

persist!(Directory {
    layout,
    program,
    database,
    series,
    copy,
    clock,
    is_judged,
    judged_by,
    rejudged_at,
    rejudged_why,
    rejudged_by,
    places,
});

impl Plain for Place {
    const SIZE: usize = 33;

    fn put(self, out: &mut Vec<u8>) {
        ((self.kind, self.customer), (self.start, self.length)).put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        let ((kind, customer), (start, length)) = Plain::take(bytes);
        Self { kind, customer, start, length }
    }
}

/// What a part holds; the order is that of the numbers in [`Place::kind`].
#[expect(clippy::large_enum_variant, reason = "there are as many as threads, each for a moment")]
pub(crate) enum Part {
    Packages(Packages),
    Items(Items),
    Inventories(SavedInventories),
    Segments(Segments),
    Images(Images),
    Containers(Containers),
    Tenant(SavedTenant),
}

impl Part {
    /// Reads a part of a kind.
    pub(crate) fn load(kind: u8, source: &mut Source) -> Result<Self, PersistError> {
        Ok(match kind {
            0 => Self::Packages(Persist::load(source)?),
            1 => Self::Items(Persist::load(source)?),
            2 => Self::Inventories(Persist::load(source)?),
            3 => Self::Segments(Persist::load(source)?),
            4 => Self::Images(Persist::load(source)?),
            5 => Self::Containers(Persist::load(source)?),
            6 => Self::Tenant(Persist::load(source)?),
            _ => return Err(PersistError::Damaged("a part is of no known kind")),
        })
    }
}

/// The layout of all parts.
fn whole_layout() -> Digest {
    let parts = [
        layout::<Packages>(),
        layout::<Items>(),
        layout::<SavedInventories>(),
        layout::<Segments>(),
        layout::<Images>(),
        layout::<Containers>(),
        layout::<SavedTenant>(),
        layout::<Directory>(),
    ];
    let bytes: Vec<u8> = parts.iter().flat_map(|part| *part.as_bytes()).collect();
    Digest::of(&bytes)
}

/// Writes an index to a new file at `path`, and makes it durable; gives its length. Each part is given up when it is written:
/// what has changed meanwhile would be in memory twice until the end.
pub(crate) fn write(path: &Path, head: &Head, index: Index, pace: Pace<'_>) -> io::Result<u64> {
    let mut sink = Sink::new(File::create(path)?, pace);
    sink.raw(MARK)?;
    let mut directory = directory(head, &index);
    let mut places = Vec::new();
    let mut part =
        |sink: &mut Sink<'_>, kind: u8, customer: Uuid, part: &dyn Fn(&mut Sink<'_>) -> io::Result<()>| {
            let start = sink.place()?;
            part(sink)?;
            places.push(Place { kind, customer, start, length: sink.place()? - start });
            io::Result::Ok(())
        };
    let (packages, inventories, tenants) = index.into_parts();
    part(&mut sink, 0, Uuid::nil(), &|sink| packages.save(sink))?;
    drop(packages);
    {
        let (items, inventories, segments) = inventories.parts();
        part(&mut sink, 1, Uuid::nil(), &|sink| items.save(sink))?;
        part(&mut sink, 2, Uuid::nil(), &|sink| inventories.save(sink))?;
        part(&mut sink, 3, Uuid::nil(), &|sink| segments.save(sink))?;
    }
    drop(inventories);
    for (customer, images, containers, rest) in tenants {
        part(&mut sink, 4, customer, &|sink| images.save(sink))?;
        drop(images);
        part(&mut sink, 5, customer, &|sink| containers.save(sink))?;
        drop(containers);
        part(&mut sink, 6, customer, &|sink| rest.save(sink))?;
    }
    let start = sink.place()?;
    directory.places = places;
    directory.save(&mut sink)?;
    let mut tail = Vec::new();
    (start, sink.place()? - start).put(&mut tail);
    crc32fast::hash(&tail).put(&mut tail);
    sink.raw(&tail)?;
    sink.finish()
}

/// What is told of an index; where its parts are is known later.
fn directory(head: &Head, index: &Index) -> Directory {
    let mut rejudged_why = crate::table::Dictionary::default();
    let rejudged_by = index.rejudgements().values().map(|why| rejudged_why.intern(why)).collect();
    let Head { program, database, series, copy, clock, judged_by } = head.clone();
    Directory {
        layout: whole_layout(),
        program,
        database,
        series,
        copy,
        clock,
        is_judged: judged_by.is_some(),
        judged_by: judged_by.unwrap_or(Digest::from_bytes([0; 32])),
        rejudged_at: index.rejudgements().keys().map(|at| at.0).collect(),
        rejudged_why,
        rejudged_by,
        places: Vec::new(),
    }
}

/// What a file says that it is of.
pub(crate) fn read_head(path: &Path) -> Result<Head, PersistError> {
    read_directory(path).map(|directory| head_of(&directory))
}

fn head_of(directory: &Directory) -> Head {
    Head {
        program: directory.program,
        database: directory.database,
        series: directory.series,
        copy: directory.copy,
        clock: directory.clock,
        judged_by: directory.is_judged.then_some(directory.judged_by),
    }
}

/// Reads an index that was written by this program, whatever database it is of.
pub(crate) fn read(path: &Path) -> Result<Index, PersistError> {
    let directory = read_directory(path)?;
    let mut order: Vec<Place> = directory.places.clone();
    order.sort_unstable_by_key(|place| std::cmp::Reverse(place.length));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(order.len())));
    let threads = crate::threads::threads().min(order.len()).max(1);
    let work = || -> Result<(), PersistError> {
        while let Some(place) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut source = Source::new(File::open(path)?, place.start, place.length)?;
            let part = Part::load(place.kind, &mut source)?;
            source.finish()?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((place.customer, part));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect::<Vec<_>>().into_iter().collect::<Result<(), _>>()
    })?;
    assemble(&directory, done.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The parts of one customer.
type TenantParts = (Option<Images>, Option<Containers>, Option<SavedTenant>);

fn assemble(directory: &Directory, parts: Vec<(Uuid, Part)>) -> Result<Index, PersistError> {
    let missing = PersistError::Damaged("a part is missing");
    let (mut packages, mut items, mut inventories, mut segments) = (None, None, None, None);
    let mut tenants: BTreeMap<Uuid, TenantParts> = BTreeMap::new();
    for (customer, part) in parts {
        match part {
            Part::Packages(part) => packages = Some(part),
            Part::Items(part) => items = Some(part),
            Part::Inventories(part) => inventories = Some(part),
            Part::Segments(part) => segments = Some(part),
            Part::Images(part) => tenants.entry(customer).or_default().0 = Some(part),
            Part::Containers(part) => tenants.entry(customer).or_default().1 = Some(part),
            Part::Tenant(part) => tenants.entry(customer).or_default().2 = Some(part),
        }
    }
    let (Some(packages), Some(items), Some(inventories), Some(segments)) =
        (packages, items, inventories, segments)
    else {
        return Err(missing);
    };
    let inventories = Inventories::of_parts(items, inventories, segments, packages.end())?;
    let mut all = Vec::with_capacity(tenants.len());
    for (customer, parts) in tenants {
        let (Some(images), Some(containers), Some(rest)) = parts else { return Err(missing) };
        all.push(Tenant::of_parts(customer, images, containers, rest)?);
    }
    let why = |number: &u32| directory.rejudged_why.get(*number).map(Arc::from);
    let causes = directory.rejudged_by.iter().map(why).collect::<Option<Vec<Arc<str>>>>();
    let causes = causes.filter(|causes| causes.len() == directory.rejudged_at.len()).ok_or(missing)?;
    let rejudgements = directory.rejudged_at.iter().map(|at| Timestamp(*at)).zip(causes).collect();
    let head = head_of(directory);
    Ok(Index::of_parts((head.clock, head.judged_by), packages, inventories, all, rejudgements))
}

fn read_directory(path: &Path) -> Result<Directory, PersistError> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut mark = [0; MARK.len()];
    if length < MARK.len() as u64 + TAIL {
        return Err(PersistError::Damaged("it is too short"));
    }
    file.read_exact(&mut mark)?;
    if mark != *MARK {
        return Err(PersistError::Other("it is of another form"));
    }
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(length - TAIL))?;
    file.read_exact(&mut tail)?;
    let ((start, size), checksum): ((u64, u64), u32) = Plain::take(&tail);
    if crc32fast::hash(&tail[..16]) != checksum || start.checked_add(size) != Some(length - TAIL) {
        return Err(PersistError::Damaged("its end is missing"));
    }
    let mut source = Source::new(file, start, size)?;
    // the layout comes first, so that the directory of another one is not read
    let layout: Digest = source.one()?;
    if layout != whole_layout() {
        return Err(PersistError::Other("its tables are laid out otherwise"));
    }
    let mut source = Source::new(File::open(path)?, start, size)?;
    let directory = Directory::load(&mut source)?;
    source.finish()?;
    let mut places: Vec<(u64, u64)> =
        directory.places.iter().map(|place| (place.start, place.length)).collect();
    places.sort_unstable();
    // parts that lay over each other would take more memory than the file is long
    let mut end = MARK.len() as u64;
    for (at, size) in places {
        if at != end || size > start {
            return Err(PersistError::Damaged("its parts do not lie side by side"));
        }
        end += size;
    }
    if end != start {
        return Err(PersistError::Damaged("its parts do not lie side by side"));
    }
    Ok(directory)
}
