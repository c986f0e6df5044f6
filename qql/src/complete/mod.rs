//! Completions for an editor: what may come next in a text that is being typed.
//!
//! The text in front of the cursor is read leniently; what is wrong in it is skipped, and where nothing sensible can be
//! said the answer is empty. Text behind the cursor counts only so far as the word under the cursor reaches into it.

mod place;

use std::ops::Range;

use crate::MAX_LENGTH;
use crate::ast::{Op, Quote};
use crate::fields::{Entity, Field, FieldId, FieldType, ImageField};
use crate::lex::{is_name, quote_of};
use crate::scope::{Scope, Target};
use crate::suggest::{Named, reachable};

use place::{Place, Role};

/// Completions that are given at most.
pub const MAX_COMPLETIONS: usize = 100;

/// Frequent values that are asked for.
const FREQUENT: usize = 20;

/// Who knows which values records have.
pub trait Values {
    /// The most frequent values of a field that begin with `prefix`, in any case of letters, the most frequent first; at most
    /// `limit`. An empty list where values are not known.
    fn frequent(&self, field: FieldId, prefix: &str, limit: usize) -> Vec<String>;
}

/// Nobody knows any values.
impl Values for () {
    fn frequent(&self, _: FieldId, _: &str, _: usize) -> Vec<String> {
        Vec::new()
    }
}

/// What may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// What a candidate replaces: characters counted from 0, the end excluded. Empty where something is inserted.
    pub span: Range<usize>,
    /// The best first.
    pub candidates: Vec<Candidate>,
}

/// One thing that may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text to put in the place of the span.
    pub text: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A few words about it, such as the type and meaning of a token. May be empty.
    pub detail: String,
}

/// What a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// A token, relative to the group in which it stands.
    Token,
    /// What stands between token and value.
    Operator,
    /// `and`, `or`, `not`, `null`.
    Keyword,
    /// A value, quoted where it has to be.
    Value,
}

impl CandidateKind {
    /// In one word, for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Operator => "operator",
            Self::Keyword => "keyword",
            Self::Value => "value",
        }
    }
}

/// Says what may stand at a cursor, which is counted in characters from 0. Never fails: incomplete, wrong and overlong text
/// gives few candidates or none.
pub fn complete(text: &str, cursor: usize, entity: Entity, values: &dyn Values) -> Completions {
    if text.len() > MAX_LENGTH {
        return Completions { span: cursor..cursor, candidates: Vec::new() };
    }
    let characters: Vec<char> = text.chars().collect();
    let cursor = cursor.min(characters.len());
    let typed = |start: usize| characters[start..cursor].iter().collect::<String>();
    let (start, candidates) = match place::find(&characters[..cursor], entity) {
        Place::Operand { start, scope, joined } => (start, operands(&typed(start), scope.as_ref(), joined)),
        Place::Operator { start, target } => (start, operators(&typed(start), &target)),
        Place::Null { start, negated } => (start, null_words(&typed(start), negated)),
        Place::Value { start, field, role } => (start, value_candidates(&typed(start), field, role, values)),
        Place::Group { start } => {
            (start, vec![candidate("(", CandidateKind::Operator, "conditions on one element")])
        }
        Place::Nothing => (cursor, Vec::new()),
    };
    let quoted = characters.get(start).copied().is_some_and(|first| quote_of(first).is_some());
    let rest =
        characters[cursor..].iter().take_while(|next| is_name(**next) || matches!(next, '.' | '-')).count();
    let end = if quoted || start == cursor { cursor } else { cursor + rest };
    Completions { span: start..end, candidates: limited(candidates) }
}

fn limited(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.truncate(MAX_COMPLETIONS);
    candidates
}

fn candidate(text: impl Into<String>, kind: CandidateKind, detail: impl Into<String>) -> Candidate {
    Candidate { text: text.into(), kind, detail: detail.into() }
}

/// Whether `text` begins with what was typed, in any case of letters.
fn begins(text: &str, typed: &str) -> bool {
    text.get(..typed.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(typed))
}

fn keywords(typed: &str, words: &[(&str, &str)]) -> Vec<Candidate> {
    let fitting = words.iter().filter(|(word, _)| begins(word, typed));
    fitting.map(|(word, detail)| candidate(*word, CandidateKind::Keyword, *detail)).collect()
}

/// Tokens and words that begin a condition; behind another condition also those that join.
fn operands(typed: &str, scope: Option<&Scope>, joined: bool) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    if joined {
        candidates.extend(keywords(typed, &[("and", "both hold"), ("or", "one of them holds")]));
    }
    candidates.extend(scope.map_or_else(Vec::new, |scope| tokens(typed, scope)));
    candidates.extend(keywords(typed, &[("not", "what follows does not hold")]));
    candidates
}

fn tokens(typed: &str, scope: &Scope) -> Vec<Candidate> {
    let all = reachable(scope);
    let rank = |name: &str, depth: usize| {
        if begins(name, typed) {
            (depth == 0 || !typed.is_empty()).then_some(depth)
        } else {
            // a later part of the name that begins so
            let inner = name.match_indices('.').any(|(dot, _)| begins(&name[dot + 1..], typed));
            (inner && !typed.contains('.')).then_some(10 + depth)
        }
    };
    let mut found: Vec<_> =
        all.iter().filter_map(|reach| Some((rank(&reach.name, reach.depth)?, reach))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    if !found.is_empty() {
        return found.iter().map(|(_, reach)| token(reach.name.clone(), reach.what)).collect();
    }
    let spelling = scope.spellings().iter().find(|spelling| typed.starts_with(spelling.as_str()));
    let Some(spelling) = spelling else { return Vec::new() };
    let rest = &typed[spelling.len()..];
    let fitting = all.iter().filter(|reach| begins(&reach.name, rest));
    fitting.map(|reach| token(format!("{spelling}{}", reach.name), reach.what)).collect()
}

fn token(name: String, what: Named) -> Candidate {
    let detail = match what {
        Named::Field(field) => format!("{}: {}", field.kind.as_str(), field.about.trim()),
        Named::Array => "group: conditions on one element".to_owned(),
    };
    candidate(name, CandidateKind::Token, detail)
}

/// What may follow a token.
fn operators(typed: &str, target: &Target) -> Vec<Candidate> {
    const NULL: [(&str, &str); 2] = [("is null", "has no value"), ("is not null", "has a value")];
    let operators: &[(&str, &str)] = match target {
        Target::Field { field, .. } if has_order(field) => &[
            (":", "is, lies in a range, is one of a list"),
            (">=", "not less"),
            ("<=", "not greater"),
            (">", "greater"),
            ("<", "less"),
            ("!=", "is not"),
        ],
        Target::Field { field, .. } if field.kind == FieldType::Text => {
            &[(":", "has words that begin so"), ("=", "is exactly"), ("!=", "is not exactly")]
        }
        Target::Field { .. } => &[(":", "is, is one of a list"), ("!=", "is not")],
        Target::Array { .. } | Target::Object { .. } => &[(":(", "conditions on one element")],
    };
    let fitting = operators.iter().chain(&NULL).filter(|(text, _)| begins(text, typed));
    fitting.map(|(text, detail)| candidate(*text, CandidateKind::Operator, *detail)).collect()
}

const fn has_order(field: &Field) -> bool {
    matches!(field.kind, FieldType::Integer | FieldType::Decimal | FieldType::Date | FieldType::Ip)
}

fn null_words(typed: &str, negated: bool) -> Vec<Candidate> {
    let words = [("null", "has no value"), ("not null", "has a value")];
    keywords(typed, if negated { &words[..1] } else { &words })
}

/// Values that a field may have.
fn value_candidates(typed: &str, field: &'static Field, role: Role, values: &dyn Values) -> Vec<Candidate> {
    let quote = typed.chars().next().filter(|first| quote_of(*first).is_some());
    let begun = quote.map_or(typed, |quote| &typed[quote.len_utf8()..]);
    let mut texts: Vec<(String, &str)> = Vec::new();
    if field.kind == FieldType::Bool || field.id == FieldId::Image(ImageField::ImagesInUse) {
        texts.extend([("true".to_owned(), ""), ("false".to_owned(), "")]);
    }
    texts.extend(field.spec.values.iter().map(|value| ((*value).to_owned(), "")));
    let frequent = values.frequent(field.id, begun, FREQUENT);
    texts.extend(frequent.into_iter().map(|value| (value, "frequent")));
    let mut seen = std::collections::HashSet::new();
    texts.retain(|(text, _)| begins(text, begun) && seen.insert(text.to_ascii_lowercase()));
    let mut candidates: Vec<_> = texts
        .into_iter()
        .map(|(text, detail)| candidate(quoted(&text, quote), CandidateKind::Value, detail))
        .collect();
    if field.kind == FieldType::Date && quote.is_none() {
        let fitting = dates(role).filter(|(text, _)| begins(text, begun));
        candidates.extend(fitting.map(|(text, detail)| candidate(text, CandidateKind::Value, detail)));
    }
    candidates
}

/// Patterns of dates and, where one may stand, of ranges.
fn dates(role: Role) -> impl Iterator<Item = (&'static str, &'static str)> {
    const RANGES: [(&str, &str); 3] = [
        ("[now-1d ... now]", "the last 24 hours"),
        ("[now-7d ... now]", "the last 7 days"),
        ("[now-30d ... now]", "the last 30 days"),
    ];
    const MOMENTS: [(&str, &str); 7] = [
        ("now", "this moment"),
        ("now-1h", "an hour ago"),
        ("now-1d", "a day ago"),
        ("now-7d", "a week ago"),
        ("now-30d", "30 days ago"),
        ("now-90d", "90 days ago"),
        ("now/d", "the beginning of this day"),
    ];
    let ranges = if role == Role::Whole(Op::Match) { &RANGES[..] } else { &[] };
    ranges.iter().chain(&MOMENTS).copied()
}

/// A value as it is written: with the quote that was begun, bare if it can stand so, else exact.
fn quoted(text: &str, quote: Option<char>) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | '-' | '+');
    let is_keyword = crate::lex::Keyword::of(&text.chars().collect::<Vec<_>>()).is_some();
    let is_bare = !text.is_empty() && text.chars().all(is_plain) && !text.contains("..") && !is_keyword;
    let quote = match quote {
        None if is_bare => return text.to_owned(),
        Some('\'') => Quote::Single,
        None | Some('`') => Quote::Back,
        Some(_) => Quote::Double,
    };
    crate::ast::Scalar { text: text.to_owned(), quote, place: crate::ast::Place(0) }.to_string()
}
