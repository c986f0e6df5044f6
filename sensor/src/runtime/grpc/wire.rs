//! The wire format of protocol buffers (protobuf.dev, "Encoding"), as far as the runtimes' messages need it.
//!
//! A message is declared by hand: a struct with the fields that are wanted, and [`Message::take`] with their numbers. That takes no more
//! lines than attributes for a derive macro would, needs neither the macro nor a compiler for `.proto` files, and keeps bounds in
//! our hands: text is copied out only for wanted fields, a list ends at [`MOST`] elements, and nesting is as deep as the types
//! are, none of which holds itself.

/// Elements of one list that are read.
const MOST: usize = 100_000;

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// The bytes end within a field.
    #[error("the message ends in the middle of a field, {left} bytes before its end")]
    Short {
        /// What is left of the bytes.
        left: usize,
    },
    /// A number of more than 64 bits.
    #[error("a number is longer than 64 bits")]
    Number,
    /// A field that begins with what no field begins with.
    #[error("a field begins with {0}, which no field does")]
    Tag(u64),
    /// A field of another kind than it is declared.
    #[error("field {0} is of another kind")]
    Kind(u32),
    /// A list that nobody would write.
    #[error("field {0} has more than {MOST} elements")]
    TooMany(u32),
}

/// A message: what it does with each of its fields.
pub(crate) trait Message: Default {
    /// Takes a field in; one that is not known is passed over.
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed>;
}

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u32,
    value: Value<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes; no wanted field is such a number.
    Fixed,
}

/// Reads a message.
pub(crate) fn read<T: Message>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut message = T::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        message.take(next(&mut rest)?)?;
    }
    Ok(message)
}

fn next<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Malformed> {
    let tag = number(rest)?;
    let field = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number_of_field = field.ok_or(Malformed::Tag(tag))?;
    let value = match tag & 7 {
        0 => Value::Number(number(rest)?),
        1 => cut(rest, 8).map(|_| Value::Fixed)?,
        2 => {
            let length = number(rest)?;
            let length = usize::try_from(length).map_err(|_| Malformed::Short { left: rest.len() })?;
            Value::Bytes(cut(rest, length)?)
        }
        5 => cut(rest, 4).map(|_| Value::Fixed)?,
        // groups, which proto3 does not have
        _ => return Err(Malformed::Tag(tag)),
    };
    Ok(Field { number: number_of_field, value })
}

/// A number in groups of seven bits, the lowest first.
fn number(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for (index, byte) in rest.iter().enumerate() {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 || index > 9 {
            return Err(Malformed::Number);
        }
        value |= bits << (7 * index);
        if byte & 0x80 == 0 {
            *rest = &rest[index + 1..];
            return Ok(value);
        }
    }
    Err(Malformed::Short { left: rest.len() })
}

fn cut<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (bytes, after) = rest.split_at_checked(length).ok_or(Malformed::Short { left: rest.len() })?;
    *rest = after;
    Ok(bytes)
}

impl<'a> Field<'a> {
    /// Its bytes.
    pub(crate) fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed::Kind(self.number)),
        }
    }

    /// Its text. A byte that is not UTF-8 becomes a replacement character: names and labels are whatever somebody wrote.
    pub(crate) fn text(&self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// Its number: of an enumeration, or without sign.
    pub(crate) fn unsigned(&self) -> Result<u64, Malformed> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(Malformed::Kind(self.number)),
        }
    }

    /// Its number with a sign.
    pub(crate) fn signed(&self) -> Result<i64, Malformed> {
        self.unsigned().map(u64::cast_signed)
    }

    /// Whether it is set.
    pub(crate) fn flag(&self) -> Result<bool, Malformed> {
        self.unsigned().map(|number| number != 0)
    }

    /// The message in it.
    pub(crate) fn message<T: Message>(&self) -> Result<T, Malformed> {
        read(self.bytes()?)
    }

    /// Appends the message in it to a list.
    pub(crate) fn push<T: Message>(&self, list: &mut Vec<T>) -> Result<(), Malformed> {
        self.check(list)?;
        list.push(self.message()?);
        Ok(())
    }

    /// Appends its text to a list.
    pub(crate) fn push_text(&self, list: &mut Vec<String>) -> Result<(), Malformed> {
        self.check(list)?;
        list.push(self.text()?);
        Ok(())
    }

    /// Appends an entry of a `map<string, string>`.
    pub(crate) fn push_pair(&self, list: &mut Vec<(String, String)>) -> Result<(), Malformed> {
        self.check(list)?;
        let Pair(pair) = self.message()?;
        list.push(pair);
        Ok(())
    }

    fn check<T>(&self, list: &[T]) -> Result<(), Malformed> {
        if list.len() < MOST { Ok(()) } else { Err(Malformed::TooMany(self.number)) }
    }
}

#[derive(Default)]
struct Pair((String, String));

impl Message for Pair {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.0.0 = field.text()?,
            2 => self.0.1 = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// A message under construction; fields are written in the order of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Writes a text; an empty one is the default and not written.
    pub(crate) fn text(self, number: u32, text: &str) -> Self {
        if text.is_empty() { self } else { self.bytes(number, text.as_bytes()) }
    }

    /// Writes a number; 0 is the default and not written.
    pub(crate) fn number(mut self, number: u32, value: u64) -> Self {
        if value != 0 {
            self.put(u64::from(number) << 3);
            self.put(value);
        }
        self
    }

    /// Writes bytes: those of a message within this one, even if it is empty.
    pub(crate) fn bytes(mut self, number: u32, bytes: &[u8]) -> Self {
        self.put(u64::from(number) << 3 | 2);
        self.put(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// The message.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn put(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message with a field of every kind.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Sample {
        name: String,
        count: i64,
        set: bool,
        labels: Vec<(String, String)>,
        inner: Vec<Inner>,
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Inner(Vec<String>);

    impl Message for Inner {
        fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
            if field.number == 4 { field.push_text(&mut self.0) } else { Ok(()) }
        }
    }

    impl Message for Sample {
        fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
            match field.number {
                1 => self.name = field.text()?,
                2 => self.count = field.signed()?,
                3 => self.set = field.flag()?,
                15 => field.push_pair(&mut self.labels)?,
                16 => field.push(&mut self.inner)?,
                _ => {}
            }
            Ok(())
        }
    }

    fn write(sample: &Sample) -> Vec<u8> {
        let mut writer = Writer::default().text(1, &sample.name).number(2, sample.count.cast_unsigned());
        writer = writer.number(3, u64::from(sample.set)).number(99, 7);
        for (key, value) in &sample.labels {
            writer = writer.bytes(15, &Writer::default().text(1, key).text(2, value).finish());
        }
        for Inner(texts) in &sample.inner {
            let inner = texts.iter().fold(Writer::default(), |inner, text| inner.bytes(4, text.as_bytes()));
            writer = writer.bytes(16, &inner.finish());
        }
        writer.finish()
    }

    fn sample() -> impl Strategy<Value = Sample> {
        let texts = || proptest::collection::vec(".{0,9}", 0..4);
        let labels = proptest::collection::vec((".{0,9}", ".{0,200}"), 0..4);
        let inner = proptest::collection::vec(texts().prop_map(Inner), 0..4);
        (".{0,9}", any::<i64>(), any::<bool>(), labels, inner)
            .prop_map(|(name, count, set, labels, inner)| Sample { name, count, set, labels, inner })
    }

    proptest! {
        #[test]
        fn a_message_is_read_as_it_was_written_and_unknown_fields_are_passed_over(sample in sample()) {
            prop_assert_eq!(read::<Sample>(&write(&sample)), Ok(sample));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read::<Sample>(&bytes);
        }

        #[test]
        fn a_message_cut_short_is_refused_or_is_a_beginning_of_it(sample in sample(), at in any::<prop::sample::Index>()) {
            let bytes = write(&sample);
            let cut = read::<Sample>(&bytes[..at.index(bytes.len() + 1)]);
            prop_assert!(cut.is_err() || cut.is_ok_and(|cut| cut.labels.len() <= sample.labels.len()));
        }
    }

    #[test]
    fn what_protoc_writes_is_read() {
        // field 1 "testing", field 2 = 150, fixed64 in 7, fixed32 in 8
        let bytes = b"\x0a\x07testing\x10\x96\x01\x39\x01\x02\x03\x04\x05\x06\x07\x08\x45\x01\x02\x03\x04";
        let sample: Sample = read(bytes).unwrap();
        assert_eq!((sample.name.as_str(), sample.count), ("testing", 150));
        // -2 takes ten bytes
        let sample: Sample = read(b"\x10\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01").unwrap();
        assert_eq!(sample.count, -2);
    }

    #[test]
    fn odd_bytes_are_refused_with_the_reason() {
        assert_eq!(read::<Sample>(b"\x0a\x08testing"), Err(Malformed::Short { left: 7 }));
        assert_eq!(read::<Sample>(&[0x10; 1]), Err(Malformed::Short { left: 0 }));
        assert_eq!(read::<Sample>(&[0xff; 11]), Err(Malformed::Number));
        assert_eq!(read::<Sample>(b"\x00"), Err(Malformed::Tag(0)));
        assert_eq!(read::<Sample>(b"\x0b"), Err(Malformed::Tag(11)));
        assert_eq!(read::<Sample>(b"\x08\x01"), Err(Malformed::Kind(1)));
        let many = [0x82, 0x01, 0x00].repeat(MOST + 1);
        assert_eq!(read::<Sample>(&many), Err(Malformed::TooMany(16)));
    }

    #[test]
    fn a_text_that_is_not_utf8_keeps_the_rest_of_it() {
        assert_eq!(read::<Sample>(b"\x0a\x03a\xffb").unwrap().name, "a\u{fffd}b");
    }
}
