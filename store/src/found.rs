//! A package as a report says that it was found: words of a record, or of a document that was not taken apart.

use std::borrow::Cow;

use model::{Distro, Ecosystem, PackageRecord};

use crate::report_text::{PackageText, Text};

/// [`PackageRecord`], of which nothing is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) arch: Option<&'a str>,
    pub(crate) distro: Option<Release<'a>>,
    /// Name and version.
    pub(crate) source: Option<(&'a str, &'a str)>,
    pub(crate) module: Option<&'a str>,
    pub(crate) vendor: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) layer: Option<u32>,
    pub(crate) owned_by: Option<&'a str>,
    pub(crate) license: Option<&'a str>,
    pub(crate) found_by: &'a str,
    pub(crate) declared: bool,
}

/// The release of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release<'a> {
    Parts(&'a Distro),
    /// As [`Distro`] is read from it.
    Text(&'a str),
}

impl<'a> Release<'a> {
    /// Id and version.
    pub(crate) fn parts(self) -> (&'a str, &'a str) {
        match self {
            Self::Parts(distro) => (&distro.id, &distro.version),
            Self::Text(text) => text.split_once(':').unwrap_or((text, "")),
        }
    }

    /// As [`Distro`] is written.
    pub(crate) fn words(self) -> Cow<'a, str> {
        match (self, self.parts()) {
            (Self::Parts(distro), _) => Cow::Owned(distro.to_string()),
            (Self::Text(_), (id, "")) => Cow::Borrowed(id),
            (Self::Text(text), _) => Cow::Borrowed(text),
        }
    }
}

impl<'a> From<&'a PackageRecord> for Found<'a> {
    fn from(record: &'a PackageRecord) -> Self {
        let source = record.source.as_ref();
        Self {
            ecosystem: record.ecosystem,
            name: &record.name,
            version: &record.version,
            arch: record.arch.as_deref(),
            distro: record.distro.as_ref().map(Release::Parts),
            source: source.map(|source| (source.name.as_str(), source.version.as_str())),
            module: record.module.as_deref(),
            vendor: record.vendor.as_deref(),
            path: &record.path,
            layer: record.layer,
            owned_by: record.owned_by.as_deref(),
            license: record.license.as_deref(),
            found_by: &record.found_by,
            declared: record.declared,
        }
    }
}

impl<'a> From<&'a PackageText<'_>> for Found<'a> {
    fn from(package: &'a PackageText<'_>) -> Self {
        let text = |text: &'a Option<Text<'_>>| text.as_ref().map(Text::as_str);
        let source = package.source.as_ref();
        Self {
            ecosystem: package.ecosystem,
            name: package.name.as_str(),
            version: package.version.as_str(),
            arch: text(&package.arch),
            distro: text(&package.distro).map(Release::Text),
            source: source.map(|source| (source.name.as_str(), source.version.as_str())),
            module: text(&package.module),
            vendor: text(&package.vendor),
            path: package.path.as_str(),
            layer: package.layer,
            owned_by: text(&package.owned_by),
            license: text(&package.license),
            found_by: package.found_by.as_str(),
            declared: package.declared,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_release_says_the_same_in_both_forms(text in "[a:]{0,4}|[a-z]{1,9}(:[0-9.]{0,5})?(:eus)?") {
            let Ok(distro) = text.parse::<Distro>();
            let (of_text, of_parts) = (Release::Text(&text), Release::Parts(&distro));
            prop_assert_eq!(of_text.parts(), of_parts.parts());
            prop_assert_eq!(of_text.words(), of_parts.words());
        }
    }
}
