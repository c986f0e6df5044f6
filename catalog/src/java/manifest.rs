//! The main section of `META-INF/MANIFEST.MF` (JAR file specification, "Name-Value pairs and Sections").

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
    fn continued_lines_are_joined_and_later_sections_left_alone() {
        let manifest = parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.li\r\n brary;singleton:=true\r\n\
              Implementation-Version: 1.2\r\n\r\nName: x\r\nImplementation-Version: 9\r\n",
        );
        assert_eq!(manifest.bundle_symbolic_name, "org.example.library");
        assert_eq!(manifest.implementation_version, "1.2");
    }
}
