//! Licence expressions: whether what a dependency is offered under can be met by the licences that we accept.
//!
//! The grammar is that of SPDX 2.3 annex D, with the old Cargo spelling `A/B` for `A OR B`. `WITH` binds tightest, then `AND`,
//! then `OR`. An expression that cannot be read is an error, never a yes.

use anyhow::{Result, bail};

/// Licences under which code may be linked into the program. All are permissive or public domain.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "bzip2-1.0.6",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether `expression` can be satisfied with accepted licences alone.
pub(super) fn is_accepted(expression: &str) -> Result<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words };
    let accepted = parser.any_of()?;
    if let Some(word) = parser.words.first() {
        bail!("unexpected `{word}` in licence expression `{expression}`");
    }
    Ok(accepted)
}

struct Parser<'a> {
    words: &'a [&'a str],
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<bool> {
        let mut accepted = self.all_of()?;
        while self.take("OR") {
            accepted |= self.all_of()?;
        }
        Ok(accepted)
    }

    fn all_of(&mut self) -> Result<bool> {
        let mut accepted = self.one()?;
        while self.take("AND") {
            accepted &= self.one()?;
        }
        Ok(accepted)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let accepted = self.any_of()?;
            if !self.take(")") {
                bail!("a parenthesis in a licence expression is not closed");
            }
            return Ok(accepted);
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok(ACCEPTED.contains(&format!("{name} WITH {exception}").as_str()));
        }
        Ok(ACCEPTED.contains(&name.as_str()))
    }

    fn name(&mut self) -> Result<String> {
        match self.words.split_first() {
            Some((word, rest)) if !matches!(*word, "OR" | "AND" | "WITH" | "(" | ")") => {
                self.words = rest;
                Ok((*word).to_owned())
            }
            Some((word, _)) => bail!("`{word}` stands where a licence is expected"),
            None => bail!("a licence expression ends too early"),
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.words.split_first() {
            Some((word, rest)) if *word == wanted => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn one_accepted_alternative_is_enough_but_all_conjuncts_are_needed() {
        let cases = [
            ("MIT", true),
            ("MIT OR Apache-2.0", true),
            ("GPL-3.0-only OR MIT", true),
            ("MIT/GPL-2.0-only", true),
            ("GPL-3.0-only", false),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
            ("MIT AND (GPL-2.0-only OR LGPL-2.1-only)", false),
            ("GPL-3.0-only OR MIT AND ISC", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-2.0-only WITH Classpath-exception-2.0", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(is_accepted(expression).unwrap(), expected, "{expression}");
        }
    }

    #[test]
    fn an_unreadable_expression_is_an_error() {
        for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "AND MIT", "MIT)"] {
            assert!(is_accepted(expression).is_err(), "{expression}");
        }
    }
}
