//! `updateinfo.xml`: cutting it into notices, and reading one.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::record::FileHarvest;

use super::advisory::{Advisory, Collection, Reference, Update, date};

/// Elements within each other; real lists have six.
const MAX_DEPTH: usize = 32;

/// Calls `visit` with the text and the content of every notice; a malformed one is quarantined.
///
/// # Errors
/// If it is no list of notices, or one that was cut short.
pub(super) fn for_each<'a>(
    text: &str,
    out: &mut FileHarvest<'a>,
    mut visit: impl FnMut(&str, Advisory, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let start = find_tag(text, 0, "<updates").ok_or("it has no element `updates`")?;
    let head = text[start..].split_once('>').map_or("", |(head, _)| head);
    if head.ends_with('/') {
        return Ok(());
    }
    let text = &text[..text.rfind("</updates>").ok_or("it was cut short")?];
    let mut at = start;
    while let Some(begin) = find_tag(text, at, "<update") {
        let next = find_tag(text, begin + 1, "<update").unwrap_or(text.len());
        let end = text[begin..next].rfind("</update>").map_or(next, |end| begin + end + "</update>".len());
        let raw = &text[begin..end];
        match advisory(raw) {
            Ok(advisory) => visit(raw, advisory, out),
            Err(reason) => out.quarantine(raw, reason),
        }
        at = end;
    }
    Ok(())
}

/// Where the next start tag begins that is spelt `tag` and not only starts like it; comments are passed over.
fn find_tag(text: &str, mut from: usize, tag: &str) -> Option<usize> {
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('<')).map(|at| from + at) {
        let rest = &text[found..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            from = found + 4 + comment.find("-->")? + 3;
            continue;
        }
        if let Some(after) = rest.strip_prefix(tag)
            && after.starts_with(|next: char| next.is_whitespace() || next == '>' || next == '/')
        {
            return Some(found);
        }
        from = found + 1;
    }
    None
}

/// Reads one `<update>` element.
fn advisory(raw: &str) -> Result<Advisory, String> {
    let mut reader = Reader::from_str(raw);
    reader.config_mut().expand_empty_elements = true;
    let mut advisory = Advisory::default();
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err("its elements are nested too deep".into());
                }
                text.clear();
                open.push(tag.local_name().as_ref().to_owned());
                start(&open, &tag, &mut advisory)?;
            }
            Event::End(_) => {
                end(&open, text.trim(), &mut advisory);
                text.clear();
                open.pop();
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(character)) => text.push(character),
                _ => text.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or(" ")),
            },
            Event::Eof if open.is_empty() => return Ok(advisory),
            Event::Eof => return Err("it does not end".into()),
            _ => {}
        }
    }
}

/// What the attributes of a tag tell.
fn start(open: &[String], tag: &BytesStart<'_>, advisory: &mut Advisory) -> Result<(), String> {
    let path: Vec<&str> = open.iter().skip(1).map(String::as_str).collect();
    match path.as_slice() {
        [] => {
            for (name, value) in attributes(tag)? {
                match name.as_str() {
                    "type" => advisory.kind = value.to_ascii_lowercase(),
                    "status" => advisory.status = value.to_ascii_lowercase(),
                    _ => {}
                }
            }
        }
        ["issued"] => advisory.issued = date_of(tag)?,
        ["updated"] => advisory.updated = date_of(tag)?,
        ["references", "reference"] => advisory.references.push(reference(tag)?),
        ["pkglist", "collection"] => {
            let short = attributes(tag)?.into_iter().find(|(name, _)| name == "short");
            let short = short.map(|(_, value)| value).unwrap_or_default();
            advisory.collections.push(Collection { short, ..Collection::default() });
        }
        ["pkglist", "collection", "module"] => {
            if let Some(collection) = advisory.collections.last_mut() {
                collection.module = Some(module(tag)?);
            }
        }
        ["pkglist", "collection", "package"] => {
            if let Some(collection) = advisory.collections.last_mut() {
                collection.packages.push(package(tag)?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// What the text of an element tells.
fn end(open: &[String], text: &str, advisory: &mut Advisory) {
    let path: Vec<&str> = open.iter().skip(1).map(String::as_str).collect();
    let field = match path.as_slice() {
        ["id"] => &mut advisory.id,
        ["title"] => &mut advisory.title,
        ["summary"] => &mut advisory.summary,
        ["description"] => &mut advisory.description,
        ["severity"] => &mut advisory.severity,
        ["release"] => &mut advisory.release,
        ["pkglist", "collection", "name"] => match advisory.collections.last_mut() {
            Some(collection) => &mut collection.name,
            None => return,
        },
        // Some lists write the date as text.
        ["issued"] => return advisory.issued = advisory.issued.or(date(text)),
        ["updated"] => return advisory.updated = advisory.updated.or(date(text)),
        _ => return,
    };
    if field.is_empty() {
        text.clone_into(field);
    }
}

fn attributes(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        found.push((attribute.key.local_name().as_ref().to_owned(), value.trim().to_owned()));
    }
    Ok(found)
}

fn date_of(tag: &BytesStart<'_>) -> Result<Option<model::Timestamp>, String> {
    let attributes = attributes(tag)?;
    Ok(attributes.iter().find(|(name, _)| name == "date").and_then(|(_, value)| date(value)))
}

fn reference(tag: &BytesStart<'_>) -> Result<Reference, String> {
    let mut reference = Reference::default();
    for (name, value) in attributes(tag)? {
        match name.as_str() {
            "id" => reference.id = value,
            "type" => reference.kind = value.to_ascii_lowercase(),
            "title" => reference.title = value,
            "href" => reference.href = value,
            _ => {}
        }
    }
    Ok(reference)
}

fn module(tag: &BytesStart<'_>) -> Result<String, String> {
    let attributes = attributes(tag)?;
    let of =
        |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    match (of("name"), of("stream")) {
        (Some(name), Some(stream)) if !name.is_empty() && !stream.is_empty() => {
            Ok(format!("{name}:{stream}"))
        }
        _ => Err("its module has no name or no stream".into()),
    }
}

fn package(tag: &BytesStart<'_>) -> Result<Update, String> {
    let mut package = Update::default();
    for (name, value) in attributes(tag)? {
        match name.as_str() {
            "name" => package.name = value,
            "epoch" => package.epoch = value,
            "version" => package.version = value,
            "release" => package.release = value,
            "arch" => package.arch = value,
            _ => {}
        }
    }
    Ok(package)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Ids and texts of the notices, and how many were set aside.
    fn read(text: &str) -> Result<(Vec<(String, usize)>, u64), String> {
        let wanted = HashSet::new();
        let mut out = FileHarvest::new(&wanted);
        let mut seen = Vec::new();
        for_each(text, &mut out, |raw, advisory, _| seen.push((advisory.id, raw.len())))?;
        Ok((seen, out.quarantined_count))
    }

    #[test]
    fn a_malformed_notice_costs_only_itself() {
        let text = "<?xml version=\"1.0\"?><!-- <update><id>no</id></update> --><updates>\
            <update type=\"security\"><id>A</id><updated date=\"x\"/></update>\
            <update><id>B</title></update>\
            <update><id>C<update><id>D</id><description>a &lt; b &amp; &#99; &nbsp;</description></update></updates>";
        let (seen, quarantined) = read(text).unwrap();
        let ids: Vec<&str> = seen.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!((ids, quarantined), (vec!["A", "D"], 2));
        let first = "<update type=\"security\"><id>A</id><updated date=\"x\"/></update>";
        assert_eq!(seen[0].1, first.len(), "the digest is over the element alone");
    }

    #[test]
    fn a_list_that_was_cut_short_is_refused() {
        let whole = "<updates><update><id>A</id></update><update><id>B</id></update></updates>";
        assert_eq!(read(whole).unwrap().0.len(), 2);
        for end in ["<updates>".len() + 3, whole.len() - 15, whole.len() - 1] {
            assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        assert!(read("<html></html>").is_err());
        assert!(read("").is_err());
        assert_eq!(read("<updates/>").unwrap().0, []);
    }

    #[test]
    fn elements_nested_without_end_are_refused() {
        let text = format!("<updates><update>{}</update></updates>", "<a>".repeat(100_000));
        assert_eq!(read(&text).unwrap(), (vec![], 1));
    }
}
