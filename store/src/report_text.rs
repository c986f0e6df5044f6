//! The scan report as its text holds it: words of packages are not copied out of the document.
//!
//! What [`model::ScanReport`] is to everybody, this is to a server that takes thousands of reports a second: a report has some
//! three hundred packages of ten words each, of which nearly all are known already, so that to copy them costs as much as to
//! read the document. Both take and refuse the same documents.

use std::borrow::Cow;
use std::fmt;

use model::{Build, Ecosystem, ImageFacts, OsRelease, SecretRecord, Timestamp, Unreadable};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// [`model::ScanReport`] over its text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportText<'t> {
    /// See [`model::ScanReport::schema`].
    pub(crate) schema: u32,
    /// See [`model::ScanReport::scanner`].
    pub(crate) scanner: String,
    /// See [`model::ScanReport::scanned_at`].
    pub(crate) scanned_at: Timestamp,
    /// See [`model::ScanReport::source`].
    pub(crate) source: String,
    /// See [`model::ScanReport::image`].
    pub(crate) image: ImageFacts,
    /// See [`model::ScanReport::os_release`].
    #[serde(default)]
    pub(crate) os_release: Option<OsRelease>,
    /// See [`model::ScanReport::users`].
    #[serde(default)]
    pub(crate) users: Vec<String>,
    /// See [`model::ScanReport::packages`].
    #[serde(borrow)]
    pub(crate) packages: Vec<PackageText<'t>>,
    /// See [`model::ScanReport::secrets`].
    #[serde(default)]
    pub(crate) secrets: Vec<SecretRecord>,
    /// See [`model::ScanReport::unreadable`].
    #[serde(default)]
    pub(crate) unreadable: Vec<Unreadable>,
    /// See [`model::ScanReport::tags`].
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// See [`model::ScanReport::build`].
    #[serde(default)]
    pub(crate) build: Option<Build>,
}

/// [`model::PackageRecord`] over its text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PackageText<'t> {
    /// See [`model::PackageRecord::ecosystem`], and so on.
    pub(crate) ecosystem: Ecosystem,
    #[serde(borrow)]
    pub(crate) name: Text<'t>,
    #[serde(borrow)]
    pub(crate) version: Text<'t>,
    #[serde(borrow, default)]
    pub(crate) arch: Option<Text<'t>>,
    /// As it is written.
    #[serde(borrow, default)]
    pub(crate) distro: Option<Text<'t>>,
    #[serde(borrow, default)]
    pub(crate) source: Option<SourceText<'t>>,
    #[serde(borrow, default)]
    pub(crate) module: Option<Text<'t>>,
    #[serde(borrow, default)]
    pub(crate) vendor: Option<Text<'t>>,
    /// For readers; it is derived anew.
    #[serde(borrow, default, rename = "purl")]
    pub(crate) _purl: Text<'t>,
    #[serde(borrow)]
    pub(crate) path: Text<'t>,
    #[serde(default)]
    pub(crate) layer: Option<u32>,
    #[serde(borrow, default)]
    pub(crate) owned_by: Option<Text<'t>>,
    #[serde(borrow, default)]
    pub(crate) license: Option<Text<'t>>,
    #[serde(default)]
    pub(crate) declared: bool,
    #[serde(borrow, default)]
    pub(crate) found_by: Text<'t>,
}

/// [`model::SourcePackage`] over its text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SourceText<'t> {
    /// See [`model::SourcePackage::name`].
    #[serde(borrow)]
    pub(crate) name: Text<'t>,
    /// See [`model::SourcePackage::version`].
    #[serde(borrow)]
    pub(crate) version: Text<'t>,
}

/// A word of a document: a part of it, unless it is written there with escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'t>(Cow<'t, str>);

impl Text<'_> {
    /// The word.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 't, 't> Deserialize<'de> for Text<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl<'de> Visitor<'de> for Word {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Word)
    }
}

#[cfg(test)]
mod tests {
    use model::ScanReport;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn words(text: Option<&Text<'_>>) -> Value {
        text.map_or(Value::Null, |text| text.as_str().into())
    }

    /// What a package says, as JSON with every field.
    fn package(of: &PackageText<'_>) -> Value {
        let source = of.source.as_ref();
        json!({
            "ecosystem": of.ecosystem, "name": of.name.as_str(), "version": of.version.as_str(), "arch": words(of.arch.as_ref()),
            "distro": words(of.distro.as_ref()), "module": words(of.module.as_ref()), "vendor": words(of.vendor.as_ref()),
            "source": source.map(|of| json!({"name": of.name.as_str(), "version": of.version.as_str()})),
            "purl": of._purl.as_str(), "path": of.path.as_str(), "layer": of.layer, "ownedBy": words(of.owned_by.as_ref()),
            "license": words(of.license.as_ref()), "declared": of.declared, "foundBy": of.found_by.as_str(),
        })
    }

    fn document(package: Value) -> Value {
        json!({
            "schema": 1, "scanner": "s", "scannedAt": 5, "source": "GENERAL", "packages": [package],
            "image": {"id": format!("sha256:{}", "0".repeat(64)), "size": 0, "author": ""},
        })
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            Just(json!(true)),
            (0_u32..3).prop_map(Value::from),
            "[a-z:\"\\\\\u{e9}\n]{0,5}".prop_map(Value::from),
            ("[a-z]{0,3}", "[a-z]{0,3}")
                .prop_map(|(name, version)| json!({"name": name, "version": version})),
            Just(json!({"name": "a"})),
        ]
    }

    proptest! {
        #[test]
        fn both_forms_take_and_refuse_the_same_packages(
            fields in proptest::collection::vec((0_usize..17, value()), 0..6)
        ) {
            const NAMES: [&str; 17] = [
                "name", "version", "arch", "distro", "source", "module", "vendor", "purl", "path", "layer", "ownedBy",
                "license", "declared", "foundBy", "ecosystem", "unknown", "path",
            ];
            let mut of = json!({"ecosystem": "deb", "name": "n", "version": "1", "path": "p"});
            for (field, value) in fields {
                of[NAMES[field]] = value;
            }
            let text = document(of).to_string();
            let (owned, borrowed) =
                (serde_json::from_str::<ScanReport>(&text), serde_json::from_str::<ReportText<'_>>(&text));
            prop_assert_eq!(owned.is_ok(), borrowed.is_ok(), "{}: {:?}", text, borrowed);
            if let (Ok(owned), Ok(borrowed)) = (owned, borrowed) {
                let owned = serde_json::to_value(&owned.packages[0]).unwrap();
                let mut borrowed = package(&borrowed.packages[0]);
                if let Some(distro) = borrowed["distro"].as_str().and_then(|text| text.strip_suffix(':')) {
                    // a release without a version is written without the colon
                    borrowed["distro"] = distro.into();
                }
                let fields = borrowed.as_object().unwrap();
                let said = fields.iter().filter(|(name, value)| {
                    let is_left_out = value.is_null() || **value == json!(false) || *name == "foundBy" && **value == json!("");
                    !is_left_out
                });
                let said: Value = said.map(|(name, value)| (name.clone(), value.clone())).collect();
                prop_assert_eq!(owned, said);
            }
        }
    }

    #[test]
    fn words_without_escapes_are_parts_of_the_document() {
        let text = r#"["plain", "with \"escapes\""]"#;
        let words: Vec<Text<'_>> = serde_json::from_str(text).unwrap();
        assert!(matches!(words[0].0, Cow::Borrowed("plain")));
        assert_eq!(words[1].as_str(), "with \"escapes\"");
    }
}
