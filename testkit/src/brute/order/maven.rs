//! Maven's `ComparableVersion`, as its description tells it: parts at `.`, `-` and between digits and letters; a hyphen opens
//! a list of its own; empty ends of lists are dropped.

use std::cmp::Ordering;

use super::{digits, is_number};

#[derive(Debug)]
enum Item {
    Number(String),
    Word(String),
    List(Vec<Item>),
}

/// Qualifiers that are known; the empty one is the release.
const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let fine = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    (fine(a) && fine(b)).then(|| lists(&read(a), &read(b)))
}

fn read(version: &str) -> Vec<Item> {
    let version = version.to_lowercase();
    // lists within each other, the outermost first
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let mut part = String::new();
    let mut previous_digit = None;
    let mut at_start = true;
    let push = |open: &mut Vec<Vec<Item>>, part: &mut String, before_digit: bool| {
        let text = std::mem::take(part);
        let item = match is_number(&text) {
            true => Item::Number(text),
            false => Item::Word(word(&text, before_digit)),
        };
        // a word opens a list of its own behind a dot, too
        if matches!(item, Item::Word(_)) && open.last().is_some_and(|list| !list.is_empty()) {
            open.push(Vec::new());
        }
        if let Some(list) = open.last_mut() {
            list.push(item);
        }
    };
    for sign in version.chars() {
        match sign {
            '.' | '-' => {
                if at_start {
                    part.push('0');
                }
                push(&mut open, &mut part, false);
                if sign == '-' {
                    open.push(Vec::new());
                }
                at_start = true;
                previous_digit = None;
                continue;
            }
            _ => {}
        }
        let digit = sign.is_ascii_digit();
        if previous_digit.is_some_and(|previous| previous != digit) {
            push(&mut open, &mut part, digit);
            open.push(Vec::new());
        }
        part.push(sign);
        previous_digit = Some(digit);
        at_start = false;
    }
    if !part.is_empty() {
        push(&mut open, &mut part, false);
    }
    // close the lists from within
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = open.pop() {
        list.extend(inner.take().map(Item::List));
        trim(&mut list);
        inner = Some(list);
    }
    inner.unwrap_or_default()
}

/// A qualifier by its full name; one letter stands for one only before a number.
fn word(text: &str, before_digit: bool) -> String {
    let name = match (text, before_digit) {
        ("a", true) => "alpha",
        ("b", true) => "beta",
        ("m", true) => "milestone",
        ("ga" | "final" | "release", _) => "",
        ("cr", _) => "rc",
        (other, _) => other,
    };
    name.to_owned()
}

fn is_null(item: &Item) -> bool {
    match item {
        Item::Number(number) => number.trim_start_matches('0').is_empty(),
        Item::Word(word) => word.is_empty(),
        Item::List(list) => list.is_empty(),
    }
}

/// Drops what is null at the end, and before a list at the end.
fn trim(list: &mut Vec<Item>) {
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        if is_null(&list[at]) {
            list.remove(at);
        } else if !matches!(list[at], Item::List(_)) {
            break;
        }
    }
}

fn lists(a: &[Item], b: &[Item]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(a), b) => items(a, b),
            (None, Some(b)) => items(b, None).reverse(),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn items(a: &Item, b: Option<&Item>) -> Ordering {
    match (a, b) {
        (Item::Number(_), None) if is_null(a) => Ordering::Equal,
        (Item::Number(_), None) => Ordering::Greater,
        (Item::Number(a), Some(Item::Number(b))) => digits(a, b),
        (Item::Number(_), Some(_)) => Ordering::Greater,
        (Item::Word(a), None) => rank(a).cmp(&rank("")),
        (Item::Word(a), Some(Item::Word(b))) => rank(a).cmp(&rank(b)),
        (Item::Word(_), Some(_)) => Ordering::Less,
        (Item::List(a), None) => {
            a.iter().map(|item| items(item, None)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }
        (Item::List(_), Some(Item::Number(_))) => Ordering::Less,
        (Item::List(_), Some(Item::Word(_))) => Ordering::Greater,
        (Item::List(a), Some(Item::List(b))) => lists(a, b),
    }
}

/// Unknown qualifiers come behind the known ones, by their letters.
fn rank(word: &str) -> (usize, &str) {
    match KNOWN.iter().position(|known| *known == word) {
        Some(known) => (known, ""),
        None => (KNOWN.len(), word),
    }
}
