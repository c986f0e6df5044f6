//! Products and their release cycles while they are collected, and what they come to once all files are read.
//!
//! What it is for: joining what several files say of one product. What it is not for: finding the cycle of a version; that
//! is done by the bundle when it is asked.
//!
//! Who wins: of endoflife.date's forms the strongest that has the product gives its cycles (see [`crate::endoflife`]). Over
//! that lies the distribution's own calendar, date by date: what it names replaces what endoflife.date says of that
//! release, what it does not name (Debian and Ubuntu know no end of active support) stays.
//!
//! The decision a reader may doubt: two products are made up. `openjdk` is what the most long-lived free builds
//! give, because a JDK on a disk does not tell who supports it; `centos` is continued by `centos-stream`, because both call
//! themselves `centos` in os-release.

mod names;

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{Lifecycle, Timestamp};

pub(crate) use names::{NameKind, NameRow, names_of};

/// What a product is, as far as it decides by which names a package finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProductKind {
    OperatingSystem,
    Software,
    /// A device, service or standard: no package is one.
    Other,
    #[default]
    Unknown,
}

impl ProductKind {
    /// From endoflife.date's `category`.
    pub(crate) fn of_category(category: &str) -> Self {
        match category {
            "os" => Self::OperatingSystem,
            "app" | "database" | "db" | "framework" | "lang" | "library" | "server-app" => Self::Software,
            "device" | "service" | "standard" => Self::Other,
            _ => Self::Unknown,
        }
    }
}

/// A product's release cycles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    /// Its name at endoflife.date, or the `ID` of os-release.
    pub(crate) name: String,
    /// As people write it.
    pub(crate) label: Option<String>,
    pub(crate) kind: ProductKind,
    pub(crate) aliases: Vec<String>,
    /// Package URLs without version.
    pub(crate) purls: Vec<String>,
    pub(crate) cycles: Vec<Lifecycle>,
    /// The address of the page that tells of it.
    pub(crate) page: Option<String>,
}

/// When the support of packages of a release ends before the release's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SupportEnd {
    /// A source package, or the beginning of its name.
    pub(crate) package: String,
    pub(crate) is_prefix: bool,
    pub(crate) support: PackageSupport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PackageSupport {
    /// As the release, though perhaps in a limited way.
    AsRelease,
    /// It has ended or will end on this day; `None` if no day is named.
    Ends(Option<Timestamp>),
}

/// Everything that files say of products.
#[derive(Debug, Default)]
pub(crate) struct Products {
    /// By name and strength of the form, the strongest first.
    forms: BTreeMap<(String, u8), Product>,
    /// Distributions' own calendars.
    calendars: BTreeMap<String, Vec<Lifecycle>>,
    /// By product and cycle.
    ends: BTreeMap<(String, String), Vec<SupportEnd>>,
}

impl Products {
    /// Adds a product as a form of endoflife.date has it; a lower `strength` is stronger.
    pub(crate) fn add(&mut self, product: Product, strength: u8) {
        self.forms.entry((product.name.clone(), strength)).or_insert(product);
    }

    /// Adds a release of a distribution's calendar.
    pub(crate) fn add_release(&mut self, release: Lifecycle) {
        let releases = self.calendars.entry(release.product.clone()).or_default();
        if releases.iter().all(|known| known.cycle != release.cycle) {
            releases.push(release);
        }
    }

    /// Adds what is said of the support of packages of a release.
    pub(crate) fn add_support(&mut self, product: &str, cycle: &str, ends: Vec<SupportEnd>) {
        self.ends.entry((product.to_owned(), cycle.to_owned())).or_insert(ends);
    }

    /// Takes over what another file yielded; what is known already stays.
    pub(crate) fn absorb(&mut self, other: Self) {
        for ((_, strength), product) in other.forms {
            self.add(product, strength);
        }
        for release in other.calendars.into_values().flatten() {
            self.add_release(release);
        }
        for (key, ends) in other.ends {
            self.ends.entry(key).or_insert(ends);
        }
    }

    /// What is said of packages of a release, in the publisher's order.
    pub(crate) fn ends_of(&self, product: &str, cycle: &str) -> &[SupportEnd] {
        self.ends.get(&(product.to_owned(), cycle.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The joined products, sorted by name; the cycles of each in the publisher's order, each name once.
    pub(crate) fn joined(&self) -> Vec<Product> {
        let mut joined: BTreeMap<&str, Product> = BTreeMap::new();
        for ((name, _), form) in &self.forms {
            match joined.get_mut(name.as_str()) {
                None => {
                    let page = Some(format!("https://endoflife.date/{name}"));
                    joined.insert(name, Product { page, ..form.clone() });
                }
                Some(stronger) => {
                    stronger.aliases.extend(form.aliases.iter().cloned());
                    stronger.purls.extend(form.purls.iter().cloned());
                    stronger.label = stronger.label.take().or_else(|| form.label.clone());
                    if stronger.kind == ProductKind::Unknown {
                        stronger.kind = form.kind;
                    }
                }
            }
        }
        drop_renamed(&mut joined, &self.forms);
        for (name, releases) in &self.calendars {
            let product = joined.entry(name).or_insert_with(|| Product {
                name: name.clone(),
                kind: ProductKind::OperatingSystem,
                ..Product::default()
            });
            releases.iter().for_each(|release| overlay(product, release));
        }
        let mut products: Vec<Product> = joined.into_values().collect();
        let made_up = openjdk(&products);
        products.extend(made_up);
        continue_centos(&mut products);
        for product in &mut products {
            let mut seen = HashSet::new();
            product.cycles.retain(|cycle| seen.insert(cycle.cycle.clone()));
        }
        products.sort_by(|a, b| a.name.cmp(&b.name));
        products
    }
}

/// Drops products whose name is an alias in a stronger form: files of the weaker ones are partly called as the product files,
/// and not as the products.
fn drop_renamed(joined: &mut BTreeMap<&str, Product>, forms: &BTreeMap<(String, u8), Product>) {
    let mut renamed: HashMap<&str, u8> = HashMap::new();
    let mut strongest: HashMap<&str, u8> = HashMap::new();
    for ((name, strength), product) in forms {
        let own = strongest.entry(name).or_insert(*strength);
        *own = (*own).min(*strength);
        for alias in &product.aliases {
            let by = renamed.entry(alias).or_insert(*strength);
            *by = (*by).min(*strength);
        }
    }
    joined.retain(|name, _| renamed.get(name).is_none_or(|by| *by >= strongest[name]));
}

/// Lays a release of a calendar over what else is known of it.
fn overlay(product: &mut Product, release: &Lifecycle) {
    let Some(known) = product.cycles.iter_mut().find(|known| known.cycle == release.cycle) else {
        product.cycles.push(release.clone());
        return;
    };
    known.ga = release.ga.or(known.ga);
    known.eoas = release.eoas.or(known.eoas).map(|eoas| release.eol.map_or(eoas, |eol| eoas.min(eol)));
    known.eol = release.eol.or(known.eol);
    known.eos = release.eos.or(known.eos);
    known.ended &= release.eol.is_none();
}

/// The builds of OpenJDK that stand for all, the most telling first: Temurin has the long-term releases, Oracle's builds
/// the short-lived ones between them, Red Hat's the oldest.
const JDK_BUILDS: [&str; 4] =
    ["eclipse-temurin", "openjdk-builds-from-oracle", "redhat-build-of-openjdk", "red-hat-build-of-openjdk"];

fn openjdk(products: &[Product]) -> Option<Product> {
    let name = "openjdk";
    if products.iter().any(|product| product.name == name) {
        return None;
    }
    let find = |build: &&str| products.iter().find(|product| product.name == **build);
    let builds: Vec<&Product> = JDK_BUILDS.iter().filter_map(find).collect();
    let cycles = builds.iter().flat_map(|build| &build.cycles);
    let cycles = cycles.map(|cycle| Lifecycle { product: name.to_owned(), ..cycle.clone() }).collect();
    Some(Product {
        name: name.to_owned(),
        label: Some("OpenJDK".to_owned()),
        kind: ProductKind::Software,
        cycles,
        page: builds.first()?.page.clone(),
        ..Product::default()
    })
}

fn continue_centos(products: &mut [Product]) {
    let stream = products.iter().find(|product| product.name == "centos-stream");
    let later: Vec<Lifecycle> = stream.map(|product| product.cycles.clone()).unwrap_or_default();
    if let Some(centos) = products.iter_mut().find(|product| product.name == "centos") {
        let continued = later
            .into_iter()
            .map(|cycle| Lifecycle { product: centos.name.clone(), ..cycle })
            .collect::<Vec<_>>();
        centos.cycles.extend(continued);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Timestamp> {
        Some(Timestamp::parse(text).unwrap())
    }

    fn cycle(product: &str, cycle: &str, eol: &str) -> Lifecycle {
        Lifecycle { product: product.into(), cycle: cycle.into(), eol: day(eol), ..Lifecycle::default() }
    }

    fn product(name: &str, cycles: Vec<Lifecycle>) -> Product {
        Product { name: name.into(), cycles, ..Product::default() }
    }

    #[test]
    fn a_calendar_replaces_the_dates_that_it_names_and_adds_releases() {
        let mut products = Products::default();
        let known = Lifecycle { eoas: day("2021-01-01"), ended: true, ..cycle("x", "1", "2022-02-02") };
        products.add(product("x", vec![known]), 1);
        products.add_release(Lifecycle { eos: day("2030-01-01"), ..cycle("x", "1", "2025-05-05") });
        products.add_release(cycle("x", "2", "2026-06-06"));
        let joined = products.joined();
        let [one, two] = &joined[0].cycles[..] else { panic!("{joined:?}") };
        assert_eq!(
            (one.eoas, one.eol, one.eos, one.ended),
            (day("2021-01-01"), day("2025-05-05"), day("2030-01-01"), false)
        );
        assert_eq!((two.cycle.as_str(), two.eol), ("2", day("2026-06-06")));
    }

    #[test]
    fn the_strongest_form_gives_the_cycles_and_all_give_the_names() {
        let mut products = Products::default();
        let weak =
            Product { purls: vec!["pkg:npm/x".into()], ..product("x", vec![cycle("x", "1", "2001-01-01")]) };
        products.add(weak, 2);
        products.add(product("x", vec![cycle("x", "2", "2002-02-02")]), 0);
        let joined = products.joined();
        assert_eq!(joined[0].cycles, [cycle("x", "2", "2002-02-02")]);
        assert_eq!(joined[0].purls, ["pkg:npm/x"]);
    }

    #[test]
    fn openjdk_and_centos_are_made_of_what_continues_them() {
        let mut products = Products::default();
        for (name, cycles) in [
            ("eclipse-temurin", vec![("17", "2027-10-31")]),
            ("openjdk-builds-from-oracle", vec![("17", "2022-03-22"), ("14", "2020-09-16")]),
            ("centos", vec![("8", "2021-12-31")]),
            ("centos-stream", vec![("8", "2024-05-31"), ("9", "2027-05-31")]),
        ] {
            let cycles =
                cycles.into_iter().map(|(name_of_cycle, eol)| cycle(name, name_of_cycle, eol)).collect();
            products.add(product(name, cycles), 0);
        }
        let joined = products.joined();
        let cycles = |name: &str| joined.iter().find(|product| product.name == name).unwrap().cycles.clone();
        assert_eq!(
            cycles("openjdk"),
            [cycle("openjdk", "17", "2027-10-31"), cycle("openjdk", "14", "2020-09-16")]
        );
        assert_eq!(
            cycles("centos"),
            [cycle("centos", "8", "2021-12-31"), cycle("centos", "9", "2027-05-31")]
        );
    }
}
