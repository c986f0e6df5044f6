//! Whether a condition holds for a record, by walking through the record.

use std::borrow::Cow;

use serde_json::Value;

use super::address::{self, Address};
use super::table::{Column, Entity, Kind};
use super::tree::{Ask, Quotes, Sign, Span, Test, Word};
use super::{moment, parse, text};

/// How records write that a product's date is not known.
const NO_DATE: i64 = -631_152_000_000;

/// Decides about records of one entity at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// What the records are.
    pub entity: Entity,
    /// What `now` means, in milliseconds since the epoch.
    pub now: i64,
}

/// Where a relative token is looked up.
#[derive(Clone, Copy)]
struct Inside<'a> {
    name: &'a str,
    path: &'a str,
}

impl Judge {
    /// Whether `ask` holds for `record`.
    ///
    /// # Panics
    ///
    /// If it names a token that the entity does not have.
    pub fn holds(&self, ask: &Ask, record: &Value) -> bool {
        self.within(ask, record, Inside { name: "", path: "" })
    }

    fn within(&self, ask: &Ask, at: &Value, inside: Inside<'_>) -> bool {
        match ask {
            Ask::All(asks) => asks.iter().all(|ask| self.within(ask, at, inside)),
            Ask::Any(asks) => asks.iter().any(|ask| self.within(ask, at, inside)),
            Ask::Not(ask) => !self.within(ask, at, inside),
            Ask::Missing(token) => self.values(token, at, inside).1.is_empty(),
            Ask::Term(token, Test::Compare(Sign::NotEqual, word)) => {
                let (kind, values) = self.values(token, at, inside);
                !values
                    .into_iter()
                    .any(|value| self.passes(kind, &Test::Compare(Sign::Equal, word.clone()), value))
            }
            Ask::Term(token, test) => {
                let (kind, values) = self.values(token, at, inside);
                values.into_iter().any(|value| self.passes(kind, test, value))
            }
            Ask::Element(token, ask) => {
                let name = format!("{}{token}", inside.name);
                let path = self.entity.group(&name).unwrap_or_else(|| panic!("`{name}` is no array"));
                let relative = path.strip_prefix(inside.path).expect("a group lies inside the one around it");
                let (name, path) = (format!("{name}."), format!("{path}."));
                let inner = Inside { name: &name, path: &path };
                walk(at, relative).into_iter().any(|element| self.within(ask, element, inner))
            }
        }
    }

    fn values<'v>(&self, token: &str, at: &'v Value, inside: Inside<'_>) -> (Kind, Vec<&'v Value>) {
        let name = format!("{}{token}", inside.name);
        let column = self.entity.column(&name).unwrap_or_else(|| panic!("`{name}` is no token"));
        let relative = column.path.strip_prefix(inside.path).expect("a token lies inside its group");
        (column.kind, present(at, relative, column.kind))
    }

    fn passes(&self, kind: Kind, test: &Test, value: &Value) -> bool {
        if let Some(span) = whole_span(kind, test) {
            return self.passes(kind, &Test::Within(span), value);
        }
        match (kind, test) {
            (Kind::InUse, test) => self.in_use(test, value),
            (Kind::Number, Test::OneOf(words)) if words.len() == 1 && dashed(&words[0]).is_some() => {
                let (Some((from, to)), Some(value)) = (dashed(&words[0]), number(&shown(value))) else {
                    return false;
                };
                from <= value && value <= to
            }
            (kind, Test::Is(word)) => self.equals(kind, word, value),
            (kind, Test::OneOf(words)) => words.iter().any(|word| self.equals(kind, word, value)),
            (Kind::Text, Test::Compare(Sign::Equal, word)) => word.exact() == shown(value),
            (kind, Test::Compare(Sign::Equal, word)) => self.equals(kind, word, value),
            (kind, Test::Compare(sign, word)) => self.compares(kind, *sign, word, value),
            (kind, Test::Within(span)) => self.lies_within(kind, span, value),
        }
    }

    fn equals(&self, kind: Kind, word: &Word, value: &Value) -> bool {
        let (asked, value) = (word.exact(), shown(value));
        match kind {
            Kind::Text => match word.quotes {
                Quotes::None => text::bare(&word.text, &value),
                Quotes::Double => text::phrase(&word.text, &value),
                Quotes::Back | Quotes::Single => asked == value,
            },
            Kind::Hex => whole(word, asked.trim_start_matches("sha256:"), &value, true),
            Kind::Short => match asked.len() {
                64 => asked[..12].eq_ignore_ascii_case(&value),
                _ => whole(word, asked, &value, true),
            },
            Kind::Choice | Kind::Closed(_) => whole(word, asked, &value, true),
            Kind::Plain => whole(word, asked, &value, false),
            Kind::Number => number(asked).is_some_and(|asked| number(&value) == Some(asked)),
            Kind::Date | Kind::InUse => {
                let period = moment::period(asked, self.now);
                period.is_some_and(|(from, to)| millis(&value).is_some_and(|at| from <= at && at <= to))
            }
            Kind::Flag => asked.eq_ignore_ascii_case(&value),
            Kind::Address => Address::of(&value).is_some_and(|value| address::matches(asked, value)),
        }
    }

    fn compares(&self, kind: Kind, sign: Sign, word: &Word, value: &Value) -> bool {
        let shown = shown(value);
        let by = |below: bool, above: bool| match sign {
            Sign::Less => below,
            Sign::LessEqual => !above,
            Sign::Greater => above,
            Sign::GreaterEqual => !below,
            Sign::Equal | Sign::NotEqual => false,
        };
        match kind {
            Kind::Number => {
                let (Some(asked), Some(own)) = (number(word.exact()), number(&shown)) else { return false };
                by(own < asked, own > asked)
            }
            Kind::Date | Kind::InUse => {
                let (Some((from, to)), Some(own)) = (moment::period(word.exact(), self.now), millis(&shown))
                else {
                    return false;
                };
                by(own < from, own > to)
            }
            Kind::Address => {
                let (Some(asked), Some(own)) = (Address::of(word.exact()), Address::of(&shown)) else {
                    return false;
                };
                asked.bits == own.bits && by(own.number < asked.number, own.number > asked.number)
            }
            _ => false,
        }
    }

    fn lies_within(&self, kind: Kind, span: &Span, value: &Value) -> bool {
        let from = span.from.as_ref().is_none_or(|(word, inclusive)| {
            let sign = if *inclusive { Sign::GreaterEqual } else { Sign::Greater };
            self.compares(kind, sign, word, value)
        });
        let to = span.to.as_ref().is_none_or(|(word, inclusive)| {
            let sign = if *inclusive { Sign::LessEqual } else { Sign::Less };
            self.compares(kind, sign, word, value)
        });
        from && to
    }

    /// An image is in use at the time when a container of it was seen last, and now while one is there.
    fn in_use(&self, test: &Test, value: &Value) -> bool {
        let is_live = value["live"] == Value::Bool(true);
        if let Test::Is(word) = test
            && let Ok(asked) = word.exact().to_ascii_lowercase().parse::<bool>()
        {
            return asked == is_live;
        }
        let mut times: Vec<Value> = present(value, "last", Kind::Date).into_iter().cloned().collect();
        times.extend(is_live.then(|| Value::from(self.now)));
        times.iter().any(|time| self.passes(Kind::Date, test, time))
    }
}

impl Word {
    /// What the whole value has to be.
    fn exact(&self) -> &str {
        if self.quotes == Quotes::Single { self.text.trim() } else { &self.text }
    }
}

/// The span that a quoted value of a number or date holds as a whole.
fn whole_span(kind: Kind, test: &Test) -> Option<Span> {
    let Test::Is(word) = test else { return None };
    let takes_spans = matches!(kind, Kind::Number | Kind::Date | Kind::InUse);
    let quoted = matches!(word.quotes, Quotes::Back | Quotes::Single);
    (takes_spans && quoted).then(|| parse::whole_span(&word.text)).flatten()
}

/// Whole values; behind a bare one a star stands for any rest.
fn whole(word: &Word, asked: &str, value: &str, any_case: bool) -> bool {
    let fold = |text: &str| if any_case { text.to_ascii_lowercase() } else { text.to_owned() };
    match asked.strip_suffix('*').filter(|_| word.quotes == Quotes::None) {
        Some(start) => fold(value).starts_with(&fold(start)),
        None => fold(asked) == fold(value),
    }
}

fn dashed(word: &Word) -> Option<(f64, f64)> {
    let (from, to) = word.text.split_once('-').filter(|(from, _)| !from.is_empty())?;
    Some((number(from)?, number(to)?))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

fn millis(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A value as text.
pub(super) fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The values at a path below `at`; what records write for an unknown date is none.
pub(super) fn present<'v>(at: &'v Value, path: &str, kind: Kind) -> Vec<&'v Value> {
    let mut values = walk(at, path);
    if kind == Kind::Date {
        values.retain(|value| !matches!(millis(&shown(value)), Some(0 | NO_DATE)));
    }
    values
}

/// The values of a column in a whole record.
pub(super) fn values_of<'v>(record: &'v Value, column: &Column) -> Vec<&'v Value> {
    present(record, &column.path, column.kind)
}

/// Everything at a path, through arrays; nulls are nothing.
pub(super) fn walk<'v>(at: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![at];
    for key in path.split('.').filter(|key| !key.is_empty()) {
        found = found.into_iter().flat_map(elements).filter_map(|value| value.get(key)).collect();
    }
    found.into_iter().flat_map(elements).filter(|value| !value.is_null()).collect()
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        other => vec![other],
    }
}
