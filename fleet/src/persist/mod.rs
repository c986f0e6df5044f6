//! The index on disk, so that a start need not read the whole database.
//!
//! A file holds one snapshot of the index: a head that names the form, the database and the clock value, then the tables
//! as their columns are in memory. It is a copy of what the database says and nothing else: whatever is wrong with it, the
//! index is built from the database instead, so reading it gives errors in words and never more memory than
//! the file is long.

mod plain;
mod sink;
mod source;
mod tables;

pub(crate) use plain::Plain;
pub(crate) use sink::Sink;
pub(crate) use source::{PersistError, Source};

/// What can be written to such a file and read from it.
pub(crate) trait Persist: Sized {
    /// Writes it.
    fn save(&self, sink: &mut Sink) -> std::io::Result<()>;

    /// Reads what [`Self::save`] wrote.
    fn load(source: &mut Source) -> Result<Self, PersistError>;
}

impl<T: Plain> Persist for T {
    fn save(&self, sink: &mut Sink) -> std::io::Result<()> {
        sink.plain(std::slice::from_ref(self))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        source.one()
    }
}
