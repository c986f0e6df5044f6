//! Reading characters: blanks, words, quoted strings, keywords, operators.
//!
//! There is no separate pass that makes tokens, because what a character means depends on where it stands: `:` separates
//! in front of a value and is part of it inside. The parser asks for what it expects; every question costs at most the
//! length of the answer, apart from the look-ahead of one word.

use crate::ast::{Op, Place, Quote, Scalar, Token};
use crate::error::QueryError;

/// A position in the text of a query.
pub(crate) struct Reader {
    characters: Vec<char>,
    at: usize,
}

/// The words with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Not,
    Is,
    Null,
}

impl Keyword {
    pub(crate) fn of(word: &[char]) -> Option<Self> {
        const WORDS: [(&str, Keyword); 5] = [
            ("and", Keyword::And),
            ("or", Keyword::Or),
            ("not", Keyword::Not),
            ("is", Keyword::Is),
            ("null", Keyword::Null),
        ];
        let equals = |text: &str| {
            text.len() == word.len() && text.chars().zip(word).all(|(a, b)| a == b.to_ascii_lowercase())
        };
        WORDS.into_iter().find(|(text, _)| equals(text)).map(|(_, keyword)| keyword)
    }
}

/// The quote that a character opens.
pub(crate) fn quote_of(character: char) -> Option<Quote> {
    match character {
        '`' => Some(Quote::Back),
        '\'' => Some(Quote::Single),
        '"' | '“' | '”' => Some(Quote::Double),
        _ => None,
    }
}

pub(crate) fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

impl Reader {
    pub(crate) fn new(text: &str) -> Self {
        Self { characters: text.chars().collect(), at: 0 }
    }

    pub(crate) const fn of(characters: Vec<char>) -> Self {
        Self { characters, at: 0 }
    }

    /// How many characters there are.
    pub(crate) const fn length(&self) -> usize {
        self.characters.len()
    }

    /// What stands between a position and this one.
    pub(crate) fn text_from(&self, position: usize) -> String {
        self.characters[position..self.at].iter().collect()
    }

    /// Passes over one character.
    pub(crate) fn skip_one(&mut self) {
        self.at = self.characters.len().min(self.at + 1);
    }

    /// Takes the run of letters, digits, underscores and dots that begins here.
    pub(crate) fn take_name(&mut self) -> String {
        let start = self.at;
        self.at = self.name_end();
        self.text_from(start)
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn return_to(&mut self, position: usize) {
        self.at = position;
    }

    pub(crate) fn place(&self) -> Place {
        Place(u32::try_from(self.at + 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.characters.len()
    }

    pub(crate) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes `character` if it is next.
    pub(crate) fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.at += usize::from(found);
        found
    }

    /// Takes `text` if it is next.
    pub(crate) fn take_text(&mut self, text: &str) -> bool {
        let rest = &self.characters[self.at..];
        let length = text.chars().count();
        let found = rest.len() >= length && text.chars().zip(rest).all(|(a, b)| a == *b);
        self.at += if found { length } else { 0 };
        found
    }

    /// Takes `keyword` if it is next, as a word of its own.
    pub(crate) fn take_keyword(&mut self, keyword: Keyword) -> bool {
        let found = self.peek_keyword() == Some(keyword);
        if found {
            self.at = self.name_end();
        }
        found
    }

    /// The keyword that is next: a whole word with no operator behind it.
    pub(crate) fn peek_keyword(&self) -> Option<Keyword> {
        let end = self.name_end();
        let keyword = Keyword::of(&self.characters[self.at..end])?;
        match self.characters.get(end) {
            None => Some(keyword),
            Some(next) if next.is_whitespace() || matches!(next, '(' | ')' | '[' | ']' | ',') => {
                Some(keyword)
            }
            Some(next) if quote_of(*next).is_some() => Some(keyword),
            Some(_) => None,
        }
    }

    /// The end of the run of letters, digits, underscores and dots that begins here.
    pub(crate) fn name_end(&self) -> usize {
        let rest = &self.characters[self.at..];
        let length = rest.iter().position(|c| !is_name(*c) && *c != '.').unwrap_or(rest.len());
        self.at + length
    }

    /// Takes a token with the operator behind it, or neither. `is` counts as an operator and gives `None` as one.
    pub(crate) fn take_token(&mut self) -> Option<(Token, Option<Op>)> {
        let start = self.at;
        let place = self.place();
        let end = self.name_end();
        let name: String = self.characters[start..end].iter().collect();
        let is_path = name.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
        if is_path {
            self.at = end;
            self.skip_blanks();
            if let Some(op) = self.take_operator() {
                return Some((Token { name, place }, Some(op)));
            }
            if Keyword::of(&self.characters[start..end]).is_none() && self.take_keyword(Keyword::Is) {
                return Some((Token { name, place }, None));
            }
        }
        self.at = start;
        None
    }

    fn take_operator(&mut self) -> Option<Op> {
        const OPERATORS: [Op; 7] =
            [Op::GreaterEqual, Op::LessEqual, Op::NotEqual, Op::Greater, Op::Less, Op::Equal, Op::Match];
        OPERATORS.into_iter().find(|op| self.take_text(op.as_str()))
    }

    /// Takes a quoted string if one begins here.
    pub(crate) fn take_quoted(&mut self) -> Result<Option<Scalar>, QueryError> {
        let place = self.place();
        let Some(quote) = self.peek().and_then(quote_of) else { return Ok(None) };
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                let message = "the quote that opens here is not closed".to_owned();
                return Err(QueryError::Syntax { column: place.0, message });
            };
            self.at += 1;
            match character {
                '\\' => match self.peek() {
                    Some(next) if next == '\\' || quote_of(next) == Some(quote) => {
                        text.push(next);
                        self.at += 1;
                    }
                    _ => text.push('\\'),
                },
                closing if quote_of(closing) == Some(quote) => break,
                other => text.push(other),
            }
        }
        if quote == Quote::Single {
            text = text.trim().to_owned();
        }
        Ok(Some(Scalar { text, quote, place }))
    }

    /// Takes one bare word: up to a blank, a comma, a bracket or a parenthesis that it did not open itself.
    /// With `stop_at_dots` also up to two dots in a row or a quote. Empty if none begins here.
    pub(crate) fn take_word(&mut self, stop_at_dots: bool) -> String {
        let start = self.at;
        let mut open = 0_usize;
        while let Some(character) = self.peek() {
            match character {
                c if c.is_whitespace() => break,
                ',' | '[' | ']' => break,
                '(' if self.at == start || stop_at_dots => break,
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                '.' if stop_at_dots && self.characters.get(self.at + 1) == Some(&'.') => break,
                c if stop_at_dots && quote_of(c).is_some() => break,
                _ => {}
            }
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    /// Whether a further word of a bare value begins here: not a keyword, not quoted, not the start of a new term.
    pub(crate) fn continues_value(&mut self) -> bool {
        let Some(next) = self.peek() else { return false };
        if matches!(next, ',' | '[' | ']' | '(' | ')') || quote_of(next).is_some() {
            return false;
        }
        let start = self.at;
        let starts_term = self.peek_keyword().is_some() || self.take_token().is_some();
        self.at = start;
        !starts_term
    }
}
