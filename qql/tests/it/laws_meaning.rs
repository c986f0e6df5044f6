//! Laws of meaning: what resolves, what matches, and what an index may rely on.

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;
use qql::fields::{Field, FieldType, Form, Level};
use qql::{
    Condition, Entity, IpRange, IpTest, KeywordTest, NumberTest, Test, TextTest, complete, fold, parse,
    resolve,
};

use crate::record::{NOW, Record, Shown};

/// Text with many of the characters at which it is cut.
fn wordy() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab1.\\-/ :*,]{0,12}",
        "[aB]{1,2}([. -][1a]{1,2}){0,4}",
        any::<String>(),
        Just("0b1c2d3e-1111-3222-8333-444455556666".to_owned()),
    ]
}

/// A test on text, from what a list may hold.
fn text_test() -> impl Strategy<Value = TextTest> {
    proptest::collection::vec((0..3, wordy()), 0..4).prop_map(|parts| {
        let mut test = TextTest::default();
        for (kind, text) in parts {
            match kind {
                0 => test.or_words(&text),
                1 => test.or_phrase(&text),
                _ => test.or_exact(&text),
            }
        }
        test
    })
}

/// The rule of the reference, written down again without any cleverness.
fn naive_tokens(text: &str) -> Vec<String> {
    let text: String = text.chars().flat_map(char::to_lowercase).collect();
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<_> = text.split('-').collect();
    if parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length)) {
        return vec![text];
    }
    let cut = |c: char| c.is_whitespace() || ",;()[]{}<>\"'|/\\-".contains(c);
    let mut tokens = Vec::new();
    for piece in text.split(cut) {
        let parts: Vec<_> = piece.split('.').collect();
        let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        let mut token = parts[0].to_owned();
        for pair in parts.windows(2) {
            if digits(pair[0]) || digits(pair[1]) {
                tokens.push(std::mem::take(&mut token));
            } else {
                token.push('.');
            }
            token.push_str(pair[1]);
        }
        tokens.push(token);
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// A token of an entity with a value that fits its type, as text.
fn term(entity: Entity) -> BoxedStrategy<String> {
    let tokens: Vec<(String, &'static Field)> = reach(entity.level(), "", 0);
    (select(tokens), 0..8_usize, select(vec![":", "=", "!=", ">", "<=", " is null"]))
        .prop_map(|((name, field), pick, op)| {
            let value = sample(field, pick);
            let ordered = !matches!(field.kind, FieldType::Text | FieldType::Keyword | FieldType::Bool);
            match op {
                " is null" => format!("{name} is null"),
                ">" | "<=" if !ordered => format!("{name}:{value}"),
                ":" if pick == 7 => format!("{name}:[{value}, {value}]"),
                ":" if pick == 6 && ordered => format!("{name}:({value} .. {value}]"),
                op => format!("{name}{op}{value}"),
            }
        })
        .boxed()
}

fn reach(level: Level, prefix: &str, depth: usize) -> Vec<(String, &'static Field)> {
    let mut all: Vec<_> =
        level.fields().iter().map(|field| (format!("{prefix}{}", field.name), field)).collect();
    if depth < 2 {
        for (name, _, array) in level.arrays() {
            all.extend(reach(array.level(), &format!("{prefix}{name}."), depth + 1));
        }
    }
    all
}

fn sample(field: &Field, pick: usize) -> String {
    let pick_of = |values: &[&str]| values[pick % values.len()].to_owned();
    match field.kind {
        FieldType::Keyword if !field.spec.values.is_empty() => format!("`{}`", pick_of(field.spec.values)),
        FieldType::Keyword | FieldType::Text => pick_of(&["a", "`b 1`", "\"a b\"", "1.2", "A*"]),
        FieldType::Integer => pick_of(&["0", "1", "5", "-3"]),
        FieldType::Decimal => pick_of(&["0", "9.8", "9.8001", "5"]),
        FieldType::Date => pick_of(&["now", "now-7d", "2024-05", "1"]),
        FieldType::Bool => pick_of(&["true", "FALSE"]),
        FieldType::Ip => pick_of(&["10.0.0.8", "10.0.0.0/8", "fe80::1"]),
    }
}

fn query(entity: Entity) -> impl Strategy<Value = String> {
    term(entity).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not {a}")),
        ]
    })
}

/// A record with some values of every field.
fn record(level: Level, depth: usize) -> BoxedStrategy<Record> {
    let values = proptest::collection::vec(0..6_usize, level.fields().len());
    let arrays: Vec<_> = level
        .arrays()
        .iter()
        .filter(|_| depth > 0)
        .map(|(_, _, array)| {
            proptest::collection::vec(record(array.level(), depth - 1), 0..2)
                .prop_map(|elements| (*array, elements))
        })
        .collect();
    (values, arrays)
        .prop_map(move |(picks, arrays)| {
            let mut record = Record::default();
            for (field, pick) in level.fields().iter().zip(picks).filter(|(_, pick)| *pick < 4) {
                record.values.insert(field.id, vec![shown(field, pick)]);
            }
            record.arrays.extend(arrays);
            record
        })
        .boxed()
}

fn shown(field: &Field, pick: usize) -> Shown {
    let pick_of = |values: &[&str]| Shown::Text(values[pick % values.len()].to_owned());
    match field.kind {
        FieldType::Keyword if !field.spec.values.is_empty() => pick_of(field.spec.values),
        FieldType::Ip => pick_of(&["10.0.0.8", "10.9.0.1", "fe80::1", "none"]),
        FieldType::Keyword | FieldType::Text => pick_of(&["a", "b 1", "x-1.2", "A b"]),
        FieldType::Integer => Shown::Number([0, 1, 5, 9][pick]),
        FieldType::Decimal => Shown::Number([0, 5000, 9800, 9900][pick]),
        FieldType::Date => Shown::Number([1, NOW.0, NOW.0 - 86_400_000, i64::MAX][pick]),
        FieldType::Bool => Shown::Bool(pick < 2),
    }
}

fn resolved(entity: Entity, text: &str) -> Result<Condition, TestCaseError> {
    let query = parse(text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    resolve(&query, entity, NOW).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))
}

/// Whether words follow each other among tokens, the last one being a beginning.
fn is_phrase_of(words: &[String], tokens: &[String]) -> bool {
    let stands_at = |from: usize| {
        words.iter().enumerate().all(|(index, word)| {
            let is_last = index + 1 == words.len();
            let fits =
                |token: &String| if is_last { token.starts_with(word.as_str()) } else { token == word };
            tokens.get(from + index).is_some_and(fits)
        })
    };
    !words.is_empty() && (0..tokens.len()).any(stands_at)
}

proptest! {
    #[test]
    fn text_is_cut_as_the_reference_says(text in wordy()) {
        let folded = fold(&text);
        let cut: Vec<_> = qql::tokens(&folded).map(str::to_owned).collect();
        prop_assert_eq!(cut, naive_tokens(&text));
    }

    #[test]
    fn bare_words_match_as_the_reference_says(query in "[ab1. -]{1,6}", value in wordy()) {
        let mut test = TextTest::default();
        test.or_words(&query);
        let value_tokens = naive_tokens(&value);
        let expected = query.split(' ').any(|word| is_phrase_of(&naive_tokens(word), &value_tokens));
        prop_assert_eq!(test.matches(&value), expected);
    }

    #[test]
    fn phrases_match_as_the_reference_says(query in "[ab1. -]{1,6}", value in wordy()) {
        let mut test = TextTest::default();
        test.or_phrase(&query);
        let (words, tokens) = (naive_tokens(&query), naive_tokens(&value));
        prop_assert_eq!(test.matches(&value), is_phrase_of(&words, &tokens));
    }

    #[test]
    fn a_text_that_matches_contains_a_needle(test in text_test(), value in wordy()) {
        if test.matches(&value) && let Some(needles) = test.needles() {
            let folded = fold(&value);
            prop_assert!(needles.iter().any(|needle| folded.contains(needle.as_str())), "{needles:?} in {folded:?}");
        }
        if test.is_exact() {
            prop_assert_eq!(test.matches(&value), test.exact().contains(&value));
        }
    }

    #[test]
    fn a_keyword_matches_by_its_normal_form(
        form in select(vec![Form::Exact, Form::Folded, Form::Digest, Form::ShortId, Form::Uuid]),
        values in proptest::collection::vec("[aB1]{0,3}", 0..4),
        prefixes in proptest::collection::vec("[aB1]{0,2}", 0..3),
        value in prop_oneof!["[aB1]{0,3}", any::<String>(), "(sha256:)?[0-9A-F]{64}", "[0-9A-F]{32}"],
    ) {
        let test = KeywordTest::new(form, values.iter().map(String::as_str), prefixes.iter().map(String::as_str));
        let normal = form.normalise(&value);
        prop_assert_eq!(form.normalise(&normal), normal.clone(), "normalising twice is normalising once");
        let naive = values.iter().any(|own| form.normalise(own) == normal)
            || prefixes.iter().any(|own| normal.starts_with(&*form.normalise(own)));
        prop_assert_eq!(test.matches(&value), naive);
        prop_assert_eq!(test.matches_normalised(&normal), naive);
        if naive && let Some(needles) = test.needles() {
            prop_assert!(needles.iter().any(|needle| normal.contains(needle)));
        }
    }

    #[test]
    fn ranges_of_numbers_keep_their_meaning_when_they_are_merged(
        ranges in proptest::collection::vec((-9..9_i64, -9..9_i64), 0..6), extreme in any::<bool>(),
    ) {
        let mut ranges = ranges;
        if extreme {
            ranges.extend([(i64::MIN, -9), (9, i64::MAX)]);
        }
        let test = NumberTest::new(ranges.clone());
        for value in (-10..10).chain([i64::MIN, i64::MAX]) {
            prop_assert_eq!(test.matches(value), ranges.iter().any(|(lower, upper)| (*lower..=*upper).contains(&value)));
        }
        prop_assert!(test.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
    }

    #[test]
    fn ranges_of_addresses_keep_their_meaning_when_they_are_merged(
        ranges in proptest::collection::vec((any::<bool>(), 0..9_u32, 0..9_u32), 0..6),
    ) {
        let ranges: Vec<_> = ranges
            .into_iter()
            .map(|(v6, lower, upper)| IpRange { v6, lower: lower.into(), upper: upper.into() })
            .collect();
        let test = IpTest::new(ranges.clone());
        for number in 0..10_u32 {
            for v6 in [false, true] {
                let address: IpAddr = if v6 { IpAddr::V6(u128::from(number).into()) } else { IpAddr::V4(number.into()) };
                let naive = ranges.iter().any(|range| range.v6 == v6 && (range.lower..=range.upper).contains(&number.into()));
                prop_assert_eq!(test.matches(address), naive, "{}", address);
                prop_assert_eq!(test.matches_text(&address.to_string()), naive);
            }
        }
    }

    #[test]
    fn no_text_makes_resolving_or_completing_panic(text in any::<String>(), cursor in 0..40_usize) {
        for entity in Entity::ALL {
            let _ = parse(&text).and_then(|query| resolve(&query, entity, NOW));
            let _ = qql::resolve_sort(&text, entity);
            complete(&text, cursor, entity, &());
        }
    }

    #[test]
    fn a_completion_replaces_a_span_inside_the_text_that_ends_at_or_behind_the_cursor(
        pieces in proptest::collection::vec(
            select(vec![
                "(", ")", "[", "]", ",", "..", ":", ">=", " and ", " or ", "not ", " is ", "null", "`", "'", "\"", "\\", "state",
                "vulnerabilities", ".severity", "5", " ", "*", "é", "now-7d", "repo:(", "operatingSystem:", "updated:[",
            ]),
            0..20,
        ),
        cursor in 0..60_usize,
    ) {
        let text = pieces.concat();
        let length = text.chars().count();
        for entity in Entity::ALL {
            let found = complete(&text, cursor, entity, &());
            prop_assert!(found.span.start <= cursor.min(length) && found.span.end >= cursor.min(length));
            prop_assert!(found.span.end <= length);
            let _ = parse(&text).and_then(|query| resolve(&query, entity, NOW));
        }
    }

    #[test]
    fn every_token_resolves_and_printing_keeps_the_meaning(
        (entity, text) in select(Entity::ALL.to_vec()).prop_flat_map(|entity| (Just(entity), query(entity))),
    ) {
        let condition = resolved(entity, &text)?;
        let printed = parse(&text).unwrap().to_string();
        prop_assert_eq!(resolved(entity, &printed)?, condition);
    }

    #[test]
    fn negation_conjunction_and_alternative_obey_de_morgan(
        (a, b, image) in (query(Entity::Image), query(Entity::Image), record(Level::Image, 2)),
    ) {
        let holds = |text: String| Ok::<_, TestCaseError>(image.satisfies(&resolved(Entity::Image, &text)?));
        let (first, second) = (holds(a.clone())?, holds(b.clone())?);
        prop_assert_eq!(holds(format!("{a} and {b}"))?, first && second);
        prop_assert_eq!(holds(format!("{a} {b}"))?, first && second);
        prop_assert_eq!(holds(format!("{a} or {b}"))?, first || second);
        prop_assert_eq!(holds(format!("not ({a} and {b})"))?, holds(format!("not {a} or not {b}"))?);
        prop_assert_eq!(holds(format!("not ({a} or {b})"))?, holds(format!("not {a} and not {b}"))?);
        prop_assert_eq!(holds(format!("not not {a}"))?, first);
    }

    #[test]
    fn a_value_that_passes_a_test_is_a_value_that_is_not_missing(
        (text, image) in (term(Entity::Image), record(Level::Image, 2)),
    ) {
        let condition = resolved(Entity::Image, &text)?;
        if let Condition::Test { field, test } = &condition {
            let passes = image.satisfies(&condition);
            prop_assert!(!passes || !image.satisfies(&Condition::IsNull(*field)), "{test:?}");
            let _: &Test = test;
        }
    }
}

/// The same without any merging: every alternative is resolved by itself.
fn unmerged(image: &Record, alternatives: &[String]) -> Result<bool, TestCaseError> {
    for text in alternatives {
        if image.satisfies(&resolved(Entity::Image, text)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

proptest! {
    #[test]
    fn alternatives_that_are_merged_keep_their_meaning(
        (texts, image) in (proptest::collection::vec(few_fields(), 1..6), record(Level::Image, 2)),
    ) {
        let merged = image.satisfies(&resolved(Entity::Image, &texts.join(" or "))?);
        prop_assert_eq!(merged, unmerged(&image, &texts)?, "{}", texts.join(" or "));
    }
}

/// Terms on so few fields that several of them meet.
fn few_fields() -> impl Strategy<Value = String> {
    let name = select(vec![
        "size",
        "source",
        "operatingSystem",
        "created",
        "uuid",
        "isEol",
        "repo.tag",
        "repo.registry",
        "imageId",
        "vulnerabilities.severity",
        "vulnerabilities.title",
        "host.ipAddress",
        "softwares.vulnerabilities.qid",
    ]);
    (name, 0..6_usize, any::<bool>()).prop_map(|(name, pick, negated)| {
        let (_, field) = reach(Level::Image, "", 0).into_iter().find(|(known, _)| known == name).unwrap();
        let value = sample(field, pick);
        let group = name.rsplit_once('.').filter(|_| pick > 3);
        match (group, negated) {
            (Some((array, inner)), false) => format!("{array}:({inner}:{value})"),
            (Some((array, inner)), true) => format!("{array}:(not {inner}:{value})"),
            (None, true) => format!("not {name}:{value}"),
            (None, false) => format!("{name}:{value}"),
        }
    })
}
