//! Questions as text, in the many spellings of one meaning.

use super::dice::Dice;
use super::tree::{Ask, Quotes, Span, Test, Word};

/// Writes a question; the dice choose among its spellings.
pub fn print(ask: &Ask, dice: &mut Dice) -> String {
    let mut printer = Printer { dice, text: String::new() };
    printer.ask(ask, Place::Outside);
    printer.text
}

/// What a condition stands in, which decides about its parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InAny,
    InAll,
    InNot,
}

struct Printer<'a> {
    dice: &'a mut Dice,
    text: String,
}

impl Printer<'_> {
    fn ask(&mut self, ask: &Ask, place: Place) {
        let needs_parentheses = match ask {
            Ask::All(_) => matches!(place, Place::InNot | Place::InAll),
            Ask::Any(_) => !matches!(place, Place::Outside),
            _ => false,
        };
        if needs_parentheses || self.dice.percent(8) {
            self.text.push('(');
            self.blanks();
            self.bare(ask);
            self.blanks();
            self.text.push(')');
        } else {
            self.bare(ask);
        }
    }

    fn bare(&mut self, ask: &Ask) {
        match ask {
            Ask::All(asks) => self.joined(asks, "and", Place::InAll),
            Ask::Any(asks) => self.joined(asks, "or", Place::InAny),
            Ask::Not(inner) => self.not(inner),
            Ask::Missing(token) => {
                self.text.push_str(token);
                self.keyword(" is");
                self.keyword(" null");
            }
            Ask::Element(token, inner) => {
                self.text.push_str(token);
                self.text.push(':');
                self.blanks();
                self.text.push('(');
                self.bare(inner);
                self.text.push(')');
            }
            Ask::Term(token, test) => {
                self.text.push_str(token);
                self.test(test);
            }
        }
    }

    /// `not a is null` also as `a is not null`.
    fn not(&mut self, inner: &Ask) {
        if let Ask::Missing(token) = inner
            && self.dice.percent(50)
        {
            self.text.push_str(token);
            self.keyword(" is");
            self.keyword(" not");
            self.keyword(" null");
            return;
        }
        self.keyword("not");
        self.text.push(' ');
        self.ask(inner, Place::InNot);
    }

    fn joined(&mut self, asks: &[Ask], word: &str, place: Place) {
        for (index, ask) in asks.iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
                if word == "or" || !self.dice.percent(15) {
                    self.keyword(word);
                    self.text.push(' ');
                }
            }
            self.ask(ask, place);
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Is(word) => {
                self.text.push(':');
                self.blanks();
                self.word(word);
            }
            Test::Compare(sign, word) => {
                self.text.push_str(sign.text());
                self.blanks();
                self.word(word);
            }
            Test::OneOf(words) => {
                self.text.push(':');
                self.blanks();
                self.text.push('[');
                for (index, word) in words.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.blanks();
                    self.word(word);
                }
                self.blanks();
                self.text.push(']');
            }
            Test::Within(span) => {
                self.text.push(':');
                self.blanks();
                let span = span_text(span, self.dice);
                self.text.push_str(&span);
            }
        }
    }

    fn word(&mut self, word: &Word) {
        let text = word_text(word);
        self.text.push_str(&text);
    }

    fn blanks(&mut self) {
        if self.dice.percent(25) {
            self.text.push(' ');
        }
    }

    fn keyword(&mut self, word: &str) {
        match self.dice.below(6) {
            0 => self.text.push_str(&word.to_uppercase()),
            1 => self
                .text
                .extend(word.char_indices().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })),
            _ => self.text.push_str(word),
        }
    }
}

/// Writes a span from bracket to bracket.
pub(super) fn span_text(span: &Span, dice: &mut Dice) -> String {
    let open = |end: &Option<(Word, bool)>, dice: &mut Dice| match end {
        Some((_, inclusive)) => *inclusive,
        None => dice.percent(70),
    };
    let (opens, closes) = (open(&span.from, dice), open(&span.to, dice));
    let end = |end: &Option<(Word, bool)>, dice: &mut Dice| match end {
        Some((word, _)) => word_text(word),
        None if dice.percent(20) => "*".to_owned(),
        None => String::new(),
    };
    let (from, to) = (end(&span.from, dice), end(&span.to, dice));
    let blank = if dice.percent(60) { " " } else { "" };
    let dots = if dice.percent(50) { ".." } else { "..." };
    format!(
        "{}{from}{blank}{dots}{blank}{to}{}",
        if opens { '[' } else { '(' },
        if closes { ']' } else { ')' }
    )
}

/// Writes a value with its quotes.
pub(super) fn word_text(word: &Word) -> String {
    let quote = match word.quotes {
        Quotes::None => return word.text.clone(),
        Quotes::Back => '`',
        Quotes::Single => '\'',
        Quotes::Double => '"',
    };
    let mut text = String::from(quote);
    for character in word.text.chars() {
        let is_quote = character == quote || (quote == '"' && matches!(character, '\u{201c}' | '\u{201d}'));
        if is_quote || character == '\\' {
            text.push('\\');
        }
        text.push(character);
    }
    text.push(quote);
    text
}
