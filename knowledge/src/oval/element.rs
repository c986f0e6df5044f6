//! Streams an XML document and hands over its small elements one by one.
//!
//! What it is for: OVAL documents (<https://oval.mitre.org/language/version5.11/>), whose root holds a few long lists
//! (`definitions`, `tests`, `objects`, `states`, `variables`) of small elements. What it is not for: meaning.
//!
//! The decision a reader may doubt: each element of a list becomes a little tree of strings, although a hand-made state
//! machine would copy less. Publishers differ in almost every detail, and the reading code stays legible that way; at no
//! time more than one such tree is held.

use std::io::{self, BufRead, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Below this depth nothing of an element is kept; real ones are about ten deep.
const MAX_DEPTH: usize = 48;
/// Bytes of one element of a list. SUSE's largest definitions have some hundred kilobytes.
const MAX_ELEMENT: usize = 16 << 20;

/// One element, its names without namespace prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The text directly inside, pieces joined.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The trimmed text of the first child of that name, if there is any.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::trimmed).filter(|text| !text.is_empty())
    }

    pub(super) fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

/// Calls `visit` with the name of the list, the element and its bytes for every grandchild of the root.
///
/// # Errors
/// If the document is not well-formed, ends too early, or its root is not called `root`.
pub(super) fn for_each_element(
    source: impl Read,
    root: &str,
    mut visit: impl FnMut(&str, Element, &[u8]),
) -> Result<(), String> {
    let mut reader = Reader::from_reader(Source::new(source));
    let mut buffer = Vec::new();
    // Open elements: the root, a list, then those of the tree that is being built.
    let mut depth = 0_usize;
    let mut list = String::new();
    let mut open: Vec<Element> = Vec::new();
    loop {
        buffer.clear();
        if open.is_empty() && depth <= 2 {
            reader.get_mut().mark();
        }
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| format!("byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(tag) | Event::Empty(tag) if depth == 0 && local_name(&tag) != root => {
                return Err(format!("its root is `{}` and not `{root}`", local_name(&tag)));
            }
            Event::Start(tag) => {
                depth += 1;
                match depth {
                    1 => {}
                    2 => list = local_name(&tag),
                    _ if depth <= MAX_DEPTH => open.push(element(&tag)),
                    _ => {}
                }
            }
            Event::Empty(tag) if (2..MAX_DEPTH).contains(&depth) => {
                finish(element(&tag), &mut open, &list, &mut visit, reader.get_mut());
            }
            Event::Empty(_) => {}
            Event::End(_) => {
                if depth > 2 && depth <= MAX_DEPTH {
                    // An element is pushed for each depth from 3 to the bound.
                    let done = open.pop().unwrap_or_default();
                    finish(done, &mut open, &list, &mut visit, reader.get_mut());
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) => add_text(&mut open, &text.xml10_content()),
            Event::CData(text) => add_text(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                match (reference.resolve_char_ref(), resolve_xml_entity(&name)) {
                    (Ok(Some(character)), _) => add_text(&mut open, character.encode_utf8(&mut [0; 4])),
                    (_, Some(known)) => add_text(&mut open, known),
                    _ => add_text(&mut open, &format!("&{name};")),
                }
            }
            Event::Eof if depth > 0 => return Err("it ends before its last element does".into()),
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn finish<R: Read>(
    done: Element,
    open: &mut [Element],
    list: &str,
    visit: &mut impl FnMut(&str, Element, &[u8]),
    source: &mut Source<R>,
) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => visit(list, done, source.marked()),
    }
}

fn local_name(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

/// Attributes that are malformed are left out; what needs them finds them missing.
fn element(tag: &BytesStart<'_>) -> Element {
    let mut attributes = Vec::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let name: &str = attribute.key.local_name().into_inner();
        if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
            attributes.push((name.to_owned(), value.into_owned()));
        }
    }
    Element { name: local_name(tag), attributes, ..Element::default() }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Bytes on their way to the parser: made valid UTF-8, and remembered since the last mark.
struct Source<R> {
    inner: R,
    /// What was read and is not decoded yet: the beginning of a character.
    rest: Vec<u8>,
    decoded: Vec<u8>,
    position: usize,
    marked: Vec<u8>,
}

impl<R: Read> Source<R> {
    fn new(inner: R) -> Self {
        Self { inner, rest: Vec::new(), decoded: Vec::new(), position: 0, marked: Vec::new() }
    }

    fn mark(&mut self) {
        self.marked.clear();
    }

    /// What the parser took since the mark, from the first tag on.
    fn marked(&self) -> &[u8] {
        let start = self.marked.iter().position(|&byte| byte == b'<').unwrap_or(0);
        &self.marked[start..]
    }

    fn refill(&mut self) -> io::Result<()> {
        let held = self.rest.len();
        self.rest.resize(held + (1 << 16), 0);
        let count = loop {
            match self.inner.read(&mut self.rest[held..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.rest.truncate(held + count);
        self.decoded.clear();
        self.position = 0;
        while !self.rest.is_empty() {
            match std::str::from_utf8(&self.rest) {
                Ok(_) => self.decoded.append(&mut self.rest),
                Err(error) => {
                    self.decoded.extend_from_slice(&self.rest[..error.valid_up_to()]);
                    let wrong = match error.error_len() {
                        Some(length) => length,
                        // The end of a character is still to come, unless this is the end of the file.
                        None if count > 0 => {
                            self.rest.drain(..error.valid_up_to());
                            break;
                        }
                        None => self.rest.len() - error.valid_up_to(),
                    };
                    self.decoded.extend_from_slice("\u{fffd}".as_bytes());
                    self.rest.drain(..error.valid_up_to() + wrong);
                }
            }
        }
        // A read that brought only the beginning of a character must not look like the end.
        if self.decoded.is_empty() && count > 0 { self.refill() } else { Ok(()) }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.marked.len() > MAX_ELEMENT {
            return Err(io::Error::other(format!("an element holds more than {MAX_ELEMENT} bytes")));
        }
        if self.position == self.decoded.len() {
            self.refill()?;
        }
        Ok(&self.decoded[self.position..])
    }

    fn consume(&mut self, count: usize) {
        let end = (self.position + count).min(self.decoded.len());
        self.marked.extend_from_slice(&self.decoded[self.position..end]);
        self.position = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Vec<(String, Element, String)>;

    fn read(text: &[u8]) -> Result<Seen, String> {
        let mut seen = Vec::new();
        for_each_element(text, "root", |list, element, raw| {
            seen.push((list.to_owned(), element, String::from_utf8(raw.to_vec()).unwrap()));
        })?;
        Ok(seen)
    }

    #[test]
    fn elements_of_lists_are_handed_over_with_their_exact_bytes() {
        let text = "<?xml version='1.0'?><!-- <a> --><o:root xmlns:o='x'><tests>\n <t a='1 &lt; 2'> x<b>y &amp; &#228;</b><!-- no --><![CDATA[<z>]]></t>\n<u n='2'/></tests></o:root>";
        let seen = read(text.as_bytes()).unwrap();
        let (list, first, raw) = &seen[0];
        assert_eq!((list.as_str(), first.attribute("a")), ("tests", Some("1 < 2")));
        assert_eq!((first.trimmed(), first.text_of("b")), ("x<z>", Some("y & ä")));
        assert_eq!(raw, "<t a='1 &lt; 2'> x<b>y &amp; &#228;</b><!-- no --><![CDATA[<z>]]></t>");
        assert_eq!((seen[1].1.attribute("n"), seen[1].2.as_str()), (Some("2"), "<u n='2'/>"));
    }

    #[test]
    fn a_document_cut_short_or_crossed_is_refused() {
        assert!(read(b"<root><a><b>").unwrap_err().contains("ends before"));
        assert!(read(b"<root><a></root></a>").is_err());
        assert!(read(b"<other/>").unwrap_err().contains("root is `other`"));
        assert_eq!(read(b"").unwrap(), []);
    }

    #[test]
    fn wrong_bytes_and_entities_of_its_own_cost_nothing_else() {
        let bomb =
            b"<!DOCTYPE root [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><root><l><t>&b; caf\xe9</t></l></root>";
        assert_eq!(read(bomb).unwrap()[0].1.text, "&b; caf\u{fffd}");
        let mut split = vec![b' '; (1 << 16) - 13];
        split.splice(..0, *b"<root><l>");
        split.extend("<t>ä</t></l></root>".as_bytes());
        assert_eq!(read(&split).unwrap()[0].1.text, "ä");
    }

    #[test]
    fn nothing_deep_or_endless_is_held() {
        let deep = format!("<root><l>{}{}</l></root>", "<d>".repeat(100_000), "</d>".repeat(100_000));
        assert_eq!(read(deep.as_bytes()).unwrap().len(), 1);
        let endless = io::Read::chain(&b"<root><l><t>"[..], io::repeat(b'x'));
        let error = for_each_element(endless, "root", |_, _, _| {}).unwrap_err();
        assert!(error.contains("more than"), "{error}");
    }
}
