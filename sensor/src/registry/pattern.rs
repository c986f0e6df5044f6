//! Patterns of names of repositories and tags.
//!
//! `*` stands for any characters and `?` for one; `.*` means the same as `*`, and `^` and `$` at the ends are passed over, since
//! that is how the regular expressions look that people write here. A pattern is held against the whole name.
//!
//! The decision a reader may doubt: no regular expressions. Patterns come from accounts of the server and are run against millions of
//! names by sensors; this form cannot run away, and says all that names need.

/// A pattern, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Literal characters, `None` for `?`; runs between `*`.
    text: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    One,
    Any,
}

impl Pattern {
    /// Reads a pattern; the empty one takes every name.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        let text = text.strip_prefix('^').unwrap_or(text);
        let text = text.strip_suffix('$').unwrap_or(text);
        if text.is_empty() {
            return Self { text: vec![Part::Any] };
        }
        let mut parts: Vec<Part> = Vec::new();
        for character in text.chars() {
            match character {
                '*' => {
                    if parts.last() == Some(&Part::Char('.')) {
                        parts.pop();
                    }
                    if parts.last() != Some(&Part::Any) {
                        parts.push(Part::Any);
                    }
                }
                '?' => parts.push(Part::One),
                character => parts.push(Part::Char(character)),
            }
        }
        Self { text: parts }
    }

    /// The only name that it takes, if it is one.
    pub(crate) fn literal(&self) -> Option<String> {
        let only = |part: &Part| match part {
            Part::Char(character) => Some(*character),
            Part::One | Part::Any => None,
        };
        self.text.iter().map(only).collect()
    }

    /// Whether it takes a name. Takes time in proportion to pattern times name at most.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut part) = (0, 0);
        // where the last `*` was, and how much of the name it stands for
        let mut back: Option<(usize, usize)> = None;
        loop {
            let fits = match self.text.get(part) {
                Some(Part::Any) => {
                    back = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                Some(Part::One) => at < name.len(),
                Some(Part::Char(wanted)) => name.get(at) == Some(wanted),
                None if at == name.len() => return true,
                None => false,
            };
            if fits {
                (at, part) = (at + 1, part + 1);
                continue;
            }
            match &mut back {
                Some((behind, from)) if *from < name.len() => {
                    *from += 1;
                    (at, part) = (*from, *behind);
                }
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_are_held_against_whole_names() {
        for (pattern, name, expected) in [
            ("", "anything", true),
            ("*", "", true),
            (".*", "a/b", true),
            ("team/*", "team/app", true),
            ("team/*", "team/app/deep", true),
            ("team/*", "other/team/app", false),
            ("team/.*", "team/app", true),
            ("^team/app$", "team/app", true),
            ("team/app", "team/app2", false),
            ("v1.?", "v1.2", true),
            ("v1.?", "v1.22", false),
            ("v1.2", "v1x2", false),
            ("*-rc*", "2.0-rc1", true),
            ("*a*b", "xxaxxbxxab", true),
            ("*a*b", "xxaxxbxxa", false),
        ] {
            assert_eq!(Pattern::new(pattern).takes(name), expected, "{pattern} {name}");
        }
        assert_eq!(Pattern::new("a/b").literal().as_deref(), Some("a/b"));
        assert_eq!(Pattern::new("a/*").literal(), None);
        assert_eq!(Pattern::new("").literal(), None);
    }

    #[test]
    fn a_pattern_that_goes_back_often_ends_soon() {
        let pattern = Pattern::new(&"*a".repeat(200));
        assert!(!pattern.takes(&"a".repeat(199)));
        assert!(!pattern.takes(&format!("{}b", "a".repeat(20_000))));
    }

    /// The plain meaning.
    fn takes(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|taken| takes(rest, &name[taken..])),
            Some(('?', rest)) => !name.is_empty() && takes(rest, &name[1..]),
            Some((wanted, rest)) => name.first() == Some(wanted) && takes(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_takes_what_its_plain_meaning_takes(pattern in "[ab*?]{1,8}", name in "[ab]{0,8}") {
            let (letters, characters): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
            prop_assert_eq!(Pattern::new(&pattern).takes(&name), takes(&letters, &characters));
        }
    }
}
