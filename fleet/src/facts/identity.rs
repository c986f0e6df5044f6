//! The identity of a package in little memory: one text for all its words, and shared parts where packages share them.
//!
//! A million packages are known at once, and as [`model::Package`] each would take seven allocations.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::io;
use std::sync::Arc;

use model::{Distro, Ecosystem, Package, SourcePackage};

use crate::persist::{self, PersistError, Sink, Word as _};

/// A [`model::Package`], compact. It is ordered as that is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    ecosystem: Ecosystem,
    source: Source,
    has_module: bool,
    has_vendor: bool,
    /// Where name, version, source name, source version and module end in `text`; the vendor is the rest. A source that
    /// is named like the package takes no text.
    ends: [u32; 5],
    text: Box<str>,
    distro: Option<Arc<Distro>>,
    arch: Option<Arc<str>>,
}

/// Where the words of the source package are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// There is none.
    None,
    /// They are those of the package.
    Same,
    /// In the text.
    Written,
}

impl Identity {
    /// The identity of a package, sharing release and architecture with those that were made before.
    pub(crate) fn of(package: &Package, shared: &mut Shared) -> Self {
        let own = (package.name.as_str(), package.version.as_str());
        let words = package.source.as_ref().map(|source| (source.name.as_str(), source.version.as_str()));
        let source = match words {
            None => Source::None,
            Some(words) if words == own => Source::Same,
            Some(_) => Source::Written,
        };
        let written = words.filter(|_| source == Source::Written).unwrap_or_default();
        let parts = [
            own.0,
            own.1,
            written.0,
            written.1,
            package.module.as_deref().unwrap_or_default(),
            package.vendor.as_deref().unwrap_or_default(),
        ];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        let mut ends = [0; 5];
        for (index, part) in parts.iter().enumerate() {
            text.push_str(part);
            if let Some(end) = ends.get_mut(index) {
                *end = text.len() as u32;
            }
        }
        Self {
            ecosystem: package.ecosystem,
            source,
            has_module: package.module.is_some(),
            has_vendor: package.vendor.is_some(),
            ends,
            text: text.into_boxed_str(),
            distro: package.distro.as_ref().map(|distro| shared.distro(distro)),
            arch: package.arch.as_deref().map(|arch| shared.arch(arch)),
        }
    }

    /// Where it comes from.
    pub fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// See [`Package::distro`].
    pub fn distro(&self) -> Option<&Distro> {
        self.distro.as_deref()
    }

    /// See [`Package::name`].
    pub fn name(&self) -> &str {
        self.part(0)
    }

    /// See [`Package::version`].
    pub fn version(&self) -> &str {
        self.part(1)
    }

    /// See [`Package::arch`].
    pub fn arch(&self) -> Option<&str> {
        self.arch.as_deref()
    }

    /// Name and version of the source package, see [`Package::source`].
    pub fn source(&self) -> Option<(&str, &str)> {
        match self.source {
            Source::None => None,
            Source::Same => Some((self.name(), self.version())),
            Source::Written => Some((self.part(2), self.part(3))),
        }
    }

    /// See [`Package::module`].
    pub fn module(&self) -> Option<&str> {
        self.has_module.then(|| self.part(4))
    }

    /// See [`Package::vendor`].
    pub fn vendor(&self) -> Option<&str> {
        self.has_vendor.then(|| self.part(5))
    }

    /// The name under which it is listed: a Debian package with its architecture, unless that is `all`.
    pub fn listed_name(&self) -> Cow<'_, str> {
        match (self.ecosystem, self.arch()) {
            // `source` marks a source package that was built into another one; it is no architecture to install
            (Ecosystem::Deb, Some(arch)) if !matches!(arch, "" | "all" | "source") => {
                Cow::Owned(format!("{}:{arch}", self.name()))
            }
            _ => Cow::Borrowed(self.name()),
        }
    }

    /// The package in words of its own.
    pub fn package(&self) -> Package {
        let owned = |text: &str| text.to_owned();
        Package {
            ecosystem: self.ecosystem,
            distro: self.distro().cloned(),
            name: self.name().to_owned(),
            version: self.version().to_owned(),
            arch: self.arch().map(owned),
            source: self
                .source()
                .map(|(name, version)| SourcePackage { name: name.to_owned(), version: version.to_owned() }),
            module: self.module().map(owned),
            vendor: self.vendor().map(owned),
        }
    }

    /// The package URL.
    pub fn purl(&self) -> String {
        model::purl::purl_of(&self.package())
    }

    fn part(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).map_or(self.text.len(), |end| *end as usize);
        self.text.get(start as usize..end).unwrap_or_default()
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_name = (self.ecosystem.cmp(&other.ecosystem))
            .then_with(|| self.distro().cmp(&other.distro()))
            .then_with(|| self.name().cmp(other.name()))
            .then_with(|| self.version().cmp(other.version()));
        by_name.then_with(|| {
            (self.arch(), self.source(), self.module(), self.vendor()).cmp(&(
                other.arch(),
                other.source(),
                other.module(),
                other.vendor(),
            ))
        })
    }
}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.package().fmt(f)
    }
}

/// Parts that many identities share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    distros: Vec<Arc<Distro>>,
    arches: Vec<Arc<str>>,
}

impl Shared {
    /// Beyond so many different ones they come from a hostile sender, and looking for them costs more than it saves.
    const MOST: usize = 256;

    fn distro(&mut self, distro: &Distro) -> Arc<Distro> {
        if let Some(known) = self.distros.iter().find(|known| ***known == *distro) {
            return Arc::clone(known);
        }
        let new = Arc::new(distro.clone());
        if self.distros.len() < Self::MOST {
            self.distros.push(Arc::clone(&new));
        }
        new
    }

    fn arch(&mut self, arch: &str) -> Arc<str> {
        if let Some(known) = self.arches.iter().find(|known| &***known == arch) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(arch);
        if self.arches.len() < Self::MOST {
            self.arches.push(Arc::clone(&new));
        }
        new
    }
}

/// Ecosystem, source, whether there are module and vendor; ends and length of the text; numbers of release and architecture.
type Record = ([u8; 4], ([u32; 6], [u16; 2]));

/// Stands for no release and for no architecture.
const NOTHING: u16 = u16::MAX;

/// Writes identities, what they share once.
pub(super) fn save(identities: &[&Identity], sink: &mut Sink<'_>) -> io::Result<()> {
    let (mut distros, mut arches): (Vec<&Distro>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut text = String::new();
    let mut records: Vec<Record> = Vec::with_capacity(identities.len());
    for of in identities {
        let source = match of.source {
            Source::None => 0,
            Source::Same => 1,
            Source::Written => 2,
        };
        let words = [of.ecosystem.code(), source, u8::from(of.has_module), u8::from(of.has_vendor)];
        let [a, b, c, d, e] = of.ends;
        let shared = [number(&mut distros, of.distro()), number(&mut arches, of.arch())];
        records.push((words, ([a, b, c, d, e, of.text.len() as u32], shared)));
        text.push_str(&of.text);
    }
    sink.count(distros.len())?;
    distros.iter().flat_map(|of| [&of.id, &of.version]).try_for_each(|text| sink.bytes(text.as_bytes()))?;
    sink.count(arches.len())?;
    arches.iter().try_for_each(|arch| sink.bytes(arch.as_bytes()))?;
    sink.plain(&records)?;
    sink.bytes(text.as_bytes())
}

/// The place of a value in a list, where it is put if it is new.
fn number<T: PartialEq>(known: &mut Vec<T>, value: Option<T>) -> u16 {
    let Some(value) = value else { return NOTHING };
    let place = known.iter().position(|of| *of == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    });
    u16::try_from(place).unwrap_or(NOTHING)
}

/// Reads what [`save`] wrote.
pub(super) fn load(
    count: usize,
    source: &mut persist::Source,
    shared: &mut Shared,
) -> Result<Vec<Identity>, PersistError> {
    let (mut distros, mut arches) = (Vec::new(), Vec::new());
    for _ in 0..source.count(16)? {
        distros.push(shared.distro(&Distro { id: source.text()?, version: source.text()? }));
    }
    for _ in 0..source.count(8)? {
        arches.push(shared.arch(&source.text()?));
    }
    let records: Vec<Record> = source.many(count)?;
    let text = source.text()?;
    let mut rest = text.as_str();
    let mut identities = Vec::with_capacity(count);
    for ([ecosystem, source, has_module, has_vendor], ([a, b, c, d, e, length], [distro, arch])) in records {
        let split = rest.split_at_checked(length as usize);
        let (own, later) = split.ok_or(PersistError::Damaged("an identity lacks its text"))?;
        rest = later;
        identities.push(Identity {
            ecosystem: Ecosystem::of(ecosystem)?,
            source: match source {
                0 => Source::None,
                1 => Source::Same,
                _ => Source::Written,
            },
            has_module: has_module != 0,
            has_vendor: has_vendor != 0,
            ends: [a, b, c, d, e],
            text: own.into(),
            distro: distros.get(usize::from(distro)).cloned(),
            arch: arches.get(usize::from(arch)).cloned(),
        });
    }
    Ok(identities)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn package() -> impl Strategy<Value = Package> {
        let source = proptest::option::of(("[ab]{0,2}", "[12]{0,2}"));
        let release = proptest::option::of("[a-c](:[0-9])?");
        let rest =
            (proptest::option::of("[xy]?"), proptest::option::of("[mn]?"), proptest::option::of("[v]?"));
        (0_usize..4, release, "[ab]{0,2}", "[12]{0,2}", source, rest).prop_map(
            |(kind, release, name, version, source, (arch, module, vendor))| Package {
                ecosystem: Ecosystem::ALL[kind],
                distro: release.map(|text| text.parse().unwrap()),
                name,
                version,
                arch,
                source: source.map(|(name, version)| SourcePackage { name, version }),
                module,
                vendor,
            },
        )
    }

    proptest! {
        #[test]
        fn an_identity_is_the_package_and_stands_where_the_package_stands(a in package(), b in package()) {
            let mut shared = Shared::default();
            let (of_a, of_b) = (Identity::of(&a, &mut shared), Identity::of(&b, &mut shared));
            prop_assert_eq!(&of_a.package(), &a);
            prop_assert_eq!(of_a.cmp(&of_b), a.cmp(&b));
            prop_assert_eq!(of_a == of_b, a == b);
            prop_assert_eq!(of_a.purl(), model::purl::purl_of(&a));
        }
    }

    #[test]
    fn a_debian_package_is_listed_with_its_architecture() {
        let of = |ecosystem, arch: &str| {
            let package = Package { arch: Some(arch.to_owned()), ..Package::new(ecosystem, "zlib1g", "1") };
            Identity::of(&package, &mut Shared::default()).listed_name().into_owned()
        };
        assert_eq!(of(Ecosystem::Deb, "amd64"), "zlib1g:amd64");
        assert_eq!(of(Ecosystem::Deb, "all"), "zlib1g");
        assert_eq!(of(Ecosystem::Rpm, "x86_64"), "zlib1g");
    }
}
