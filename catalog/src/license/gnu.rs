//! The licences of the GNU project, whose names are made of few words in any order: `GPLv2+`, `LGPL-2.1`, `GNU Lesser
//! General Public License, version 3 or later`.

use super::name::listed;

/// Words that stand in the names of these licences and tell nothing.
const PLAIN: [&str; 18] = [
    "gnu",
    "general",
    "public",
    "the",
    "license",
    "licence",
    "version",
    "versions",
    "of",
    "any",
    "at",
    "your",
    "option",
    "only",
    "foundation",
    "software",
    "free",
    "s",
];
/// Words that allow later versions.
const LATER: [&str; 7] = ["+", "later", "newer", "above", "higher", "greater", ">="];

/// What the words of a name say.
#[derive(Default)]
struct Name<'a> {
    /// The family by its long name, and by its short one.
    long: Option<&'static str>,
    short: Option<&'static str>,
    number: Option<&'a str>,
    /// How many of `GNU`, `General` and `Public` there are.
    public: usize,
    later: bool,
    only: bool,
    no_invariants: bool,
}

/// The identifier that the words of a name stand for, `None` if one of them has no place in such a name. Without a version
/// it is the first one or any later, as the licences themselves say (GPL 2, section 9).
pub(super) fn read(words: &[String]) -> Option<String> {
    let mut name = Name::default();
    for (index, word) in words.iter().map(String::as_str).enumerate() {
        let next = words.get(index + 1).map_or("", String::as_str);
        if !name.takes(word, next) {
            return None;
        }
    }
    let family = match (name.long, name.short) {
        (Some(long), None | Some("GPL")) => long,
        (None, Some(short)) => short,
        (Some(long), Some(short)) if long == short => long,
        (None, None) if name.public == 3 => "GPL",
        _ => return None,
    };
    let version = version_of(family, name.number)?;
    let kind = if name.no_invariants { "-no-invariants" } else { "" };
    let is_later = (name.later || name.number.is_none()) && !name.only;
    let suffix = if is_later { "or-later" } else { "only" };
    listed(&format!("{family}-{version}{kind}-{suffix}")).map(str::to_owned)
}

impl<'a> Name<'a> {
    /// Takes one word; `false` if it has no place here or contradicts one before.
    fn takes(&mut self, word: &'a str, next: &str) -> bool {
        let fits = |slot: &mut Option<&'static str>, family| {
            slot.replace(family).is_none_or(|known| known == family)
        };
        self.public += usize::from(matches!(word, "general" | "public" | "gnu"));
        self.later |= LATER.contains(&word);
        self.only |= word == "only";
        self.no_invariants |= word == "niv";
        match word {
            "affero" => fits(&mut self.long, "AGPL"),
            "lesser" | "library" => fits(&mut self.long, "LGPL"),
            "documentation" => fits(&mut self.long, "GFDL"),
            "agpl" => fits(&mut self.short, "AGPL"),
            "lgpl" => fits(&mut self.short, "LGPL"),
            "gfdl" | "fdl" => fits(&mut self.short, "GFDL"),
            "gpl" => fits(&mut self.short, "GPL"),
            "or" => LATER.contains(&next) || matches!(next, "any" | "at" | "lesser" | "library"),
            _ if word.starts_with(|c: char| c.is_ascii_digit()) => {
                self.number.replace(word).is_none_or(|known| known == word)
            }
            _ => LATER.contains(&word) || PLAIN.contains(&word) || word == "niv",
        }
    }
}

/// The version as identifiers have it; the first one where none is stated.
fn version_of(family: &str, number: Option<&str>) -> Option<&'static str> {
    Some(match (family, number) {
        ("GPL", None | Some("1")) | ("AGPL", Some("1")) => "1.0",
        ("LGPL", None) | ("GPL" | "LGPL", Some("2")) => "2.0",
        ("LGPL", Some("2.1")) => "2.1",
        ("AGPL", None) | ("GPL" | "LGPL" | "AGPL", Some("3")) => "3.0",
        ("GFDL", None | Some("1.1")) => "1.1",
        ("GFDL", Some("1.2")) => "1.2",
        ("GFDL", Some("1.3")) => "1.3",
        _ => return None,
    })
}
