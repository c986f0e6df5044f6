//! Reports with odd characters in every word, within what a server takes.

use std::collections::BTreeMap;

use model::{
    BaseImage, DiffId, Digest, Distro, Ecosystem, ImageFacts, ImageId, Label, LayerFacts, OsRelease, Package,
    PackageRecord, Reference, ScanReport, SourcePackage, Timestamp, Unreadable,
};
use proptest::prelude::*;

/// Any characters, control characters and quotes among them.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9.+~:@/%-]{0,10}",
        1 => "(?s).{0,6}",
        1 => Just("\u{0}\n\"\\\u{7f}\u{2028}\u{1f600}<&>'".to_owned()),
        1 => Just(" NOASSERTION ".to_owned()),
    ]
}

fn filled() -> impl Strategy<Value = String> {
    word().prop_filter("is not empty", |word| !word.is_empty())
}

fn distro() -> impl Strategy<Value = Distro> {
    (filled(), word()).prop_filter_map("the id ends at the colon", |(id, version)| {
        (!id.contains(':')).then(|| Distro::new(id, version))
    })
}

fn license() -> impl Strategy<Value = String> {
    prop_oneof![Just("MIT".to_owned()), Just("LicenseRef-odd-1 AND (MIT OR GPL-2.0+)".to_owned()), word()]
}

fn package() -> impl Strategy<Value = Package> {
    let ecosystem = prop::sample::select(Ecosystem::ALL.to_vec());
    let ecosystem = ecosystem.prop_filter("a release is no package", |ecosystem| *ecosystem != Ecosystem::Os);
    let source = (filled(), word()).prop_map(|(name, version)| SourcePackage { name, version });
    let optional = (prop::option::of(word()), prop::option::of(word()), prop::option::of(word()));
    (ecosystem, filled(), word(), prop::option::of(distro()), prop::option::of(source), optional).prop_map(
        |(ecosystem, name, version, distro, source, (arch, module, vendor))| Package {
            ecosystem,
            distro,
            name,
            version,
            arch,
            source,
            module,
            vendor,
        },
    )
}

fn record() -> impl Strategy<Value = PackageRecord> {
    let place = (word(), prop::option::of(0_u32..2), prop::option::of(word()));
    (package(), place, prop::option::of(license()), any::<bool>(), word()).prop_map(
        |(package, (path, layer, owned_by), license, declared, found_by)| {
            let mut record = PackageRecord::new(package, path);
            (record.layer, record.owned_by, record.license) = (layer, owned_by, license);
            (record.declared, record.found_by) = (declared, found_by);
            record
        },
    )
}

fn release() -> impl Strategy<Value = OsRelease> {
    let optional = || prop::option::of(word());
    let words = (optional(), optional(), prop::option::of(filled()), prop::collection::vec(word(), 0..3));
    (filled(), words, word()).prop_map(
        |(id, (version_id, version_codename, stream, id_like), display_name)| OsRelease {
            id,
            id_like,
            version_id,
            version_codename,
            display_name,
            stream,
        },
    )
}

fn image() -> impl Strategy<Value = ImageFacts> {
    let labels = prop::collection::btree_map(word(), word(), 0..4);
    (
        any::<u64>(),
        labels,
        word(),
        prop::option::of(word()),
        0..i64::MAX as u64,
        prop::option::of(any::<i64>()),
    )
        .prop_map(|(number, labels, author, architecture, size, created)| {
            let digest = |part: &str| Digest::of(format!("{part} {number}").as_bytes());
            let layer = |part: &str, digest: Option<Digest>| LayerFacts {
                diff_id: Some(DiffId(Digest::of(format!("{part} {number}").as_bytes()))),
                digest,
                size: number >> 1,
                created_by: String::new(),
                created: None,
                comment: String::new(),
            };
            let mut facts = ImageFacts::new(ImageId(digest("config")));
            let name = format!("registry.example.com:5000/team/app{number}");
            facts.references =
                ["", ":1.0"].iter().filter_map(|tag| Reference::parse(&format!("{name}{tag}"))).collect();
            facts.references[1].digest = Some(digest("manifest"));
            facts.labels = sorted(labels);
            facts.base = Some(BaseImage {
                id: ImageId(digest("base")),
                references: vec![Reference::parse("debian:12").expect("this is a name")],
                layers: 1,
            });
            facts.layers = vec![layer("one", None), layer("two", Some(digest("blob")))];
            (facts.author, facts.architecture, facts.size) = (author, architecture, size);
            facts.created = created.map(Timestamp);
            facts
        })
}

fn sorted(labels: BTreeMap<String, String>) -> Vec<Label> {
    labels.into_iter().map(|(key, value)| Label { key, value }).collect()
}

/// A whole report; its packages are sorted, as a scanner leaves them.
pub(crate) fn report() -> impl Strategy<Value = ScanReport> {
    let notes = prop::collection::vec((prop::option::of(0_u32..2), word(), word()), 0..3);
    let lists = (prop::collection::vec(word(), 0..4), prop::collection::vec(record(), 0..12), notes);
    (image(), prop::option::of(release()), lists, any::<i64>()).prop_map(
        |(image, os_release, lists, time)| {
            let (users, mut packages, notes) = lists;
            packages.sort_unstable();
            packages.dedup();
            let notes = notes.into_iter().map(|(layer, path, reason)| Unreadable { layer, path, reason });
            ScanReport {
                schema: model::report::REPORT_SCHEMA,
                scanner: "plimsoll/test".into(),
                scanned_at: Timestamp(time),
                source: "CICD".into(),
                image,
                os_release,
                users,
                packages,
                secrets: Vec::new(),
                unreadable: notes.collect(),
                tags: vec!["team a".into()],
                build: None,
            }
        },
    )
}
