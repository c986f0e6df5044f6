//! Numbers in tar headers: octal digits, or base-256 where the first bit is set.

/// Reads a numeric field. `None` if it is neither form, negative or beyond 63 bits. An empty field is 0.
pub(super) fn parse_number(field: &[u8]) -> Option<u64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => parse_base_256(field),
        _ => parse_octal(field),
    }
}

fn parse_octal(field: &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    let mut digits = field.iter().skip_while(|&&byte| byte == b' ' || byte == 0);
    for &byte in &mut digits {
        match byte {
            b'0'..=b'7' => value = value.checked_mul(8)?.checked_add(u64::from(byte - b'0'))?,
            b' ' | 0 => break,
            _ => return None,
        }
    }
    digits.all(|&byte| byte == b' ' || byte == 0).then_some(value).filter(|&value| value <= MAX)
}

fn parse_base_256(field: &[u8]) -> Option<u64> {
    if field[0] & 0x40 != 0 {
        return None;
    }
    let mut value = u64::from(field[0] & 0x3f);
    for &byte in &field[1..] {
        value = value.checked_mul(256)?.checked_add(u64::from(byte))?;
    }
    Some(value).filter(|&value| value <= MAX)
}

/// No honest size comes near; sums of such numbers do not overflow.
const MAX: u64 = 1 << 62;

/// Reads a decimal number of a PAX record.
pub(super) fn parse_decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut value = 0_u64;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(value).filter(|&value| value <= MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_fields_may_be_padded_on_both_sides() {
        assert_eq!(parse_number(b"00000000144\0"), Some(100));
        assert_eq!(parse_number(b"     144 \0\0\0"), Some(100));
        assert_eq!(parse_number(&[0; 12]), Some(0));
        assert_eq!(parse_number(b"777777777777"), Some((1 << 36) - 1));
    }

    #[test]
    fn base_256_fields_hold_what_octal_cannot() {
        let mut field = [0_u8; 12];
        field[0] = 0x80;
        field[7] = 2;
        assert_eq!(parse_number(&field), Some(2 << 32));
        assert_eq!(parse_number(&[0xff; 12]), None, "negative");
        field[1] = 1;
        assert_eq!(parse_number(&field), None, "too large");
    }

    #[test]
    fn nonsense_is_no_number() {
        for field in [&b"12x"[..], b"8", b"-1", b"1 1"] {
            assert_eq!(parse_number(field), None, "{field:?}");
        }
        assert_eq!(parse_decimal(b"18446744073709551616"), None);
        assert_eq!(parse_decimal(b"-5"), None);
        assert_eq!(parse_decimal(b"100"), Some(100));
    }
}
