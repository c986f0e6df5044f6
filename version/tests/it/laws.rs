//! What every order owes its users, over random texts of each scheme's alphabet.

use std::cmp::Ordering;

use proptest::prelude::*;
use version::{Parsed, Scheme, check, compare};

/// Pieces that versions of a scheme are made of; random lists of them are mostly readable and often equal or close.
fn pieces(scheme: Scheme) -> Vec<&'static str> {
    let mut pieces = vec!["0", "1", "2", "10", "00", "01", ".", ".", ".", "-", "a", "b1"];
    pieces.extend_from_slice(match scheme {
        Scheme::Deb => &["~", "+", "1:", "deb12u1", "~rc1", "Z"][..],
        Scheme::Apk => &["_alpha", "_rc", "_p", "_git", "-r1", "-r0", "~ab", "_p1"],
        Scheme::Rpm => &["~", "^", "_", "1:", "el8", "+"],
        Scheme::Semver | Scheme::Npm | Scheme::Hex => {
            &[".0.0", ".1.2", "-alpha", "-beta.", "+b", "v", "-1", "-x"]
        }
        Scheme::Pep440 => &["a1", "rc", ".post1", ".dev1", "+x", "1!", "_", "c2"],
        Scheme::Maven => &["alpha", "rc", "sp", "-SNAPSHOT", "Final", "ga", "m", "x", ".RC1"],
        Scheme::Gem => &[".rc1", ".a", "pre", ".0.0", ".B", "-x"],
        Scheme::Nuget => &["-rc", "-A", ".B", "+x", ".3000000000", "-5", ".00"],
        Scheme::Composer => &["-dev", "-RC1", "beta", "pl", ".x-dev", "@dev", "2010", "-stable", "patch.1"],
        Scheme::Go => &[".0.0", "rc1", "beta2", "-0.20200101000000-abcdef", "+incompatible", "-pre"],
        Scheme::Pub => &[".0.0", ".1.2", "-dev", "+1", "+b", ".-5", "-0x1f", "+0"],
        Scheme::Hackage => &[".0", ".1", ".10", "-a", "-rc1"],
        Scheme::Cran => &[".0", "-1", ".00", ".10"],
        Scheme::Julia => &[".0", "rc1", "-", "+", "+1", "+b.2", "-x"],
        Scheme::Alpm => &["..", "_", "+", "rc", "1:", "-1", "-2"],
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

/// All but those whose own order goes in circles at the edge.
fn transitive_schemes() -> Vec<Scheme> {
    Scheme::ALL.into_iter().filter(|scheme| scheme.is_transitive()).collect()
}

#[test]
fn pacman_keeps_the_release_that_counts_only_if_both_have_one() {
    let order = |a, b| compare(Scheme::Alpm, a, b).unwrap();
    assert_eq!(order("1.0-1", "1.0"), Ordering::Equal);
    assert_eq!(order("1.0", "1.0-2"), Ordering::Equal);
    assert_eq!(order("1.0-1", "1.0-2"), Ordering::Less);
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
    fn equal_versions_stand_for_each_other((scheme, a, b, c) in one_of(transitive_schemes())) {
        if compare(scheme, &a, &b) == Ok(Ordering::Equal) && check(scheme, &c).is_ok() {
            prop_assert_eq!(compare(scheme, &a, &c), compare(scheme, &b, &c));
        }
    }

    #[test]
    fn versions_of_pacman_as_packages_have_them_are_in_a_transitive_order(
        a in version(Scheme::Alpm), b in version(Scheme::Alpm), c in version(Scheme::Alpm)
    ) {
        // each with a release, and none with separators at its end
        let [a, b, c] = [a, b, c].map(|text| format!("{}0-1", text.replace('-', "")));
        let order = |a: &str, b: &str| compare(Scheme::Alpm, a, b);
        if let (Ok(ab), Ok(bc), Ok(ac)) = (order(&a, &b), order(&b, &c), order(&a, &c)) {
            let broken = ab.is_le() && bc.is_le() && !(ac.is_lt() || (ac.is_eq() && ab.is_eq() && bc.is_eq()));
            prop_assert!(!broken, "{a} {ab:?} {b} {bc:?} {c}, but {ac:?}");
        }
    }

    #[test]
    fn a_version_that_was_read_once_compares_like_its_text((scheme, a, b, _) in one_of(Scheme::ALL.to_vec())) {
        if let (Ok(left), Ok(right)) = (Parsed::parse(scheme, &a), Parsed::parse(scheme, &b)) {
            prop_assert_eq!(Ok(left.compare(&right)), compare(scheme, &a, &b));
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
