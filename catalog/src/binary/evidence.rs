//! Looks for the version texts of well-known programs in bytes that stream by.
//!
//! The decision a reader may doubt: the search rides on the bytes that the other readers of a program pull through, so
//! that a file is read once; what they leave unread is pulled at the end.

use std::collections::BTreeSet;
use std::io::Read;

use memchr::memmem::Finder;

use super::known::{self, Known};

/// Bytes that are searched at once.
const WINDOW: usize = 64 << 10;
/// Bytes before and after an anchor that a shape may look at.
const REACH: usize = 256;
/// Bytes of one program that are searched.
const MAX_SEARCH: u64 = 1 << 30;
/// Different versions that are collected where one must stand alone.
const MAX_ALONE: usize = 4;
/// Longest version.
const MAX_VERSION: usize = 40;

/// A text that proves a version.
pub(super) struct Evidence {
    /// What is searched for; empty where the file's name gives it.
    pub anchor: &'static [u8],
    /// How the version lies beside it.
    pub shape: Shape,
}

/// How a version lies beside its anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Directly behind it.
    After,
    /// Directly before it, behind something that is no part of a version.
    Before,
    /// Behind it, and a date behind the version: `OpenSSL 3.0.11 19 Sep 2023`.
    Dated,
    /// Behind it, and the word `Copyright` behind the version.
    Copyright,
    /// Behind it, and what begins in `(` or is called `revision` behind the version: `ruby 3.1.2p20 (2022-…`.
    Revision,
    /// `version 2.6.12-1+deb12u3, released 20…`: the anchor ends what begins with `version `.
    HaProxy,
    /// A text of its own that begins with the anchor, which stands behind a zero byte and `v`.
    Perl,
    /// A text of its own that begins with the anchor after its zero byte; two different ones prove nothing.
    Alone,
    /// A text of its own that begins with the version that the file's name has: `3.11.` for `python3.11`.
    OfFileName,
    /// Behind it, numbers alone, whatever comes next; none before it that would make it the end of another name.
    Numbers,
    /// Behind it, with the number of a portable release: `9.2p1`.
    Portable,
    /// Redis' build id, `7.4.13fae2e59f067-1727953068`: version, host, time. The anchor begins the time.
    BuildOnHost,
    /// The same of a build with a fixed time, without a host: `7.0.151778644800000000000`. The anchor ends it.
    BuildAtFixedTime,
}

/// A source that is searched while it is read.
pub(super) struct Searched<'a> {
    source: &'a mut dyn Read,
    rows: Vec<Row>,
    window: Vec<u8>,
    /// Whether the window begins with the first byte of the file.
    searched: u64,
    ended: bool,
}

struct Row {
    known: &'static Known,
    anchors: Vec<(Finder<'static>, Shape)>,
    /// The version with the rank of its evidence.
    found: Option<(usize, String)>,
    alone: BTreeSet<String>,
}

impl<'a> Searched<'a> {
    /// Searches `source` for the versions of the programs that a file called `name` may be; none for most names, and
    /// then nothing is kept.
    pub(super) fn new(source: &'a mut dyn Read, name: &[u8]) -> Self {
        let rows = known::of(name).filter_map(|known| Row::new(known, name)).collect();
        Self { source, rows, window: Vec::new(), searched: 0, ended: false }
    }

    /// Reads to the end as long as something is looked for, and gives what was found: name and version.
    pub(super) fn finish(mut self) -> std::io::Result<Vec<(&'static str, String)>> {
        let mut rest = vec![0; if self.is_looking() { WINDOW } else { 0 }];
        while self.is_looking() {
            match self.read(&mut rest) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.rows.into_iter().filter_map(Row::result).collect())
    }

    fn is_looking(&self) -> bool {
        !self.ended && self.rows.iter().any(Row::is_open)
    }

    fn look(&mut self, bytes: &[u8]) {
        self.window.extend_from_slice(bytes);
        if self.window.len() < WINDOW + 2 * REACH && !self.ended {
            return;
        }
        let sure = if self.ended { self.window.len() } else { self.window.len() - REACH };
        for row in self.rows.iter_mut().filter(|row| row.is_open()) {
            row.search(&self.window, sure);
        }
        let keep = self.window.len().saturating_sub(2 * REACH);
        self.searched += keep as u64;
        self.window.drain(..keep);
        self.ended |= self.searched > MAX_SEARCH;
    }
}

impl Read for Searched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        if self.is_looking() {
            self.ended |= count == 0 && !buffer.is_empty();
            self.look(&buffer[..count]);
        }
        Ok(count)
    }
}

impl Row {
    fn new(known: &'static Known, name: &[u8]) -> Option<Self> {
        let mut anchors = Vec::new();
        for evidence in known.evidence {
            let finder = match evidence.shape {
                Shape::OfFileName => {
                    let begin = name.iter().position(u8::is_ascii_digit)?;
                    let version: Vec<u8> = release_of(&name[begin..])?;
                    Finder::new(&[b"\0", &version[..], b"."].concat()).into_owned()
                }
                _ => Finder::new(evidence.anchor),
            };
            anchors.push((finder, evidence.shape));
        }
        Some(Self { known, anchors, found: None, alone: BTreeSet::new() })
    }

    /// Whether better evidence than what was found may come.
    fn is_open(&self) -> bool {
        self.found.as_ref().is_none_or(|(rank, _)| *rank > 0) && self.alone.len() < MAX_ALONE
    }

    /// Searches for anchors that begin before `sure`; what begins later is searched with the next window.
    fn search(&mut self, window: &[u8], sure: usize) {
        let rank = self.found.as_ref().map_or(self.anchors.len(), |(rank, _)| *rank);
        for (rank, (finder, shape)) in self.anchors.iter().enumerate().take(rank) {
            let mut at = 0;
            while let Some(step) = finder.find(&window[at..]).filter(|step| at + step < sure) {
                let begin = at + step;
                let end = begin + finder.needle().len();
                if let Some(version) = shape.read(window, begin, end) {
                    if matches!(shape, Shape::Alone) {
                        self.alone.insert(version);
                    } else {
                        self.found = Some((rank, version));
                        return;
                    }
                }
                at = begin + 1;
            }
        }
    }

    fn result(self) -> Option<(&'static str, String)> {
        let alone = if self.alone.len() == 1 { self.alone.into_iter().next() } else { None };
        Some((self.known.name, self.found.map(|(_, version)| version).or(alone)?))
    }
}

impl Shape {
    /// Reads the version beside the anchor at `begin..end`.
    fn read(self, window: &[u8], begin: usize, end: usize) -> Option<String> {
        let behind = window.get(end..)?;
        let behind = &behind[..behind.len().min(REACH)];
        match self {
            Self::After => version_at(behind).map(|(version, _)| version),
            Self::Before => {
                // letters before it would make it the end of something else
                let before = &window[begin.saturating_sub(MAX_VERSION)..begin];
                version_before(before)
                    .filter(|(_, letter)| !letter.is_ascii_alphabetic())
                    .map(|(version, _)| version)
            }
            Self::Dated => version_at(behind).filter(|(_, rest)| is_date(rest)).map(|(version, _)| version),
            Self::Copyright => version_at(behind)
                .filter(|(_, rest)| rest.trim_ascii_start().starts_with(b"Copyright"))
                .map(|(version, _)| version),
            Self::Revision => {
                let (version, rest) = version_at(behind)?;
                let numbers = version.split(|letter: char| letter.is_ascii_alphabetic()).next()?.to_owned();
                rest.starts_with(b" (20").then_some(numbers)
            }
            Self::HaProxy => {
                let before = &window[begin.saturating_sub(REACH / 2)..begin];
                let at = memchr::memmem::rfind(before, b"version ")?;
                version_at(&before[at + 8..]).map(|(version, _)| version)
            }
            Self::Perl => {
                let (version, rest) = version_at(window.get(begin + 2..)?)?;
                (rest.first() == Some(&0)).then_some(version)
            }
            Self::Alone | Self::OfFileName => {
                let (version, rest) = version_at(window.get(begin + 1..)?)?;
                let is_whole = matches!(rest, [0, ..] | [b'+', 0, ..]);
                (is_whole && version.split('.').count() == 3).then_some(version)
            }
            Self::Numbers => {
                let (version, _) = version_at(behind)?;
                let letter =
                    version.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(version.len());
                let version = &version[..letter];
                let is_named = begin == 0 || window[begin - 1] != b'-';
                (is_named && version.split('.').filter(|part| !part.is_empty()).count() == 3)
                    .then(|| version.to_owned())
            }
            Self::Portable => {
                version_at(behind).map(|(version, _)| version).filter(|version| version.contains('p'))
            }
            Self::BuildOnHost => {
                let time = window.get(begin + 1..begin + 11)?;
                build_before(time, &window[begin.saturating_sub(MAX_VERSION)..begin], true)
            }
            Self::BuildAtFixedTime => {
                let at = begin.checked_sub(10)?;
                build_before(&window[at..begin], &window[at.saturating_sub(MAX_VERSION)..at], false)
            }
        }
    }
}

/// A version at the begin of `bytes`: numbers with dots, at least two, and letters and digits that follow without a
/// gap; and what is behind it.
fn version_at(bytes: &[u8]) -> Option<(String, &[u8])> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
    let length = bytes.iter().take(MAX_VERSION + 1).take_while(|byte| is_part(byte)).count();
    let text = std::str::from_utf8(&bytes[..length]).ok().filter(|text| text.len() <= MAX_VERSION)?;
    let numbers = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let trimmed = if numbers == length { text.trim_end_matches('.') } else { text };
    let numbers = trimmed[..numbers.min(trimmed.len())].trim_end_matches('.');
    let is_version = numbers.contains('.')
        && numbers.split('.').all(|part| !part.is_empty() && part.len() <= 8)
        && !trimmed.contains("..");
    is_version.then(|| (trimmed.to_owned(), &bytes[trimmed.len()..]))
}

/// A version at the end of `bytes`, and the byte before it.
fn version_before(bytes: &[u8]) -> Option<(String, u8)> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let begin = bytes.iter().rposition(|byte| !is_part(byte)).map_or(0, |at| at + 1);
    let letter = bytes[..begin].last().copied().unwrap_or_default();
    version_at(&bytes[begin..]).filter(|(_, rest)| rest.is_empty()).map(|(version, _)| (version, letter))
}

/// ` 19 Sep 2023`, with a word of the builder before it (`+quic`, `-fips`).
fn is_date(rest: &[u8]) -> bool {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-_".contains(byte);
    let word = rest.iter().take_while(is_word).count();
    let mut parts = rest[word..].split(|byte| *byte == b' ').filter(|part| !part.is_empty());
    let (Some(day), Some(month), Some(year)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_day = day.len() <= 2 && day.iter().all(u8::is_ascii_digit);
    let is_month = month.len() == 3 && month[0].is_ascii_uppercase();
    is_day && is_month && year.len() >= 4 && year[..4].iter().all(u8::is_ascii_digit)
}

/// `3.11` of `3.11`, `3.11.so.1.0`, `3.13t.so.1.0`.
fn release_of(name: &[u8]) -> Option<Vec<u8>> {
    let mut parts = name.split(|byte| *byte == b'.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let digits: Vec<u8> = minor.iter().copied().take_while(u8::is_ascii_digit).collect();
    let is_number = !major.is_empty() && major.iter().all(u8::is_ascii_digit) && !digits.is_empty();
    is_number.then(|| [major, b".", &digits[..]].concat())
}

/// The version before the time of a build; the host is what container builds are called. A digit more or less of the
/// version would make a time that is not of this age.
fn build_before(time: &[u8], before: &[u8], with_host: bool) -> Option<String> {
    let seconds: u64 = std::str::from_utf8(time).ok()?.parse().ok()?;
    let is_container = |host: &&[u8]| host.iter().all(u8::is_ascii_hexdigit);
    let version = if with_host {
        before.strip_suffix(b"buildkitsandbox").or_else(|| {
            let (version, host) = before.split_at_checked(before.len().checked_sub(12)?)?;
            Some(version).filter(|_| is_container(&host))
        })?
    } else {
        before
    };
    let is_time = (1_300_000_000..2_000_000_000).contains(&seconds);
    // the text may lie in pieces among instructions, so anything may stand before it
    let (version, _) = version_before(version)?;
    (is_time && version.split('.').count() == 3).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, content: &[u8]) -> Vec<String> {
        let mut source = content;
        let found = Searched::new(&mut source, name.as_bytes()).finish().unwrap();
        found.into_iter().map(|(name, version)| format!("{name} {version}")).collect()
    }

    #[test]
    fn each_program_tells_its_version_in_its_own_way() {
        let cases: &[(&str, &[u8], &str)] = &[
            ("nginx", b"\0nginx version: nginx/1.22.1\n\0", "nginx 1.22.1"),
            ("nginx", b"\0nginx version: openresty/1.21.4.1\n\0", "openresty 1.21.4.1"),
            ("node", b"\0node.js/v18.20.4\0", "node 18.20.4"),
            ("libcrypto.so.3", b"\0OpenSSL 3.0.13+quic 30 Jan 2024\0", "openssl 3.0.13"),
            ("libcrypto.so.1.1", b"OpenSSL 1.1.1w  11 Sep 2023", "openssl 1.1.1w"),
            ("libcrypto.so.10", b"OpenSSL 1.0.2k-fips  26 Jan 2017", "openssl 1.0.2k"),
            ("libcrypto.so.1", b"OpenSSL 3 is not a version, OpenSSL 1.1 is none either", ""),
            ("busybox", b"BusyBox v1.35.0 (Debian 1:1.35.0-4)", "busybox 1.35.0"),
            ("bash", b"@(#)Bash version 5.2.15(1) release GNU", "bash 5.2.15"),
            ("haproxy", b"version 2.6.12-1+deb12u3, released 2025/10/03", "haproxy 2.6.12"),
            (
                "mariadbd",
                b"for example 10.1.1-MariaDB-mariadb1precise-log\0\x0010.11.18-MariaDB\0",
                "mariadb 10.11.18",
            ),
            ("memcached", b"memcached 1.6.18\n", "memcached 1.6.18"),
            ("perl", b"\0v5.36.0\0", "perl 5.36.0"),
            ("php8.2", b"X-Powered-By: PHP/8.2.32\0", "php 8.2.32"),
            ("postgres", b"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "postgresql 15.18"),
            ("postgres", b"postgres (PostgreSQL) 17beta1\n", ""),
            ("python3.11", b"\x003.2.0\0\x003.11.2\0", "python 3.11.2"),
            ("python3.13", b"\x003.13.0rc2\0", "python 3.13.0rc2"),
            ("python3.12", b"\x003.12.1+\0", "python 3.12.1"),
            ("python", b"\x003.12.1\0", ""),
            ("redis-server", b"err\0\x007.0.151778644800000000000\0", "redis 7.0.15"),
            ("redis-server", b"\x007.0.11644878700000000000\0c11-builtin\x0014.2.0\0", "redis 7.0.1"),
            ("redis-server", b"8.2.3e2e65a0b534a-17710845040b5d43ceb", "redis 8.2.3"),
            ("valkey-server", b"valkey8.1.11774773269000000000", "valkey 8.1.1"),
            ("deno", b"Exporter-Deno/0.82.0grpc Deno/2.9.8Deno/2.9.8+fe7ed01", "deno 2.9.8"),
            ("tor", b"supported by Tor 0.1.2.17 and (on Tor 0.4.9.11 )", "tor 0.4.9.11"),
            ("redis-server", b"\x006.2.58f1c18bfd7fc-1728390128000000000\0", "redis 6.2.5"),
            ("redis-server", b"&7.2.4buildkitsandbox-1727953068000000000\0", "redis 7.2.4"),
            (
                "ruby3.1",
                b"ruby 1.8)\0ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux]",
                "ruby 3.1.2",
            ),
            ("libsqlite3.so.0.8.6", b"\x003.40.1\0", "sqlite 3.40.1"),
            ("libsqlite3.so.0.8.6", b"\x003.40.1\0\x003.7.9\0", ""),
            (
                "libc.so.6",
                b"GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n",
                "glibc 2.36",
            ),
            ("lua5.4", b"Lua 5.4.4  Copyright (C) 1994-2022", "lua 5.4.4"),
            ("libz.so.1", b" inflate 1.2.13 Copyright 1995-2022", "zlib 1.2.13"),
            ("sshd", b"OpenSSH_2.*,OpenSSH_3.0*\0OpenSSH_9.2\0OpenSSH_9.2p1 Debian-2", "openssh 9.2p1"),
            ("git", b"git/.\0git/2.39.5\0", "git 2.39.5"),
            ("tool", b"nginx version: nginx/1.22.1", ""),
        ];
        for (name, content, expected) in cases {
            assert_eq!(
                told(name, content).join(", "),
                *expected,
                "{name}: {}",
                String::from_utf8_lossy(content)
            );
        }
    }

    #[test]
    fn a_text_is_found_wherever_the_windows_are_cut() {
        let text = b"\0nginx version: nginx/1.22.1\n\0";
        for at in (WINDOW - 700..WINDOW + 700).step_by(7).chain([0, 3 * WINDOW]) {
            let mut content = vec![b'x'; 4 * WINDOW];
            content[at..at + text.len()].copy_from_slice(text);
            assert_eq!(told("nginx", &content), ["nginx 1.22.1"], "at {at}");
            let cut = &content[..at + text.len()];
            assert_eq!(told("nginx", cut), ["nginx 1.22.1"], "ends behind {at}");
        }
    }

    #[test]
    fn an_endless_file_is_left_after_a_while() {
        let mut zeros = std::io::repeat(0).take(MAX_SEARCH + (64 << 20));
        assert!(Searched::new(&mut zeros, b"libsqlite3.so").finish().unwrap().is_empty());
        assert!(zeros.limit() > 0);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_break_a_shape(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            text in "[0-9.a-z\\-\\x00 ]{0,60}",
        ) {
            for known in known::KNOWN {
                for evidence in known.evidence {
                    for content in [&bytes[..], text.as_bytes()] {
                        let all = [content, evidence.anchor, content].concat();
                        let end = content.len() + evidence.anchor.len();
                        let _ = evidence.shape.read(&all, content.len(), end);
                        let _ = evidence.shape.read(&all, 0, 0);
                    }
                }
            }
        }
    }
}
