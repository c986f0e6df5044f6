//! Licence keywords of Perl's metadata (CPAN::Meta::Spec 2, "license").

use crate::license::{any_of, expression};

/// The SPDX expression of the list; of several licences the user may choose.
pub(super) fn read(words: &[String]) -> Option<String> {
    let all: Option<Vec<String>> = words.iter().map(|word| keyword(word)).collect();
    any_of(all?.iter().map(String::as_str))
}

fn keyword(word: &str) -> Option<String> {
    let spdx = match word {
        "perl_5" | "perl" => "Artistic-1.0-Perl OR GPL-1.0-or-later",
        "agpl_3" => "AGPL-3.0-only",
        "apache_1_1" => "Apache-1.1",
        "apache_2_0" | "apache" => "Apache-2.0",
        "artistic_1" | "artistic" => "Artistic-1.0",
        "artistic_2" => "Artistic-2.0",
        "bsd" => "BSD-3-Clause",
        "freebsd" => "BSD-2-Clause",
        "gfdl_1_2" => "GFDL-1.2-only",
        "gfdl_1_3" => "GFDL-1.3-only",
        "gpl_1" => "GPL-1.0-only",
        "gpl_2" => "GPL-2.0-only",
        "gpl_3" => "GPL-3.0-only",
        "lgpl_2_1" => "LGPL-2.1-only",
        "lgpl_3_0" => "LGPL-3.0-only",
        "mit" => "MIT",
        "mozilla_1_0" => "MPL-1.0",
        "mozilla_1_1" => "MPL-1.1",
        "openssl" => "OpenSSL",
        "qpl_1_0" => "QPL-1.0",
        "ssleay" => "SSLeay-standalone",
        "sun" => "SISSL",
        "zlib" => "Zlib",
        "open_source" | "restricted" | "unrestricted" | "unknown" => return None,
        other => return expression(other),
    };
    Some(spdx.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn keywords_become_expressions_and_one_that_says_nothing_leaves_all_open() {
        let read = |words: &[&str]| super::read(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read(&["perl_5"]).as_deref(), Some("Artistic-1.0-Perl OR GPL-1.0-or-later"));
        assert_eq!(read(&["mit"]).as_deref(), Some("MIT"));
        assert_eq!(read(&["mit", "unknown"]), None);
        assert_eq!(read(&[]), None);
    }
}
