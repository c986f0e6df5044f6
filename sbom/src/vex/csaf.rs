//! The VEX profile of CSAF 2.0 (docs.oasis-open.org/csaf/csaf/v2.0, section 4.5).
//!
//! The decision a reader may doubt: a component "of" a product that is named by words only, such as a release of a distribution, counts as
//! the product itself if its package URL has a version. A versioned URL names one build, one without would speak of every product.

use std::collections::{BTreeMap, HashMap};

use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::openvex::justification_of;
use super::{Justification, Product, Statement, Status, VexDocument};
use crate::SbomError;
use crate::json::{Parts, Word, entry};
use crate::purl::Purl;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    document: Head<'a>,
    #[serde(borrow)]
    product_tree: Option<Tree<'a>>,
    #[serde(borrow, default)]
    vulnerabilities: Parts<'a>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    tracking: Option<Tracking<'a>>,
    #[serde(borrow)]
    publisher: Option<Publisher<'a>>,
}

#[derive(Deserialize)]
struct Tracking<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
    #[serde(borrow, default)]
    current_release_date: Word<'a>,
}

#[derive(Deserialize)]
struct Publisher<'a> {
    #[serde(borrow, default)]
    name: Word<'a>,
}

#[derive(Deserialize)]
struct Tree<'a> {
    #[serde(borrow, default)]
    branches: Parts<'a>,
    #[serde(borrow, default)]
    full_product_names: Parts<'a>,
    #[serde(borrow, default)]
    relationships: Parts<'a>,
    #[serde(borrow, default)]
    product_groups: Parts<'a>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    product: Option<FullName<'a>>,
    #[serde(borrow, default)]
    branches: Parts<'a>,
}

#[derive(Deserialize)]
struct FullName<'a> {
    #[serde(borrow, default)]
    product_id: Word<'a>,
    #[serde(borrow, default)]
    product_identification_helper: Option<Helper<'a>>,
}

#[derive(Deserialize)]
struct Helper<'a> {
    #[serde(borrow, default)]
    purl: Word<'a>,
    #[serde(borrow, default)]
    purls: Vec<Word<'a>>,
}

#[derive(Deserialize)]
struct Relationship<'a> {
    #[serde(borrow, default)]
    product_reference: Word<'a>,
    #[serde(borrow, default)]
    relates_to_product_reference: Word<'a>,
    #[serde(borrow)]
    full_product_name: FullName<'a>,
}

#[derive(Deserialize)]
struct Group<'a> {
    #[serde(borrow, default)]
    group_id: Word<'a>,
    #[serde(borrow, default)]
    product_ids: Vec<Word<'a>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    cve: Word<'a>,
    #[serde(borrow, default)]
    ids: Vec<OtherId<'a>>,
    #[serde(borrow, default)]
    product_status: BTreeMap<String, Vec<Word<'a>>>,
    #[serde(borrow, default)]
    flags: Vec<Labelled<'a>>,
    #[serde(borrow, default)]
    threats: Vec<Labelled<'a>>,
}

#[derive(Deserialize)]
struct OtherId<'a> {
    #[serde(borrow, default)]
    text: Word<'a>,
}

/// A flag or a threat: a word or a text for some products.
#[derive(Deserialize)]
struct Labelled<'a> {
    #[serde(borrow, default)]
    label: Word<'a>,
    #[serde(borrow, default)]
    category: Word<'a>,
    #[serde(borrow, default)]
    details: Word<'a>,
    #[serde(borrow, default)]
    product_ids: Vec<Word<'a>>,
    #[serde(borrow, default)]
    group_ids: Vec<Word<'a>>,
}

/// Products by their id in the document.
#[derive(Default)]
struct Products {
    /// Package URLs; empty for what is named by words only.
    purls: HashMap<String, Vec<String>>,
    /// Part and whole.
    parts: HashMap<String, (String, String)>,
    groups: HashMap<String, Vec<String>>,
}

/// Levels of branches; the profile needs three or four.
const DEPTH: usize = 32;

pub(super) fn read(bytes: &[u8]) -> Result<VexDocument, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("CSAF", &error))?;
    let tracking = document.document.tracking.as_ref();
    let publisher = document.document.publisher.as_ref().map_or("", |publisher| publisher.name.text());
    let mut made = VexDocument::new(tracking.map_or("", |tracking| tracking.id.text()), publisher);
    let time = tracking.and_then(|tracking| Timestamp::parse(tracking.current_release_date.text()));
    let products = document.product_tree.map(|tree| products(tree, &mut made)).unwrap_or_default();
    for (index, raw) in document.vulnerabilities.entries.iter().enumerate() {
        let place = format!("vulnerabilities[{index}]");
        match entry::<Vulnerability<'_>>(raw) {
            Ok(vulnerability) => statements(&vulnerability, &products, time, &place, &mut made),
            Err(reason) => made.note(place, reason),
        }
    }
    Ok(made)
}

fn products(tree: Tree<'_>, document: &mut VexDocument) -> Products {
    let mut products = Products::default();
    let mut waiting = vec![(String::from("product_tree"), tree.branches, 0)];
    while let Some((parent, list, depth)) = waiting.pop() {
        for (index, raw) in list.entries.iter().enumerate() {
            let place = format!("{parent}.branches[{index}]");
            match entry::<Branch<'_>>(raw) {
                Ok(branch) if depth < DEPTH => {
                    branch.product.iter().for_each(|product| products.add(product));
                    waiting.push((place, branch.branches, depth + 1));
                }
                Ok(_) => document.note(place, "is nested too deep and left out"),
                Err(reason) => document.note(place, reason),
            }
        }
    }
    let mut each = |name: &str, list: &Parts<'_>, take: &mut dyn FnMut(&RawValue) -> Result<(), String>| {
        for (index, raw) in list.entries.iter().enumerate() {
            if let Err(reason) = take(raw) {
                document.note(format!("product_tree.{name}[{index}]"), reason);
            }
        }
    };
    each("full_product_names", &tree.full_product_names, &mut |raw| {
        products.add(&entry(raw)?);
        Ok(())
    });
    each("relationships", &tree.relationships, &mut |raw| {
        let relationship: Relationship<'_> = entry(raw)?;
        let parts = [&relationship.product_reference, &relationship.relates_to_product_reference];
        let [part, whole] = parts.map(|word| word.text().to_owned());
        products.parts.insert(relationship.full_product_name.product_id.text().to_owned(), (part, whole));
        Ok(())
    });
    each("product_groups", &tree.product_groups, &mut |raw| {
        let group: Group<'_> = entry(raw)?;
        let ids = group.product_ids.iter().map(|id| id.text().to_owned()).collect();
        products.groups.insert(group.group_id.text().to_owned(), ids);
        Ok(())
    });
    products
}

impl Products {
    fn add(&mut self, product: &FullName<'_>) {
        let helper = product.product_identification_helper.as_ref();
        let purls = helper.into_iter().flat_map(|helper| std::iter::once(&helper.purl).chain(&helper.purls));
        let purls: Vec<String> =
            purls.map(|word| word.text().to_owned()).filter(|purl| !purl.is_empty()).collect();
        self.purls.insert(product.product_id.text().to_owned(), purls);
    }

    /// What an id means; `None` if only words name it.
    fn of(&self, id: &str) -> Option<Product> {
        let purls = |id: &str| self.purls.get(id).cloned().unwrap_or_default();
        let Some((part, whole)) = self.parts.get(id) else {
            let purls = purls(id);
            return (!purls.is_empty()).then(|| Product { purls, ..Product::default() });
        };
        let (part, whole) = (purls(part), purls(whole));
        if !part.is_empty() && !whole.is_empty() {
            return Some(Product { purls: whole, subcomponents: part, ..Product::default() });
        }
        let is_one_build = |purl: &String| Purl::parse(purl).is_some_and(|purl| !purl.version.is_empty());
        let builds: Vec<String> = part.into_iter().filter(is_one_build).collect();
        (!builds.is_empty()).then(|| Product { purls: builds, ..Product::default() })
    }

    fn is_meant(&self, labelled: &Labelled<'_>, id: &str) -> bool {
        let in_group = |group: &Word<'_>| {
            self.groups.get(group.text()).is_some_and(|ids| ids.iter().any(|own| own == id))
        };
        labelled.product_ids.iter().any(|own| own.text() == id) || labelled.group_ids.iter().any(in_group)
    }
}

fn statements(
    raw: &Vulnerability<'_>,
    products: &Products,
    time: Option<Timestamp>,
    place: &str,
    document: &mut VexDocument,
) {
    let ids = std::iter::once(&raw.cve).chain(raw.ids.iter().map(|id| &id.text)).map(Word::text);
    let vulnerabilities: Vec<String> = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if vulnerabilities.is_empty() {
        return document.note(place, "names no vulnerability");
    }
    for (word, ids) in &raw.product_status {
        let status = match word.as_str() {
            "known_not_affected" => Status::NotAffected,
            "fixed" | "first_fixed" => Status::Fixed,
            "known_affected" | "first_affected" | "last_affected" => Status::Affected,
            "under_investigation" => Status::UnderInvestigation,
            _ => continue,
        };
        let mut groups: BTreeMap<(Option<Justification>, &str), Vec<Product>> = BTreeMap::new();
        let mut unknown = 0;
        for id in ids.iter().map(Word::text) {
            match products.of(id) {
                Some(product) => groups.entry(reason_of(raw, products, id)).or_default().push(product),
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            let reason = format!("{unknown} products are named by words only");
            document.note(format!("{place}.product_status.{word}"), reason);
        }
        for ((justification, detail), products) in groups {
            document.add(Statement {
                vulnerabilities: vulnerabilities.clone(),
                products,
                status,
                justification: justification.filter(|_| status == Status::NotAffected),
                detail: detail.to_owned(),
                timestamp: time,
                document: document.id.clone(),
            });
        }
    }
}

/// The flag and the impact that are said of a product.
fn reason_of<'a>(
    raw: &'a Vulnerability<'_>,
    products: &Products,
    id: &str,
) -> (Option<Justification>, &'a str) {
    let mut flags = raw.flags.iter().filter(|flag| products.is_meant(flag, id));
    let justification = flags.find_map(|flag| justification_of(flag.label.text()));
    let impact = |threat: &&Labelled<'_>| threat.category.text() == "impact" && products.is_meant(threat, id);
    (justification, raw.threats.iter().find(impact).map_or("", |threat| threat.details.text()))
}
