//! Laws of the small languages, queries and versions, and readers of several formats.

use std::cmp::Ordering;

use model::{AffectedRange, Bound, Timestamp};
use qql::fields::Form;
use version::Scheme;

/// A query that is read is printed so that it is read as the same and means the same; one that is refused names a column inside
/// it. Completing replaces a part of it that reaches the cursor.
pub fn read_query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let length = text.chars().count();
    let cursor = bytes.first().map_or(0, |first| usize::from(*first) * length / 255);
    for entity in qql::Entity::ALL {
        let span = qql::complete(&text, cursor, entity, &()).span;
        assert!(
            span.start <= cursor && cursor <= span.end && span.end <= length,
            "{span:?} at {cursor} of {length}"
        );
    }
    match qql::parse(&text) {
        Ok(query) => {
            let printed = query.to_string();
            match qql::parse(&printed) {
                Ok(again) => {
                    assert_eq!(again, query, "{printed}");
                    resolve_query(&query, &again, length);
                }
                // what is printed may be longer than what may be sent
                Err(error) => assert!(printed.len() > qql::MAX_LENGTH, "`{printed}`: {error}"),
            }
        }
        Err(error) => {
            let column = error.column() as usize;
            assert!(column <= length + 1, "{error}");
        }
    }
}

/// A query and what was printed of it have one meaning, or are both refused.
fn resolve_query(query: &qql::Query, again: &qql::Query, length: usize) {
    const NOW: Timestamp = Timestamp(1_714_564_800_000);
    for entity in qql::Entity::ALL {
        match (qql::resolve(query, entity, NOW), qql::resolve(again, entity, NOW)) {
            (Ok(first), Ok(second)) => assert_eq!(first, second),
            (Err(error), Err(_)) => assert!(error.column() as usize <= length, "{error}"),
            (first, second) => panic!("{first:?} but {second:?} when printed"),
        }
    }
}

/// The first line as a search, the rest as a value: what matches contains what an index looks for, and a keyword matches
/// whether it was normalised before or not.
pub fn match_values(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (search, value) = text.split_once('\n').unwrap_or((&text, ""));
    for kind in 0..3 {
        let mut test = qql::TextTest::default();
        match kind {
            0 => test.or_words(search),
            1 => test.or_phrase(search),
            _ => test.or_exact(search),
        }
        if test.matches(value)
            && let Some(needles) = test.needles()
        {
            let folded = qql::fold(value);
            assert!(
                needles.iter().any(|needle| folded.contains(needle.as_str())),
                "{needles:?} in {folded:?}"
            );
        }
    }
    for form in [Form::Exact, Form::Folded, Form::Digest, Form::ShortId, Form::Uuid] {
        let normal = form.normalise(value);
        assert_eq!(form.normalise(&normal), normal, "normalising twice is normalising once");
        let test = qql::KeywordTest::new(form, [search], [search]);
        assert_eq!(test.matches(value), test.matches_normalised(&normal));
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
