//! Names and addresses of licences that are no identifiers, as the fields of real packages have them.
//!
//! A name is compared by its words: lower case, letters apart from digits (and from the `v` before them), without the words that every licence has and
//! without `.0` at the end of a number. `Apache License, Version 2.0`, `Apache-2` and `apache2.0` are the same words.

/// Words that make no difference between licences.
const NOISE: &[&str] = &[
    "the", "license", "licence", "licenses", "licensed", "version", "ver", "v", "under", "terms", "either",
    "dual", "your", "choice", "of", "style", "like", "type",
];

/// The words of a name.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        let is_word = c.is_ascii_alphanumeric() || !c.is_ascii();
        let kind = |c: char| if c.is_ascii_digit() { 'd' } else { 'a' };
        match words.last_mut() {
            Some(word)
                if is_word
                    && last != ' '
                    && (kind(last) == kind(c) || (last == '.' && c.is_ascii_digit())) =>
            {
                word.push(c);
            }
            Some(word) if c == '.' && last.is_ascii_digit() => word.push(c),
            _ if is_word => {
                if let Some(word) =
                    words.last_mut().filter(|word| last == 'v' && c.is_ascii_digit() && word.len() > 1)
                {
                    word.pop();
                }
                words.push(c.to_string());
            }
            _ if c == '+' => words.push("+".to_owned()),
            Some(word) if c == '=' && last == '>' => *word = ">=".to_owned(),
            _ if c == '>' => words.push(">".to_owned()),
            _ => {}
        }
        let stays = is_word || c == '>' || (c == '.' && last.is_ascii_digit());
        last = if stays { c } else { ' ' };
    }
    for word in &mut words {
        while let Some(shorter) = word.strip_suffix(".0").or_else(|| word.strip_suffix('.')) {
            *word = shorter.to_owned();
        }
    }
    words.retain(|word| !matches!(word.as_str(), "v" | "ver" | "" | ">"));
    words
}

/// Whether words are such as every licence has, and tell nothing.
pub(super) fn is_noise(words: &[String]) -> bool {
    words.iter().all(|word| NOISE.contains(&word.as_str()))
}

/// What the words of a name stand for.
pub(super) fn by_words(words: &[String]) -> Option<&'static str> {
    let mut key = String::new();
    for word in words.iter().filter(|word| !NOISE.contains(&word.as_str())) {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    NAMES.iter().find(|(name, _)| *name == key).map(|(_, id)| *id)
}

/// What an address without its scheme stands for.
pub(super) fn by_address(address: &str) -> Option<&'static str> {
    let lower = address.to_ascii_lowercase();
    let lower = lower.strip_prefix("www.").unwrap_or(&lower);
    let lower = lower.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let bare =
        [".txt", ".html", ".php", ".htm"].iter().find_map(|end| lower.strip_suffix(end)).unwrap_or(lower);
    ADDRESSES.iter().find(|(known, _)| *known == bare).map(|(_, id)| *id)
}

/// Words and the expression that they stand for.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("0 bsd", "0BSD"),
    ("2 clause bsd", "BSD-2-Clause"),
    ("3 clause bsd", "BSD-3-Clause"),
    ("academic free 2.1", "AFL-2.1"),
    ("academic free 3", "AFL-3.0"),
    ("afl 2.1", "AFL-2.1"),
    ("apache", "Apache-2.0"),
    ("apache 1.1", "Apache-1.1"),
    ("apache 2", "Apache-2.0"),
    ("apache 2 llvm exceptions", "Apache-2.0 WITH LLVM-exception"),
    ("apache software", "Apache-2.0"),
    ("apache software 1.1", "Apache-1.1"),
    ("apache software 2", "Apache-2.0"),
    ("artistic", "Artistic-1.0"),
    ("artistic 1", "Artistic-1.0"),
    ("artistic 2", "Artistic-2.0"),
    ("artistic perl", "Artistic-1.0-Perl"),
    ("asl", "Apache-2.0"),
    ("asl 1.1", "Apache-1.1"),
    ("asl 2", "Apache-2.0"),
    ("boost", "BSL-1.0"),
    ("boost 1", "BSL-1.0"),
    ("boost software 1", "BSL-1.0"),
    ("bouncy castle", "MIT"),
    // which of them it is, only the text would tell
    ("bsd", "LicenseRef-BSD"),
    ("bsd 2", "BSD-2-Clause"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("bsd 2 clause freebsd", "BSD-2-Clause"),
    ("bsd 2 clause netbsd", "BSD-2-Clause"),
    ("bsd 3", "BSD-3-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("bsd 3 clause clear", "BSD-3-Clause-Clear"),
    ("bsd 3 clause new or revised", "BSD-3-Clause"),
    ("bsd 4", "BSD-4-Clause"),
    ("bsd 4 clause", "BSD-4-Clause"),
    ("bsd advertising", "BSD-4-Clause"),
    ("bsd new", "BSD-3-Clause"),
    ("bsd original", "BSD-4-Clause"),
    ("bsd protection", "BSD-Protection"),
    ("bsd simplified", "BSD-2-Clause"),
    ("bsd with advertising", "BSD-4-Clause"),
    ("bsd zero clause", "0BSD"),
    ("bsl 1", "BSL-1.0"),
    ("bzip 2", "bzip2-1.0.6"),
    ("cc 0", "CC0-1.0"),
    ("cc 0 1", "CC0-1.0"),
    ("cc 0 1 universal", "CC0-1.0"),
    ("cc 0 1 universal public domain dedication", "CC0-1.0"),
    ("cc by 3", "CC-BY-3.0"),
    ("cc by 4", "CC-BY-4.0"),
    ("cc by sa 3", "CC-BY-SA-3.0"),
    ("cc by sa 4", "CC-BY-SA-4.0"),
    ("cddl", "CDDL-1.0"),
    ("cddl + gpl", "CDDL-1.1 OR GPL-2.0-only WITH Classpath-exception-2.0"),
    ("cddl + gpl 2 with classpath exception", "CDDL-1.1 OR GPL-2.0-only WITH Classpath-exception-2.0"),
    ("cddl 1", "CDDL-1.0"),
    ("cddl 1.1", "CDDL-1.1"),
    ("cddl gpl 2 + ce", "CDDL-1.1 OR GPL-2.0-only WITH Classpath-exception-2.0"),
    ("cecill 2.1", "CECILL-2.1"),
    ("common development and distribution", "CDDL-1.0"),
    ("common development and distribution 1", "CDDL-1.0"),
    ("common public 1", "CPL-1.0"),
    ("commercial", "LicenseRef-Proprietary"),
    ("cpl", "CPL-1.0"),
    ("cpl 1", "CPL-1.0"),
    ("creative commons zero 1 universal", "CC0-1.0"),
    ("eclipse distribution", "BSD-3-Clause"),
    ("eclipse distribution 1", "BSD-3-Clause"),
    ("eclipse public 1", "EPL-1.0"),
    ("eclipse public 2", "EPL-2.0"),
    ("custom", "LicenseRef-custom"),
    ("edl 1", "BSD-3-Clause"),
    ("epl", "EPL-1.0"),
    ("epl 1", "EPL-1.0"),
    ("epl 2", "EPL-2.0"),
    ("european union public 1.1", "EUPL-1.1"),
    ("european union public 1.2", "EUPL-1.2"),
    ("expat", "MIT"),
    ("freebsd", "BSD-2-Clause"),
    ("freetype", "FTL"),
    ("go", "BSD-3-Clause"),
    ("historical permission notice and disclaimer", "HPND"),
    ("isc", "ISC"),
    ("iscl", "ISC"),
    ("isc iscl", "ISC"),
    ("mit", "MIT"),
    ("mit expat", "MIT"),
    ("mit no attribution", "MIT-0"),
    ("mit x", "MIT"),
    ("mit x 11", "MIT"),
    ("modified bsd", "BSD-3-Clause"),
    ("mozilla public 1", "MPL-1.0"),
    ("mozilla public 1.1", "MPL-1.1"),
    ("mozilla public 2", "MPL-2.0"),
    ("mpl 1", "MPL-1.0"),
    ("mpl 1.1", "MPL-1.1"),
    ("mpl 2", "MPL-2.0"),
    ("new bsd", "BSD-3-Clause"),
    ("new or revised bsd", "BSD-3-Clause"),
    ("ofl", "OFL-1.1"),
    ("ofl 1.1", "OFL-1.1"),
    ("openldap", "OLDAP-2.8"),
    ("openldap 2.8", "OLDAP-2.8"),
    ("openldap public", "OLDAP-2.8"),
    ("perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("perl 5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("pd", "LicenseRef-public-domain"),
    ("php 3", "PHP-3.0"),
    ("php 3.01", "PHP-3.01"),
    ("proprietary", "LicenseRef-Proprietary"),
    ("other proprietary", "LicenseRef-Proprietary"),
    ("psf", "PSF-2.0"),
    ("psf 2", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("public domain", "LicenseRef-public-domain"),
    ("python", "Python-2.0"),
    ("python 2", "Python-2.0"),
    ("python software foundation", "PSF-2.0"),
    ("revised bsd", "BSD-3-Clause"),
    ("same as perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("sgi b 2", "SGI-B-2.0"),
    ("sil ofl 1.1", "OFL-1.1"),
    ("sil open font 1.1", "OFL-1.1"),
    ("simplified bsd", "BSD-2-Clause"),
    ("sspl", "SSPL-1.0"),
    ("two clause bsd", "BSD-2-Clause"),
    ("three clause bsd", "BSD-3-Clause"),
    ("universal permissive", "UPL-1.0"),
    ("universal permissive 1", "UPL-1.0"),
    ("university illinois ncsa open source", "NCSA"),
    ("upl 1", "UPL-1.0"),
    ("w 3 c", "W3C"),
    ("w 3 c software", "W3C"),
    ("wtfpl 2", "WTFPL"),
    ("zero clause bsd", "0BSD"),
    ("zlib libpng", "Zlib"),
    ("zope public 2.1", "ZPL-2.1"),
    ("zpl 2.1", "ZPL-2.1"),
];

/// Addresses without scheme, `www.` and the ending of a file, in lower case.
pub(super) const ADDRESSES: &[(&str, &str)] = &[
    ("antlr.org/license", "BSD-3-Clause"),
    ("apache.org/licenses/license-1.1", "Apache-1.1"),
    ("apache.org/licenses/license-2.0", "Apache-2.0"),
    ("creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
    ("creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"),
    ("eclipse.org/legal/epl-2.0", "EPL-2.0"),
    ("eclipse.org/legal/epl-v10", "EPL-1.0"),
    ("eclipse.org/legal/epl-v20", "EPL-2.0"),
    ("eclipse.org/org/documents/edl-v10", "BSD-3-Clause"),
    ("eclipse.org/org/documents/epl-2.0/epl-2.0", "EPL-2.0"),
    ("eclipse.org/org/documents/epl-v10", "EPL-1.0"),
    ("gnu.org/licenses/agpl-3.0", "AGPL-3.0-only"),
    ("gnu.org/licenses/gpl-2.0", "GPL-2.0-only"),
    ("gnu.org/licenses/gpl-3.0", "GPL-3.0-only"),
    ("gnu.org/licenses/lgpl-2.1", "LGPL-2.1-only"),
    ("gnu.org/licenses/lgpl-3.0", "LGPL-3.0-only"),
    ("gnu.org/licenses/old-licenses/gpl-2.0", "GPL-2.0-only"),
    ("gnu.org/licenses/old-licenses/lgpl-2.1", "LGPL-2.1-only"),
    ("gnu.org/software/classpath/license", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("h2database.com/html/license", "MPL-2.0 OR EPL-1.0"),
    ("mozilla.org/en-us/mpl/2.0", "MPL-2.0"),
    ("mozilla.org/mpl/1.1", "MPL-1.1"),
    ("mozilla.org/mpl/2.0", "MPL-2.0"),
    ("mozilla.org/mpl/2.0/index", "MPL-2.0"),
    ("opensource.org/license/apache-2-0", "Apache-2.0"),
    ("opensource.org/license/mit", "MIT"),
    ("opensource.org/licenses/apache-2.0", "Apache-2.0"),
    ("opensource.org/licenses/bsd-2-clause", "BSD-2-Clause"),
    ("opensource.org/licenses/bsd-3-clause", "BSD-3-Clause"),
    ("opensource.org/licenses/isc", "ISC"),
    ("opensource.org/licenses/mit", "MIT"),
    ("opensource.org/licenses/mit-license", "MIT"),
    ("opensource.org/licenses/mpl-2.0", "MPL-2.0"),
    ("spdx.org/licenses/apache-2.0", "Apache-2.0"),
    ("spdx.org/licenses/mit", "MIT"),
    ("unlicense.org", "Unlicense"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_reached_by_its_own_words_and_stands_once() {
        for (index, (name, _)) in NAMES.iter().enumerate() {
            assert_eq!(words(name).join(" "), *name);
            assert!(!words(name).iter().any(|word| NOISE.contains(&word.as_str())), "{name}");
            assert!(NAMES[..index].iter().all(|(other, _)| other != name), "{name}");
        }
        for (address, id) in ADDRESSES {
            assert_eq!(by_address(&format!("www.{address}/?x#y")), Some(*id));
        }
    }
}
