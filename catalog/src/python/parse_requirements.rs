//! `requirements.txt` (pip.pypa.io, "Requirements File Format"): one requirement a line, of which those pinned with `==` count.
//!
//! Environment markers, extras, hashes and options are passed over; so are other files that this one names, which speak for
//! themselves where they are. Files whose name says development, tests or documentation are not asked for. Text in UTF-16
//! with a mark is what a shell of Windows writes. Lines that are no requirement say nothing: the name is a common word.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Whether a file of this name pins what is installed: `requirements.txt`, `requirements-prod.txt`, `base_requirements.txt`.
pub(super) fn is_requirements(name: &[u8]) -> bool {
    const ASIDE: [&[u8]; 9] =
        [b"dev", b"devel", b"development", b"test", b"tests", b"testing", b"lint", b"doc", b"docs"];
    let Some(stem) = name.strip_suffix(b".txt") else { return false };
    let mut words = stem.split(|byte| b"-_. ".contains(byte));
    let is_named = words.clone().any(|word| word == b"requirements");
    is_named && !words.any(|word| ASIDE.contains(&word))
}

/// Keeps the pinned requirements.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_FILE)?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    // A line that ends in a backslash goes on; what follows it can only be options, since the pin comes first.
    let mut goes_on = false;
    for line in decoded(&bytes).lines() {
        let is_start = !goes_on;
        let line = line.trim();
        goes_on = line.ends_with('\\');
        if let Some((name, version)) = Some(line).filter(|_| is_start).and_then(pinned) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

fn decoded(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect::<Vec<_>>();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(without_mark(bytes)).into_owned(),
    }
}

/// Name and version of `Name[extra] == 1.0, != 1.1 ; marker --hash=… # comment`.
pub(crate) fn pinned(line: &str) -> Option<(&str, &str)> {
    let line = line.split(" #").next()?.split(';').next()?.split(" --").next()?.trim_end_matches('\\').trim();
    let end = line.find(|one: char| !(one.is_ascii_alphanumeric() || "-_.".contains(one)))?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let rest = rest.trim().trim_start_matches('(').trim_end_matches(')');
    let version = rest.split(',').find_map(|part| {
        let version = part.trim().strip_prefix("==")?;
        Some(version.strip_prefix('=').unwrap_or(version).trim())
    })?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+!".contains(&byte);
    let is_plain = !name.is_empty() && !version.is_empty() && version.bytes().all(allowed);
    is_plain.then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::is_requirements;
    use crate::declared::testing::{notes, packages};

    #[test]
    fn pinned_lines_count_and_nothing_else() {
        let text = "# a comment\n-r base.txt\n--index-url https://x.example/simple\nFlask==2.0.1\nzope.interface[test] == 5.4.0  # why\n\
            requests==2.31.0 ; python_version >= '3.8' \\\n    --hash=sha256:aa==1 \\\n    --hash=sha256:bb\n\
            range>=1.0\nwild==1.*\nboth>=1.0,==1.2.post1\nexact===1.0+local\nat @ https://x.example/at-1.0.whl\n\
            -e ./local\ngit+https://x.example/g.git@v1#egg=g==1\nnot a requirement at all\nold (==0.9)\n";
        let expected = [
            "Flask 2.0.1",
            "zope.interface 5.4.0",
            "requests 2.31.0",
            "both 1.2.post1",
            "exact 1.0+local",
            "old 0.9",
        ];
        assert_eq!(packages("app/requirements.txt", text), expected);
    }

    #[test]
    fn text_as_a_shell_of_windows_writes_it_is_read() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let bytes = [&[0xff, 0xfe][..], &wide("Flask==2.0.1\r\nrequests==2.31.0\r\n"), &[0]].concat();
        let facts = crate::declared::testing::facts("app/requirements.txt", bytes);
        assert_eq!(facts.packages.len(), 2);
        assert_eq!(facts.packages[1].version, "2.31.0");
        assert_eq!(notes("app/requirements.txt", b"\xff\xfe"), Vec::<String>::new());
    }

    #[test]
    fn names_of_files_tell_what_they_are_for() {
        for name in
            ["requirements.txt", "requirements-prod.txt", "base_requirements.txt", "requirements.lock.txt"]
        {
            assert!(is_requirements(name.as_bytes()), "{name}");
        }
        for name in
            ["requirements-dev.txt", "test-requirements.txt", "requirements.in", "myrequirements.txt", ".txt"]
        {
            assert!(!is_requirements(name.as_bytes()), "{name}");
        }
    }
}
