//! The guard against feeds that shrink: a publisher's half-written file must not end findings.
//!
//! What it is for: comparing what was read with what the bundle in force was made of, file by file and feed by feed. What it
//! is not for: judging whether single records are right.
//!
//! The decision a reader may doubt: a feed of which nothing is there any more is only warned about, while one of which a part
//! is missing is refused. Leaving a feed out is something that people do; losing a part of one is something that happens to them.

use std::collections::BTreeMap;

use crate::bundle::Manifest;
use crate::compile::SourceReport;
use crate::error::KnowledgeError;

/// What was known before, and which feeds may shrink all the same.
pub(crate) struct Guard<'a> {
    /// Records by feed and path.
    files: BTreeMap<(&'a str, &'a str), u64>,
    /// Records by feed.
    feeds: BTreeMap<&'a str, u64>,
    allowed: &'a [String],
}

impl<'a> Guard<'a> {
    pub(crate) fn new(before: Option<&'a Manifest>, allowed: &'a [String]) -> Self {
        let mut guard = Self { files: BTreeMap::new(), feeds: BTreeMap::new(), allowed };
        for source in before.into_iter().flat_map(|manifest| &manifest.sources) {
            guard.files.insert((&source.feed, &source.path), source.records);
            *guard.feeds.entry(&source.feed).or_default() += source.records;
        }
        guard
    }

    /// How many records a file had before, if it has lost too many of them.
    pub(crate) fn lost(&self, feed: &str, path: &str, now: u64) -> Option<u64> {
        let before = *self.files.get(&(feed, path))?;
        (shrank(before, now) && !self.allows(feed)).then_some(before)
    }

    /// Refuses feeds that lost too many records over all their files; gives what else is worth a look.
    pub(crate) fn check(&self, sources: &[&SourceReport]) -> Result<Vec<String>, KnowledgeError> {
        let mut now: BTreeMap<&str, u64> = BTreeMap::new();
        for source in sources {
            *now.entry(source.feed).or_default() += source.records;
        }
        let mut warnings = Vec::new();
        for (&feed, &before) in &self.feeds {
            match now.get(feed) {
                None if before > 0 => {
                    warnings.push(format!("feed {feed}, which had {before} records, is no longer there"));
                }
                Some(&now) if shrank(before, now) && !self.allows(feed) => {
                    return Err(refusal(feed, None, before, now));
                }
                Some(&now) if before > 0 && now >= before.saturating_mul(2) => {
                    warnings.push(format!("feed {feed} has grown from {before} to {now} records"));
                }
                _ => {}
            }
        }
        Ok(warnings)
    }

    fn allows(&self, feed: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == feed)
    }
}

/// The error that names what shrank.
pub(crate) fn refusal(feed: &str, path: Option<&str>, before: u64, now: u64) -> KnowledgeError {
    KnowledgeError::Shrunk { feed: feed.to_owned(), path: path.map(str::to_owned), before, now }
}

/// Whether more than a tenth is gone.
fn shrank(before: u64, now: u64) -> bool {
    u128::from(now) * 10 < u128::from(before) * 9
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::bundle::Source;

    fn manifest(files: &[(&str, &str, u64)]) -> Manifest {
        let source = |&(feed, path, records): &(&str, &str, u64)| Source {
            feed: feed.to_owned(),
            path: path.to_owned(),
            records,
            ..Source::default()
        };
        Manifest { sources: files.iter().map(source).collect(), ..Manifest::default() }
    }

    fn report(feed: &'static str, records: u64) -> SourceReport {
        SourceReport {
            feed,
            path: PathBuf::new(),
            records,
            quarantined: Vec::new(),
            quarantined_count: 0,
            date: None,
            older_copy: false,
        }
    }

    #[test]
    fn a_file_may_lose_a_tenth_and_no_more() {
        let before = manifest(&[("osv", "osv/PyPI/all.zip", 100), ("kev", "kev/k.json", 1)]);
        let guard = Guard::new(Some(&before), &[]);
        assert_eq!(guard.lost("osv", "osv/PyPI/all.zip", 90), None);
        assert_eq!(guard.lost("osv", "osv/PyPI/all.zip", 89), Some(100));
        assert_eq!(guard.lost("osv", "osv/npm/all.zip", 0), None, "nothing was known of it");
        assert_eq!(guard.lost("kev", "kev/k.json", 0), Some(1));
        let allowed = ["osv".to_owned()];
        let guard = Guard::new(Some(&before), &allowed);
        assert_eq!(guard.lost("osv", "osv/PyPI/all.zip", 0), None);
        assert_eq!(guard.lost("kev", "kev/k.json", 0), Some(1), "only the named feed is excused");
    }

    #[test]
    fn a_feed_that_lost_a_file_is_refused_and_one_that_left_or_doubled_is_named() {
        let before = manifest(&[("osv", "a", 50), ("osv", "b", 50), ("kev", "k", 10), ("epss", "e", 10)]);
        let guard = Guard::new(Some(&before), &[]);
        let error = guard.check(&[&report("osv", 50)]).unwrap_err().to_string();
        assert!(error.contains("osv") && error.contains("100") && error.contains("50"), "{error}");
        assert!(error.contains("--allow-shrink osv"), "{error}");
        let warnings = guard.check(&[&report("osv", 60), &report("osv", 35), &report("kev", 20)]).unwrap();
        assert_eq!(
            warnings,
            [
                "feed epss, which had 10 records, is no longer there",
                "feed kev has grown from 10 to 20 records"
            ]
        );
    }
}
