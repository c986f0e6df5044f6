//! Laws of the small languages, queries and versions, and readers of several formats.

use std::cmp::Ordering;

use model::{AffectedRange, Bound};
use version::Scheme;

/// A query that is read is printed so that it is read as the same; one that is refused names a column inside it.
pub fn read_query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match qql::parse(&text) {
        Ok(query) => {
            let printed = query.to_string();
            match qql::parse(&printed) {
                Ok(again) => assert_eq!(again, query, "{printed}"),
                // what is printed may be longer than what may be sent
                Err(error) => assert!(printed.len() > qql::MAX_LENGTH, "`{printed}`: {error}"),
            }
        }
        Err(error) => {
            let column = error.column() as usize;
            assert!(column <= text.chars().count() + 1, "{error}");
        }
    }
}

/// Three lines as versions: equal to themselves, ordered the same from both sides, and in no empty range.
pub fn compare_versions(scheme: Scheme, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let [a, b, c] = [0; 3].map(|_| lines.next().unwrap_or_default());
    for one in [a, b, c] {
        let own = version::compare(scheme, one, one);
        assert_eq!(own.is_ok(), version::check(scheme, one).is_ok());
        assert!(own.is_err() || own == Ok(Ordering::Equal), "{one:?} is not equal to itself");
    }
    let there = version::compare(scheme, a, b);
    let back = version::compare(scheme, b, a);
    assert_eq!(there.clone().map(Ordering::reverse).ok(), back.ok(), "{a:?} and {b:?}");
    if scheme.is_transitive()
        && let (Ok(ab), Ok(bc), Ok(ac)) =
            (there, version::compare(scheme, b, c), version::compare(scheme, a, c))
        && ab.is_le()
        && bc.is_le()
    {
        assert!(
            ac.is_le() && (ac.is_lt() || (ab.is_eq() && bc.is_eq())),
            "{a:?} {ab:?} {b:?} {bc:?} {c:?}: {ac:?}"
        );
    }
    let range = AffectedRange { introduced: Some(b.to_owned()), end: Bound::Fixed(b.to_owned()) };
    assert_ne!(version::in_range(scheme, a, &range), Ok(true), "{a:?} is in an empty range");
    let range = AffectedRange { introduced: None, end: Bound::LastAffected(a.to_owned()) };
    assert!(version::in_range(scheme, a, &range) != Ok(false), "{a:?} is not in a range that ends with it");
}

/// The bytes behind the first one as one of the files that a cataloger reads; the first one, a digit in seeds, says which.
pub fn read_one_of(cataloger: &str, paths: &[&str], bytes: &[u8]) {
    if let Some((first, content)) = bytes.split_first() {
        catalog::fuzzing::read(cataloger, paths[usize::from(first ^ b'0') % paths.len()], content);
    }
}
