//! Turning publishers' prose into one line, and checking their identifiers.

/// The longest title, in characters.
pub(crate) const TITLE: usize = 300;

const MAX_ID: usize = 128;
const MAX_NAME: usize = 512;
const MAX_VERSION: usize = 512;

/// Joins the words of `text` by single blanks and cuts it after `limit` characters, marked by an ellipsis.
/// `None` if nothing is left.
pub(crate) fn one_line(text: &str, limit: usize) -> Option<String> {
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > limit * 4 {
            break;
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(limit) {
        line.truncate(cut);
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// The first sentence of a description, as one line. Markdown headings before it are passed over, unless there
/// is nothing else. A sentence ends at a full stop that is followed by a blank and a capital letter, or at an empty line.
pub(crate) fn first_sentence(text: &str) -> Option<String> {
    let is_heading = |line: &&str| line.is_empty() || line.starts_with('#');
    let body: Vec<&str> = text
        .lines()
        .map(str::trim)
        .skip_while(is_heading)
        .take_while(|line| !line.is_empty())
        .take(50)
        .collect();
    if body.is_empty() {
        return one_line(text.trim_start_matches(['#', ' ', '\n', '\r']), TITLE);
    }
    let paragraph = one_line(&body.join(" "), 4 * TITLE)?;
    one_line(&paragraph[..sentence_end(&paragraph)], TITLE)
}

fn sentence_end(line: &str) -> usize {
    line.match_indices(". ")
        .find(|(at, _)| {
            let starts_anew = line[at + 2..].chars().next().is_some_and(char::is_uppercase);
            starts_anew && *at > 20
        })
        .map_or(line.len(), |(at, _)| at + 1)
}

/// Whether `id` can be kept as an identifier: printable, without blanks, of sensible length.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `name` can be kept as a package name.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(|c| c.is_control() || c == ' ')
}

/// Whether `version` can be kept as a version. Its scheme may still refuse it; that is for the matcher to tell.
pub(crate) fn is_version(version: &str) -> bool {
    !version.is_empty() && version.len() <= MAX_VERSION && !version.chars().any(char::is_control)
}

/// A foreign text made fit for a report line.
pub(crate) fn shown(text: &str) -> String {
    one_line(text, 120).unwrap_or_else(|| "(empty)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_sentence_on_one_line() {
        let text = "### Impact\n\nA flaw in\nversion 1.2. allows e.g. attackers. More text.\n\nOther.";
        assert_eq!(first_sentence(text).as_deref(), Some("A flaw in version 1.2. allows e.g. attackers."));
        assert_eq!(first_sentence("# Only a heading").as_deref(), Some("Only a heading"));
        assert_eq!(first_sentence(" \n"), None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let line = one_line(&"ä".repeat(1000), 10).unwrap();
        assert_eq!(line.chars().count(), 11);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn ids_with_blanks_or_without_content_are_refused() {
        assert!(is_id("SUSE-SU-2024:1-1"));
        assert!(!is_id("SUSE-SU-403 Forbidden-1"));
        assert!(!is_id(""));
        assert!(!is_id(&"x".repeat(200)));
    }
}
