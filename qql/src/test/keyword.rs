//! Tests on keywords: the whole value, made alike first as its form says.

use std::borrow::Cow;
use std::ops::Bound;

use crate::fields::Form;

/// A keyword is one of several values, begins with one of several beginnings, or lies in a range (UUIDs only).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeywordTest {
    form: Form,
    values: Vec<String>,
    prefixes: Vec<String>,
    range: Option<Box<(Bound<String>, Bound<String>)>>,
}

impl Form {
    /// The form in which values are compared. An index that keeps this instead of the value as shown may compare
    /// it byte by byte.
    pub fn normalise(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(value),
            Self::Folded => folded(value),
            Self::Digest => folded(without_algorithm(value)),
            Self::ShortId => {
                let digits = without_algorithm(value);
                let whole = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                folded(if whole { &digits[..12] } else { digits })
            }
            Self::Uuid => match dashed(value) {
                Some(uuid) => Cow::Owned(uuid),
                None => folded(value),
            },
        }
    }
}

fn folded(value: &str) -> Cow<'_, str> {
    if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

fn without_algorithm(value: &str) -> &str {
    match value.split_at_checked(7) {
        Some((algorithm, digits)) if algorithm.eq_ignore_ascii_case("sha256:") => digits,
        _ => value,
    }
}

/// A UUID written without dashes, with them.
fn dashed(value: &str) -> Option<String> {
    if value.len() != 32 || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = value.to_ascii_lowercase();
    let parts = [&value[..8], &value[8..12], &value[12..16], &value[16..20], &value[20..]];
    Some(parts.join("-"))
}

impl KeywordTest {
    /// One of the values; they are normalised here.
    pub fn any_of<'a>(form: Form, values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(form, values, [])
    }

    /// One of the values, or beginning with one of the prefixes; all are normalised here.
    pub fn new<'a>(
        form: Form,
        values: impl IntoIterator<Item = &'a str>,
        prefixes: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let normalised = |text: &str| form.normalise(text).into_owned();
        Self::tidy(
            form,
            values.into_iter().map(normalised).collect(),
            prefixes.into_iter().map(normalised).collect(),
        )
    }

    fn tidy(form: Form, mut values: Vec<String>, mut prefixes: Vec<String>) -> Self {
        values.sort_unstable();
        values.dedup();
        prefixes.sort_unstable();
        // a prefix of another one says all that the longer one says
        prefixes.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
        Self { form, values, prefixes, range: None }
    }

    /// One of the tests is enough; they are of one form and without ranges.
    pub(crate) fn merged(tests: Vec<Self>) -> Self {
        let form = tests.first().map_or(Form::Exact, Self::form);
        let (mut values, mut prefixes) = (Vec::new(), Vec::new());
        for test in tests {
            values.extend(test.values);
            prefixes.extend(test.prefixes);
        }
        Self::tidy(form, values, prefixes)
    }

    /// Between two UUIDs, written as [`Form::Uuid`] has them.
    pub(crate) fn between(lower: Bound<String>, upper: Bound<String>) -> Self {
        Self {
            form: Form::Uuid,
            values: Vec::new(),
            prefixes: Vec::new(),
            range: Some(Box::new((lower, upper))),
        }
    }

    /// How values are made alike.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The values, normalised, in order.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The beginnings, normalised, in order, none a beginning of another. An empty one matches every present value.
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// The range of normalised values, in the order of bytes.
    pub fn range(&self) -> Option<&(Bound<String>, Bound<String>)> {
        self.range.as_deref()
    }

    /// Whether a value as shown matches.
    pub fn matches(&self, value: &str) -> bool {
        self.matches_normalised(&self.form.normalise(value))
    }

    /// Whether a value that was normalised already matches.
    pub fn matches_normalised(&self, value: &str) -> bool {
        self.values.binary_search_by(|own| own.as_str().cmp(value)).is_ok()
            || self.begins(value)
            || self.range.as_ref().is_some_and(|range| {
                use std::ops::RangeBounds as _;
                (range.0.as_ref().map(String::as_str), range.1.as_ref().map(String::as_str)).contains(&value)
            })
    }

    fn begins(&self, value: &str) -> bool {
        // of all that sort before the value, the last one is its beginning if any is, none being one of another
        let next = self.prefixes.partition_point(|prefix| prefix.as_str() <= value);
        next > 0 && value.starts_with(self.prefixes[next - 1].as_str())
    }

    /// Substrings of normalised values, one of which every matching value contains. `None` if there are no such.
    pub fn needles(&self) -> Option<Vec<&str>> {
        if self.range.is_some() || self.prefixes.iter().any(String::is_empty) {
            return None;
        }
        Some(self.values.iter().chain(&self.prefixes).map(String::as_str).collect())
    }
}
