//! Values: scalars, lists and ranges, and how the three are told apart.

use crate::ast::{Place, Quote, Range, Scalar, Token, Value};
use crate::error::{QueryError, shorten};
use crate::lex::Reader;

/// What an opening bracket or parenthesis turned out to open.
pub(crate) enum Bracketed {
    /// A range, read to its end.
    Range(Range),
    /// Something else; nothing was read.
    Other,
}

/// Reads the value behind `token:`; the caller has dealt with parentheses.
pub(crate) fn take_value(reader: &mut Reader, token: &Token) -> Result<Value, QueryError> {
    if reader.peek() != Some('[') {
        return take_scalar(reader, token).map(Value::Scalar);
    }
    match take_range(reader)? {
        Bracketed::Range(range) => Ok(Value::Range(range)),
        Bracketed::Other => take_list(reader).map(Value::List),
    }
}

/// Reads one value: quoted, or bare words up to something that cannot belong to it.
pub(crate) fn take_scalar(reader: &mut Reader, token: &Token) -> Result<Scalar, QueryError> {
    reader.skip_blanks();
    if let Some(quoted) = reader.take_quoted()? {
        return Ok(quoted);
    }
    let place = reader.place();
    let starts_badly = reader.peek().is_some_and(|next| matches!(next, '<' | '>' | '=' | '!'));
    let mut text = if starts_badly { String::new() } else { reader.take_word(false) };
    if text.is_empty() {
        let message = format!("a value is missing behind `{}`", shorten(&token.name));
        return Err(QueryError::Syntax { column: place.0, message });
    }
    loop {
        let end = reader.position();
        reader.skip_blanks();
        if !reader.continues_value() {
            reader.return_to(end);
            return Ok(Scalar { text, quote: Quote::Bare, place });
        }
        text.push(' ');
        text.push_str(&reader.take_word(false));
    }
}

/// Reads `[a, b]`; the caller has seen the bracket.
fn take_list(reader: &mut Reader) -> Result<Vec<Scalar>, QueryError> {
    let opened = reader.place();
    reader.take('[');
    let mut items = Vec::new();
    reader.skip_blanks();
    if reader.take(']') {
        return Ok(items);
    }
    loop {
        items.push(take_list_item(reader, opened)?);
        reader.skip_blanks();
        if reader.take(']') {
            return Ok(items);
        }
        if !reader.take(',') {
            return Err(list_error(reader, opened));
        }
    }
}

fn take_list_item(reader: &mut Reader, opened: Place) -> Result<Scalar, QueryError> {
    reader.skip_blanks();
    if let Some(quoted) = reader.take_quoted()? {
        return Ok(quoted);
    }
    let place = reader.place();
    let mut words: Vec<String> = Vec::new();
    loop {
        reader.skip_blanks();
        let word = reader.take_word(false);
        if word.is_empty() {
            break;
        }
        words.push(word);
    }
    if words.is_empty() {
        return Err(list_error(reader, opened));
    }
    Ok(Scalar { text: words.join(" "), quote: Quote::Bare, place })
}

fn list_error(reader: &Reader, opened: Place) -> QueryError {
    match reader.peek() {
        None => QueryError::Syntax {
            column: opened.0,
            message: "the bracket that opens here is not closed".to_owned(),
        },
        Some(character) => QueryError::Syntax {
            column: reader.place().0,
            message: format!(
                "a list needs values with commas between them and `]` at the end, found `{character}`"
            ),
        },
    }
}

/// Reads a range if what the bracket or parenthesis here opens is one: two or three dots with a scalar on at
/// least one side and nothing else.
pub(crate) fn take_range(reader: &mut Reader) -> Result<Bracketed, QueryError> {
    let start = reader.position();
    let place = reader.place();
    let lower_inclusive = reader.take('[');
    if !lower_inclusive && !reader.take('(') {
        return Ok(Bracketed::Other);
    }
    let lower = match take_lower(reader, lower_inclusive) {
        Some(lower) => lower,
        None => {
            reader.return_to(start);
            return Ok(Bracketed::Other);
        }
    };
    let upper = take_bound(reader)?;
    let upper_inclusive = match reader.peek() {
        Some(']') => true,
        Some(')') => false,
        _ => {
            let message =
                "the range that opens here needs one end after the dots and a closing bracket".to_owned();
            return Err(QueryError::Syntax { column: place.0, message });
        }
    };
    reader.take(if upper_inclusive { ']' } else { ')' });
    if lower.is_none() && upper.is_none() {
        let message = "a range needs at least one end".to_owned();
        return Err(QueryError::Syntax { column: place.0, message });
    }
    Ok(Bracketed::Range(Range { lower, lower_inclusive, upper, upper_inclusive }))
}

/// The lower end with the dots behind it; `None` if this is no range. Behind a parenthesis, a token with an operator
/// begins a nested group.
fn take_lower(reader: &mut Reader, in_brackets: bool) -> Option<Option<Scalar>> {
    reader.skip_blanks();
    if !in_brackets && reader.take_token().is_some() {
        return None;
    }
    let lower = take_bound(reader).ok()?;
    if !reader.take_text("..") {
        return None;
    }
    reader.take('.');
    Some(lower)
}

/// One end of a range with the blanks around it; `None` if it is open.
fn take_bound(reader: &mut Reader) -> Result<Option<Scalar>, QueryError> {
    reader.skip_blanks();
    let place = reader.place();
    let bound = match reader.take_quoted()? {
        Some(quoted) => Some(quoted),
        None => {
            let text = reader.take_word(true);
            (!text.is_empty() && text != "*").then_some(Scalar { text, quote: Quote::Bare, place })
        }
    };
    reader.skip_blanks();
    Ok(bound)
}

/// The range that a quoted value holds as a whole, as in `` imagesInUse:`[now-7d ... now]` ``.
///
/// Only tokens of a date or number type read their values so; for text, such a value is text.
pub fn quoted_range(scalar: &Scalar) -> Option<Range> {
    if scalar.quote == Quote::Bare {
        return None;
    }
    let mut reader = Reader::new(&scalar.text);
    reader.skip_blanks();
    let Ok(Bracketed::Range(mut range)) = take_range(&mut reader) else { return None };
    reader.skip_blanks();
    for end in [&mut range.lower, &mut range.upper].into_iter().flatten() {
        end.place = scalar.place;
    }
    reader.is_at_end().then_some(range)
}
