//! Product release cycles in a bundle: the table of products, the table of names that lead to them, and the search for
//! the cycle that a version belongs to.
//!
//! A product is decoded when it is first asked for and kept, because an image asks for the same few again and again: a
//! package costs one search by name and a handful of comparisons. A name that leads nowhere costs the search alone.
//!
//! The decision a reader may doubt: a version belongs to the longest cycle that is a prefix of it in whole parts, where a
//! part also ends between a digit and what is none. So `3.11.4` belongs to `3.11` and never to `3.1`, and `1.1.1w` to `1.1.1`.
//! This does without knowing each product's scheme, and where it finds nothing, nothing is said.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use model::purl::normalise_python;
use model::{Confidence, Distro, Ecosystem, Lifecycle, Package, Timestamp};

use super::read::Section;
use super::stored::{StoredEnd, StoredProduct};
use super::{Bundle, format};
use crate::product::NameKind;

/// JDKs, whose versions up to 8 are written `1.8.0_392` or `8u392` as well.
const JDKS: [&str; 12] = [
    "alibaba-dragonwell",
    "amazon-corretto",
    "azul-zulu",
    "bellsoft-liberica",
    "eclipse-temurin",
    "ibm-semeru-runtime",
    "microsoft-build-of-openjdk",
    "openjdk",
    "openjdk-builds-from-oracle",
    "oracle-jdk",
    "redhat-build-of-openjdk",
    "sapmachine",
];

/// NuGet packages that are .NET's runtime; the part for a platform is written behind the point.
const DOTNET_RUNTIMES: [&str; 4] = [
    "microsoft.netcore.app",
    "microsoft.netcore.app.runtime.",
    "microsoft.aspnetcore.app.runtime.",
    "microsoft.windowsdesktop.app.runtime.",
];

/// A product release cycle as the bundle knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductCycle {
    /// Its dates; equal ones share one allocation.
    pub lifecycle: Arc<Lifecycle>,
    /// The number of the finding that it is past its end of life.
    pub qid: u32,
}

/// A product and all its cycles, the newest first as a rule.
#[derive(Clone, Debug)]
pub struct ProductInfo {
    label: String,
    page: Option<String>,
    java: bool,
    cycles: Vec<Cycle>,
}

#[derive(Clone, Debug)]
struct Cycle {
    confirmed: ProductCycle,
    potential: ProductCycle,
    ends: Vec<End>,
}

/// The dates of packages whose support ends otherwise than the release's; `None` if they do not.
#[derive(Clone, Debug)]
struct End {
    package: String,
    is_prefix: bool,
    lifecycle: Option<Arc<Lifecycle>>,
}

impl ProductInfo {
    /// The name as people write it; empty if no publisher gives one.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where the publisher tells of it.
    pub fn page(&self) -> Option<&str> {
        self.page.as_deref()
    }

    /// The cycle that was released last among those that are not past their end of life at `now`.
    pub fn newest_supported(&self, now: Timestamp) -> Option<&str> {
        use model::LifecycleStage::{Ga, SecuritySupport};
        let supported = self.cycles.iter().map(|cycle| &cycle.confirmed.lifecycle);
        let supported = supported.filter(|cycle| matches!(cycle.stage(now), Ga | SecuritySupport));
        // of equal dates the first, as the publisher lists them
        let newest = supported.reduce(|newest, cycle| if cycle.ga > newest.ga { cycle } else { newest })?;
        Some(&newest.cycle)
    }

    fn of(name: &str, stored: &StoredProduct<'_>) -> Self {
        let cycles = stored.cycles.iter().map(|cycle| {
            let lifecycle = cycle.lifecycle(name);
            let with = |confidence| ProductCycle {
                lifecycle: Arc::new(Lifecycle { confidence, ..lifecycle.clone() }),
                qid: cycle.qid,
            };
            let ends = cycle.ends.iter().map(|end| End {
                package: end.package.to_owned(),
                is_prefix: end.is_prefix,
                lifecycle: shortened(&lifecycle, end),
            });
            Cycle {
                confirmed: with(Confidence::Confirmed),
                potential: with(Confidence::Potential),
                ends: ends.collect(),
            }
        });
        Self {
            label: stored.label.to_owned(),
            page: stored.page.map(str::to_owned),
            java: JDKS.contains(&name),
            cycles: cycles.collect(),
        }
    }

    fn find(&self, version: &str) -> Option<&Cycle> {
        let mut wanted = plain_version(version, self.java);
        loop {
            let found = self.cycles.iter().find(|cycle| cycle.confirmed.lifecycle.cycle == wanted);
            if found.is_some() {
                return found;
            }
            wanted = shorter(wanted)?;
        }
    }

    /// A release of an operating system: one whose first service pack is not written (`15` of SLES) has the number 0.
    fn find_release(&self, version: &str) -> Option<&Cycle> {
        self.find(version).or_else(|| {
            let first = |cycle: &&Cycle| {
                cycle.confirmed.lifecycle.cycle.strip_suffix(".0").is_some_and(|major| major == version)
            };
            self.cycles.iter().find(first)
        })
    }
}

impl Cycle {
    fn with(&self, confidence: Confidence) -> ProductCycle {
        match confidence {
            Confidence::Confirmed => self.confirmed.clone(),
            Confidence::Potential => self.potential.clone(),
        }
    }

    /// The cycle for a source package of the release; an exact name wins over a beginning.
    fn for_source(&self, package: &str) -> ProductCycle {
        let exact = self.ends.iter().find(|end| !end.is_prefix && end.package == package);
        let begins = || self.ends.iter().find(|end| end.is_prefix && package.starts_with(&end.package));
        let end = exact.or_else(begins).and_then(|end| end.lifecycle.as_ref());
        match end {
            Some(lifecycle) => ProductCycle { lifecycle: Arc::clone(lifecycle), qid: self.confirmed.qid },
            None => self.confirmed.clone(),
        }
    }
}

/// The dates of a release with the support of a package that ends before; a later end changes nothing.
fn shortened(release: &Lifecycle, end: &StoredEnd<'_>) -> Option<Arc<Lifecycle>> {
    if end.as_release {
        return None;
    }
    let earlier = |date: Option<Timestamp>| match (date, end.on) {
        (Some(date), Some(on)) => Some(date.min(on)),
        (date, on) => date.or(on),
    };
    let mut shortened = release.clone();
    shortened.ended |= end.on.is_none();
    shortened.eol = earlier(release.eol);
    shortened.eos = release.eos.and_then(|eos| earlier(Some(eos)));
    Some(Arc::new(shortened))
}

/// A version without what stands before its first number.
fn plain_version(version: &str, java: bool) -> &str {
    let starts_with_digit = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
    let version = version.strip_prefix('v').filter(starts_with_digit).unwrap_or(version);
    if java { version.strip_prefix("1.").filter(starts_with_digit).unwrap_or(version) } else { version }
}

/// `version` without its last part.
fn shorter(version: &str) -> Option<&str> {
    let bytes = version.as_bytes();
    let ends_part = |&at: &usize| {
        let (before, here) = (bytes[at - 1], bytes[at]);
        before.is_ascii_alphanumeric()
            && !here.is_ascii_digit()
            && (!here.is_ascii_alphabetic() || before.is_ascii_digit())
    };
    (1..bytes.len()).rev().filter(|at| version.is_char_boundary(*at)).find(ends_part).map(|at| &version[..at])
}

/// The tables of an open bundle.
#[derive(Debug)]
pub(crate) struct Lifecycles {
    products: Section,
    names: Section,
    decoded: Vec<OnceLock<Option<ProductInfo>>>,
}

impl Lifecycles {
    pub(crate) fn new(products: Section, names: Section) -> Self {
        let decoded = std::iter::repeat_with(OnceLock::new).take(products.len()).collect();
        Self { products, names, decoded }
    }

    /// Whether another bundle says the same of all products.
    pub(super) fn is_same(&self, file: &[u8], other: &Self, other_file: &[u8]) -> bool {
        self.products.bytes(file) == other.products.bytes(other_file)
            && self.names.bytes(file) == other.names.bytes(other_file)
    }

    fn product(&self, file: &[u8], kind: NameKind, name: &str) -> Option<(&ProductInfo, Confidence)> {
        let blob = self.names.pair(file, kind.as_str(), name)?;
        let index = format::u32_at(blob, 0) as usize;
        let confidence = if blob.get(4) == Some(&1) { Confidence::Potential } else { Confidence::Confirmed };
        let product = self.decoded.get(index)?.get_or_init(|| self.decode(file, index)).as_ref()?;
        Some((product, confidence))
    }

    fn decode(&self, file: &[u8], index: usize) -> Option<ProductInfo> {
        let name = std::str::from_utf8(self.products.key(file, index)?).ok()?;
        match postcard::from_bytes::<StoredProduct<'_>>(self.products.blob(file, index)?) {
            Ok(stored) => Some(ProductInfo::of(name, &stored)),
            Err(error) => {
                tracing::warn!(name, "the cycles of {name} in the bundle are damaged and left out: {error}");
                None
            }
        }
    }

    /// The names of all products.
    #[cfg(fuzzing)]
    pub(crate) fn pairs<'a>(&'a self, file: &'a [u8]) -> impl Iterator<Item = (String, String)> + 'a {
        self.names.pairs(file)
    }
}

impl Bundle {
    /// The dates of the release cycle that `version` of `product` belongs to.
    ///
    /// Products have the names of endoflife.date, their aliases and the `ID`s of os-release (`debian`, `alpine`, `python`).
    pub fn lifecycle(&self, product: &str, version: &str) -> Option<Lifecycle> {
        self.product_cycle(product, version).map(|cycle| Lifecycle::clone(&cycle.lifecycle))
    }

    /// Like [`Self::lifecycle`], with the number of the cycle's end-of-life finding.
    pub fn product_cycle(&self, product: &str, version: &str) -> Option<ProductCycle> {
        let (product, _) = self.lifecycles.product(self.bytes.as_slice(), NameKind::Product, product)?;
        product.find_release(version).map(|cycle| cycle.confirmed.clone())
    }

    /// A product by its name, alias or `ID` of os-release.
    pub fn product(&self, name: &str) -> Option<&ProductInfo> {
        self.lifecycles.product(self.bytes.as_slice(), NameKind::Product, name).map(|(product, _)| product)
    }

    /// The release cycle of a release of an operating system; `None` for rolling ones.
    pub fn release_cycle(&self, release: &Distro) -> Option<ProductCycle> {
        self.release(release).map(|cycle| cycle.confirmed.clone())
    }

    /// The release cycle that a package belongs to: an OS package to its release, with the dates of its own where the
    /// distribution's support of it ends before; any other to the product that its name stands for.
    ///
    /// A package that somebody else than the distribution built belongs to the release only potentially.
    pub fn cycle_of(&self, package: &Package) -> Option<ProductCycle> {
        let ecosystem = package.ecosystem;
        if ecosystem.is_os() || ecosystem == Ecosystem::Os {
            let cycle = self.release(package.distro.as_ref()?)?;
            return Some(match (ecosystem, &package.vendor) {
                (Ecosystem::Os, _) => cycle.confirmed.clone(),
                (_, Some(_)) => cycle.potential.clone(),
                (_, None) => cycle.for_source(package.advisory_name()),
            });
        }
        let name = package_key(ecosystem, &package.name);
        let kind = NameKind::Package(ecosystem);
        let (product, confidence) = self.lifecycles.product(self.bytes.as_slice(), kind, &name)?;
        product.find(&package.version).map(|cycle| cycle.with(confidence))
    }

    fn release(&self, release: &Distro) -> Option<&Cycle> {
        if release.version.is_empty() {
            return None;
        }
        let (product, _) = self.lifecycles.product(self.bytes.as_slice(), NameKind::Release, &release.id)?;
        product.find_release(release.release())
    }
}

/// Whether a package is .NET's runtime.
pub fn is_dotnet_runtime(package: &Package) -> bool {
    package.ecosystem == Ecosystem::Nuget && is_dotnet_name(&package.name)
}

fn is_dotnet_name(name: &str) -> bool {
    DOTNET_RUNTIMES.iter().any(|runtime| {
        let start = name.get(..runtime.len()).is_some_and(|start| start.eq_ignore_ascii_case(runtime));
        start && (runtime.ends_with('.') || name.len() == runtime.len())
    })
}

/// The form in which names lie in the bundle, as [`crate::advisory_key`] gives it; borrowed where it is that already.
fn package_key(ecosystem: Ecosystem, name: &str) -> Cow<'_, str> {
    match ecosystem {
        Ecosystem::Nuget if is_dotnet_name(name) => DOTNET_RUNTIMES[0].into(),
        Ecosystem::Nuget | Ecosystem::Composer if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            name.to_ascii_lowercase().into()
        }
        Ecosystem::Pypi if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) => {
            normalise_python(name).into()
        }
        _ => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(version: &str, java: bool) -> Vec<&str> {
        std::iter::successors(Some(plain_version(version, java)), |version| shorter(version)).collect()
    }

    #[test]
    fn a_version_is_shortened_part_by_part() {
        assert_eq!(parts("3.11.4", false), ["3.11.4", "3.11", "3"]);
        assert_eq!(parts("1.1.1w", false), ["1.1.1w", "1.1.1", "1.1", "1"]);
        assert_eq!(parts("v1.23rc1", false), ["1.23rc1", "1.23", "1"]);
        assert_eq!(parts("3.1.2p20", false), ["3.1.2p20", "3.1.2", "3.1", "3"]);
        assert_eq!(parts("2.7.18.RELEASE", false), ["2.7.18.RELEASE", "2.7.18", "2.7", "2"]);
        assert_eq!(parts("1.0--x", false), ["1.0--x", "1.0", "1"]);
        assert_eq!(parts("", false), [""]);
        assert_eq!(parts("(devel)", false), ["(devel)", "(devel"]);
        assert_eq!(parts("ä.ö", false), ["ä.ö"]);
    }

    #[test]
    fn java_versions_are_known_in_all_their_forms() {
        for (version, major) in [
            ("8u392", "8"),
            ("1.8.0_392", "8"),
            ("17.0.9+9", "17"),
            ("11", "11"),
            ("1.7.0.261-2.6.22.2", "7"),
        ] {
            assert_eq!(parts(version, true).last(), Some(&major), "{version}");
        }
    }

    #[test]
    fn runtimes_of_dotnet_are_known_by_their_names() {
        for (name, is) in [
            ("Microsoft.NETCore.App", true),
            ("Microsoft.NETCore.App.Runtime.linux-musl-x64", true),
            ("microsoft.aspnetcore.app.runtime.linux-x64", true),
            ("Microsoft.NETCore.App.Ref", false),
            ("Microsoft.NETCore.Apps", false),
            ("Microsoft.NETCore", false),
        ] {
            assert_eq!(is_dotnet_name(name), is, "{name}");
        }
    }

    #[test]
    fn names_are_borrowed_where_nothing_is_to_be_changed() {
        assert!(matches!(package_key(Ecosystem::Npm, "@Angular/core"), Cow::Borrowed("@Angular/core")));
        assert!(matches!(package_key(Ecosystem::Pypi, "django"), Cow::Borrowed("django")));
        assert_eq!(package_key(Ecosystem::Pypi, "Apache_Airflow"), "apache-airflow");
        assert_eq!(package_key(Ecosystem::Nuget, "jQuery.UI.Combined"), "jquery.ui.combined");
    }
}
