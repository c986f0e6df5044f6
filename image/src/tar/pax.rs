//! PAX extended headers (POSIX.1-2001 pax, "pax Extended Header").

use super::number::parse_decimal;

/// The records of one extended header that change what the next entry is.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: Option<u64>,
    /// The real name of a sparse file, whose `path` is a stand-in.
    pub(super) sparse_name: Vec<u8>,
    pub(super) sparse: bool,
}

impl Pax {
    pub(super) fn clear(&mut self) {
        self.path.clear();
        self.link.clear();
        self.size = None;
        self.sparse_name.clear();
        self.sparse = false;
    }

    /// Whether any record was seen that changes the next entry.
    pub(super) fn changes_entries(&self) -> bool {
        !self.path.is_empty() || !self.link.is_empty() || self.size.is_some() || self.sparse
    }

    /// Reads the records of a header; of two with the same key the later counts, an empty value none.
    pub(super) fn parse(&mut self, mut body: &[u8]) -> Result<(), &'static str> {
        self.clear();
        while !body.is_empty() {
            let (record, rest) = split_record(body)?;
            body = rest;
            let equals = memchr::memchr(b'=', record).ok_or("a PAX record has no `=`")?;
            self.take(&record[..equals], &record[equals + 1..])?;
        }
        Ok(())
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key {
            b"path" => set_name(&mut self.path, value)?,
            b"linkpath" => set_name(&mut self.link, value)?,
            b"size" if value.is_empty() => self.size = None,
            b"size" => self.size = Some(parse_decimal(value).ok_or("the PAX size is not a number")?),
            b"GNU.sparse.name" => set_name(&mut self.sparse_name, value)?,
            _ => {}
        }
        self.sparse |= key.starts_with(b"GNU.sparse.");
        Ok(())
    }
}

fn set_name(name: &mut Vec<u8>, value: &[u8]) -> Result<(), &'static str> {
    if memchr::memchr(0, value).is_some() {
        return Err("a PAX path holds a zero byte");
    }
    name.clear();
    name.extend_from_slice(value);
    Ok(())
}

/// Splits `length key=value\n` off; gives `key=value` and what follows.
fn split_record(body: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    const BROKEN: &str = "a PAX record has a wrong length";
    let space = memchr::memchr(b' ', &body[..body.len().min(20)]).ok_or(BROKEN)?;
    let length =
        parse_decimal(&body[..space]).and_then(|length| usize::try_from(length).ok()).ok_or(BROKEN)?;
    if length < space + 2 || length > body.len() || body[length - 1] != b'\n' {
        return Err(BROKEN);
    }
    Ok((&body[space + 1..length - 1], &body[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_record_of_a_key_counts_and_an_empty_one_restores_the_header() {
        let mut pax = Pax::default();
        pax.parse(b"9 path=a\n9 path=b\n9 size=5\n8 size=\n").unwrap();
        assert_eq!(pax.path, b"b");
        assert_eq!(pax.size, None);
    }

    #[test]
    fn a_value_may_hold_line_ends_and_equals_signs() {
        let mut pax = Pax::default();
        pax.parse(b"14 path=a\n=b/\n").unwrap();
        assert_eq!(pax.path, b"a\n=b/");
    }

    #[test]
    fn broken_records_are_errors() {
        for body in [
            &b"9 path=a"[..],
            b"99 path=a\n",
            b"0 a=b\n",
            b"1 \n",
            b" path=a\n",
            b"7 path\n",
            b"18 size=18446744\n7\n",
        ] {
            assert!(Pax::default().parse(body).is_err(), "{body:?}");
        }
        assert!(Pax::default().parse(b"11 path=a\0b\n").is_err());
        assert!(Pax::default().parse(b"11 size=-11\n").is_err());
    }
}
