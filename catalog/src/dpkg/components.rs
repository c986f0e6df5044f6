//! The source packages that a binary package holds parts of: Debian's record of what is linked statically.
//!
//! `Built-Using` (Debian Policy 7.8), `Static-Built-Using` and `X-Cargo-Built-Using` list them as
//! `name (= version), …`: the libraries and the compiler of a Go or Rust program, of which nothing else on disk
//! tells. They become packages of architecture `source`, as package URLs name a source package, and parts of
//! the binary package: Debian's statements about that one judge them. They are not turned into crates or
//! modules, because a source package's name does not tell the crate's without guessing.

use std::collections::BTreeSet;

use model::Ecosystem;

use crate::facts::Found;
use crate::text::owned;

/// Components kept of one package; programs of Debian have up to some hundred.
const MAX_COMPONENTS: usize = 10_000;

/// Whether a field of the database lists components.
pub(super) fn is_field(key: &[u8]) -> bool {
    let fields: [&[u8]; 3] = [b"Built-Using", b"Static-Built-Using", b"X-Cargo-Built-Using"];
    fields.iter().any(|field| key.eq_ignore_ascii_case(field))
}

/// The components of one package, each once.
#[derive(Debug, Default)]
pub(super) struct Components {
    all: BTreeSet<(String, String)>,
    /// Items that are not `name (= version)`, or too many.
    pub left_out: usize,
}

impl Components {
    /// Takes a field's value, or one line of it; items do not go over line ends.
    pub(super) fn add(&mut self, value: &[u8]) {
        for item in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if item.is_empty() {
                continue;
            }
            match component(&owned(item)) {
                Some(component) if self.all.len() < MAX_COMPONENTS => {
                    self.all.insert(component);
                }
                _ => self.left_out += 1,
            }
        }
    }

    /// The components as parts of `package`.
    pub(super) fn packages(self, package: &str) -> impl Iterator<Item = Found> {
        self.all.into_iter().map(move |(name, version)| Found {
            ecosystem: Ecosystem::Deb,
            source: Some((name.clone(), version.clone())),
            name,
            version,
            arch: Some("source".to_owned()),
            module: None,
            vendor: None,
            license: None,
            declared: false,
            part_of: Some(package.to_owned()),
            inside: String::new(),
        })
    }
}

/// `name (= version)`.
fn component(item: &str) -> Option<(String, String)> {
    let (name, rest) = item.split_once('(')?;
    let version = rest.strip_suffix(')')?.trim_start().strip_prefix('=')?.trim();
    let name = name.trim();
    let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    (is_word(name) && is_word(version)).then(|| (name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_name_a_version_count_once_and_others_are_left_out() {
        let mut components = Components::default();
        components.add(b"golang-1.19 (= 1.19.8-2), rust-libc (=0.2.139-1),");
        components.add(b" golang-1.19 (= 1.19.8-2), gcc (>= 12), gcc, (= 1), x (= 1");
        assert_eq!(components.left_out, 4);
        let found: Vec<Found> = components.packages("tool").collect();
        let names: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.version.as_str())).collect();
        assert_eq!(names, [("golang-1.19", "1.19.8-2"), ("rust-libc", "0.2.139-1")]);
        assert!(found.iter().all(|found| found.part_of.as_deref() == Some("tool")));
    }

    #[test]
    fn only_so_many_components_are_kept_of_one_package() {
        let mut components = Components::default();
        for number in 0..MAX_COMPONENTS + 5 {
            components.add(format!("p{number} (= 1)").as_bytes());
        }
        assert_eq!(components.left_out, 5);
        assert_eq!(components.packages("a").count(), MAX_COMPONENTS);
    }
}
