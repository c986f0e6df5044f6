//! XML of project files as a row of events: elements opened and closed, and the text between.
//!
//! Knows comments, CDATA sections, instructions and declarations, which it passes over or unwraps, and of entities only the
//! five that every document has. That closing names fit the opening ones is not checked: the readers look at paths of names.

/// What comes next in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// An element begins, with the text of its attributes.
    Open(&'a str, &'a str),
    /// The last element ends.
    Close,
    /// Text, not empty, trimmed, as it is written.
    Text(&'a str),
}

/// A document that is read from its begin to its end.
pub(crate) struct Markup<'a> {
    rest: &'a str,
    /// The last element was closed where it began.
    closes: bool,
}

impl<'a> Markup<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, closes: false }
    }
}

impl<'a> Iterator for Markup<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if std::mem::take(&mut self.closes) {
            return Some(Event::Close);
        }
        while !self.rest.is_empty() {
            let open = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(open);
            self.rest = rest;
            if !text.trim().is_empty() {
                return Some(Event::Text(text.trim()));
            }
            if let Some(inner) = skip(&mut self.rest) {
                if inner.is_empty() {
                    continue;
                }
                return Some(Event::Text(inner));
            }
            let close = self.rest.find('>')?;
            let tag = &self.rest[1..close];
            self.rest = &self.rest[close + 1..];
            if tag.starts_with('/') {
                return Some(Event::Close);
            }
            self.closes = tag.ends_with('/');
            let tag = tag.trim_end_matches('/');
            let end = tag.find(|one: char| one.is_ascii_whitespace()).unwrap_or(tag.len());
            // A prefix of a namespace tells nothing here.
            let name = tag[..end].rsplit(':').next().unwrap_or_default();
            return Some(Event::Open(name, &tag[end..]));
        }
        None
    }
}

/// Passes over a comment, CDATA section, instruction or declaration at the start of `rest`; gives the text of a section.
fn skip<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let forms = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
    let (begin, end) = forms.into_iter().find(|(begin, _)| rest.starts_with(begin))?;
    let inner = &rest[begin.len()..];
    let (text, after) = inner.split_once(end).unwrap_or((inner, ""));
    *rest = after;
    Some(if begin == "<![CDATA[" { text.trim() } else { "" })
}

/// The value of an attribute, its name in any case of letters.
pub(crate) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// The text with the five entities replaced that every document has.
pub(crate) fn plain(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, one)| text.replace(entity, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_text_and_sections_come_in_order() {
        let text = "<?xml version='1.0'?><!DOCTYPE x><!-- <a> --><x:a k=\"1\" K2 = '2'> t <b/><![CDATA[ <c> ]]></x:a>";
        let events: Vec<_> = Markup::new(text).collect();
        let attributes = " k=\"1\" K2 = '2'";
        assert_eq!(
            events,
            [
                Event::Open("a", attributes),
                Event::Text("t"),
                Event::Open("b", ""),
                Event::Close,
                Event::Text("<c>"),
                Event::Close
            ]
        );
        assert_eq!((attribute(attributes, "k2"), attribute(attributes, "k3")), (Some("2"), None));
        assert_eq!(plain("a &lt;&amp;lt;"), "a <&lt;");
    }

    #[test]
    fn broken_documents_end() {
        for text in ["<", "<a", "<!--", "<![CDATA[", "a", "</>", "<é é=é>", "<a b='"] {
            assert!(Markup::new(text).count() < 4, "{text}");
        }
        assert_eq!(attribute("a='é", "b"), None);
    }
}
