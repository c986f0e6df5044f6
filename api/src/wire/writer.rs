//! Writes a JSON object from structs and ready text.
//!
//! Records are mostly plain structs, but their software rows exist as ready text in the index. Copying that
//! text beats parsing or formatting it again, so objects are joined here from both.

use serde::Serialize;

use super::append_json;

/// An object that is being written to the end of a buffer.
pub(crate) struct ObjectWriter<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> ObjectWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, empty: true }
    }

    /// Adds all fields of a struct, which must have at least one.
    pub(crate) fn fields(&mut self, fields: &impl Serialize) {
        let start = self.out.len();
        append_json(self.out, fields);
        // the struct brings braces of its own: the first becomes the separator, the last goes
        self.out[start] = self.separator();
        self.out.pop();
    }

    /// Adds one field.
    pub(crate) fn field(&mut self, key: &str, value: &impl Serialize) {
        self.key(key);
        append_json(self.out, value);
    }

    /// Adds an array field whose elements write themselves; `None` is null.
    pub(crate) fn array<T>(
        &mut self,
        key: &str,
        items: Option<impl IntoIterator<Item = T>>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) {
        self.key(key);
        let Some(items) = items else {
            self.out.extend_from_slice(b"null");
            return;
        };
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write(self.out, item);
        }
        self.out.push(b']');
    }

    pub(crate) fn finish(self) {
        if self.empty {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }

    fn key(&mut self, key: &str) {
        let separator = self.separator();
        self.out.push(separator);
        append_json(self.out, &key);
        self.out.push(b':');
    }

    fn separator(&mut self) -> u8 {
        if std::mem::take(&mut self.empty) { b'{' } else { b',' }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Pair {
        a: u8,
        b: &'static str,
    }

    #[test]
    fn structs_fields_and_ready_text_join_to_one_object() {
        let mut out = Vec::new();
        let mut object = ObjectWriter::new(&mut out);
        object.fields(&Pair { a: 1, b: "}" });
        object.array("c", Some(["2", "3"]), |out, text| out.extend_from_slice(text.as_bytes()));
        object.array("d", None::<[u8; 0]>, |_, _| ());
        object.field("e", &Some(4));
        object.fields(&Pair { a: 5, b: "" });
        object.finish();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":1,"b":"}","c":[2,3],"d":null,"e":4,"a":5,"b":""}"#
        );
    }

    #[test]
    fn an_object_without_fields_is_a_pair_of_braces() {
        let mut out = Vec::new();
        ObjectWriter::new(&mut out).finish();
        assert_eq!(out, b"{}");
    }
}
