//! Values of a result in JSON and in CSV.

use fleet::QueryValue;
use model::Timestamp;

use crate::wire::append_json;

/// What stands between several values in one cell.
const JOINT: &str = "; ";

/// Appends a value as JSON.
fn json_value(out: &mut Vec<u8>, value: &QueryValue) {
    match value {
        QueryValue::Flag(flag) => append_json(out, flag),
        QueryValue::Number(number) => append_json(out, number),
        QueryValue::Decimal(thousandths) => append_json(out, &(*thousandths as f64 / 1_000.0)),
        QueryValue::Time(millis) => append_json(out, &Timestamp(*millis).to_rfc3339()),
        QueryValue::Text(text) => append_json(out, text),
    }
}

/// Appends the values of a column as JSON: an array if there may be several, else the value or null.
pub(super) fn json(out: &mut Vec<u8>, values: &[QueryValue], many: bool) {
    if !many {
        match values.first() {
            Some(value) => json_value(out, value),
            None => out.extend_from_slice(b"null"),
        }
        return;
    }
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json_value(out, value);
    }
    out.push(b']');
}

/// Appends the values of a column as a field of CSV (RFC 4180).
///
/// Texts come from images, so whoever builds an image chooses them. A spreadsheet takes a field that begins with one of
/// `= + - @`, a tab or a line's end for a formula; such a text gets an apostrophe in front.
pub(super) fn csv(out: &mut Vec<u8>, values: &[QueryValue]) {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(JOINT);
        }
        match value {
            QueryValue::Flag(flag) => text.push_str(if *flag { "true" } else { "false" }),
            QueryValue::Number(number) => text.push_str(&number.to_string()),
            QueryValue::Decimal(thousandths) => text.push_str(&(*thousandths as f64 / 1_000.0).to_string()),
            QueryValue::Time(millis) => text.push_str(&Timestamp(*millis).to_rfc3339()),
            QueryValue::Text(of) => {
                if index == 0 && is_formula(of) {
                    text.push('\'');
                }
                text.push_str(of);
            }
        }
    }
    field(out, &text);
}

/// Whether a spreadsheet would compute a text. Blanks in front do not keep it from that, and the wide forms of the
/// characters count as well.
fn is_formula(text: &str) -> bool {
    let starts = |text: &str| {
        text.starts_with([
            '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
        ])
    };
    starts(text) || starts(text.trim_start())
}

/// Appends a field, in quotes where it needs them.
pub(super) fn field(out: &mut Vec<u8>, text: &str) {
    let is_plain = !text.contains([',', '"', '\r', '\n']) && text.trim().len() == text.len();
    if is_plain {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv_of(values: &[QueryValue]) -> String {
        let mut out = Vec::new();
        csv(&mut out, values);
        String::from_utf8(out).unwrap()
    }

    fn text(text: &str) -> QueryValue {
        QueryValue::Text(text.to_owned())
    }

    #[test]
    fn no_text_of_an_image_becomes_a_formula_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u{ff1d}1"] {
            let field = csv_of(&[text(formula)]);
            let shown = field.trim_start_matches('"');
            assert!(shown.starts_with('\''), "{field:?}");
        }
        assert_eq!(csv_of(&[QueryValue::Number(-5)]), "-5");
        assert_eq!(csv_of(&[QueryValue::Decimal(7_500)]), "7.5");
        assert_eq!(csv_of(&[text("app"), text("=1")]), "app; =1");
    }

    #[test]
    fn fields_with_commas_quotes_and_line_ends_are_in_quotes() {
        assert_eq!(csv_of(&[text("a,b")]), "\"a,b\"");
        assert_eq!(csv_of(&[text("a\"b")]), "\"a\"\"b\"");
        assert_eq!(csv_of(&[text("a\r\nb")]), "\"a\r\nb\"");
        assert_eq!(csv_of(&[]), "");
    }

    #[test]
    fn a_column_of_several_values_is_an_array_also_with_one_and_with_none() {
        let json_of = |values: &[QueryValue], many| {
            let mut out = Vec::new();
            json(&mut out, values, many);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(json_of(&[], true), "[]");
        assert_eq!(json_of(&[text("a"), QueryValue::Flag(true)], true), r#"["a",true]"#);
        assert_eq!(json_of(&[], false), "null");
        assert_eq!(json_of(&[QueryValue::Time(0)], false), "\"1970-01-01T00:00:00.000Z\"");
    }
}
