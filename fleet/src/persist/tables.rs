//! How the parts of tables are written whose inside need not be known; the others say it where they are.

use std::io;

use super::{Persist, PersistError, Plain, Sink, Source};
use crate::table::{Bits, CHUNK, Chunked, Lookup, OrderLog, Stamp};

impl<T: Plain> Persist for Chunked<T> {
    fn form(form: &mut String) {
        form.push_str("column of ");
        T::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len())?;
        self.chunks().try_for_each(|(_, values)| sink.plain(values))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(T::SIZE)?;
        let mut chunks = Vec::with_capacity(count.div_ceil(CHUNK));
        for first in (0..count).step_by(CHUNK) {
            chunks.push(source.many((count - first).min(CHUNK))?);
        }
        Ok(Self::of_chunks(chunks))
    }
}

impl Persist for Bits {
    fn form(form: &mut String) {
        form.push_str("bits");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.plain(&[self.len()])?;
        sink.count(self.words().len())?;
        sink.plain(self.words())
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let len: u32 = source.one()?;
        let count = source.count(8)?;
        if count != (len as usize).div_ceil(64) {
            return Err(PersistError::Damaged("a set has another length than it says"));
        }
        Ok(Self::from_words(source.many(count)?, len))
    }
}

impl Persist for Lookup {
    fn form(form: &mut String) {
        form.push_str("lookup");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        let entries: Vec<(u64, u32)> = self.range(0, u64::MAX).collect();
        entries.save(sink)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let entries: Vec<(u64, u32)> = Vec::load(source)?;
        match entries.is_sorted() {
            true => Ok(Self::of_sorted(&entries)),
            false => Err(PersistError::Damaged("a lookup is not in order")),
        }
    }
}

impl Persist for OrderLog {
    fn form(form: &mut String) {
        Chunked::<Stamp>::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
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
    use crate::persist::Pace;
    use crate::table::{Bytes, Dictionary, Lists};

    /// The bytes of a file that holds `value`.
    fn written(value: &impl Persist) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut sink = Sink::new(file.reopen().unwrap(), Pace::Fast);
        value.save(&mut sink).unwrap();
        let length = sink.finish().unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn read<T: Persist>(bytes: &[u8]) -> Result<T, PersistError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut source = Source::new(file.reopen().unwrap(), 0, bytes.len() as u64)?;
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
        let mut documents = Bytes::default();
        documents.put_all(&mut [(3, b"three"), (200, b"late")]);
        let again: Bytes = read(&written(&documents)).unwrap();
        assert_eq!((again.get(3), again.get(4), again.get(200)), (&b"three"[..], &b""[..], &b"late"[..]));
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
