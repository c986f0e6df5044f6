//! The main section of `META-INF/MANIFEST.MF` (JAR file specification, "Name-Value pairs and Sections").

use crate::license;

/// Clauses of `Bundle-License`.
const MAX_LICENSES: usize = 20;

/// The headers that may tell what an archive is; empty when absent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// `Implementation-Title`.
    pub implementation_title: String,
    /// `Implementation-Version`.
    pub implementation_version: String,
    /// `Implementation-Vendor-Id`.
    pub implementation_vendor_id: String,
    /// `Bundle-SymbolicName` without directives.
    pub bundle_symbolic_name: String,
    /// `Bundle-Version`.
    pub bundle_version: String,
    /// `Short-Name` of a Jenkins plug-in.
    pub short_name: String,
    /// `Plugin-Version` of a Jenkins plug-in.
    pub plugin_version: String,
    /// `Group-Id` of a Jenkins plug-in.
    pub group_id: String,
    /// `Bundle-License`.
    pub bundle_license: String,
}

/// Reads the main section: up to the first blank line; a line that begins with a space goes on the one before.
pub(super) fn parse(bytes: &[u8]) -> Manifest {
    let mut manifest = Manifest::default();
    let mut header = String::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(rest) = line.strip_prefix(b" ") {
            if header.len() < 64 << 10 {
                header.push_str(&String::from_utf8_lossy(rest));
            }
            continue;
        }
        set(&mut manifest, &header);
        if line.is_empty() && !header.is_empty() {
            return manifest;
        }
        header = String::from_utf8_lossy(line).into_owned();
    }
    set(&mut manifest, &header);
    manifest
}

impl Manifest {
    /// The expression of `Bundle-License` (OSGi Core, section 3.2.1.10): clauses with commas between them, each a name or
    /// an address with attributes; all of them hold.
    pub(super) fn license(&self) -> Option<String> {
        if self.bundle_license.contains("<<EXTERNAL>>") {
            return None;
        }
        // an attribute's value may hold commas between its quotes
        let mut is_quoted = false;
        let clauses = self.bundle_license.split(|c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        let names = clauses.take(MAX_LICENSES).map(|clause| {
            let mut is_quoted = false;
            let mut parts = clause.split(|c| {
                is_quoted ^= c == '"';
                c == ';' && !is_quoted
            });
            let name = parts.next().unwrap_or_default();
            let link = parts.filter_map(|part| part.trim().strip_prefix("link=")).next();
            match (license::expression(name), link) {
                (None, Some(link)) => link,
                _ => name,
            }
        });
        license::all_of(names)
    }
}

fn set(manifest: &mut Manifest, header: &str) {
    let Some((key, value)) = header.split_once(':') else { return };
    let field = match key.to_ascii_lowercase().as_str() {
        "implementation-title" => &mut manifest.implementation_title,
        "implementation-version" => &mut manifest.implementation_version,
        "implementation-vendor-id" => &mut manifest.implementation_vendor_id,
        "bundle-symbolicname" => &mut manifest.bundle_symbolic_name,
        "bundle-version" => &mut manifest.bundle_version,
        "short-name" => &mut manifest.short_name,
        "plugin-version" => &mut manifest.plugin_version,
        "group-id" => &mut manifest.group_id,
        "bundle-license" => &mut manifest.bundle_license,
        _ => return,
    };
    let value = match key {
        _ if key.eq_ignore_ascii_case("bundle-symbolicname") => value.split(';').next().unwrap_or_default(),
        _ => value,
    };
    value.trim().clone_into(field);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_names_its_licences_with_attributes_and_commas() {
        let of = |text: &str| parse(format!("Bundle-License: {text}\n").as_bytes()).license();
        let cases = [
            ("Apache-2.0;link=\"https://www.apache.org/licenses/LICENSE-2.0.txt\"", Some("Apache-2.0")),
            ("https://www.apache.org/licenses/LICENSE-2.0.txt", Some("Apache-2.0")),
            ("\"Apache-2.0\";description=\"a, b; c\",MIT", Some("Apache-2.0 AND MIT")),
            ("http://glassfish.java.net/public/CDDL+GPL_1_1.html", None),
            ("<<EXTERNAL>>", None),
            ("", None),
        ];
        for (text, license) in cases {
            assert_eq!(of(text).as_deref(), license, "{text}");
        }
    }

    #[test]
    fn continued_lines_are_joined_and_later_sections_left_alone() {
        let manifest = parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.li\r\n brary;singleton:=true\r\n\
              Implementation-Version: 1.2\r\n\r\nName: x\r\nImplementation-Version: 9\r\n",
        );
        assert_eq!(manifest.bundle_symbolic_name, "org.example.library");
        assert_eq!(manifest.implementation_version, "1.2");
    }
}
