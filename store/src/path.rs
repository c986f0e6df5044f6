//! Paths of packages as templates: nearly all of them follow from the package's name and version.
//!
//! `app/node_modules/express/package.json` is what every package of npm has with its own name in the middle. A template
//! has marks where the package's own words stand, so that all packages of one kind share it, and the words are taken from the
//! dictionary of packages. Marks are control characters; a path that holds one is written out in full.

/// The name.
const NAME: char = '\u{1}';
/// The name with underscores for hyphens, as Python writes folders.
const UNDERSCORED: char = '\u{2}';
/// What stands behind the last colon of the name: the artifact of a Maven package.
const BEHIND_COLON: char = '\u{3}';
/// What stands behind the last slash of the name.
const BEHIND_SLASH: char = '\u{4}';
/// The version.
const VERSION: char = '\u{5}';
/// At the start: the rest is the path itself.
const LITERAL: char = '\u{6}';

fn is_mark(byte: u8) -> bool {
    (1..=6).contains(&byte)
}

/// Whether a template needs a package to be filled in.
pub(crate) fn has_marks(template: &str) -> bool {
    !template.starts_with(LITERAL) && template.bytes().any(is_mark)
}

/// The template of a path that is shared by packages, or of which nothing is known; `None` if that is the path itself.
pub(crate) fn literal(path: &str) -> Option<String> {
    path.bytes().any(is_mark).then(|| format!("{LITERAL}{path}"))
}

/// The template of a path of a package; `None` if that is the path itself.
pub(crate) fn template_of(path: &str, name: &str, version: &str) -> Option<String> {
    if let Some(literal) = literal(path) {
        return Some(literal);
    }
    let named = replaced(path, NAME, name)
        .or_else(|| {
            name.contains('-').then(|| replaced(path, UNDERSCORED, &name.replace('-', "_"))).flatten()
        })
        .or_else(|| replaced(path, BEHIND_COLON, name.rsplit_once(':')?.1))
        .or_else(|| replaced(path, BEHIND_SLASH, name.rsplit_once('/')?.1));
    let both = replaced(named.as_deref().unwrap_or(path), VERSION, version);
    both.or(named)
}

/// `text` with a mark in place of the last `word` that stands alone in it.
fn replaced(text: &str, mark: char, word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    let is_part = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    let stands_alone = |start: &usize| {
        !is_part(text[..*start].chars().next_back()) && !is_part(text[start + word.len()..].chars().next())
    };
    let start = text.rmatch_indices(word).map(|(start, _)| start).find(stands_alone)?;
    let mut out = String::with_capacity(text.len() - word.len() + 1);
    out.push_str(&text[..start]);
    out.push(mark);
    out.push_str(&text[start + word.len()..]);
    Some(out)
}

/// The path that a template stands for.
pub(crate) fn fill(template: &str, name: &str, version: &str) -> String {
    if let Some(literal) = template.strip_prefix(LITERAL) {
        return literal.to_owned();
    }
    let mut path = String::with_capacity(template.len() + name.len() + version.len());
    let mut rest = template;
    while let Some(place) = rest.bytes().position(is_mark) {
        path.push_str(&rest[..place]);
        match rest[place..].chars().next() {
            Some(NAME) => path.push_str(name),
            Some(UNDERSCORED) => path.extend(name.chars().map(|c| if c == '-' { '_' } else { c })),
            Some(BEHIND_COLON) => path.push_str(name.rsplit_once(':').map_or(name, |(_, last)| last)),
            Some(BEHIND_SLASH) => path.push_str(name.rsplit_once('/').map_or(name, |(_, last)| last)),
            Some(VERSION) => path.push_str(version),
            // of no use in the middle
            _ => {}
        }
        rest = &rest[place + 1..];
    }
    path.push_str(rest);
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(path: &str, name: &str, version: &str) -> String {
        template_of(path, name, version).unwrap_or_else(|| path.to_owned())
    }

    #[test]
    fn packages_of_one_kind_share_a_template() {
        for (path, name, version, expected) in [
            (
                "app/node_modules/express/package.json",
                "express",
                "4.18.2",
                "app/node_modules/\u{1}/package.json",
            ),
            (
                "app/node_modules/@types/node/package.json",
                "@types/node",
                "1",
                "app/node_modules/\u{1}/package.json",
            ),
            (
                "usr/lib/python3/dist-packages/typing_extensions-4.9.0.dist-info/METADATA",
                "typing-extensions",
                "4.9.0",
                "usr/lib/python3/dist-packages/\u{2}-\u{5}.dist-info/METADATA",
            ),
            (
                "app.jar!/BOOT-INF/lib/guava-31.1-jre.jar",
                "com.google.guava:guava",
                "31.1-jre",
                "app.jar!/BOOT-INF/lib/\u{3}-\u{5}.jar",
            ),
            ("go/pkg/mod/cobra", "github.com/spf13/cobra", "v1.8.0", "go/pkg/mod/\u{4}"),
            (
                "usr/local/bundle/specifications/rails-7.1.0.gemspec",
                "rails",
                "7.1.0",
                "usr/local/bundle/specifications/\u{1}-\u{5}.gemspec",
            ),
            ("var/lib/dpkg/status", "libc6", "2.36", "var/lib/dpkg/status"),
            // a letter is no name of its own within a word
            ("app/node_modules/a/package.json", "a", "1.0.0", "app/node_modules/\u{1}/package.json"),
        ] {
            assert_eq!(template(path, name, version), expected, "{path}");
            assert_eq!(fill(expected, name, version), path);
        }
    }

    proptest! {
        #[test]
        fn a_path_comes_back_from_its_template(
            parts in proptest::collection::vec("[ab/:_.\u{1}\u{5}\u{6}-]{0,4}|.{0,4}", 0..5),
            name in "[ab/:-]{0,4}", version in "[ab.]{0,2}",
        ) {
            let path = parts.join(&name) + &version;
            let template = template(&path, &name, &version);
            prop_assert_eq!(fill(&template, &name, &version), path.clone());
            prop_assert_eq!(fill(&literal(&path).unwrap_or_else(|| path.clone()), &name, &version), path);
            if !has_marks(&template) {
                prop_assert_eq!(fill(&template, "x", "y"), fill(&template, &name, &version));
            }
        }

        #[test]
        fn any_text_can_be_filled_in(template in ".*|[\u{1}-\u{6}a]*", name in ".*", version in ".*") {
            fill(&template, &name, &version);
        }
    }
}
