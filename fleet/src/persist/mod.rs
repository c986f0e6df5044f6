//! The index on disk, so that a start need not read the whole database.
//!
//! A file holds one snapshot of the index: what it is of, then the tables as their columns are in memory. It is a copy of
//! what the database says and nothing else: whatever is wrong with it, the index is built from the database instead, so
//! reading it gives errors in words and never takes more memory than the file is long.
//!
//! What is written follows from the types: a field that is added to a table and not to its line here does not compile,
//! and a file of another layout is known by [`layout`].

mod file;
mod plain;
mod sink;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod words;

use std::io;
use std::sync::Arc;

use model::Digest;

#[cfg(fuzzing)]
pub(crate) use file::Part;
pub(crate) use file::{Head, read, read_head, write};
pub(crate) use plain::Plain;
pub(crate) use sink::{Pace, Sink};
pub(crate) use source::{PersistError, Source};
pub(crate) use words::Word;

/// What can be written to such a file and read from it.
pub(crate) trait Persist: Sized {
    /// Appends in words what is written: whoever writes something else appends something else.
    fn form(form: &mut String);

    /// Writes it.
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()>;

    /// Reads what [`Self::save`] wrote.
    fn load(source: &mut Source) -> Result<Self, PersistError>;

    /// Makes what was left for later when it was read.
    fn warm(&self) {}
}

impl<T: Plain> Persist for T {
    fn form(form: &mut String) {
        form.push_str(&format!("{} of {} bytes", std::any::type_name::<T>(), T::SIZE));
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.plain(std::slice::from_ref(self))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        source.one()
    }
}

impl<T: Persist> Persist for Arc<T> {
    fn form(form: &mut String) {
        T::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        T::save(self, sink)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        T::load(source).map(Self::new)
    }

    fn warm(&self) {
        T::warm(self);
    }
}

impl<T: Plain> Persist for Vec<T> {
    fn form(form: &mut String) {
        form.push_str("list of ");
        T::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len())?;
        sink.plain(self)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(T::SIZE)?;
        source.many(count)
    }
}

/// A number for what [`Persist::form`] says of a table.
pub(crate) fn layout<T: Persist>() -> Digest {
    let mut form = String::new();
    T::form(&mut form);
    Digest::of(form.as_bytes())
}

/// The form of what a field holds.
pub(crate) fn form_of<S, T: Persist>(_: impl Fn(&S) -> &T, form: &mut String) {
    T::form(form);
}

/// Writes values that are few, each encoded by itself in postcard.
pub(crate) fn save_encoded(
    values: impl ExactSizeIterator<Item = postcard::Result<Vec<u8>>>,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    sink.count(values.len())?;
    values.into_iter().try_for_each(|value| sink.bytes(&value.map_err(io::Error::other)?))
}

/// Writes a table field by field. Fields `made` are not written: they are empty when they are read and fill themselves.
macro_rules! persist {
    ($name:ident $(<const $width:ident>)? { $($field:ident),* $(,)? } $(made { $($made:ident),* })?) => {
        impl $(<const $width: usize>)? $crate::persist::Persist for $name $(<$width>)? {
            fn form(form: &mut String) {
                form.push_str(concat!(stringify!($name), "{"));
                $(
                    form.push_str(concat!(stringify!($field), ":"));
                    $crate::persist::form_of(|all: &Self| &all.$field, form);
                    form.push(';');
                )*
                form.push('}');
            }

            fn save(&self, sink: &mut $crate::persist::Sink<'_>) -> std::io::Result<()> {
                let Self { $($field,)* $($($made: _,)*)? } = self;
                $($crate::persist::Persist::save($field, sink)?;)*
                Ok(())
            }

            fn load(source: &mut $crate::persist::Source) -> Result<Self, $crate::persist::PersistError> {
                Ok(Self {
                    $($field: $crate::persist::Persist::load(source)?,)*
                    $($($made: Default::default(),)*)?
                })
            }

            fn warm(&self) {
                $($crate::persist::Persist::warm(&self.$field);)*
            }
        }
    };
}

pub(crate) use persist;
