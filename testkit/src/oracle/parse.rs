//! Questions read from text, a second time and by other means than the server's.

use super::tree::{Ask, Quotes, Sign, Span, Test, Word};

/// Reads a question; `None` for the empty one, which everything answers to.
///
/// Made for questions that are right: what is wrong with one that is not, is only told roughly.
pub fn parse(text: &str) -> Result<Option<Ask>, String> {
    let mut reader = Reader { text: text.chars().collect(), at: 0 };
    if reader.next().is_none() {
        return Ok(None);
    }
    let ask = reader.any()?;
    if reader.next().is_some() {
        Err(format!("more than a question at {}", reader.at))
    } else {
        Ok(Some(ask))
    }
}

/// The span that a text is as a whole, from bracket to bracket.
pub(super) fn whole_span(text: &str) -> Option<Span> {
    let mut reader = Reader { text: text.chars().collect(), at: 0 };
    let span = reader.span();
    span.filter(|_| reader.next().is_none())
}

struct Reader {
    text: Vec<char>,
    at: usize,
}

const BRACKETS: [char; 5] = [',', '[', ']', '(', ')'];

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    /// The next character that is no blank, not taken.
    fn next(&mut self) -> Option<char> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.peek()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.next() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn takes_text(&mut self, expected: &str) -> bool {
        let found = expected.chars().enumerate().all(|(index, c)| self.text.get(self.at + index) == Some(&c));
        self.at += if found { expected.chars().count() } else { 0 };
        found
    }

    /// Takes a keyword: a whole word with neither an operator nor anything else of a name behind it.
    fn keyword(&mut self, expected: &str) -> bool {
        self.next();
        let start = self.at;
        let word = self.name();
        let ends =
            self.peek().is_none_or(|c| c.is_whitespace() || BRACKETS.contains(&c) || quotes(c).is_some());
        let found = ends && word.eq_ignore_ascii_case(expected);
        if !found {
            self.at = start;
        }
        found
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn any(&mut self) -> Result<Ask, String> {
        let mut asks = vec![self.all()?];
        while self.keyword("or") {
            asks.push(self.all()?);
        }
        Ok(if asks.len() == 1 { asks.swap_remove(0) } else { Ask::Any(asks) })
    }

    fn all(&mut self) -> Result<Ask, String> {
        let mut asks = vec![self.one()?];
        loop {
            let start = self.at;
            if self.next().is_none_or(|c| c == ')') || self.keyword("or") {
                self.at = start;
                break;
            }
            self.keyword("and");
            asks.push(self.one()?);
        }
        Ok(if asks.len() == 1 { asks.swap_remove(0) } else { Ask::All(asks) })
    }

    fn one(&mut self) -> Result<Ask, String> {
        if self.keyword("not") {
            return Ok(Ask::Not(Box::new(self.one()?)));
        }
        if self.take('(') {
            let ask = self.any()?;
            return if self.take(')') { Ok(ask) } else { Err("a parenthesis stays open".to_owned()) };
        }
        self.next();
        let token = self.name();
        if token.is_empty() {
            return Err(format!("no token at {}", self.at));
        }
        if self.keyword("is") {
            let negated = self.keyword("not");
            let missing = Ask::Missing(token);
            return match self.keyword("null") {
                true if negated => Ok(Ask::Not(Box::new(missing))),
                true => Ok(missing),
                false => Err("`is` without `null`".to_owned()),
            };
        }
        self.next();
        if let Some((_, sign)) = Sign::ALL.into_iter().find(|(text, _)| self.takes_text(text)) {
            return Ok(Ask::Term(token, Test::Compare(sign, self.word()?)));
        }
        if !self.take(':') {
            return Err(format!("no operator behind {token}"));
        }
        self.value(token)
    }

    fn value(&mut self, token: String) -> Result<Ask, String> {
        match self.next() {
            Some('(' | '[') => {
                let start = self.at;
                if let Some(span) = self.span() {
                    return Ok(Ask::Term(token, Test::Within(span)));
                }
                self.at = start;
            }
            _ => return Ok(Ask::Term(token, Test::Is(self.word()?))),
        }
        if self.take('(') {
            let ask = Box::new(self.any()?);
            return if self.take(')') {
                Ok(Ask::Element(token, ask))
            } else {
                Err("a group stays open".to_owned())
            };
        }
        self.take('[');
        let mut words = Vec::new();
        while !self.take(']') {
            words.push(self.word()?);
            if !self.take(',') && self.next() != Some(']') {
                return Err("a list stays open".to_owned());
            }
        }
        Ok(Ask::Term(token, Test::OneOf(words)))
    }

    fn span(&mut self) -> Option<Span> {
        let from_inclusive = self.take('[');
        if !from_inclusive && !self.take('(') {
            return None;
        }
        let from = self.bound()?;
        self.next();
        if !self.takes_text("..") {
            return None;
        }
        self.take('.');
        let to = self.bound()?;
        let to_inclusive = self.take(']');
        if !to_inclusive && !self.take(')') {
            return None;
        }
        Some(Span { from: from.map(|word| (word, from_inclusive)), to: to.map(|word| (word, to_inclusive)) })
    }

    fn bound(&mut self) -> Option<Option<Word>> {
        self.next();
        if let Some(word) = self.quoted().ok()? {
            return Some(Some(word));
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !BRACKETS.contains(&c) && quotes(c).is_none())
        {
            if self.peek() == Some('.') && self.text.get(self.at + 1) == Some(&'.') {
                break;
            }
            self.at += 1;
        }
        let text: String = self.text[start..self.at].iter().collect();
        Some((!text.is_empty() && text != "*").then(|| Word::new(text, Quotes::None)))
    }

    fn word(&mut self) -> Result<Word, String> {
        self.next();
        if let Some(word) = self.quoted()? {
            return Ok(word);
        }
        let mut text = self.bare();
        if text.is_empty() {
            return Err(format!("no value at {}", self.at));
        }
        loop {
            let end = self.at;
            if self.next().is_none_or(|c| BRACKETS.contains(&c) || quotes(c).is_some()) || self.begins_term()
            {
                self.at = end;
                return Ok(Word::new(text, Quotes::None));
            }
            text.push(' ');
            text.push_str(&self.bare());
        }
    }

    fn bare(&mut self) -> String {
        let (start, mut open) = (self.at, 0_i32);
        while let Some(c) = self.peek() {
            match c {
                '(' if self.at > start => open += 1,
                ')' if open > 0 => open -= 1,
                c if c.is_whitespace() || BRACKETS.contains(&c) => break,
                _ => {}
            }
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    /// Whether a keyword or a token with its operator comes next.
    fn begins_term(&mut self) -> bool {
        let start = self.at;
        let is_keyword = ["and", "or", "not", "is", "null"].into_iter().any(|word| self.keyword(word));
        self.at = start;
        let is_term = !self.name().is_empty()
            && (self.keyword("is") || self.next().is_some_and(|c| matches!(c, ':' | '<' | '>' | '=' | '!')));
        self.at = start;
        is_keyword || is_term
    }

    fn quoted(&mut self) -> Result<Option<Word>, String> {
        let Some(kind) = self.peek().and_then(quotes) else { return Ok(None) };
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            let escaped =
                self.peek().filter(|next| c == '\\' && (*next == '\\' || quotes(*next) == Some(kind)));
            match escaped {
                Some(next) => {
                    text.push(next);
                    self.at += 1;
                }
                None if quotes(c) == Some(kind) => return Ok(Some(Word::new(text, kind))),
                None => text.push(c),
            }
        }
        Err("a quote stays open".to_owned())
    }
}

fn quotes(character: char) -> Option<Quotes> {
    match character {
        '`' => Some(Quotes::Back),
        '\'' => Some(Quotes::Single),
        '"' | '\u{201c}' | '\u{201d}' => Some(Quotes::Double),
        _ => None,
    }
}
