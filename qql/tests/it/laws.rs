//! Laws: printing and reading are inverse, and no text makes the parser panic.

use proptest::prelude::*;
use qql::{Expr, Op, Place, Query, Quote, Range, Scalar, Term, Token, Value, parse};

fn token() -> impl Strategy<Value = Token> {
    "[a-z][a-zA-Z0-9_]{0,6}(\\.[a-z][a-z0-9]{0,4}){0,2}"
        .prop_filter("a keyword is no token here", |name| {
            !["and", "or", "not", "is", "null"].contains(&name.as_str())
        })
        .prop_map(|name| Token { name, place: Place::default() })
}

/// Words that may stand bare; they begin with a digit, so none of them is a keyword or begins a new term.
fn bare() -> impl Strategy<Value = Scalar> {
    "[0-9][a-zA-Z0-9:/_@+~*#-]{0,8}( [0-9][a-z0-9]{0,4}){0,2}".prop_map(|text| Scalar {
        text,
        quote: Quote::Bare,
        place: Place::default(),
    })
}

fn quoted() -> impl Strategy<Value = Scalar> {
    (any::<String>(), prop_oneof![Just(Quote::Back), Just(Quote::Double), Just(Quote::Single)]).prop_map(
        |(text, quote)| {
            let text = if quote == Quote::Single { text.trim().to_owned() } else { text };
            Scalar { text, quote, place: Place::default() }
        },
    )
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![bare(), quoted()]
}

fn bound() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        "[0-9]{1,13}".prop_map(|text| Scalar { text, quote: Quote::Bare, place: Place::default() }),
        quoted()
    ]
}

fn range() -> impl Strategy<Value = Range> {
    (proptest::option::of(bound()), any::<bool>(), proptest::option::of(bound()), any::<bool>())
        .prop_filter("a range has an end", |(lower, _, upper, _)| lower.is_some() || upper.is_some())
        .prop_map(|(lower, lower_inclusive, upper, upper_inclusive)| Range {
            lower,
            lower_inclusive,
            upper,
            upper_inclusive,
        })
}

fn term() -> impl Strategy<Value = Expr> {
    let compare = prop_oneof![
        Just(Op::Match),
        Just(Op::Equal),
        Just(Op::NotEqual),
        Just(Op::Less),
        Just(Op::LessEqual),
        Just(Op::Greater),
        Just(Op::GreaterEqual)
    ];
    prop_oneof![
        (token(), compare, scalar()).prop_map(|(token, op, value)| Term {
            token,
            op,
            value: Value::Scalar(value)
        }),
        (token(), range()).prop_map(|(token, range)| Term {
            token,
            op: Op::Match,
            value: Value::Range(range)
        }),
        (token(), proptest::collection::vec(scalar(), 0..4)).prop_map(|(token, items)| Term {
            token,
            op: Op::Match,
            value: Value::List(items)
        }),
    ]
    .prop_map(Expr::Term)
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        6 => term(),
        1 => token().prop_map(Expr::IsNull),
        1 => quoted().prop_map(Expr::FreeText),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.clone().prop_map(|inner| Expr::Not(Box::new(inner))),
            (token(), inner).prop_map(|(token, inner)| Expr::Nested { token, inner: Box::new(inner) }),
        ]
    })
}

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same_tree(root in expr()) {
        let query = Query { root: Some(root) };
        prop_assert_eq!(parse(&query.to_string()).unwrap(), query);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn text_made_of_pieces_of_the_language_is_read_or_refused_with_a_column_inside_it(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("("), Just(")"), Just("["), Just("]"), Just(","), Just(".."), Just("..."), Just(":"), Just(">="),
                Just("!="), Just("and"), Just(" or "), Just("not "), Just(" is "), Just("null"), Just("`"), Just("'"), Just("\""),
                Just("\\"), Just("a"), Just("b.c"), Just("5"), Just(" "), Just("*"), Just("“"), Just("é"), Just("now-7d")
            ],
            0..40,
        )
    ) {
        let text = pieces.concat();
        match parse(&text) {
            Ok(query) => prop_assert_eq!(parse(&query.to_string()).unwrap(), query),
            Err(error) => {
                let column = error.column() as usize;
                prop_assert!(column >= 1 && column <= text.chars().count() + 1, "{error}");
            }
        }
    }
}
