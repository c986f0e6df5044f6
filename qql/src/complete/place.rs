//! Where the cursor stands: the text in front of it, read leniently.

use crate::MAX_DEPTH;
use crate::ast::{Op, Token};
use crate::fields::{Entity, Field};
use crate::lex::{Keyword, Reader};
use crate::scope::{Scope, Target};

/// What the cursor stands in or behind. `start` is where the word begins that is being typed.
pub(super) enum Place {
    /// At the beginning of a condition, behind another one if `joined`. Without a scope, the group is not known.
    Operand { start: usize, scope: Option<Scope>, joined: bool },
    /// Behind a token.
    Operator { start: usize, target: Target },
    /// Behind `is`, and behind `not` if `negated`.
    Null { start: usize, negated: bool },
    /// In a value.
    Value { start: usize, field: &'static Field, role: Role },
    /// Behind the colon of a token of a group.
    Group { start: usize },
    /// Where nothing can be said.
    Nothing,
}

/// Which part of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// All that stands behind the operator.
    Whole(Op),
    /// An item of a list, or an end of a range.
    Part,
}

/// What reading a value led to.
enum Read {
    /// It ended before the cursor.
    Done,
    /// It opened a group.
    Opened,
    /// The cursor stands in it.
    Here(Place),
}

struct Walker {
    reader: Reader,
    /// Open groups, the outermost first; none for a group that is not known.
    scopes: Vec<Option<Scope>>,
}

/// Finds where the cursor stands behind `characters`.
pub(super) fn find(characters: &[char], entity: Entity) -> Place {
    let reader = Reader::of(characters.to_vec());
    Walker { reader, scopes: vec![Some(Scope::of(entity))] }.walk()
}

impl Walker {
    fn scope(&self) -> Option<&Scope> {
        self.scopes.last().and_then(Option::as_ref)
    }

    fn operand(&self, start: usize, joined: bool) -> Place {
        Place::Operand { start, scope: self.scope().cloned(), joined }
    }

    fn walk(&mut self) -> Place {
        let mut joined = false;
        loop {
            self.reader.skip_blanks();
            let start = self.reader.position();
            if self.reader.name_end() == self.reader.length() {
                return self.operand(start, joined);
            }
            if self.reader.take('(') {
                if self.scopes.len() > MAX_DEPTH {
                    return Place::Nothing;
                }
                self.scopes.push(self.scope().cloned());
                joined = false;
            } else if self.reader.take(')') {
                if self.scopes.len() > 1 {
                    self.scopes.pop();
                }
                joined = true;
            } else if let Some(keyword) = self.reader.peek_keyword() {
                self.reader.take_keyword(keyword);
                joined = matches!(keyword, Keyword::Is | Keyword::Null);
            } else {
                match self.condition() {
                    Read::Done => joined = true,
                    Read::Opened => joined = false,
                    Read::Here(place) => return place,
                }
            }
        }
    }

    fn condition(&mut self) -> Read {
        if let Some((token, op)) = self.reader.take_token() {
            return match op {
                Some(op) => self.value(&token, op),
                None => self.null_test(&token),
            };
        }
        if let Some(place) = self.behind_token() {
            return Read::Here(place);
        }
        match self.reader.take_quoted() {
            Err(_) => return Read::Here(Place::Nothing),
            Ok(Some(_)) => return Read::Done,
            Ok(None) => {}
        }
        if self.reader.take_word(false).is_empty() {
            self.reader.skip_one();
        }
        Read::Done
    }

    /// A known token with nothing but a part of a word behind it.
    fn behind_token(&mut self) -> Option<Place> {
        let start = self.reader.position();
        let name = self.reader.take_name();
        let target = self.scope().and_then(|scope| scope.look_up(&name));
        self.reader.skip_blanks();
        let operator = self.reader.position();
        let is_last = self.reader.name_end() == self.reader.length();
        self.reader.return_to(start);
        let target = target.filter(|_| is_last && operator > start + name.chars().count())?;
        Some(Place::Operator { start: operator, target })
    }

    fn null_test(&mut self, token: &Token) -> Read {
        if self.reader.is_at_end() {
            // `is` itself is still being typed
            let start = self.reader.position() - 2;
            let target = self.scope().and_then(|scope| scope.look_up(&token.name));
            return Read::Here(target.map_or(Place::Nothing, |target| Place::Operator { start, target }));
        }
        self.reader.skip_blanks();
        let mut start = self.reader.position();
        let mut negated = false;
        if self.reader.name_end() < self.reader.length() && self.reader.take_keyword(Keyword::Not) {
            self.reader.skip_blanks();
            (start, negated) = (self.reader.position(), true);
        }
        if self.reader.name_end() == self.reader.length() {
            return Read::Here(Place::Null { start, negated });
        }
        self.reader.take_keyword(Keyword::Null);
        Read::Done
    }

    fn value(&mut self, token: &Token, op: Op) -> Read {
        let target = self.scope().and_then(|scope| scope.look_up(&token.name));
        self.reader.skip_blanks();
        let start = self.reader.position();
        let field = match target {
            Some(Target::Field { field, .. }) => Some(field),
            Some(group) => return self.group(token, start, group),
            None => None,
        };
        match self.reader.peek() {
            Some('(') if op == Op::Match && field.is_none() => {
                self.reader.take('(');
                self.scopes.push(None);
                if self.scopes.len() > MAX_DEPTH { Read::Here(Place::Nothing) } else { Read::Opened }
            }
            Some('(' | '[') if op == Op::Match => {
                self.reader.skip_one();
                self.parts(field)
            }
            _ => self.scalar(field, op),
        }
    }

    /// Behind the colon of a token that names a group.
    fn group(&mut self, token: &Token, start: usize, target: Target) -> Read {
        if self.reader.is_at_end() {
            return Read::Here(Place::Group { start });
        }
        if !self.reader.take('(') || self.scopes.len() > MAX_DEPTH {
            return Read::Here(Place::Nothing);
        }
        let inside = self.scope().map(|scope| {
            let (level, base) = match target {
                Target::Array { path } => {
                    (path.last().map_or(scope.level, |array| array.level()), String::new())
                }
                Target::Object { level, base, .. } => (level, base),
                Target::Field { .. } => (scope.level, scope.base().to_owned()),
            };
            if scope.is_at(level, &base) { scope.clone() } else { scope.inside(&token.name, level, base) }
        });
        self.scopes.push(inside);
        Read::Opened
    }

    fn here(start: usize, field: Option<&'static Field>, role: Role) -> Read {
        Read::Here(field.map_or(Place::Nothing, |field| Place::Value { start, field, role }))
    }

    /// The inside of a list or a range.
    fn parts(&mut self, field: Option<&'static Field>) -> Read {
        loop {
            self.reader.skip_blanks();
            let start = self.reader.position();
            if self.reader.is_at_end() {
                return Self::here(start, field, Role::Part);
            }
            if self.reader.take(']') || self.reader.take(')') {
                return Read::Done;
            }
            match self.reader.take_quoted() {
                Err(_) => return Self::here(start, field, Role::Part),
                Ok(Some(_)) => continue,
                Ok(None) => {}
            }
            if self.reader.take_word(true).is_empty() {
                self.reader.skip_one();
            } else if self.reader.is_at_end() {
                return Self::here(start, field, Role::Part);
            }
        }
    }

    fn scalar(&mut self, field: Option<&'static Field>, op: Op) -> Read {
        let start = self.reader.position();
        match self.reader.take_quoted() {
            Err(_) => return Self::here(start, field, Role::Whole(op)),
            Ok(Some(_)) => return Read::Done,
            Ok(None) => {}
        }
        if self.reader.take_word(false).is_empty() && !self.reader.is_at_end() {
            return Read::Done;
        }
        let mut last = start;
        while !self.reader.is_at_end() {
            let end = self.reader.position();
            self.reader.skip_blanks();
            last = self.reader.position();
            // a word that is being typed may become a keyword
            let is_last = self.reader.name_end() == self.reader.length();
            if self.reader.is_at_end() || !(is_last || self.reader.continues_value()) {
                self.reader.return_to(end);
                return Read::Done;
            }
            self.reader.take_word(false);
        }
        let is_text = field.is_some_and(|field| field.kind == crate::fields::FieldType::Text);
        let typed = self.reader.text_from(last).to_ascii_lowercase();
        let joins = ["and", "or"].iter().any(|word| word.starts_with(typed.as_str()));
        if last > start && (joins || !is_text) {
            return Read::Here(self.operand(last, true));
        }
        Self::here(start, field, Role::Whole(op))
    }
}
