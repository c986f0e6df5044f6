//! Expectations with wildcards.
//!
//! A text may hold `{millis}`, `{uuid}`, `{sha}`, `{short}`, `{iso}`, `{int}`, `{any}` and `{base}`; everything
//! else is taken by letter. As a whole value, `{any}` is any JSON and `{int}` also a number. An object has
//! exactly the expected keys unless it has the key `{more}`, an array exactly the expected elements unless the
//! last one is `{more}`.

use serde_json::Value;

/// Compares; the error says where and why.
pub(crate) fn compare(expected: &Value, actual: &Value, base: &str) -> Result<(), String> {
    compare_at("$", expected, actual, base)
}

fn compare_at(path: &str, expected: &Value, actual: &Value, base: &str) -> Result<(), String> {
    match (expected, actual) {
        (Value::String(pattern), _) if pattern == "{any}" => Ok(()),
        (Value::String(pattern), Value::Number(number)) if pattern == "{int}" && number.is_i64() => Ok(()),
        (Value::String(pattern), Value::String(text)) if matches(pattern, text, base) => Ok(()),
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected.iter().filter(|(key, _)| *key != "{more}") {
                let found = actual.get(key).ok_or_else(|| format!("{path}: key `{key}` is missing"))?;
                compare_at(&format!("{path}.{key}"), value, found, base)?;
            }
            let surplus = actual.keys().find(|key| !expected.contains_key(*key));
            match surplus {
                Some(key) if !expected.contains_key("{more}") => {
                    Err(format!("{path}: key `{key}` is not expected"))
                }
                _ => Ok(()),
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            let open = expected.last().is_some_and(|last| last == "{more}");
            let wanted = &expected[..expected.len() - usize::from(open)];
            if actual.len() < wanted.len() || (!open && actual.len() > wanted.len()) {
                return Err(format!("{path}: {} elements instead of {}", actual.len(), wanted.len()));
            }
            let mut pairs = wanted.iter().zip(actual).enumerate();
            pairs.try_for_each(|(at, (expected, actual))| {
                compare_at(&format!("{path}[{at}]"), expected, actual, base)
            })
        }
        _ if expected == actual => Ok(()),
        _ => Err(format!("{path}: expected {expected}, found {actual}")),
    }
}

/// Whether the whole text fits the pattern.
pub(crate) fn matches(pattern: &str, text: &str, base: &str) -> bool {
    let Some(open) = pattern.find('{') else { return pattern == text };
    let Some(rest) = text.strip_prefix(&pattern[..open]) else { return false };
    let Some(length) = pattern[open..].find('}') else { return pattern == text };
    let (name, after) = (&pattern[open + 1..open + length], &pattern[open + length + 1..]);
    let fixed = |length: usize, fits: fn(char) -> bool| {
        rest.get(..length).is_some_and(|part| part.chars().all(fits)) && matches(after, &rest[length..], base)
    };
    match name {
        "millis" => fixed(13, |c| c.is_ascii_digit()),
        "uuid" => fixed(36, |c| c == '-' || is_lower_hex(c)),
        "sha" => fixed(64, is_lower_hex),
        "short" => fixed(12, is_lower_hex),
        "iso" => fixed(24, |c| c.is_ascii_digit() || "-:.TZ".contains(c)),
        "base" => rest.strip_prefix(base).is_some_and(|rest| matches(after, rest, base)),
        "any" => (0..=rest.len()).any(|end| rest.is_char_boundary(end) && matches(after, &rest[end..], base)),
        _ => panic!("`{name}` is no wildcard"),
    }
}

fn is_lower_hex(c: char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(&c)
}
