//! `plimsoll compare-versions`: the order of pairs of versions, one pair a line, for pipelines and for checks against the
//! programs that define the schemes.
//!
//! The decision a reader may doubt: a line that is no pair is answered, with `?`, instead of ending the program, so that
//! answers stay beside their questions; what was wrong with it is told on standard error.

use std::cmp::Ordering;
use std::io::{self, BufRead, Write};

use anyhow::Context as _;
use version::{MAX_LENGTH, Parsed, Scheme};

use crate::lines::{Line, for_each_line};

/// The longest line that is looked at: two versions of the largest size, a tab, and white space.
const MAX_LINE: usize = 2 * MAX_LENGTH + 64;

/// How many lines that are no pairs are told one by one.
const MAX_WARNINGS: usize = 20;

/// What is compared, and how.
#[derive(clap::Args)]
pub(crate) struct CompareVersionsArgs {
    /// Version scheme, such as dpkg, rpm, semver; see docs/reference/versions.md
    scheme: Scheme,
}

pub(crate) fn run(args: &CompareVersionsArgs) -> anyhow::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let odd_lines = compare_lines(args.scheme, &mut io::stdin().lock(), &mut output)?;
    output.flush().context("cannot write to standard output")?;
    if odd_lines > MAX_WARNINGS {
        tracing::warn!(lines = odd_lines, "{odd_lines} lines in all are no pair of versions");
    }
    Ok(())
}

/// Answers each line of `input`; gives back how many were no pair.
fn compare_lines(scheme: Scheme, input: &mut impl BufRead, output: &mut impl Write) -> anyhow::Result<usize> {
    let mut odd_lines = 0;
    for_each_line(input, output, MAX_LINE, |line, output| {
        let answer = answer(&line, scheme);
        if let Err(fault) = &answer {
            odd_lines += 1;
            if odd_lines <= MAX_WARNINGS {
                tracing::warn!(line = line.number, "line {} {fault}", line.number);
            }
        }
        writeln!(output, "{}", answer.unwrap_or('?'))
    })?;
    Ok(odd_lines)
}

/// The sign between the two versions, or what is wrong with the line.
fn answer(line: &Line, scheme: Scheme) -> Result<char, &'static str> {
    let text = line.text.as_deref().ok_or("is too long")?;
    if text.trim_ascii().is_empty() {
        return Err("is blank");
    }
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8")?;
    let (a, b) = text.split_once('\t').ok_or("has no tab")?;
    if b.contains('\t') {
        return Err("has more than one tab");
    }
    let sides = (Parsed::parse(scheme, a), Parsed::parse(scheme, b));
    let (Ok(a), Ok(b)) = sides else { return Ok('?') };
    Ok(match a.compare(&b) {
        Ordering::Less => '<',
        Ordering::Equal => '=',
        Ordering::Greater => '>',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers to `input`, read `size` bytes at a time, without line ends.
    fn answers(input: &[u8], size: usize) -> (String, usize) {
        let mut output = Vec::new();
        let mut input = io::BufReader::with_capacity(size, input);
        let odd_lines = compare_lines(Scheme::Deb, &mut input, &mut output).unwrap();
        (String::from_utf8(output).unwrap().replace('\n', ""), odd_lines)
    }

    #[test]
    fn lines_are_answered_in_order_however_they_arrive() {
        let input = b"1\t2\n1.0\t1.0-0\r\n2\t1\n\n1 2\n1\t\n\t1\na_b\t1\n1\t2\t3\n1\t\xff\n \t \n1~\t1";
        for size in [1, 2, 3, 7, 4096] {
            assert_eq!(answers(input, size), ("<=>????????<".to_owned(), 5), "{size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_one_answer_and_does_not_spoil_the_next() {
        let mut input = vec![b'1'; 3 * MAX_LINE];
        input.extend_from_slice(b"\n1\t2\n");
        input.extend_from_slice(&vec![b'\t'; MAX_LINE + 1]);
        for size in [1, 100, 1 << 16] {
            assert_eq!(answers(&input, size), ("?<?".to_owned(), 2), "{size}");
        }
    }

    #[test]
    fn versions_of_the_largest_size_fit_into_a_line() {
        let long = "1".repeat(MAX_LENGTH);
        assert_eq!(answers(format!("{long}\t{long}\r\n").as_bytes(), 10), ("=".to_owned(), 0));
        assert_eq!(answers(b"", 10), (String::new(), 0));
    }
}
