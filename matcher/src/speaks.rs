//! Which statements of a bundle speak of a package, and at which of its versions they look.
//!
//! A statement names either a source package, and then means every binary package that was built from it and its
//! version, or the package itself. So `libldb2` in version `2:2.6.2+samba4.17` is looked up as `samba` in version
//! `2:4.17`. RPM distributions use both ways; their binary packages are looked up by both names.
//!
//! A package of a restricted update stream is looked up in its stream and in the namespaces behind it
//! ([`knowledge::fallbacks`]); which of them is heard is decided for each vulnerability ([`crate::voice`]).

use knowledge::{Bundle, FALLBACKS, Fallback, Row, StatementView, advisory_key, fallbacks};
use model::{Ecosystem, Named, Namespace, Package};
use version::{Parsed, Scheme};

/// A row that may speak of a package, with the package's versions placed in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'b> {
    pub(crate) row: Row<'b>,
    /// Where the source package's version stands; set if the row is named after the source package.
    source: Option<Spot>,
    /// Where the package's own version stands; set if the row is named after the package.
    binary: Option<Spot>,
}

/// The rows of one namespace: of the source package's name, and of the package's own.
pub(crate) type Pair<'b> = [Option<Place<'b>>; PAIR];

/// How many rows of one namespace may speak of a package.
pub(crate) const PAIR: usize = 2;

/// How many rows may speak of a package of a stream.
pub(crate) const ROWS: usize = PAIR * (1 + FALLBACKS);

/// The rows that speak of a package.
#[derive(Clone, Debug)]
pub(crate) enum Places<'b> {
    /// Of a release: nothing but its own namespace.
    Release(Pair<'b>),
    /// Of a stream.
    Stream(Box<Stream<'b>>),
}

/// The rows that speak of a package of a stream, namespace after namespace.
#[derive(Clone, Debug)]
pub(crate) struct Stream<'b> {
    pub(crate) places: [Option<Place<'b>>; ROWS],
    /// The namespaces behind that of the stream.
    pub(crate) further: [Option<Fallback>; FALLBACKS],
}

impl<'b> Places<'b> {
    /// All of them; those of one namespace stand together.
    pub(crate) fn all(&self) -> &[Option<Place<'b>>] {
        match self {
            Places::Release(places) => places,
            Places::Stream(stream) => &stream.places,
        }
    }

    /// The row of that number.
    pub(crate) fn get(&self, number: impl Into<usize>) -> Option<&Place<'b>> {
        self.all().get(number.into())?.as_ref()
    }

    /// The namespace that a row is of, if it is not the package's own.
    pub(crate) fn further(&self, number: usize) -> Option<&Fallback> {
        match self {
            Places::Release(_) => None,
            Places::Stream(stream) => stream.further.get((number / PAIR).checked_sub(1)?)?.as_ref(),
        }
    }
}

/// A version's position in a row; `None` if its scheme cannot read it.
type Spot = Option<u32>;

/// What a package is compared as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'p> {
    pub(crate) package: &'p Package,
    pub(crate) scheme: Scheme,
}

impl<'p> Subject<'p> {
    /// The version that statements of this kind are about.
    pub(crate) fn version(&self, named: Named) -> &'p str {
        match named {
            Named::Source => self.package.advisory_version(),
            Named::Binary => match self.package.ecosystem {
                Ecosystem::Bitnami => without_revision(&self.package.version),
                _ => &self.package.version,
            },
        }
    }

    /// The rows that may speak of the package, which is of `namespace`.
    pub(crate) fn places<'b>(&self, bundle: &'b Bundle, namespace: &Namespace) -> Places<'b> {
        let own = self.pair(bundle, namespace);
        let further = fallbacks(namespace);
        if further.iter().all(Option::is_none) {
            return Places::Release(own);
        }
        let mut places = [None; ROWS];
        let pairs = further.iter().map(|next| match next {
            Some(next) => self.pair(bundle, &next.namespace),
            None => [None; PAIR],
        });
        for (place, row) in places.iter_mut().zip(own.into_iter().chain(pairs.flatten())) {
            *place = row;
        }
        Places::Stream(Box::new(Stream { places, further }))
    }

    /// The rows of `namespace` that may speak of the package.
    fn pair<'b>(&self, bundle: &'b Bundle, namespace: &Namespace) -> Pair<'b> {
        let (package, key) = (self.package, advisory_key(self.package));
        let own = !package.ecosystem.is_os() || package.name == key;
        let first = bundle.row(&namespace.0, &key).map(|row| self.place(row, true, own));
        let second = match self.scheme == Scheme::Rpm && !own {
            true => bundle.row(&namespace.0, &package.name).map(|row| self.place(row, false, true)),
            false => None,
        };
        [first, second]
    }

    /// Places the versions in a row that is named after the source package, the package, or both.
    pub(crate) fn place<'b>(&self, row: Row<'b>, is_source: bool, is_binary: bool) -> Place<'b> {
        let position = |named| {
            // a branch of Composer has a place in the order, but lies in no range and outside of none
            let version = Parsed::parse(self.scheme, self.version(named))
                .ok()
                .filter(|version| !version.is_branch())?;
            Some(row.position(self.scheme, &version))
        };
        let binary = is_binary.then(|| position(Named::Binary));
        let same = self.version(Named::Source) == self.version(Named::Binary);
        let source = is_source.then(|| match binary {
            Some(binary) if same => binary,
            _ => position(Named::Source),
        });
        Place { row, source, binary }
    }

    /// Whether the statement is about this package, whatever the version.
    pub(crate) fn is_meant(&self, statement: &StatementView<'_>) -> bool {
        if !self.package.ecosystem.is_os() {
            return true;
        }
        if !statement.is_limited() && self.package.module.is_none() {
            return true;
        }
        let module = statement.module();
        let own_module = self.package.module.as_deref().map(name_and_stream);
        let mut arches = statement.arches().peekable();
        let in_arch = match (self.package.arch.as_deref(), arches.peek()) {
            (Some(arch), Some(_)) => arches.any(|other| other == arch),
            _ => true,
        };
        module.map(name_and_stream) == own_module && in_arch
    }
}

impl Place<'_> {
    /// The position of the version that the statement looks at; `None` if the row's name is not the one that the
    /// statement means.
    pub(crate) fn spot(&self, named: Named) -> Option<Spot> {
        match named {
            Named::Source => self.source,
            Named::Binary => self.binary,
        }
    }
}

/// Bitnami's packages carry the revision of their build behind the version, `1.2.3-4`, and its advisories do not know it.
fn without_revision(version: &str) -> &str {
    match version.rsplit_once('-') {
        Some((version, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => version,
        _ => version,
    }
}

/// `postgresql:12` of a module label, which may go on with version and context.
fn name_and_stream(label: &str) -> &str {
    let end = label.match_indices(':').nth(1).map_or(label.len(), |(end, _)| end);
    &label[..end]
}
