//! Columns of text and of lists: numbers by position, and what the numbers stand for.

use crate::persist::persist;
use crate::table::{Chunked, Dictionary, Lists, NONE};

/// "No time" in a column of times.
pub(crate) const NO_TIME: i64 = i64::MIN;

/// One text of each record, or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextColumn {
    /// Numbers in `texts` by position, [`NONE`] for no text.
    pub(crate) codes: Chunked<u32>,
    /// The texts.
    pub(crate) texts: Dictionary,
}

impl TextColumn {
    pub(crate) fn put(&mut self, position: u32, text: Option<&str>) {
        let code = self.texts.intern_optional(text);
        self.codes.put(position, code, &NONE);
    }
}

/// A list of texts of each record.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextsColumn {
    /// Numbers in `lists` by position.
    pub(crate) numbers: Chunked<u32>,
    /// Lists of numbers in `texts`.
    pub(crate) lists: Lists,
    /// The texts.
    pub(crate) texts: Dictionary,
}

impl TextsColumn {
    /// The number of a record's list.
    pub(crate) fn list(&self, position: u32) -> u32 {
        self.numbers.get(position).copied().unwrap_or(Lists::EMPTY)
    }

    /// The texts of a record, in its order.
    pub(crate) fn get(&self, position: u32) -> impl Iterator<Item = &str> {
        self.lists.get(self.list(position)).filter_map(|code| self.texts.get(code))
    }

    pub(crate) fn put<'t>(&mut self, position: u32, texts: impl IntoIterator<Item = &'t str>) {
        let codes: Vec<u32> = texts.into_iter().map(|text| self.texts.intern(text)).collect();
        let list = self.lists.intern(&codes);
        self.numbers.put(position, list, &Lists::EMPTY);
    }
}

/// A list of tuples of `WIDTH` numbers of each record; what the numbers are is told where the column is.
#[derive(Clone, Debug, Default)]
pub(crate) struct TuplesColumn<const WIDTH: usize> {
    /// Numbers in `lists` by position.
    pub(crate) numbers: Chunked<u32>,
    /// Lists of tuples, one behind the other.
    pub(crate) lists: Lists,
}

impl<const WIDTH: usize> TuplesColumn<WIDTH> {
    /// The number of a record's list.
    pub(crate) fn list(&self, position: u32) -> u32 {
        self.numbers.get(position).copied().unwrap_or(Lists::EMPTY)
    }

    /// The tuples of a record, in its order.
    pub(crate) fn get(&self, position: u32) -> impl Iterator<Item = [u32; WIDTH]> + '_ {
        self.tuples(self.list(position))
    }

    /// The tuples of a list.
    pub(crate) fn tuples(&self, list: u32) -> impl Iterator<Item = [u32; WIDTH]> + '_ {
        let mut values = self.lists.get(list);
        std::iter::from_fn(move || {
            let mut tuple = [NONE; WIDTH];
            for place in &mut tuple {
                *place = values.next()?;
            }
            Some(tuple)
        })
    }

    pub(crate) fn put(&mut self, position: u32, tuples: &[[u32; WIDTH]]) {
        let list = self.lists.intern(tuples.as_flattened());
        self.numbers.put(position, list, &Lists::EMPTY);
    }
}

/// Labels: (key, value).
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelsColumn {
    /// (number in `keys`, number in `values`), in the record's order.
    pub(crate) tuples: TuplesColumn<2>,
    /// The keys.
    pub(crate) keys: Dictionary,
    /// The values.
    pub(crate) values: Dictionary,
}

impl LabelsColumn {
    /// The labels of a record, in its order.
    pub(crate) fn get(&self, position: u32) -> Vec<model::Label> {
        let text = |of: &Dictionary, number: u32| of.get(number).unwrap_or_default().to_owned();
        let label = |[key, value]: [u32; 2]| model::Label {
            key: text(&self.keys, key),
            value: text(&self.values, value),
        };
        self.tuples.get(position).map(label).collect()
    }

    pub(crate) fn put(&mut self, position: u32, labels: &[model::Label]) {
        let tuple = |label: &model::Label| [self.keys.intern(&label.key), self.values.intern(&label.value)];
        let tuples: Vec<[u32; 2]> = labels.iter().map(tuple).collect();
        self.tuples.put(position, &tuples);
    }
}

persist!(TextColumn { codes, texts });
persist!(TextsColumn { numbers, lists, texts });
persist!(TuplesColumn<const WIDTH> { numbers, lists });
persist!(LabelsColumn { tuples, keys, values });
