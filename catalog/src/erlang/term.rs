//! Erlang terms as text (Erlang reference manual, "Data types"), as `file:consult/1` reads them.
//!
//! What it is not for: evaluating. Numbers are skipped, since neither names nor versions are written as such.

/// A term.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// An atom, or a variable of a template.
    Atom(String),
    /// A string or a binary.
    Text(String),
    /// A number or a character.
    Number,
    /// A list; the keys and values of a map, one after the other.
    List(Vec<Term>),
    /// A tuple.
    Tuple(Vec<Term>),
}

/// Deepest nesting.
const MAX_DEPTH: usize = 64;
/// Terms in one file; the largest application of OTP has some five hundred modules.
const MAX_TERMS: usize = 200_000;

/// Reads the terms of a file, each ended by a full stop. `Err` is the offset where it ceases to be one, with what came
/// before.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Term>, (usize, Vec<Term>)> {
    let mut parser = Parser { bytes, at: 0, count: 0 };
    let mut terms = Vec::new();
    loop {
        parser.skip_blanks();
        if parser.at >= bytes.len() {
            return Ok(terms);
        }
        match parser.term(0).filter(|_| parser.take(b".")) {
            Some(term) => terms.push(term),
            None => return Err((parser.at, terms)),
        }
    }
}

impl Term {
    /// The pair `{Key, Value}` by the text of its key, an atom or a string.
    pub(super) fn pair(&self) -> Option<(&str, &Term)> {
        match self {
            Self::Tuple(parts) => match parts.as_slice() {
                [Self::Atom(key) | Self::Text(key), value] => Some((key, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text of a string or binary.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list of strings.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::List(items) => items.iter().filter_map(Self::text).collect(),
            _ => Vec::new(),
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    count: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Passes blanks and then `mark`, if it stands there.
    fn take(&mut self, mark: &[u8]) -> bool {
        self.skip_blanks();
        let found = self.bytes[self.at..].starts_with(mark);
        if found {
            self.at += mark.len();
        }
        found
    }

    fn term(&mut self, depth: usize) -> Option<Term> {
        self.skip_blanks();
        self.count += 1;
        if depth > MAX_DEPTH || self.count > MAX_TERMS {
            return None;
        }
        match self.peek()? {
            b'{' => self.sequence(b"{", b"}", depth).map(Term::Tuple),
            b'[' => self.sequence(b"[", b"]", depth).map(Term::List),
            b'#' => self.sequence(b"#{", b"}", depth).map(Term::List),
            b'<' => self.binary(),
            b'"' => self.strings(),
            b'\'' => self.quoted(b'\'').map(Term::Atom),
            b'$' => self.character(),
            b'-' | b'+' | b'0'..=b'9' => Some(self.number()),
            byte if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'?') => Some(self.word()),
            _ => None,
        }
    }

    fn sequence(&mut self, open: &[u8], close: &[u8], depth: usize) -> Option<Vec<Term>> {
        if !self.take(open) {
            return None;
        }
        let mut items = Vec::new();
        if self.take(close) {
            return Some(items);
        }
        loop {
            items.push(self.term(depth + 1)?);
            if self.take(close) {
                return Some(items);
            }
            let between = [&b","[..], b"=>", b":=", b"|"];
            if !between.iter().any(|mark| self.take(mark)) {
                return None;
            }
        }
    }

    /// `<<"text"/utf8>>`; segments that are no strings add nothing.
    fn binary(&mut self) -> Option<Term> {
        if !self.take(b"<<") {
            return None;
        }
        let mut text = String::new();
        loop {
            if self.take(b">>") {
                return Some(Term::Text(text));
            }
            self.skip_blanks();
            match self.peek()? {
                b'"' => text.push_str(&self.quoted(b'"')?),
                byte if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b',' | b':' | b'-' | b'_') => {
                    self.at += 1
                }
                _ => return None,
            }
        }
    }

    /// Strings that stand next to each other are one.
    fn strings(&mut self) -> Option<Term> {
        let mut text = self.quoted(b'"')?;
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Some(Term::Text(text));
            }
            text.push_str(&self.quoted(b'"')?);
        }
    }

    fn quoted(&mut self, quote: u8) -> Option<String> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    // control characters stand in no name; what they stand for need not be told apart
                    text.push(if b"nrtbfve".contains(&escaped) { b' ' } else { escaped });
                }
                _ if byte == quote => return Some(String::from_utf8_lossy(&text).into_owned()),
                _ => text.push(byte),
            }
        }
    }

    fn character(&mut self) -> Option<Term> {
        let is_escaped = self.bytes.get(self.at + 1) == Some(&b'\\');
        self.at += if is_escaped { 3 } else { 2 };
        (self.at <= self.bytes.len()).then_some(Term::Number)
    }

    fn number(&mut self) -> Term {
        self.at += 1;
        while let Some(byte) = self.peek() {
            let next = self.bytes.get(self.at + 1);
            let is_inner = byte == b'.' && next.is_some_and(u8::is_ascii_digit);
            if !is_inner && !byte.is_ascii_alphanumeric() && !matches!(byte, b'#' | b'_') {
                break;
            }
            self.at += 1;
        }
        Term::Number
    }

    fn word(&mut self) -> Term {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')) {
            self.at += 1;
        }
        Term::Atom(String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_term_is_read() {
        let text = "%% a comment with a {\n{a, 'B c', \"d\" \"e\", <<\"f\"/utf8>>, <<1,2:8>>, [], [1.5, -2, 16#ff, $a, $\\n],\n\
                    #{k => \"v\"}, [h|t]}.\n\"second\\\"\".";
        let atom = |text: &str| Term::Atom(text.to_owned());
        let string = |text: &str| Term::Text(text.to_owned());
        let first = Term::Tuple(vec![
            atom("a"),
            atom("B c"),
            string("de"),
            string("f"),
            string(""),
            Term::List(vec![]),
            Term::List(vec![Term::Number; 5]),
            Term::List(vec![atom("k"), string("v")]),
            Term::List(vec![atom("h"), atom("t")]),
        ]);
        assert_eq!(parse(text.as_bytes()), Ok(vec![first, string("second\"")]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn what_breaks_off_or_is_no_term_ends_the_reading_where_it_is() {
        for (text, at) in
            [("{a", 2), ("{a, ", 4), ("a", 1), ("\"x", 2), ("{a ^}.", 3), ("<<\"a\"", 5), ("#Ref<1>.", 0)]
        {
            assert_eq!(parse(text.as_bytes()).map_err(|(at, _)| at), Err(at), "{text}");
        }
        assert_eq!(parse(b"a. {").unwrap_err().1, [Term::Atom("a".to_owned())]);
    }

    #[test]
    fn deep_and_endless_terms_are_given_up() {
        assert!(parse(&b"[".repeat(1 << 20)).is_err());
        let many = format!("[{}0].", "0,".repeat(MAX_TERMS));
        assert!(parse(many.as_bytes()).is_err());
    }
}
