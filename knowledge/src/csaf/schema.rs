//! The part of CSAF 2.0 that is used (OASIS, Common Security Advisory Framework Version 2.0, section 3.2).
//!
//! Unknown fields are ignored; fields that publishers leave out or set to null are empty. A vulnerability stays
//! unread at first, so that a broken one costs only itself.

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A string, borrowed from the document unless it holds escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
pub(crate) struct Document<'a> {
    #[serde(borrow)]
    pub(crate) document: Head<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_tree: ProductTree<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    pub(crate) publisher: Publisher<'a>,
    #[serde(borrow)]
    pub(crate) tracking: Tracking<'a>,
    #[serde(borrow, default)]
    pub(crate) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) aggregate_severity: Option<AggregateSeverity<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) notes: Vec<Note<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) references: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Publisher<'a> {
    /// A URL under the publisher's control, which identifies it.
    #[serde(borrow, default)]
    pub(crate) namespace: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Tracking<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) initial_release_date: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) current_release_date: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct AggregateSeverity<'a> {
    #[serde(borrow, default)]
    pub(crate) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Note<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) category: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) title: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) text: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Reference<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) category: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) url: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(crate) struct ProductTree<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) branches: Vec<Branch<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) full_product_names: Vec<Product<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) relationships: Vec<Relationship<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_groups: Vec<ProductGroup<'a>>,
}

/// A node of the tree. It nests as deep as the JSON parser allows (128 levels).
#[derive(Deserialize)]
pub(crate) struct Branch<'a> {
    #[serde(borrow, default)]
    pub(crate) product: Option<Product<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) branches: Vec<Branch<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Product<'a> {
    #[serde(borrow)]
    pub(crate) product_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_identification_helper: Helper<'a>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Helper<'a> {
    #[serde(borrow, default)]
    pub(crate) cpe: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) purl: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Relationship<'a> {
    #[serde(borrow)]
    pub(crate) full_product_name: Product<'a>,
    #[serde(borrow)]
    pub(crate) product_reference: Text<'a>,
    #[serde(borrow)]
    pub(crate) relates_to_product_reference: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct ProductGroup<'a> {
    #[serde(borrow)]
    pub(crate) group_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_ids: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Vulnerability<'a> {
    #[serde(borrow, default)]
    pub(crate) cve: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) cwe: Option<Cwe<'a>>,
    #[serde(borrow, default)]
    pub(crate) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) release_date: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) notes: Vec<Note<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_status: ProductStatus<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) remediations: Vec<Remediation<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) flags: Vec<Flag<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) threats: Vec<Threat<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) scores: Vec<Score<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) references: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Cwe<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) id: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(crate) struct ProductStatus<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) fixed: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) first_fixed: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) recommended: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) known_affected: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) first_affected: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) last_affected: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) under_investigation: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) known_not_affected: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Remediation<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) category: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) details: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) url: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_ids: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) group_ids: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Flag<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) label: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_ids: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) group_ids: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Threat<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) category: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) details: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) product_ids: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) group_ids: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Score<'a> {
    #[serde(borrow, default)]
    pub(crate) cvss_v2: Option<CvssScore<'a>>,
    #[serde(borrow, default)]
    pub(crate) cvss_v3: Option<CvssScore<'a>>,
    #[serde(borrow, default)]
    pub(crate) cvss_v4: Option<CvssScore<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CvssScore<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(crate) vector_string: Text<'a>,
    #[serde(default)]
    pub(crate) base_score: Option<f64>,
}

fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
