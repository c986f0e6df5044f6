//! Expressions as people write them: `GPL-2+ or Artistic, and BSD`, `(MIT OR Apache-2.0)`, `GPLv2+ with exceptions`.
//!
//! Operators may be words in any case or signs. `AND` binds before `OR`; a comma or semicolon binds last of all and
//! means `AND` unless an operator follows it, as in Debian's machine-readable copyright file (section "License field").

use super::name::{self, exception, identifier};
use super::spelling::{is_noise, words as words_of};
use super::tree::Expression;

/// Tokens of one expression.
const MAX_TOKENS: usize = 512;
/// Brackets within brackets.
const MAX_DEPTH: usize = 24;
/// Words and bytes of a name that is not known and still is one; what is longer is prose.
const MAX_UNKNOWN: (usize, usize) = (5, 60);
/// Words that stand in sentences and not in the names of licences.
const PROSE: [&str; 14] = [
    "this",
    "that",
    "permission",
    "hereby",
    "is",
    "are",
    "see",
    "file",
    "files",
    "provided",
    "copyright",
    "software",
    "you",
    "covers",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    And,
    Or,
    With,
    Comma,
    Word(&'a str),
}

/// The expression, if each part of it can be named.
pub(super) fn read(text: &str) -> Option<Expression> {
    let tokens = tokens(text);
    if tokens.len() > MAX_TOKENS {
        return None;
    }
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let list = parser.list(0)?;
    (parser.at == tokens.len()).then_some(list)
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let is_sign = |c: char| matches!(c, '(' | ')' | ',' | ';' | '&' | '|');
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, end) = if is_sign(first) {
            (sign(first), 1)
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || is_sign(c)).unwrap_or(rest.len());
            (word(&rest[..end]), end)
        };
        rest = rest[end..].trim_start();
        let repeats = matches!(token, Token::And | Token::Or | Token::Comma) && tokens.last() == Some(&token);
        if !repeats {
            tokens.push(token);
        }
    }
    operators_of_names(&mut tokens);
    tokens
}

fn sign(sign: char) -> Token<'static> {
    match sign {
        '(' => Token::Open,
        ')' => Token::Close,
        '&' => Token::And,
        '|' => Token::Or,
        _ => Token::Comma,
    }
}

fn word(word: &str) -> Token<'_> {
    let is = |operator: &str| word.eq_ignore_ascii_case(operator);
    if is("and") {
        Token::And
    } else if is("or") || is("and/or") {
        Token::Or
    } else if is("with") {
        Token::With
    } else {
        Token::Word(word)
    }
}

/// Turns back into words what looks like an operator and is part of a name: `or later`, `License, Version 2.0`.
fn operators_of_names(tokens: &mut Vec<Token<'_>>) {
    let begins = |token: Option<&Token<'_>>, words: &[&str]| match token {
        Some(Token::Word(word)) => words.iter().any(|known| word.to_ascii_lowercase().starts_with(known)),
        _ => false,
    };
    for at in 0..tokens.len() {
        let next = tokens.get(at + 1);
        match tokens[at] {
            Token::Or if begins(next, &["later", "newer", "above", "higher", "greater", "any"]) => {
                tokens[at] = Token::Word("or");
            }
            Token::Comma if begins(next, &["version", "ver.", "v1", "v2", "v3"]) => {
                tokens[at] = Token::Word("");
            }
            _ => {}
        }
    }
    tokens.retain(|token| *token != Token::Word(""));
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Parser<'a> {
    fn next_is(&mut self, token: Token<'_>) -> bool {
        let is = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is);
        is
    }

    /// Expressions with commas between them.
    fn list(&mut self, depth: usize) -> Option<Expression> {
        let mut left = self.any(depth)?;
        while self.next_is(Token::Comma) {
            if matches!(self.tokens.get(self.at), None | Some(Token::Close)) {
                break;
            }
            if self.next_is(Token::Or) {
                left = Expression::any(vec![left, self.any(depth)?])?;
            } else {
                let _ = self.next_is(Token::And);
                left = Expression::all(vec![left, self.any(depth)?])?;
            }
        }
        Some(left)
    }

    fn any(&mut self, depth: usize) -> Option<Expression> {
        let mut parts = vec![self.all(depth)?];
        while self.next_is(Token::Or) {
            parts.push(self.all(depth)?);
        }
        Expression::any(parts)
    }

    fn all(&mut self, depth: usize) -> Option<Expression> {
        let mut parts = vec![self.item(depth)?];
        loop {
            let follows = matches!(self.tokens.get(self.at), Some(Token::Open | Token::Word(_)));
            if !self.next_is(Token::And) && !follows {
                return Expression::all(parts);
            }
            parts.push(self.item(depth)?);
        }
    }

    fn item(&mut self, depth: usize) -> Option<Expression> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.next_is(Token::Open) {
            let inner = self.list(depth + 1)?;
            return self.next_is(Token::Close).then_some(inner);
        }
        let words = self.words();
        if self.next_is(Token::With) {
            return with_exception(&words, &self.words());
        }
        named(&words)
    }

    /// Words up to the next operator, with a remark in brackets if that holds no operator: `MIT License (MIT)`.
    fn words(&mut self) -> Vec<&'a str> {
        let mut words = Vec::new();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) => words.push(*word),
                Some(Token::Open) if !words.is_empty() => {
                    let inside = self.tokens[self.at + 1..].iter();
                    let length = inside.take_while(|token| matches!(token, Token::Word(_))).count();
                    let end = self.at + 1 + length;
                    if self.tokens.get(end) != Some(&Token::Close) {
                        return words;
                    }
                    words.push("(");
                    words.extend(self.tokens[self.at + 1..end].iter().filter_map(|token| match token {
                        Token::Word(word) => Some(*word),
                        _ => None,
                    }));
                    words.push(")");
                    self.at = end;
                }
                _ => return words,
            }
            self.at += 1;
        }
    }
}

/// The licences that words without an operator between them name.
fn named(words: &[&str]) -> Option<Expression> {
    let text = words.join(" ");
    if let Some(known) = name::known(&text) {
        return Some(known);
    }
    match words {
        [] => None,
        // an address of which the table does not know whose text it shows
        _ if text.contains("://") => None,
        [word] => known_word(word).or_else(|| unknown(&[word])),
        _ => {
            // Alpine's and Gentoo's lists have no operators.
            let each: Option<Vec<Expression>> = words.iter().map(|word| known_word(word)).collect();
            each.and_then(Expression::all).or_else(|| unknown(words))
        }
    }
}

fn known_word(word: &str) -> Option<Expression> {
    name::known(word).or_else(|| slashes(word)).or_else(|| operators_inside(word))
}

/// `MIT/Apache-2.0`, the old way of crates to offer a choice.
fn slashes(word: &str) -> Option<Expression> {
    let parts: Option<Vec<Expression>> = word.split('/').map(name::known).collect();
    Expression::any(parts.filter(|parts| parts.len() > 1)?)
}

/// `LGPLv3+_or_GPLv2+`, `GPL-2+-with-bison-exception`, where a name must be one word.
fn operators_inside(word: &str) -> Option<Expression> {
    let lower = word.to_ascii_lowercase();
    let split = |by: &str| -> Option<Vec<Expression>> {
        let parts: Option<Vec<Expression>> = lower.split(by).map(name::known).collect();
        parts.filter(|parts| parts.len() > 1)
    };
    ["_or_", "-or-"].iter().find_map(|by| split(by)).and_then(Expression::any).or_else(|| {
        let (license, follows) = lower.split_once("-with-")?;
        let license = name::known(license)?;
        let exception = exception(follows, &license)?;
        match license {
            Expression::One(id) if !id.contains(' ') => {
                Some(Expression::One(format!("{id} WITH {exception}")))
            }
            _ => None,
        }
    })
}

/// `LicenseRef-` and the words, without remarks in brackets.
fn unknown(words: &[&str]) -> Option<Expression> {
    let remark = words.iter().position(|word| *word == "(").unwrap_or(words.len());
    let text = words[..remark].join("-");
    let plain = words_of(&text);
    let is_prose = remark > 1 && plain.iter().any(|word| PROSE.contains(&word.as_str()));
    let fits = remark <= MAX_UNKNOWN.0 && text.len() <= MAX_UNKNOWN.1 && !is_prose && !is_noise(&plain);
    fits.then(|| identifier(&text)).flatten().map(Expression::One)
}

/// A licence with what follows `with`: a known exception, or all of it as one name.
fn with_exception(license: &[&str], follows: &[&str]) -> Option<Expression> {
    let known = named(license)?;
    let exception = exception(&follows.join(" "), &known);
    match (&known, exception) {
        (Expression::One(id), Some(exception)) if !id.contains(' ') && !id.starts_with("LicenseRef-") => {
            Some(Expression::One(format!("{id} WITH {exception}")))
        }
        (Expression::One(id), _) => {
            let id = id.strip_prefix("LicenseRef-").unwrap_or(id);
            let words: Vec<&str> = [id, "with"].into_iter().chain(follows.iter().copied()).collect();
            let text = words.join("-");
            let fits = !follows.is_empty() && text.len() <= MAX_UNKNOWN.1;
            fits.then(|| identifier(&text)).flatten().map(Expression::One)
        }
        _ => None,
    }
}
