//! The grammar: conditions, groups, `and`, `or`, `not`.
//!
//! Groups are kept on a stack of our own instead of the call stack, so that no depth of nesting in a client's text
//! can exhaust a thread; the depth is limited all the same, because everything that walks the tree recurses.

use crate::ast::{Expr, Op, Query, Term, Token, Value};
use crate::error::{QueryError, shorten};
use crate::lex::{Keyword, Reader};
use crate::value::{Bracketed, take_range, take_scalar, take_value};
use crate::{MAX_DEPTH, MAX_LENGTH};

/// Reads a query. The empty text and blanks are the empty query, which matches everything.
///
/// Knows nothing of token tables: any well-formed token is accepted here. The work is linear in the length of
/// the text, which is limited to [`MAX_LENGTH`] bytes; groups and negations nest at most [`MAX_DEPTH`] deep.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > MAX_LENGTH {
        return Err(QueryError::TooLong { length: text.len(), limit: MAX_LENGTH });
    }
    let mut parser = Parser { reader: Reader::new(text), levels: vec![Level::default()], depth: 0 };
    parser.reader.skip_blanks();
    if parser.reader.is_at_end() {
        return Ok(Query::default());
    }
    let root = parser.read()?;
    Ok(Query { root: Some(root) })
}

/// One open group, the whole text being the outermost.
#[derive(Default)]
struct Level {
    /// Column of its parenthesis, 0 for the outermost.
    opened: u32,
    /// Set if it is the inside of `token:(...)`.
    token: Option<Token>,
    /// Finished operands of `or`.
    alternatives: Vec<Expr>,
    /// Operands of `and` since the last `or`.
    conjuncts: Vec<Expr>,
    /// How often `not` stands in front of the operand that comes next.
    negations: usize,
}

impl Level {
    fn push(&mut self, mut operand: Expr) {
        for _ in 0..std::mem::take(&mut self.negations) {
            operand = Expr::Not(Box::new(operand));
        }
        self.conjuncts.push(operand);
    }

    fn end_alternative(&mut self) {
        let mut conjuncts = std::mem::take(&mut self.conjuncts);
        let alternative = match conjuncts.len() {
            1 => conjuncts.swap_remove(0),
            _ => Expr::And(conjuncts),
        };
        self.alternatives.push(alternative);
    }

    /// The whole group as one expression. There is at least one operand.
    fn finish(mut self) -> Expr {
        self.end_alternative();
        let inner = match self.alternatives.len() {
            1 => self.alternatives.swap_remove(0),
            _ => Expr::Or(self.alternatives),
        };
        match self.token {
            Some(token) => Expr::Nested { token, inner: Box::new(inner) },
            None => inner,
        }
    }
}

/// What is wrong with a word that is meant as a condition and is none, such as `image-id:x`. Taken as a text to look for it would
/// find nothing, and nobody would learn why.
fn mistaken(word: &str) -> Option<String> {
    let (name, _) = word.split_once([':', '<', '>', '='])?;
    let name = name.trim_end_matches('!');
    if name.is_empty() {
        return Some("a token is missing in front of this operator".to_owned());
    }
    let is_near = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '!');
    (name.contains(char::is_alphabetic) && name.chars().all(is_near)).then(|| {
        let name = shorten(name);
        format!(
            "`{name}` is not the name of a token; words to look for stand in quotes if they hold an operator"
        )
    })
}

struct Parser {
    reader: Reader,
    /// Open groups, never empty.
    levels: Vec<Level>,
    /// Open groups and pending negations.
    depth: usize,
}

impl Parser {
    fn read(&mut self) -> Result<Expr, QueryError> {
        loop {
            if !self.read_operand()? {
                continue;
            }
            while self.close_group()? {}
            self.reader.skip_blanks();
            if self.reader.is_at_end() {
                return self.finish();
            }
            self.read_connective();
        }
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the outermost level is never closed before the end")
    }

    /// Reads one step of an operand; `false` if it only opened a group or took a `not`.
    fn read_operand(&mut self) -> Result<bool, QueryError> {
        self.reader.skip_blanks();
        let column = self.reader.place().0;
        if self.reader.take_keyword(Keyword::Not) {
            self.descend(column)?;
            self.level().negations += 1;
            return Ok(false);
        }
        if self.reader.take('(') {
            self.open(column, None)?;
            return Ok(false);
        }
        if let Some((token, op)) = self.reader.take_token() {
            return self.read_term(token, op, column);
        }
        if self.reader.peek_keyword().is_some() {
            return Err(self.expected_condition());
        }
        let text = match self.reader.take_quoted()? {
            Some(quoted) => quoted,
            None => {
                let place = self.reader.place();
                let text = self.reader.take_word(false);
                if text.is_empty() {
                    return Err(self.expected_condition());
                }
                if let Some(message) = mistaken(&text) {
                    return Err(QueryError::Syntax { column: place.0, message });
                }
                crate::ast::Scalar { text, quote: crate::ast::Quote::Bare, place }
            }
        };
        self.level().push(Expr::FreeText(text));
        Ok(true)
    }

    fn read_term(&mut self, token: Token, op: Option<Op>, column: u32) -> Result<bool, QueryError> {
        let Some(op) = op else {
            let test = self.read_null_test(token)?;
            self.level().push(test);
            return Ok(true);
        };
        self.reader.skip_blanks();
        let value = match op {
            Op::Match if self.reader.peek() == Some('(') => match take_range(&mut self.reader)? {
                Bracketed::Range(range) => Value::Range(range),
                Bracketed::Other => {
                    self.reader.take('(');
                    self.open(column, Some(token))?;
                    return Ok(false);
                }
            },
            Op::Match => take_value(&mut self.reader, &token)?,
            _ => Value::Scalar(take_scalar(&mut self.reader, &token)?),
        };
        self.level().push(Expr::Term(Term { token, op, value }));
        Ok(true)
    }

    /// Reads what follows `token is`.
    fn read_null_test(&mut self, token: Token) -> Result<Expr, QueryError> {
        self.reader.skip_blanks();
        let negated = self.reader.take_keyword(Keyword::Not);
        self.reader.skip_blanks();
        if !self.reader.take_keyword(Keyword::Null) {
            return Err(self.syntax("`null` must follow `is`"));
        }
        let test = Expr::IsNull(token);
        Ok(if negated { Expr::Not(Box::new(test)) } else { test })
    }

    fn descend(&mut self, column: u32) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::TooDeep { column, limit: MAX_DEPTH });
        }
        Ok(())
    }

    fn open(&mut self, column: u32, token: Option<Token>) -> Result<(), QueryError> {
        self.descend(column)?;
        self.levels.push(Level { opened: column, token, ..Level::default() });
        Ok(())
    }

    /// Closes the innermost group if its parenthesis is next.
    fn close_group(&mut self) -> Result<bool, QueryError> {
        self.depth = self.levels.len() - 1 + self.levels.iter().map(|level| level.negations).sum::<usize>();
        self.reader.skip_blanks();
        if self.reader.peek() != Some(')') {
            return Ok(false);
        }
        if self.levels.len() == 1 {
            return Err(self.syntax("this parenthesis closes nothing"));
        }
        self.reader.take(')');
        let group = self.levels.pop().expect("there are two levels or more").finish();
        self.level().push(group);
        Ok(true)
    }

    /// Takes `and` or `or`; two conditions without a word between them are joined by `and`.
    fn read_connective(&mut self) {
        if self.reader.take_keyword(Keyword::Or) {
            self.level().end_alternative();
        } else {
            self.reader.take_keyword(Keyword::And);
        }
    }

    fn finish(&mut self) -> Result<Expr, QueryError> {
        let level = self.levels.pop().expect("the outermost level is closed here only");
        if level.opened > 0 {
            let message = "the parenthesis that opens here is not closed".to_owned();
            return Err(QueryError::Syntax { column: level.opened, message });
        }
        Ok(level.finish())
    }

    fn syntax(&self, message: &str) -> QueryError {
        QueryError::Syntax { column: self.reader.place().0, message: message.to_owned() }
    }

    fn expected_condition(&mut self) -> QueryError {
        let column = self.reader.place().0;
        let message = match self.reader.peek() {
            None => "a condition is missing at the end".to_owned(),
            Some(character) => {
                let word = self.reader.take_word(false);
                let found = if word.is_empty() { character.to_string() } else { word };
                format!("expected a condition, found `{}`", shorten(&found))
            }
        };
        QueryError::Syntax { column, message }
    }
}
