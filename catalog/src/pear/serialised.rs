//! Values as PHP's `serialize()` writes them (php.net, "serialize").
//!
//! Objects are no part of a registry; one ends the reading.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A string.
    Text(&'a [u8]),
    /// An array with its keys; a key that is a number counts as no text.
    Array(Vec<(Option<&'a [u8]>, Value<'a>)>),
    /// A number, a truth value or nothing.
    Other,
}

/// Deepest nesting.
const MAX_DEPTH: usize = 32;
/// Values in one file.
const MAX_VALUES: usize = 500_000;

/// Reads one value. `Err` is the offset where it ceases to be one.
pub(super) fn parse(bytes: &[u8]) -> Result<Value<'_>, usize> {
    let mut reader = Reader { bytes, at: 0, count: 0 };
    reader.value(0).ok_or(reader.at)
}

impl<'a> Value<'a> {
    /// The value under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Self::Array(entries) => {
                entries.iter().find(|entry| entry.0 == Some(key.as_bytes())).map(|entry| &entry.1)
            }
            _ => None,
        }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    count: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.count += 1;
        if depth > MAX_DEPTH || self.count > MAX_VALUES {
            return None;
        }
        match self.bytes.get(self.at)? {
            b'N' => {
                self.expect(b"N;")?;
                Some(Value::Other)
            }
            b'b' | b'i' | b'd' => {
                self.until(b';')?;
                Some(Value::Other)
            }
            b's' => {
                self.expect(b"s:")?;
                let length = self.number()?;
                self.expect(b"\"")?;
                let end = self.at.checked_add(length)?;
                let text = self.bytes.get(self.at..end)?;
                self.at = end;
                self.expect(b"\";")?;
                Some(Value::Text(text))
            }
            b'a' => {
                self.expect(b"a:")?;
                let length = self.number()?;
                self.expect(b"{")?;
                let mut entries = Vec::new();
                for _ in 0..length {
                    let key = match self.value(depth + 1)? {
                        Value::Text(text) => Some(text),
                        Value::Other => None,
                        Value::Array(_) => return None,
                    };
                    entries.push((key, self.value(depth + 1)?));
                }
                self.expect(b"}")?;
                Some(Value::Array(entries))
            }
            _ => None,
        }
    }

    /// The digits up to a colon.
    fn number(&mut self) -> Option<usize> {
        let digits = self.until(b':')?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let length = memchr::memchr(end, &rest[..rest.len().min(64)])?;
        self.at += length + 1;
        Some(&rest[..length])
    }

    fn expect(&mut self, mark: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(mark).then(|| self.at += mark.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_texts_and_other_values_are_read() {
        let value =
            parse(b"a:4:{s:1:\"a\";s:3:\"x\"y\";i:0;b:1;s:1:\"b\";a:1:{i:0;d:0.5;}s:1:\"c\";N;}").unwrap();
        assert_eq!(value.get("a").and_then(Value::text).as_deref(), Some("x\"y"));
        assert_eq!(value.get("b"), Some(&Value::Array(vec![(None, Value::Other)])));
        assert_eq!(value.get("c"), Some(&Value::Other));
        assert_eq!(value.get("d"), None);
    }

    #[test]
    fn lies_about_lengths_and_deep_nesting_end_the_reading() {
        for text in [
            "",
            "a:1:{",
            "s:99:\"a\";",
            "s:18446744073709551615:\"a\";",
            "a:999999999999:{i:0;i:0;}",
            "O:1:\"a\":0:{}",
            "s:1:\"ab\";",
            "a:1:{a:0:{}i:0;}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse("a:1:{i:0;".repeat(100_000).as_bytes()).is_err());
    }
}
