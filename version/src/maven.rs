//! Maven versions, as `org.apache.maven.artifact.versioning.ComparableVersion` of Maven 3.8 orders them.
//!
//! The text becomes a tree: a dot goes on in the same list, a hyphen or a change between letters and digits opens a list
//! inside it. Trailing nulls (zero, `final`, `ga`, `release`, empty lists) are trimmed from every list.
//! Characters that Maven's model validator forbids in a version (`${project.version}`, `[1.0,2.0)`) make it
//! unreadable here, though the class itself would order anything.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// What a version must not contain (Maven model validation, "illegal version characters", and an unresolved property).
const FORBIDDEN: &[u8] = b"\\/:\"<>|?*[](){},$";

/// A Maven version. Nearly all are numbers with dots between them; those need no tree.
pub(crate) enum Version<'a> {
    Plain(&'a [u8]),
    Tree(Vec<Item<'a>>),
}

/// One node of the tree. A number is without leading zeros; empty is zero.
pub(crate) enum Item<'a> {
    Number(&'a [u8]),
    Word(Qualifier<'a>),
    List(Vec<Item<'a>>),
}

/// A qualifier in the order of Maven: the known ones, then all others alphabetically without regard to case.
#[derive(Clone, Copy)]
pub(crate) enum Qualifier<'a> {
    Known(u8),
    Other(&'a [u8]),
}

/// The rank of a version without any qualifier, and of the words that mean the same.
const RELEASE: u8 = 5;

/// The known qualifiers with their rank.
const QUALIFIERS: [(&[u8], u8); 10] = [
    (b"alpha", 0),
    (b"beta", 1),
    (b"milestone", 2),
    (b"rc", 3),
    (b"cr", 3),
    (b"snapshot", 4),
    (b"ga", RELEASE),
    (b"final", RELEASE),
    (b"release", RELEASE),
    (b"sp", 6),
];

impl<'a> Qualifier<'a> {
    /// A lone `a`, `b` or `m` is a known qualifier only when a digit follows.
    fn new(word: &'a [u8], digit_follows: bool) -> Self {
        let rank = match word {
            b"a" | b"A" if digit_follows => Some(0),
            b"b" | b"B" if digit_follows => Some(1),
            b"m" | b"M" if digit_follows => Some(2),
            _ => QUALIFIERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, rank)| *rank),
        };
        rank.map_or(Self::Other(word), Self::Known)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => a.cmp(b),
            (Self::Known(_), Self::Other(_)) => Ordering::Less,
            (Self::Other(_), Self::Known(_)) => Ordering::Greater,
            (Self::Other(a), Self::Other(b)) => {
                let lower = |byte: &u8| byte.to_ascii_lowercase();
                a.iter().map(lower).cmp(b.iter().map(lower))
            }
        }
    }
}

impl Item<'_> {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(number) => number.is_empty(),
            Self::Word(word) => matches!(word, Qualifier::Known(RELEASE)),
            Self::List(items) => items.is_empty(),
        }
    }

    /// Compares with the place where the other version has already ended.
    fn compare_to_end(&self) -> Ordering {
        match self {
            Self::Number(number) => digits::compare(number, b""),
            Self::Word(word) => word.compare(&Qualifier::Known(RELEASE)),
            Self::List(items) => {
                items.iter().map(Item::compare_to_end).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            }
        }
    }

    /// At one place a number is newer than a list, and a list newer than a qualifier.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            (Self::Word(a), Self::Word(b)) => a.compare(b),
            (Self::List(a), Self::List(b)) => compare_lists(a, b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Word(_) => 0,
            Self::List(_) => 1,
            Self::Number(_) => 2,
        }
    }
}

fn compare_lists(a: &[Item<'_>], b: &[Item<'_>]) -> Ordering {
    for index in 0..a.len().max(b.len()) {
        let order = match (a.get(index), b.get(index)) {
            (Some(a), Some(b)) => a.compare(b),
            (Some(a), None) => a.compare_to_end(),
            (None, Some(b)) => b.compare_to_end().reverse(),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let foreign = |byte: u8| !byte.is_ascii_graphic() || FORBIDDEN.contains(&byte);
        if let Some(index) = text.bytes().position(foreign) {
            return Err(Reason::Unexpected(index));
        }
        let bytes = text.as_bytes();
        let is_plain = bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        Ok(if is_plain { Self::Plain(bytes) } else { Self::Tree(Builder::build(bytes)) })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Plain(a), Self::Plain(b)) => compare_plain(a, b),
            (Self::Tree(a), Self::Tree(b)) => compare_lists(a, b),
            (Self::Plain(a), Self::Tree(b)) => compare_lists(&Builder::build(a), b),
            (Self::Tree(a), Self::Plain(b)) => compare_lists(a, &Builder::build(b)),
        }
    }
}

/// Numbers with dots between them; a missing or empty one is zero.
fn compare_plain(a: &[u8], b: &[u8]) -> Ordering {
    if let Some(order) = digits::compare_where_they_differ(a, b) {
        return order;
    }
    let mut left = a.split(|byte| *byte == b'.');
    let mut right = b.split(|byte| *byte == b'.');
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ordering::Equal;
        }
        let order = digits::compare(a.unwrap_or_default(), b.unwrap_or_default());
        if order.is_ne() {
            return order;
        }
    }
}

/// Builds the tree from left to right. `open` holds the lists that are not closed yet, outermost first; each is the last
/// item of the one before it.
struct Builder<'a> {
    open: Vec<Vec<Item<'a>>>,
}

impl<'a> Builder<'a> {
    fn build(text: &'a [u8]) -> Vec<Item<'a>> {
        let mut builder = Self { open: vec![Vec::new()] };
        let (mut start, mut in_digits) = (0, false);
        for (index, byte) in text.iter().enumerate() {
            let part = &text[start..index];
            match byte {
                b'.' | b'-' => {
                    builder.push(if part.is_empty() { Item::Number(b"") } else { item(part, in_digits) });
                    start = index + 1;
                    if *byte == b'-' {
                        builder.open_list();
                    }
                }
                b'0'..=b'9' => {
                    if !in_digits && !part.is_empty() {
                        builder.open_list_unless_empty();
                        builder.push(Item::Word(Qualifier::new(part, true)));
                        builder.open_list();
                        start = index;
                    }
                    in_digits = true;
                }
                _ => {
                    if in_digits && !part.is_empty() {
                        builder.push(item(part, true));
                        builder.open_list();
                        start = index;
                    }
                    in_digits = false;
                }
            }
        }
        if start < text.len() {
            if !in_digits {
                builder.open_list_unless_empty();
            }
            builder.push(item(&text[start..], in_digits));
        }
        builder.close()
    }

    fn push(&mut self, item: Item<'a>) {
        if let Some(list) = self.open.last_mut() {
            list.push(item);
        }
    }

    fn open_list(&mut self) {
        self.open.push(Vec::new());
    }

    fn open_list_unless_empty(&mut self) {
        if self.open.last().is_some_and(|list| !list.is_empty()) {
            self.open_list();
        }
    }

    /// Closes all lists, innermost first, and trims each.
    fn close(mut self) -> Vec<Item<'a>> {
        let mut list = Vec::new();
        while let Some(mut outer) = self.open.pop() {
            trim(&mut list);
            if !list.is_empty() {
                outer.push(Item::List(list));
            }
            list = outer;
        }
        trim(&mut list);
        list
    }
}

fn item(part: &[u8], in_digits: bool) -> Item<'_> {
    if in_digits { Item::Number(digits::significant(part)) } else { Item::Word(Qualifier::new(part, false)) }
}

/// Removes null items from the end, and those before a trailing list.
fn trim(list: &mut Vec<Item<'_>>) {
    for index in (0..list.len()).rev() {
        if list[index].is_null() {
            list.remove(index);
        } else if !matches!(list[index], Item::List(_)) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unresolved_properties_and_ranges_are_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("${project.version}"), Reason::Unexpected(0));
        assert_eq!(reason("[1.0,2.0)"), Reason::Unexpected(0));
        assert_eq!(reason("1.0 "), Reason::Unexpected(3));
    }

    #[test]
    fn a_thousand_nested_lists_are_read_and_compared() {
        let deep = "1-".repeat(500);
        let deeper = format!("{deep}1");
        let versions = [&deep, &deeper].map(|text| Version::parse(text).unwrap());
        assert_eq!(versions[0].compare(&versions[1]), Ordering::Less);
    }
}
