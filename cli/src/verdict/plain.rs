//! Ignore files of one id a line, the form of `.trivyignore`: `CVE-2023-4911`, `CVE-2023-4911 exp:2026-12-31`, `#` for remarks.

use anyhow::bail;

use super::ignore::{Entry, end_of};

/// Whether the first line that says something is an id rather than YAML.
pub(super) fn is_plain(text: &str) -> bool {
    let words =
        |line: &str| line.split('#').next().unwrap_or_default().split_whitespace().next().map(str::to_owned);
    let first = text.lines().find_map(words);
    // Nothing but remarks is nothing in either form.
    first.is_none_or(|word| !word.ends_with(':') && !word.starts_with(['-', '{', '[', '%']))
}

/// Reads the ids. An error names the line.
pub(super) fn parse(text: &str, file: &str) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(id) = words.next() else {
            continue;
        };
        if !id.chars().all(|character| character.is_ascii_alphanumeric() || "-_.:/".contains(character)) {
            bail!("line {number}: `{id}` is no id of a vulnerability or a secret");
        }
        let mut expires = None;
        for word in words {
            let Some(date) = word.strip_prefix("exp:") else {
                bail!("line {number}: `{word}` stands behind an id; only exp:DATE may");
            };
            expires = end_of(date);
            if expires.is_none() {
                bail!("line {number}: `{date}` is no date such as 2026-12-31");
            }
        }
        let entry = Entry {
            file: file.to_owned(),
            line: number,
            vulnerability: Some(id.to_owned()),
            secret: None,
            package: None,
            path: None,
            reason: String::new(),
            expires,
        };
        // Nobody can tell the id of a vulnerability from the name of a rule, so each line is both.
        entries.push(Entry { vulnerability: None, secret: Some(id.to_owned()), ..entry.clone() });
        entries.push(entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::super::ignore;

    #[test]
    fn ids_stand_one_a_line_with_remarks_and_ends() {
        let entries = ignore::parse("# ours\n\nCVE-2023-4911 # later\nGHSA-x exp:2026-12-31\n", "f").unwrap();
        let ids: Vec<_> =
            entries.iter().map(|entry| (entry.what(), entry.line, entry.expires.is_some())).collect();
        assert_eq!(ids[1], ("CVE-2023-4911", 3, false));
        assert_eq!(ids[3], ("GHSA-x", 4, true));
        assert_eq!(ignore::parse("# nothing\n", "f").unwrap(), []);
        assert_eq!(ignore::parse("", "f").unwrap(), []);
    }

    #[test]
    fn a_line_that_is_no_id_is_refused_with_its_number() {
        for (text, line) in
            [("CVE-1\nCVE-2 CVE-3\n", "line 2"), ("CVE-1 exp:soon\n", "line 1"), ("a\nb\n{c}\n", "line 3")]
        {
            let said = ignore::parse(text, "f").unwrap_err().to_string();
            assert!(said.contains(line), "{said}");
        }
    }
}
