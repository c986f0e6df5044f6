//! A column that is copied piece by piece.

use std::sync::Arc;

/// Elements of one piece.
pub(crate) const CHUNK: usize = 4_096;

/// A growing list of which a clone costs nothing and a change costs a copy of one piece, if a clone still needs it.
#[derive(Clone, Debug)]
pub(crate) struct Chunked<T> {
    /// All but the last are full.
    chunks: Arc<Vec<Arc<Vec<T>>>>,
    len: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Arc::default(), len: 0 }
    }
}

impl<T> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.chunks.get(index as usize / CHUNK)?.get(index as usize % CHUNK)
    }

    /// The elements from an index on.
    pub(crate) fn iter_from(&self, first: u32) -> impl Iterator<Item = &T> {
        let pieces = self.chunks.get(first as usize / CHUNK..).unwrap_or_default();
        pieces.iter().flat_map(|chunk| chunk.iter()).skip(first as usize % CHUNK)
    }

    /// The elements of one piece from an index on.
    pub(crate) fn piece(&self, first: u32) -> Option<&[T]> {
        self.chunks.get(first as usize / CHUNK)?.get(first as usize % CHUNK..)
    }

    /// The pieces with the number of their first element, for passes over all of them.
    pub(crate) fn chunks(&self) -> impl DoubleEndedIterator<Item = (u32, &[T])> + Clone {
        self.chunks.iter().enumerate().map(|(index, chunk)| ((index * CHUNK) as u32, chunk.as_slice()))
    }

    /// A column of pieces, of which all but the last are full.
    pub(crate) fn of_chunks(chunks: Vec<Vec<T>>) -> Self {
        debug_assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == CHUNK));
        let len = chunks.iter().map(Vec::len).sum();
        Self { chunks: Arc::new(chunks.into_iter().map(Arc::new).collect()), len }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

impl<T: Clone> Chunked<T> {
    pub(crate) fn push(&mut self, value: T) {
        let chunks = Arc::make_mut(&mut self.chunks);
        if self.len.is_multiple_of(CHUNK) {
            chunks.push(Arc::default());
        }
        if let Some(last) = chunks.last_mut() {
            Arc::make_mut(last).push(value);
        }
        self.len += 1;
    }

    /// The element at an index below the length, to be changed.
    ///
    /// # Panics
    /// If there is no such element.
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut T {
        let chunk = &mut Arc::make_mut(&mut self.chunks)[index as usize / CHUNK];
        &mut Arc::make_mut(chunk)[index as usize % CHUNK]
    }

    /// Puts a value at an index; whatever is missing below it is filled with `filler`. Nothing is copied for a
    /// value that is there already.
    pub(crate) fn put(&mut self, index: u32, value: T, filler: &T)
    where
        T: PartialEq,
    {
        while self.len <= index as usize {
            self.push(filler.clone());
        }
        if self.get(index) != Some(&value) {
            *self.get_mut(index) = value;
        }
    }
}

impl<T: Clone> FromIterator<T> for Chunked<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut all = Self::default();
        values.into_iter().for_each(|value| all.push(value));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_showed_while_the_column_goes_on() {
        let mut column: Chunked<u32> = (0..10_000).collect();
        let before = column.clone();
        column.put(5_000, 1, &0);
        column.put(20_000, 7, &9);
        assert_eq!((before.get(5_000), before.get(20_000), before.len()), (Some(&5_000), None, 10_000));
        assert_eq!(
            (column.get(5_000), column.get(20_000), column.get(15_000)),
            (Some(&1), Some(&7), Some(&9))
        );
        assert_eq!(column.iter().count(), 20_001);
        let shared = Arc::ptr_eq(&before.chunks[0], &column.chunks[0]);
        assert!(shared && !Arc::ptr_eq(&before.chunks[1], &column.chunks[1]), "only what changed is copied");
        column.put(3, 3, &0);
        assert!(Arc::ptr_eq(&before.chunks[0], &column.chunks[0]), "an equal value changes nothing");
    }
}
