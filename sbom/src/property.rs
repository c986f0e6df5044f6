//! Our own words in a document: what no field of the format holds, as pairs of `plimsoll:` names and values.
//!
//! CycloneDX has properties for them, SPDX annotations. The decision a reader may doubt: a package that has
//! `plimsoll:ecosystem` is read by these words alone, not by its package URL. A URL does not hold everything that
//! a judgement depends on, and puts names into another spelling; so a document comes back as it was.

use std::collections::HashMap;

use model::{
    BaseImage, DiffId, Digest, Distro, Ecosystem, ImageFacts, Label, LayerFacts, OsRelease, Package,
    PackageRecord, Reference, ScanReport, SourcePackage, Timestamp, Unreadable,
};

use crate::identity::short;

/// A name and its value.
pub(crate) type Pair = (String, String);

/// Begins the name of every property of ours.
pub(crate) const PREFIX: &str = "plimsoll:";

/// The property that marks a package of ours.
pub(crate) const ECOSYSTEM: &str = "plimsoll:ecosystem";
/// Place of a package, where the format has none.
pub(crate) const PATH: &str = "plimsoll:path";
/// A version that is too long for the format.
pub(crate) const VERSION: &str = "plimsoll:version";
/// A licence that is no SPDX expression.
pub(crate) const LICENSE: &str = "plimsoll:license";
/// The property that marks an image of ours.
pub(crate) const IMAGE_ID: &str = "plimsoll:image:id";

const LABEL: &str = "plimsoll:image:label:";

/// What a package has beside name, version, place and licence.
pub(crate) fn of_record(record: &PackageRecord, layers: &[DiffId]) -> Vec<Pair> {
    let mut pairs = vec![(ECOSYSTEM.to_owned(), record.ecosystem.to_string())];
    let mut put = |name: &str, value: Option<String>| {
        pairs.extend(value.map(|value| (format!("{PREFIX}{name}"), value)));
    };
    put("arch", record.arch.clone());
    put("distro", record.distro.as_ref().map(Distro::to_string));
    put("sourceName", record.source.as_ref().map(|source| source.name.clone()));
    put("sourceVersion", record.source.as_ref().map(|source| source.version.clone()));
    put("module", record.module.clone());
    put("vendor", record.vendor.clone());
    put("layer", record.layer.map(|layer| layer.to_string()));
    put("layerDiffId", record.layer.and_then(|layer| layers.get(layer as usize)).map(DiffId::to_string));
    put("ownedBy", record.owned_by.clone());
    put("declared", record.declared.then(|| "true".to_owned()));
    put("foundBy", Some(record.found_by.clone()).filter(|word| !word.is_empty()));
    pairs
}

/// The properties of one place by name, those of several values in order.
pub(crate) struct Properties<'a>(HashMap<&'a str, Vec<&'a str>>);

impl<'a> Properties<'a> {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut map: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, value) in pairs {
            map.entry(name).or_default().push(value);
        }
        Self(map)
    }

    /// The first value.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(|values| values.first().copied())
    }

    /// The first value, or nothing.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.get(name).unwrap_or_default()
    }

    /// All values.
    pub(crate) fn all(&self, name: &str) -> &[&'a str] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// All properties whose name begins with `prefix`: the rest of the name, and the first value. Sorted.
    pub(crate) fn below(&self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let rest =
            self.0.iter().filter_map(|(name, values)| Some((name.strip_prefix(prefix)?, *values.first()?)));
        let mut found: Vec<_> = rest.collect();
        found.sort_unstable();
        found
    }

    /// The record of a package of ours; the error is in words.
    pub(crate) fn record(&self, name: &str, version: &str, path: &str) -> Result<PackageRecord, String> {
        let own = |name: &str| self.get(&format!("{PREFIX}{name}")).map(str::to_owned);
        let ecosystem: Ecosystem = self
            .text(ECOSYSTEM)
            .parse()
            .map_err(|error: model::package::UnknownEcosystem| error.to_string())?;
        if ecosystem == Ecosystem::Os {
            return Err("an operating system is no package of its own".to_owned());
        }
        if name.is_empty() {
            return Err("has no name".to_owned());
        }
        let package = Package {
            ecosystem,
            distro: own("distro").map(|text| read_distro(&text)).filter(|distro| !distro.id.is_empty()),
            name: name.to_owned(),
            version: version.to_owned(),
            arch: own("arch"),
            source: own("sourceName")
                .filter(|name| !name.is_empty())
                .map(|name| SourcePackage { name, version: own("sourceVersion").unwrap_or_default() }),
            module: own("module"),
            vendor: own("vendor"),
        };
        let layer = own("layer")
            .map(|text| text.parse::<u32>().map_err(|_| "names a layer that is no number".to_owned()));
        let mut record = PackageRecord::new(package, path);
        record.layer = layer.transpose()?;
        record.owned_by = own("ownedBy");
        record.declared = own("declared").as_deref() == Some("true");
        record.found_by = own("foundBy").unwrap_or_default();
        Ok(record)
    }
}

/// What is known of the image and of the report as a whole. Environment, commands and history are left out: they may hold
/// credentials, and no reader of such a document needs them. So is the value of a label that holds one.
pub(crate) fn of_report(report: &ScanReport) -> Vec<Pair> {
    let image = &report.image;
    let mut pairs: Vec<Pair> = Vec::new();
    let mut put = |name: &str, value: String| pairs.push((format!("{PREFIX}{name}"), value));
    put("image:id", image.id.to_string());
    image.references.iter().for_each(|reference| put("image:reference", reference_text(reference)));
    let words = [
        ("image:architecture", image.architecture.as_ref()),
        ("image:os", image.os.as_ref()),
        ("image:dockerVersion", image.docker_version.as_ref()),
        ("image:author", Some(&image.author).filter(|author| !author.is_empty())),
    ];
    words
        .into_iter()
        .filter_map(|(name, word)| Some((name, word?)))
        .for_each(|(name, word)| put(name, word.clone()));
    image.created.iter().for_each(|created| put("image:created", created.0.to_string()));
    if image.size > 0 {
        put("image:size", image.size.to_string());
    }
    let with_layer = image.layers.iter().filter_map(|layer| Some((layer.diff_id?, layer)));
    for (diff_id, layer) in with_layer {
        let digest = layer.digest.map_or("-".to_owned(), |digest| digest.to_string());
        put("image:layer", format!("{diff_id} {digest} {}", layer.size));
    }
    if let Some(base) = &image.base {
        put("image:base", format!("{} {}", base.id, base.layers));
        base.references.iter().for_each(|name| put("image:baseReference", reference_text(name)));
    }
    let is_secret = |key: &str| {
        report.secrets.iter().any(|secret| secret.path.strip_prefix("config:label/") == Some(key))
    };
    for label in image.labels.iter().filter(|label| !is_secret(&label.key)) {
        put(&format!("image:label:{}", label.key), label.value.clone());
    }
    report.users.iter().for_each(|user| put("user", user.clone()));
    put("scanner", report.scanner.clone());
    put("scannedAt", report.scanned_at.0.to_string());
    put("source", report.source.clone());
    report.tags.iter().for_each(|tag| put("tag", tag.clone()));
    for note in &report.unreadable {
        let parts = (&note.layer, &note.path, &note.reason);
        put("unreadable", serde_json::to_string(&parts).unwrap_or_default());
    }
    pairs
}

/// Takes over what [`of_report`] wrote. Gives in words what could not be read.
pub(crate) fn read_report(properties: &Properties<'_>, report: &mut ScanReport) -> Vec<String> {
    let own = |name: &str| properties.get(&format!("{PREFIX}{name}")).map(str::to_owned);
    let all = |name: &str| properties.all(&format!("{PREFIX}{name}")).iter().map(|text| (*text).to_owned());
    let number = |name: &str| own(name).and_then(|text| text.parse::<i64>().ok());
    let mut problems = Vec::new();
    let image: &mut ImageFacts = &mut report.image;
    for text in all("image:reference") {
        match Reference::parse(&text) {
            Some(reference) => image.references.push(reference),
            None => problems.push(format!("`{}` is no name of an image", short(&text))),
        }
    }
    image.architecture = own("image:architecture");
    image.os = own("image:os");
    image.docker_version = own("image:dockerVersion");
    image.author = own("image:author").unwrap_or_default();
    image.created = number("image:created").map(Timestamp);
    image.size = own("image:size").and_then(|text| text.parse().ok()).unwrap_or_default();
    // One that cannot be read would shift the numbers of all above it.
    let layers: Option<Vec<LayerFacts>> = all("image:layer").map(|text| layer_of(&text)).collect();
    if layers.is_none() {
        problems.push("a layer is no digest, so all of them are left out".to_owned());
    }
    image.layers = layers.unwrap_or_default();
    image.base = own("image:base").and_then(|text| {
        let (id, layers) = text.split_once(' ')?;
        let references = all("image:baseReference").filter_map(|text| Reference::parse(&text)).collect();
        Some(BaseImage { id: id.parse().ok()?, references, layers: layers.parse().ok()? })
    });
    let labels = properties.below(LABEL).into_iter();
    image.labels =
        labels.map(|(key, value)| Label { key: key.to_owned(), value: value.to_owned() }).collect();
    report.users = all("user").collect();
    report.tags = all("tag").collect();
    report.scanned_at = number("scannedAt").map_or(report.scanned_at, Timestamp);
    if let Some(scanner) = own("scanner").filter(|scanner| !scanner.is_empty()) {
        report.scanner = scanner;
    }
    if let Some(source) = own("source") {
        report.source = source;
    }
    for text in all("unreadable") {
        match serde_json::from_str::<(Option<u32>, String, String)>(&text) {
            Ok((layer, path, reason)) => report.unreadable.push(Unreadable { layer, path, reason }),
            Err(_) => problems.push("a note on what could not be read is none".to_owned()),
        }
    }
    problems
}

fn read_distro(text: &str) -> Distro {
    let (id, version) = text.split_once(':').unwrap_or((text, ""));
    Distro::new(id, version)
}

fn layer_of(text: &str) -> Option<LayerFacts> {
    let mut words = text.split(' ');
    let diff_id: DiffId = words.next()?.parse().ok()?;
    let digest = words.next().and_then(|word| word.parse::<Digest>().ok());
    let size = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
    Some(layer_facts(diff_id, digest, size))
}

/// A layer of which no more is known.
pub(crate) fn layer_facts(diff_id: DiffId, digest: Option<Digest>, size: u64) -> LayerFacts {
    LayerFacts {
        diff_id: Some(diff_id),
        digest,
        size,
        created_by: String::new(),
        created: None,
        comment: String::new(),
    }
}

/// What a release has, for its own component.
pub(crate) fn of_release(release: &OsRelease) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut put = |name: &str, value: &str| pairs.push((format!("{PREFIX}os:{name}"), value.to_owned()));
    put("id", &release.id);
    release.version_id.iter().for_each(|version| put("versionId", version));
    release.version_codename.iter().for_each(|name| put("versionCodename", name));
    release.stream.iter().for_each(|stream| put("stream", stream));
    release.id_like.iter().for_each(|word| put("idLike", word));
    put("displayName", &release.display_name);
    pairs
}

/// The release that [`of_release`] wrote; `None` if the component is none of ours.
pub(crate) fn read_release(properties: &Properties<'_>) -> Option<OsRelease> {
    let own = |name: &str| properties.get(&format!("{PREFIX}os:{name}")).map(str::to_owned);
    Some(OsRelease {
        id: own("id")?,
        id_like: properties.all("plimsoll:os:idLike").iter().map(|word| (*word).to_owned()).collect(),
        version_id: own("versionId"),
        version_codename: own("versionCodename"),
        stream: own("stream"),
        display_name: own("displayName").unwrap_or_default(),
    })
}

/// `registry/repository:tag@digest`.
pub(crate) fn reference_text(reference: &Reference) -> String {
    let mut text = format!("{}/{}", reference.registry, reference.repository);
    reference.tag.iter().for_each(|tag| text.extend([":", tag]));
    reference.digest.iter().for_each(|digest| text.extend(["@", &digest.to_string()]));
    text
}
