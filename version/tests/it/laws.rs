//! What every order owes its users, over random texts of each scheme's alphabet.

use std::cmp::Ordering;

use proptest::prelude::*;
use version::{Scheme, check, compare};

/// Pieces that versions of a scheme are made of; random lists of them are mostly readable and often equal or close.
fn pieces(scheme: Scheme) -> Vec<&'static str> {
    let mut pieces = vec!["0", "1", "2", "10", "00", "01", ".", ".", ".", "-", "a", "b1"];
    pieces.extend_from_slice(match scheme {
        Scheme::Deb => &["~", "+", "1:", "deb12u1", "~rc1", "Z"][..],
        Scheme::Apk => &["_alpha", "_rc", "_p", "_git", "-r1", "-r0", "~ab", "_p1"],
        Scheme::Rpm => &["~", "^", "_", "1:", "el8", "+"],
        Scheme::Npm => &["-alpha", "-beta.", "+b", "v", "-1", "-x"],
        Scheme::Pep440 => &["a1", "rc", ".post1", ".dev1", "+x", "1!", "_", "c2"],
        Scheme::Maven => &["alpha", "rc", "sp", "-SNAPSHOT", "Final", "ga", "m", "x", ".RC1"],
        _ => &["alpha", "rc1", "patch", "v", "_"],
    });
    pieces
}

fn version(scheme: Scheme) -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(pieces(scheme));
    (0..3_u8, proptest::collection::vec(piece, 0..6))
        .prop_map(|(first, rest)| format!("{first}{}", rest.concat()))
}

fn one_of(schemes: Vec<Scheme>) -> impl Strategy<Value = (Scheme, String, String, String)> {
    proptest::sample::select(schemes)
        .prop_flat_map(|scheme| (Just(scheme), version(scheme), version(scheme), version(scheme)))
}

/// All but Maven, whose own order goes in circles at the edge.
fn transitive_schemes() -> Vec<Scheme> {
    Scheme::ALL.into_iter().filter(|scheme| *scheme != Scheme::Maven).collect()
}

#[test]
fn maven_keeps_the_circle_that_its_reference_has() {
    let order = |a, b| compare(Scheme::Maven, a, b).unwrap();
    assert_eq!(order("1--SNAPSHOT0", "1sp"), Ordering::Greater);
    assert_eq!(order("1sp", "1"), Ordering::Greater);
    assert_eq!(order("1", "1--SNAPSHOT0"), Ordering::Greater);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_order_is_reflexive_antisymmetric_and_total_on_readable_versions(
        (scheme, a, b, _) in one_of(Scheme::ALL.to_vec())
    ) {
        if check(scheme, &a).is_ok() && check(scheme, &b).is_ok() {
            prop_assert_eq!(compare(scheme, &a, &a), Ok(Ordering::Equal));
            let there = compare(scheme, &a, &b).unwrap();
            prop_assert_eq!(compare(scheme, &b, &a), Ok(there.reverse()));
        } else {
            prop_assert!(compare(scheme, &a, &b).is_err() && compare(scheme, &b, &a).is_err());
        }
    }

    #[test]
    fn the_order_is_transitive((scheme, a, b, c) in one_of(transitive_schemes())) {
        let orders = (compare(scheme, &a, &b), compare(scheme, &b, &c), compare(scheme, &a, &c));
        if let (Ok(ab), Ok(bc), Ok(ac)) = orders {
            if ab.is_le() && bc.is_le() {
                prop_assert!(ac.is_le(), "{a} {ab:?} {b} {bc:?} {c}, but {ac:?}");
                prop_assert!(ac.is_lt() || (ab.is_eq() && bc.is_eq()), "{a} {ab:?} {b} {bc:?} {c}, but {ac:?}");
            }
            if ab.is_ge() && bc.is_ge() {
                prop_assert!(ac.is_ge(), "{a} {ab:?} {b} {bc:?} {c}, but {ac:?}");
            }
        }
    }

    #[test]
    fn no_text_whatever_makes_a_comparison_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), other in ".{0,40}") {
        let text = String::from_utf8_lossy(&bytes);
        for scheme in Scheme::ALL {
            let there = compare(scheme, &text, &other);
            let back = compare(scheme, &other, &text);
            prop_assert_eq!(there.map(Ordering::reverse).ok(), back.ok());
        }
    }
}
