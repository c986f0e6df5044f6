//! How the parts of tables are written.

use std::io;
use std::sync::Arc;

use super::{Persist, PersistError, Plain, Sink, Source};
use crate::table::{Bits, Chunked, Dictionary, Lists, Lookup, OrderLog};

impl<T: Plain> Persist for Chunked<T> {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        sink.count(self.len())?;
        self.chunks().try_for_each(|(_, values)| sink.plain(values))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(T::SIZE)?;
        let mut column = Self::default();
        source.plain(count, |value| column.push(value))?;
        Ok(column)
    }
}

/// Bytes, or none: documents.
impl Persist for Chunked<Option<Arc<[u8]>>> {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        sink.count(self.len())?;
        for bytes in self.iter() {
            sink.plain(&[bytes.is_some()])?;
            if let Some(bytes) = bytes {
                sink.bytes(bytes)?;
            }
        }
        Ok(())
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(1)?;
        let mut column = Self::default();
        for _ in 0..count {
            column.push(if source.one::<bool>()? { Some(source.bytes()?.into()) } else { None });
        }
        Ok(column)
    }
}

impl Persist for Bits {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        sink.plain(&[self.len()])?;
        sink.plain(self.words())
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let len: u32 = source.one()?;
        let mut words = Vec::new();
        source.plain((len as usize).div_ceil(64), |word| words.push(word))?;
        Ok(Self::from_words(words, len))
    }
}

impl Persist for Dictionary {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        sink.count(self.len() as usize)?;
        self.iter().try_for_each(|(_, text)| sink.bytes(text.as_bytes()))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(8)?;
        let mut dictionary = Self::default();
        for number in 0..count {
            if dictionary.intern(&source.text()?) as usize != number {
                return Err(PersistError::Damaged("a dictionary holds a text twice"));
            }
        }
        Ok(dictionary)
    }
}

impl Persist for Lists {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        sink.count(self.len() as usize)?;
        for list in 0..self.len() {
            let values: Vec<u32> = self.get(list).collect();
            sink.count(values.len())?;
            sink.plain(&values)?;
        }
        Ok(())
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(8)?;
        let mut lists = Self::default();
        let mut values: Vec<u32> = Vec::new();
        for number in 0..count {
            values.clear();
            let length = source.count(4)?;
            source.plain(length, |value| values.push(value))?;
            if lists.intern(&values) as usize != number {
                return Err(PersistError::Damaged("a list stands twice"));
            }
        }
        Ok(lists)
    }
}

impl Persist for Lookup {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        let entries: Vec<(u64, u32)> = self.range(0, u64::MAX).collect();
        sink.count(entries.len())?;
        sink.plain(&entries)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(12)?;
        let mut entries = Vec::with_capacity(count);
        source.plain(count, |entry| entries.push(entry))?;
        Ok(Self::build(entries))
    }
}

impl Persist for OrderLog {
    fn save(&self, sink: &mut Sink) -> io::Result<()> {
        self.stamps().save(sink)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        Chunked::load(source).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::table::Stamp;

    /// The bytes of a file that holds `value`.
    fn written(value: &impl Persist) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut sink = Sink::new(file.reopen().unwrap());
        value.save(&mut sink).unwrap();
        let length = sink.finish().unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn read<T: Persist>(bytes: &[u8]) -> Result<T, PersistError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut source = Source::new(file.reopen().unwrap())?;
        let value = T::load(&mut source)?;
        source.finish()?;
        Ok(value)
    }

    #[test]
    fn tables_come_back_as_they_were() {
        let column: Chunked<u32> = (0..300_000).map(|number| number * 7).collect();
        let again: Chunked<u32> = read(&written(&column)).unwrap();
        assert!(again.iter().eq(column.iter()));
        let mut dictionary = Dictionary::default();
        (0..9_000).for_each(|number| _ = dictionary.intern(&format!("ä {number}")));
        let again: Dictionary = read(&written(&dictionary)).unwrap();
        assert!(again.iter().eq(dictionary.iter()) && again.find("ä 77") == Some(77));
        let mut lists = Lists::default();
        lists.intern(&[1, 2]);
        let again: Lists = read(&written(&lists)).unwrap();
        assert_eq!((again.len(), again.get(1).collect::<Vec<_>>()), (2, vec![1, 2]));
        let bits = Bits::from_fn(1_000, |position| position % 3 == 0);
        assert_eq!(read::<Bits>(&written(&bits)).unwrap(), bits);
        let mut order = OrderLog::default();
        order.append(vec![Stamp { updated: Timestamp(5), uuid: 1, position: 2 }], |_| uuid::Uuid::nil());
        let again: OrderLog = read(&written(&order)).unwrap();
        assert!(again.backwards().eq(order.backwards()));
        let lookup = Lookup::build(vec![(5, 1), (u64::MAX, 2)]);
        let again: Lookup = read(&written(&lookup)).unwrap();
        assert!(again.range(0, u64::MAX).eq(lookup.range(0, u64::MAX)));
        let documents: Chunked<Option<Arc<[u8]>>> = [None, Some(Arc::from([1, 2]))].into_iter().collect();
        let again: Chunked<Option<Arc<[u8]>>> = read(&written(&documents)).unwrap();
        assert!(again.iter().eq(documents.iter()));
    }

    proptest! {
        #[test]
        fn damaged_files_are_refused_without_panic_or_much_memory(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
            let mut dictionary = Dictionary::default();
            (0..20).for_each(|number| _ = dictionary.intern(&format!("text {number}")));
            let mut bytes = written(&dictionary);
            let is_same = bytes.get(at).is_none_or(|known| *known == byte);
            if let Some(known) = bytes.get_mut(at) {
                *known = byte;
            }
            prop_assert_eq!(read::<Dictionary>(&bytes).is_ok(), is_same);
            let cut = cut.min(bytes.len() - 1);
            prop_assert!(read::<Dictionary>(&bytes[..cut]).is_err());
        }
    }
}
