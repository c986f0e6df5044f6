//! Maven coordinates and licences out of `pom.properties`, and out of `pom.xml` where an archive carries only that.

use crate::license;

/// Group, artifact and version, each empty when unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coordinates {
    /// `groupId`.
    pub group: String,
    /// `artifactId`.
    pub artifact: String,
    /// `version`.
    pub version: String,
    /// The licences of a `pom.xml` as an SPDX expression.
    pub license: Option<String>,
}

/// Licences of one project.
const MAX_LICENSES: usize = 20;
/// Longest part of coordinates in bytes.
const MAX_PART: usize = 256;

impl Coordinates {
    /// Whether all three are known and none holds a placeholder.
    pub(super) fn is_complete(&self) -> bool {
        [&self.group, &self.artifact, &self.version].into_iter().all(|part| is_token(part))
    }
}

/// Whether `text` can be part of coordinates: not empty, one word, no placeholder such as `${project.version}`.
pub(super) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+~:!".contains(&byte) || byte >= 0x80;
    !text.is_empty() && text.len() <= MAX_PART && text.bytes().all(allowed)
}

/// Reads `pom.properties` (java.util.Properties: `key=value` or `key: value`, `#` and `!` begin comments).
pub(super) fn parse_properties(bytes: &[u8]) -> Coordinates {
    let mut coordinates = Coordinates::default();
    for line in String::from_utf8_lossy(crate::text::without_mark(bytes)).lines() {
        let line = line.trim();
        if line.starts_with(['#', '!']) {
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        set(&mut coordinates, key.trim(), value.trim());
    }
    coordinates
}

fn set(coordinates: &mut Coordinates, key: &str, value: &str) {
    let field = match key {
        "groupId" => &mut coordinates.group,
        "artifactId" => &mut coordinates.artifact,
        "version" => &mut coordinates.version,
        _ => return,
    };
    if value.len() <= MAX_PART {
        value.clone_into(field);
    }
}

/// Reads the project's own coordinates out of `pom.xml`; group and version are the parent's where the project
/// has none. Of several licences the user may choose one (maven.apache.org, "POM Reference", "Licenses").
///
/// Knows elements, comments, CDATA and instructions, and nothing of entities, which coordinates do not use.
/// Elements deeper than `project/licenses/license/x` are counted and passed over.
pub(super) fn parse_xml(bytes: &[u8]) -> Coordinates {
    let text = String::from_utf8_lossy(crate::text::without_mark(bytes));
    let (mut own, mut parent) = (Coordinates::default(), Coordinates::default());
    let mut depth = 0_usize;
    let (mut in_parent, mut in_licenses) = (false, false);
    let mut licenses: Vec<(&str, &str)> = Vec::new();
    let mut rest: &str = &text;
    while let Some(open) = rest.find('<') {
        rest = &rest[open..];
        if let Some(end) = special_end(rest) {
            rest = &rest[end..];
            continue;
        }
        let Some(close) = rest.find('>') else { break };
        let tag = &rest[1..close];
        rest = &rest[close + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            in_parent &= !(depth == 2 && name.trim() == "parent");
            in_licenses &= !(depth == 2 && name.trim() == "licenses");
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with('/') {
            depth += 1;
            let name = tag.split_ascii_whitespace().next().unwrap_or_default();
            in_parent |= depth == 2 && name == "parent";
            in_licenses |= depth == 2 && name == "licenses";
            let value = rest.split('<').next().unwrap_or_default().trim();
            match (depth, in_parent) {
                (2, false) => set(&mut own, name, value),
                (3, true) => set(&mut parent, name, value),
                (3, false) if in_licenses && licenses.len() < MAX_LICENSES => licenses.push(("", "")),
                (4, false) if in_licenses => match (licenses.last_mut(), name) {
                    (Some(license), "name") => license.0 = value,
                    (Some(license), "url") => license.1 = value,
                    _ => {}
                },
                _ => {}
            }
        }
    }
    own.license = license::any_of(licenses.iter().map(|(name, url)| match license::expression(name) {
        Some(known) if !known.contains("LicenseRef-") => *name,
        _ if license::expression(url).is_some() => *url,
        _ => *name,
    }));
    if own.group.is_empty() {
        own.group = parent.group;
    }
    if own.version.is_empty() {
        own.version = parent.version;
    }
    own
}

/// Where a comment, CDATA section, instruction or declaration at the start of `rest` ends.
fn special_end(rest: &str) -> Option<usize> {
    let forms = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
    let (begin, end) = forms.into_iter().find(|(begin, _)| rest.starts_with(begin))?;
    Some(rest[begin.len()..].find(end).map_or(rest.len(), |at| begin.len() + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(group: &str, artifact: &str, version: &str) -> Coordinates {
        Coordinates {
            group: group.into(),
            artifact: artifact.into(),
            version: version.into(),
            ..Coordinates::default()
        }
    }

    #[test]
    fn the_licences_of_a_project_are_told_by_name_or_address_and_one_may_be_chosen() {
        let of = |licenses: &str| {
            parse_xml(format!("<project><licenses>{licenses}</licenses></project>").as_bytes()).license
        };
        let apache = "<license><name>The Apache Software License, Version 2.0</name><url>x</url></license>";
        assert_eq!(of(apache).as_deref(), Some("Apache-2.0"));
        let gpl = "<license><name>Ours</name><url>http://www.gnu.org/licenses/gpl-2.0.html</url></license>";
        assert_eq!(of(&format!("{apache}{gpl}")).as_deref(), Some("Apache-2.0 OR GPL-2.0-only"));
        assert_eq!(of("<license><name>Ours</name></license>").as_deref(), Some("LicenseRef-Ours"));
        assert_eq!(of("<license/><name>MIT</name>"), None);
        let other = b"<project><organization><license><name>MIT</name></license></organization></project>";
        assert_eq!(parse_xml(other).license, None);
    }

    #[test]
    fn properties_take_both_separators_and_comments() {
        let text = b"#Generated by Maven\r\nversion=1.2.3\r\ngroupId = org.x\nartifactId: y\n";
        assert_eq!(parse_properties(text), is("org.x", "y", "1.2.3"));
        assert!(!parse_properties(b"groupId=g\nartifactId=a\nversion=${project.version}").is_complete());
    }

    #[test]
    fn a_project_takes_group_and_version_from_its_parent_but_not_from_its_dependencies() {
        let text = b"<?xml version='1.0'?><!-- <version>0</version> --><project xmlns='x'>
            <parent><groupId>org.p</groupId><artifactId>p</artifactId><version>7</version></parent>
            <artifactId> a </artifactId>
            <dependencies><dependency><groupId>d</groupId><version>9</version></dependency></dependencies>
            <modules/></project>";
        assert_eq!(parse_xml(text), is("org.p", "a", "7"));
        assert_eq!(parse_xml(b"<project><version>1</version>"), is("", "", "1"));
        assert_eq!(parse_xml(b"<<<<>>"), is("", "", ""));
    }
}
