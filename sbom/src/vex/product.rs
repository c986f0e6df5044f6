//! Products: what names them in a document, and whether they are a given image or package.

use model::purl::normalise_python;
use model::{Digest, Ecosystem, ImageFacts, PackageRecord, Reference};

use super::Product;
use crate::identity::{self, Stated};
use crate::place::names_an_image;
use crate::purl::Purl;
use crate::release;

impl Product {
    /// Takes one name of the product. `false` if it is words only.
    pub(super) fn name(&mut self, text: &str) -> bool {
        if text.starts_with("pkg:") {
            self.purls.push(text.to_owned());
            return Purl::parse(text).is_some();
        }
        if let Ok(digest) = text.parse::<Digest>() {
            self.digests.push(digest);
            return true;
        }
        let reference = names_an_image(text) && !text.contains("://") && !text.starts_with("urn:");
        // A bare word is as likely the name of anything else.
        let is_full = text.contains(['/', '@']) || text.contains(':');
        match Reference::parse(text).filter(|_| reference && is_full) {
            Some(reference) => {
                self.references.push(reference);
                true
            }
            None => false,
        }
    }

    /// Whether nothing names it.
    pub(super) fn is_empty(&self) -> bool {
        self.purls.is_empty() && self.digests.is_empty() && self.references.is_empty()
    }

    /// Whether the product holds `package` of `image`, or is it.
    pub(super) fn holds(&self, package: &PackageRecord, image: &ImageFacts) -> bool {
        if self.is_image(image) {
            return self.subcomponents.is_empty()
                || self.subcomponents.iter().any(|purl| is_package(purl, package));
        }
        // A part within a package cannot be told from the package, so a statement about parts does not speak of all of it.
        self.subcomponents.is_empty() && self.purls.iter().any(|purl| is_package(purl, package))
    }

    fn is_image(&self, image: &ImageFacts) -> bool {
        let is_digest = |digest: &Digest| has_digest(image, digest);
        let is_reference =
            |name: &Reference| image.references.iter().any(|own| same_reference(name, own, image));
        self.digests.iter().any(is_digest)
            || self.references.iter().any(is_reference)
            || self.purls.iter().any(|purl| is_image_purl(purl, image))
    }
}

fn has_digest(image: &ImageFacts, digest: &Digest) -> bool {
    image.id.0 == *digest
        || image.references.iter().any(|reference| reference.digest.as_ref() == Some(digest))
}

/// What the statement leaves open is not asked.
fn same_reference(said: &Reference, own: &Reference, image: &ImageFacts) -> bool {
    said.registry == own.registry
        && said.repository == own.repository
        && said.tag.as_ref().is_none_or(|tag| own.tag.as_ref() == Some(tag))
        && said.digest.as_ref().is_none_or(|digest| has_digest(image, digest))
}

/// `pkg:oci/NAME@DIGEST?repository_url=…&tag=…` and `pkg:docker/NAMESPACE/NAME@TAG-OR-DIGEST` (package-url types).
fn is_image_purl(text: &str, image: &ImageFacts) -> bool {
    let Some(purl) = Purl::parse(text).filter(|purl| matches!(purl.kind.as_str(), "oci" | "docker")) else {
        return false;
    };
    let (mut digest, mut tag) = (None, purl.qualifier("tag"));
    match purl.version.parse::<Digest>() {
        Ok(found) => digest = Some(found),
        Err(_) if purl.version.is_empty() => {}
        Err(_) if purl.kind == "docker" => tag = Some(purl.version.clone()),
        Err(_) => return false,
    }
    if digest.is_some_and(|digest| !has_digest(image, &digest)) {
        return false;
    }
    let arch = purl.qualifier("arch");
    if let (Some(said), Some(own)) = (&arch, &image.architecture)
        && said != own
    {
        return false;
    }
    let full = match purl.namespace.as_str() {
        "" | "library" => purl.name.clone(),
        namespace => format!("{namespace}/{}", purl.name),
    };
    let address = purl.qualifier("repository_url").and_then(|url| address_of(&url, &purl, &full));
    let is_own = |own: &Reference| {
        let named = match &address {
            Some(address) => (&own.registry, &own.repository) == (&address.registry, &address.repository),
            None if purl.kind == "docker" => own.repository.eq_ignore_ascii_case(&full),
            None => {
                own.repository.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&purl.name))
            }
        };
        named && tag.as_ref().is_none_or(|tag| own.tag.as_ref() == Some(tag))
    };
    // A digest alone says which image it is; an archive has no names to compare.
    let by_digest = digest.is_some() && image.references.is_empty();
    by_digest || image.references.iter().any(is_own)
}

/// The address is the repository for `oci` and the registry for `docker`.
fn address_of(url: &str, purl: &Purl<'_>, full: &str) -> Option<Reference> {
    let url = url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    match purl.kind.as_str() {
        "docker" => Reference::parse(&format!("{url}/{full}")),
        _ => Reference::parse(url),
    }
}

/// Whether a package URL names the package; what it leaves open (version, architecture, release) is not asked.
pub(super) fn is_package(text: &str, package: &PackageRecord) -> bool {
    let Some(purl) = Purl::parse(text) else { return false };
    let Ok(said) = identity::identify(&Stated { purl: text, ..Stated::default() }) else { return false };
    if said.package.ecosystem != package.ecosystem || !is_same_release(&purl, package) {
        return false;
    }
    // `arch=source` names the source package, of which this one may have been built.
    let of_source = said.package.arch.as_deref() == Some("source");
    let source = package.source.as_ref().filter(|_| of_source && package.arch.as_deref() != Some("source"));
    let (name, version) =
        source.map_or((&package.name, &package.version), |source| (&source.name, &source.version));
    let same_arch = source.is_some()
        || purl.qualifier("arch").is_none_or(|arch| package.arch.as_ref().is_none_or(|own| *own == arch));
    let same_module = said.package.module.is_none() || said.package.module == package.module;
    same_arch
        && same_module
        && is_same_name(package.ecosystem, &said.package.name, name)
        && is_same_version(&purl, &said.package.version, version)
}

fn is_same_name(ecosystem: Ecosystem, said: &str, own: &str) -> bool {
    match ecosystem {
        Ecosystem::Pypi => normalise_python(said) == normalise_python(own),
        Ecosystem::Nuget | Ecosystem::Composer => said.eq_ignore_ascii_case(own),
        _ => said == own,
    }
}

fn is_same_version(purl: &Purl<'_>, said: &str, own: &str) -> bool {
    if purl.version.is_empty() || said == own {
        return true;
    }
    // The epoch of an rpm is often left away; version and release alone are one build.
    purl.kind == "rpm" && !said.contains(':') && own.split_once(':').is_some_and(|(_, rest)| rest == said)
}

/// Namespace and `distro` of an OS package, as far as both sides say something.
fn is_same_release(purl: &Purl<'_>, package: &PackageRecord) -> bool {
    let Some(own) = package.distro.as_ref().filter(|_| package.ecosystem.is_os()) else { return true };
    let said = purl.qualifier("distro").map(|text| release::distro_of_qualifier(&text, &purl.namespace));
    if let Some(said) = said {
        // a package URL knows nothing of the update streams of a release
        let whole = || release::distro_of(&release::of(&own.id, own.release())).version;
        let is_same = |said: &str| said.is_empty() || said == own.version || said == whole();
        return said.id == own.id && is_same(&said.version);
    }
    package.ecosystem == Ecosystem::Ebuild
        || purl.namespace.is_empty()
        || release::id_of(&purl.namespace) == own.id
}
