//! Random questions about given records, most of them with answers.

use serde_json::Value;

use super::dice::Dice;
use super::judge::{shown, values_of, walk};
use super::phrase::Phrasing;
use super::table::{Column, Entity, Kind};
use super::tree::Ask;

/// Makes questions about records.
#[derive(Clone, Debug)]
pub struct Asker<'a> {
    entity: Entity,
    records: &'a [Value],
    now: i64,
    columns: Vec<Column>,
}

/// Where tokens are relative to: the name and the place of a group, each with a dot behind it, or nothing.
#[derive(Clone, Debug, Default)]
struct Inside {
    name: String,
    path: String,
}

impl<'a> Asker<'a> {
    /// Asks about `records` at `now`, by every token but those that `is_left_out` names.
    pub fn new(entity: Entity, records: &'a [Value], now: i64, is_left_out: impl Fn(&str) -> bool) -> Self {
        let columns = entity.columns().into_iter().filter(|column| !is_left_out(&column.name)).collect();
        Self { entity, records, now, columns }
    }

    /// A question; `None` if there is no token to ask by.
    pub fn ask(&self, dice: &mut Dice) -> Option<Ask> {
        let nothing = Value::Null;
        let target = if self.records.is_empty() { &nothing } else { dice.pick(self.records) };
        (!self.columns.is_empty()).then(|| self.tree(dice, target, &Inside::default(), 3))
    }

    /// A column that every record has at most one value of, to sort by.
    pub fn order(&self, dice: &mut Dice) -> Option<Column> {
        let is_scalar = |column: &&Column| {
            !matches!(column.kind, Kind::InUse | Kind::Address)
                && self.records.iter().all(|record| is_object_path(record, &column.path))
        };
        let scalars: Vec<&Column> = self.columns.iter().filter(is_scalar).collect();
        // what no record has a value of may be an array of none, which cannot be told
        let filled =
            |column: &&&Column| self.records.iter().any(|record| !values_of(record, column).is_empty());
        let scalars: Vec<&&Column> = scalars.iter().filter(filled).collect();
        (!scalars.is_empty()).then(|| (**dice.pick(&scalars)).clone())
    }

    fn tree(&self, dice: &mut Dice, at: &Value, inside: &Inside, depth: usize) -> Ask {
        let several = |dice: &mut Dice| -> Vec<Ask> {
            (0..2 + dice.below(2)).map(|_| self.tree(dice, at, inside, depth - 1)).collect()
        };
        match if depth == 0 { 99 } else { dice.below(100) } {
            0..=21 => Ask::All(several(dice)),
            22..=33 => Ask::Any(several(dice)),
            34..=41 => Ask::Not(Box::new(self.tree(dice, at, inside, depth - 1))),
            42..=59 => self.group(dice, at, inside, depth).unwrap_or_else(|| self.term(dice, at, inside)),
            _ => self.term(dice, at, inside),
        }
    }

    fn group(&self, dice: &mut Dice, at: &Value, inside: &Inside, depth: usize) -> Option<Ask> {
        let mut groups: Vec<(String, Inside)> = Vec::new();
        for (name, path) in self.entity.groups() {
            let (Some(relative), true) =
                (name.strip_prefix(inside.name.as_str()), path.starts_with(&inside.path))
            else {
                continue;
            };
            let next = Inside { name: format!("{name}."), path: format!("{path}.") };
            if self.columns.iter().any(|column| column.name.starts_with(&next.name)) {
                groups.push((relative.to_owned(), next));
            }
        }
        if groups.is_empty() {
            return None;
        }
        let (token, next) = dice.pick(&groups);
        let elements = walk(at, next.path[inside.path.len()..].trim_end_matches('.'));
        let nothing = Value::Null;
        let element = if elements.is_empty() { &nothing } else { dice.pick(&elements) };
        Some(Ask::Element(token.clone(), Box::new(self.tree(dice, element, next, depth - 1))))
    }

    fn term(&self, dice: &mut Dice, at: &Value, inside: &Inside) -> Ask {
        let fits =
            |column: &&Column| column.name.starts_with(&inside.name) && column.path.starts_with(&inside.path);
        let columns: Vec<&Column> = self.columns.iter().filter(fits).collect();
        let values = |column: &Column| -> Vec<String> {
            let relative = Column { path: column.path[inside.path.len()..].to_owned(), ..column.clone() };
            values_of(at, &relative).into_iter().map(|value| shown(value).into_owned()).collect()
        };
        let mut column = *dice.pick(&columns);
        let mut found = values(column);
        for _ in 0..4 {
            if !found.is_empty() || dice.percent(20) {
                break;
            }
            column = *dice.pick(&columns);
            found = values(column);
        }
        let mut token = column.name[inside.name.len()..].to_owned();
        if inside.name.is_empty() && !self.entity.prefixes().is_empty() && dice.percent(4) {
            token = format!("{}{token}", dice.pick(self.entity.prefixes()));
        }
        if dice.percent(8) {
            return Ask::Missing(token);
        }
        let value = if found.is_empty() { None } else { Some(dice.pick(&found).clone()) };
        let test = Phrasing { kind: column.kind, value: value.as_deref(), now: self.now }.test(dice);
        Ask::Term(token, test)
    }
}

/// Whether a path leads through objects only.
fn is_object_path(record: &Value, path: &str) -> bool {
    let mut at = record;
    for key in path.split('.') {
        if at.is_array() {
            return false;
        }
        match at.get(key) {
            Some(next) => at = next,
            None => return at.is_null() || at.is_object(),
        }
    }
    !at.is_array()
}

/// Questions that are a little shorter than `ask`, for finding the smallest one that shows a fault.
pub fn shorter(ask: &Ask) -> Vec<Ask> {
    let inside =
        |inner: &Ask, around: &dyn Fn(Ask) -> Ask| shorter(inner).into_iter().map(around).collect::<Vec<_>>();
    let of_many = |asks: &[Ask], around: &dyn Fn(Vec<Ask>) -> Ask| {
        let mut all: Vec<Ask> = asks.to_vec();
        for index in 0..asks.len() {
            let mut fewer = asks.to_vec();
            fewer.remove(index);
            if fewer.len() > 1 {
                all.push(around(fewer));
            }
            for smaller in shorter(&asks[index]) {
                let mut changed = asks.to_vec();
                changed[index] = smaller;
                all.push(around(changed));
            }
        }
        all
    };
    match ask {
        Ask::All(asks) => of_many(asks, &Ask::All),
        Ask::Any(asks) => of_many(asks, &Ask::Any),
        Ask::Not(inner) => {
            let mut all = vec![(**inner).clone()];
            all.extend(inside(inner, &|inner| Ask::Not(Box::new(inner))));
            all
        }
        Ask::Element(token, inner) => inside(inner, &|inner| Ask::Element(token.clone(), Box::new(inner))),
        Ask::Term(token, super::Test::OneOf(words)) if words.len() > 1 => {
            let one = |word: &super::Word| Ask::Term(token.clone(), super::Test::OneOf(vec![word.clone()]));
            words.iter().map(one).collect()
        }
        Ask::Term(..) | Ask::Missing(_) => Vec::new(),
    }
}
