//! Writes JSON by hand where an export is made of it: strings, numbers, digests and table cells.
//!
//! What the derived form of the same value would say, byte for byte, is what stands here; that is tested. The derived
//! form goes through a call for each token, and an export of a fleet is some ten thousand million of them.

use model::{Digest, Timestamp};

/// Which bytes a JSON string may hold as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends a string in quotes.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// Appends a string in quotes, or `null`.
pub(super) fn optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends the inside of a string.
pub(super) fn escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // without a way out in the middle the loop runs over many bytes at once
    if !bytes.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')) {
        out.extend_from_slice(bytes);
    } else {
        bytes.iter().for_each(|byte| escape(out, *byte));
    }
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ if PLAIN[usize::from(byte)] => return out.push(byte),
        _ => {
            out.extend_from_slice(b"\\u00");
            return hex_byte(out, byte);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn hex_byte(out: &mut Vec<u8>, byte: u8) {
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}

/// Appends a whole number.
pub(super) fn number(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a time as a string of milliseconds.
pub(super) fn millis(out: &mut Vec<u8>, time: Timestamp) {
    out.push(b'"');
    number(out, time.0);
    out.push(b'"');
}

/// The 64 hex digits of a digest.
pub(super) fn hex(digest: &Digest) -> [u8; 64] {
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(digest.as_bytes()) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    digits
}

/// A time as [`millis`] writes it, which is written again and again.
pub(super) struct Millis {
    time: Timestamp,
    text: Vec<u8>,
}

impl Millis {
    pub(super) fn of(time: Timestamp) -> Self {
        let mut text = Vec::with_capacity(24);
        millis(&mut text, time);
        Self { time, text }
    }

    /// Appends a time, which may be another than the last one.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        if time != self.time {
            self.time = time;
            self.text.clear();
            millis(&mut self.text, time);
        }
        out.extend_from_slice(&self.text);
    }
}

/// Appends a cell of a `result` table inside a string, see [`super::result`].
pub(super) fn cell(out: &mut Vec<u8>, value: &str) {
    if value.is_empty() {
        return out.push(b'-');
    }
    let bytes = value.as_bytes();
    if bytes.iter().all(|byte| PLAIN[usize::from(*byte)] && !matches!(byte, b'_' | b' ' | 0x7f..)) {
        return out.extend_from_slice(bytes);
    }
    let mut buffer = [0; 4];
    for character in value.chars() {
        match character {
            '_' => out.extend_from_slice(b"__"),
            blank if blank.is_whitespace() => out.push(b'_'),
            other => escaped(out, other.encode_utf8(&mut buffer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::scalar::Sha;
    use crate::wire::to_json;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn every_value_is_written_as_its_derived_form_writes_it(text in "\\PC*|[\\x00-\\x7f]*", count: i64, bytes: [u8; 32]) {
            let derived = |json: Vec<u8>| String::from_utf8(json).unwrap();
            prop_assert_eq!(written(|out| string(out, &text)), derived(to_json(&text)));
            prop_assert_eq!(written(|out| number(out, count)), count.to_string());
            prop_assert_eq!(written(|out| millis(out, Timestamp(count))), derived(to_json(&crate::wire::scalar::Millis(count))));
            let digest = Digest::from_bytes(bytes);
            prop_assert_eq!(format!("{:?}", std::str::from_utf8(&hex(&digest)).unwrap()), derived(to_json(&Sha(digest))));
            let mut memory = Millis::of(Timestamp(5));
            for time in [count, 5, 5, count] {
                prop_assert_eq!(written(|out| memory.append(out, Timestamp(time))), derived(to_json(&crate::wire::scalar::Millis(time))));
            }
        }

        #[test]
        fn a_cell_is_written_as_the_table_of_the_details_call_writes_it(text in "[ _a-z\\t\"é\u{a0}\u{1}]*") {
            let mut line = String::new();
            crate::wire::result::push_cell(&mut line, &text);
            let json = String::from_utf8(to_json(&line)).unwrap();
            prop_assert_eq!(format!("\"{}\"", written(|out| cell(out, &text))), json);
        }
    }

    #[test]
    fn nothing_is_null() {
        assert_eq!(written(|out| optional(out, None)), "null");
        assert_eq!(written(|out| optional(out, Some(""))), "\"\"");
    }
}
