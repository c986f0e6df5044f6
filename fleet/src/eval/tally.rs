//! Counting records by the values of a column.

use std::collections::HashMap;

use super::column::Column;
use super::row::Value;
use crate::table::Lists;

const DAY: i64 = 86_400_000;

/// A value that records are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Flag(bool),
    /// A number, or the first millisecond of a day.
    Number(i64),
    Text(String),
    Missing,
}

impl Key {
    /// The key of a value; with `by_day` a number is a time.
    pub(crate) fn of(value: Value<'_>, by_day: bool) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Number(number) if by_day => Self::Number(number.div_euclid(DAY) * DAY),
            Value::Number(number) => Self::Number(number),
            Value::Flag(flag) => Self::Flag(flag),
        }
    }
}

impl Column<'_> {
    /// Adds up the weights of records by their values. A record of several values counts for each, one without any as missing.
    pub(crate) fn tally(
        &self,
        by_day: bool,
        records: &mut dyn Iterator<Item = (u32, u64)>,
    ) -> HashMap<Key, u64> {
        let mut counts = HashMap::new();
        match self {
            Self::Through(numbers, len, inner) => {
                let (mut weights, mut missing) = (vec![0_u64; *len as usize], 0);
                for (position, weight) in records {
                    let number = numbers.get(position).and_then(|number| weights.get_mut(*number as usize));
                    *number.unwrap_or(&mut missing) += weight;
                }
                let mut weights = (0..).zip(weights).filter(|(_, weight)| *weight > 0);
                counts = inner.tally(by_day, &mut weights);
                add(&mut counts, Key::Missing, missing);
            }
            Self::Text(codes, texts) => {
                let (mut weights, mut missing) = (vec![0_u64; texts.len() as usize], 0);
                for (position, weight) in records {
                    let code = codes.get(position).and_then(|code| weights.get_mut(*code as usize));
                    *code.unwrap_or(&mut missing) += weight;
                }
                for (code, weight) in (0..).zip(weights).filter(|(_, weight)| *weight > 0) {
                    add(&mut counts, Key::Text(texts.get(code).unwrap_or_default().to_owned()), weight);
                }
                add(&mut counts, Key::Missing, missing);
            }
            Self::Texts(numbers, lists, texts) => {
                let mut weights = vec![0_u64; lists.len() as usize];
                for (position, weight) in records {
                    let list = numbers.get(position).copied().unwrap_or(Lists::EMPTY);
                    if let Some(of_list) = weights.get_mut(list as usize) {
                        *of_list += weight;
                    }
                }
                for (list, weight) in (0..).zip(weights).filter(|(_, weight)| *weight > 0) {
                    let mut codes: Vec<u32> = lists.get(list).collect();
                    codes.sort_unstable();
                    codes.dedup();
                    for code in &codes {
                        add(&mut counts, Key::Text(texts.get(*code).unwrap_or_default().to_owned()), weight);
                    }
                    if codes.is_empty() {
                        add(&mut counts, Key::Missing, weight);
                    }
                }
            }
            Self::Number(numbers) => {
                let mut by_number: HashMap<Option<i64>, u64> = HashMap::new();
                for (position, weight) in records {
                    let number = numbers.number(position);
                    let number = if by_day { number.map(|time| time.div_euclid(DAY) * DAY) } else { number };
                    *by_number.entry(number).or_default() += weight;
                }
                for (number, weight) in by_number {
                    add(&mut counts, number.map_or(Key::Missing, Key::Number), weight);
                }
            }
            _ => {
                for (position, weight) in records {
                    for key in self.keys(position, by_day) {
                        add(&mut counts, key, weight);
                    }
                }
            }
        }
        counts
    }

    /// The values of one record, each once; missing if it has none.
    pub(crate) fn keys(&self, position: u32, by_day: bool) -> Vec<Key> {
        let mut keys = Vec::with_capacity(1);
        self.any_value(position, &mut |value| {
            keys.push(Key::of(value, by_day));
            false
        });
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            keys.push(Key::Missing);
        }
        keys
    }
}

fn add(counts: &mut HashMap<Key, u64>, key: Key, weight: u64) {
    if weight > 0 {
        *counts.entry(key).or_default() += weight;
    }
}
