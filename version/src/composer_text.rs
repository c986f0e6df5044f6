//! The pieces of a Composer version as text: what may stand around it, and the stability behind its numbers.
//!
//! Not for order; that is [`crate::composer`].

/// The stabilities in the order in which they are tried: a longer spelling stands before its own beginning.
const WORDS: [&str; 9] = ["stable", "beta", "b", "rc", "alpha", "a", "patch", "pl", "p"];

/// The stabilities that may follow an at sign.
const FLAGS: [&str; 5] = ["stable", "rc", "beta", "alpha", "dev"];

/// The text without white space around it, without what it is an alias of (`1.0 as 2.0`) and without a stability flag
/// (`1.0@dev`).
pub(crate) fn strip_decoration(text: &str) -> &str {
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\x0b'));
    let text = strip_alias(text).unwrap_or(text);
    match text.rsplit_once('@') {
        Some((front, flag)) if FLAGS.iter().any(|known| known.eq_ignore_ascii_case(flag)) => front,
        _ => text,
    }
}

fn strip_alias(text: &str) -> Option<&str> {
    let is_word =
        |word: &str| !word.is_empty() && !word.contains(|c: char| c == ',' || c.is_ascii_whitespace());
    let (version, rest) = text.split_once(' ')?;
    let alias = rest.trim_start_matches(' ').strip_prefix("as ")?.trim_start_matches(' ');
    (is_word(version) && is_word(alias)).then_some(version)
}

/// The text without its build metadata.
pub(crate) fn strip_build(text: &str) -> &str {
    let is_clean = |c: char| !c.is_ascii_whitespace();
    match text.split_once('+') {
        Some((front, build))
            if !front.is_empty()
                && !build.is_empty()
                && front.chars().all(|c| c != ',' && is_clean(c))
                && build.chars().all(is_clean) =>
        {
            front
        }
        _ => text,
    }
}

/// What follows `word` at the beginning of `text`, whatever its case.
pub(crate) fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// The place behind `count` digits at `at`.
pub(crate) fn run_of_digits(text: &[u8], at: usize, count: usize) -> Option<usize> {
    let run = text.get(at..at + count)?;
    run.iter().all(u8::is_ascii_digit).then_some(at + count)
}

/// The place behind a mark of a date at `at`, if one stands there.
pub(crate) fn skip_mark(text: &[u8], at: usize) -> usize {
    at + usize::from(matches!(text.get(at), Some(b'.' | b':' | b'-')))
}

/// What follows the numbers of a version.
pub(crate) struct Modifier<'a> {
    /// The stability as it is written.
    pub(crate) word: Option<&'a str>,
    /// The numbers behind it, with dots or hyphens between them.
    pub(crate) numbers: &'a [u8],
    pub(crate) dev: bool,
}

/// Reads `[mark][stability[numbers]][[mark]dev]` up to the end of the text.
pub(crate) fn modifier(text: &[u8]) -> Option<Modifier<'_>> {
    let behind_mark = match text {
        [b'.' | b'_' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let text = std::str::from_utf8(text).ok()?;
    let behind_mark = std::str::from_utf8(behind_mark).ok()?;
    // The mark may belong to the stability or to `dev`.
    [behind_mark, text].into_iter().find_map(|rest| {
        let worded = WORDS.iter().find_map(|word| {
            let after = strip_word(rest, word)?;
            let (numbers, after) = split_numbers(after);
            let dev = is_dev(after)?;
            Some(Modifier { word: Some(&rest[..word.len()]), numbers: trim_marks(numbers), dev })
        });
        worded.or_else(|| Some(Modifier { word: None, numbers: b"", dev: is_dev(rest)? }))
    })
}

/// Splits after all digits, each run of them behind at most one mark.
fn split_numbers(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut end = 0;
    loop {
        let start = end + usize::from(matches!(bytes.get(end), Some(b'.' | b'-')));
        let run = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if run == 0 {
            return text.split_at(end);
        }
        end = start + run;
    }
}

fn trim_marks(numbers: &str) -> &[u8] {
    numbers.trim_start_matches(['.', '-']).as_bytes()
}

/// Whether a text that must be `dev`, with or without a mark, or nothing, is `dev`.
fn is_dev(text: &str) -> Option<bool> {
    if text.is_empty() {
        return Some(false);
    }
    text.strip_prefix(['.', '-']).unwrap_or(text).eq_ignore_ascii_case("dev").then_some(true)
}
