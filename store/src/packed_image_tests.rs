use model::Severity;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(".{0,9}")
}

fn list() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(".{0,9}", 0..4)
}

fn digest() -> impl Strategy<Value = Option<Digest>> {
    any::<Option<[u8; 32]>>().prop_map(|bytes| bytes.map(Digest::from_bytes))
}

fn names() -> impl Strategy<Value = Vec<Reference>> {
    let name = (".{1,9}", ".{1,9}", text(), digest());
    let name =
        name.prop_map(|(registry, repository, tag, digest)| Reference { registry, repository, tag, digest });
    proptest::collection::vec(name, 0..3)
}

fn layers() -> impl Strategy<Value = Vec<LayerFacts>> {
    let layer = (digest(), digest(), 0..3_u64, ".{0,9}", any::<Option<i64>>(), ".{0,3}");
    let layer = layer.prop_map(|(diff_id, digest, size, created_by, created, comment)| LayerFacts {
        diff_id: diff_id.map(DiffId),
        digest,
        size,
        created_by,
        created: created.map(Timestamp),
        comment,
    });
    proptest::collection::vec(layer, 0..5)
}

fn facts() -> impl Strategy<Value = ImageFacts> {
    let label = (".{0,9}", ".{0,9}").prop_map(|(key, value)| Label { key, value });
    let base = (any::<[u8; 32]>(), names(), any::<u32>());
    let base = base.prop_map(|(id, references, layers)| BaseImage {
        id: ImageId(Digest::from_bytes(id)),
        references,
        layers,
    });
    let runtime = (".{0,3}", list(), list(), list(), list(), ".{0,3}");
    let runtime = runtime.prop_map(|(user, exposed_ports, volumes, entrypoint, command, working_dir)| {
        RuntimeFacts { user, exposed_ports, volumes, entrypoint, command, working_dir }
    });
    let words = (text(), text(), text(), ".{0,9}");
    let numbers = (any::<Option<i64>>(), any::<u64>());
    let rest = (names(), list(), proptest::collection::vec(label, 0..4));
    (words, numbers, rest, runtime, proptest::option::of(base), layers()).prop_map(
        |(words, (created, size), (references, environment, labels), runtime, base, layers)| {
            let (architecture, os, docker_version, author) = words;
            ImageFacts {
                references,
                created: created.map(Timestamp),
                author,
                architecture,
                os,
                docker_version,
                size,
                labels,
                environment,
                runtime,
                base,
                layers,
                ..ImageFacts::new(ImageId(Digest::from_bytes([0; 32])))
            }
        },
    )
}

fn build() -> impl Strategy<Value = Option<Box<ImageBuild>>> {
    let words = (text(), text(), text(), text(), text(), text(), text());
    let build = (any::<i64>(), words).prop_map(
        |(scanned_at, (system, job, number, url, commit, branch, repository))| {
            let build = Build { system, job, number, url, commit, branch, repository };
            Box::new(ImageBuild { scanned_at: Timestamp(scanned_at), build })
        },
    );
    proptest::option::of(build)
}

fn document() -> impl Strategy<Value = ImageDocument> {
    let release = (".{1,9}", list(), text(), text(), ".{1,9}", text());
    let release = release.prop_map(|(id, id_like, version_id, version_codename, display_name, stream)| {
        OsRelease { id, id_like, version_id, version_codename, display_name, stream }
    });
    let secret = (".{1,9}", any::<u32>(), proptest::option::of(0..9_u32));
    let secret = secret.prop_map(|(path, line, layer)| SecretRecord {
        path,
        line,
        rule: "aws-access-key-id".into(),
        title: "AWS".into(),
        severity: Severity::URGENT,
        masked: "AKIA****".into(),
        layer,
    });
    let secrets = proptest::collection::vec(secret, 0..2);
    (facts(), proptest::option::of(release), list(), ".{0,9}", secrets, any::<u32>(), build()).prop_map(
        |(facts, os_release, users, scanner, secrets, unreadable, build)| ImageDocument {
            facts,
            os_release,
            users,
            scanner,
            secrets,
            unreadable,
            build,
        },
    )
}

proptest! {
    #[test]
    fn a_document_comes_back_without_the_id(document in document(), id: [u8; 32]) {
        let mut codec = Codec::new();
        let mut sent = document.clone();
        sent.facts.id = ImageId(Digest::from_bytes(id));
        let packed = pack(&mut codec, &sent).unwrap();
        prop_assert!(is_packed(&packed));
        prop_assert_eq!(unpack(&mut codec, "it", &packed).unwrap(), document);
    }

    #[test]
    fn foreign_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 1..120), count in 0..3_u8) {
        let mut codec = Codec::new();
        let _ = unpack(&mut codec, "it", &bytes);
        bytes.splice(..1, [Form::ImageColumns as u8, count]);
        let _ = unpack(&mut codec, "it", &bytes);
    }
}

#[test]
fn damaged_bytes_are_refused_by_name() {
    let mut codec = Codec::new();
    let mut facts = ImageFacts::new(ImageId(Digest::from_bytes([1; 32])));
    facts.references.extend(Reference::parse("registry.example.com/team/web:1"));
    facts.base = Some(BaseImage { id: facts.id, references: Vec::new(), layers: 1 });
    let document = ImageDocument {
        facts,
        os_release: None,
        users: Vec::new(),
        scanner: "plimsoll/0.1.0".into(),
        secrets: Vec::new(),
        unreadable: 0,
        build: None,
    };
    let packed = pack(&mut codec, &document).unwrap();
    for cut in 0..packed.len() {
        let refused = unpack(&mut codec, "image x", &packed[..cut]).unwrap_err().to_string();
        assert!(refused.contains("image x"), "{refused}");
    }
    let mut without = packed.clone();
    without.splice(1..34, [0]);
    let refused = unpack(&mut codec, "image x", &without).unwrap_err().to_string();
    assert!(refused.contains("contradicts itself"), "{refused}");
}

#[test]
fn a_document_without_a_build_is_the_bytes_that_it_was_and_one_with_it_is_read_without_it_by_who_does_not_know_it()
 {
    let mut codec = Codec::new();
    let document = |build| ImageDocument {
        facts: ImageFacts::new(ImageId(Digest::from_bytes([0; 32]))),
        os_release: None,
        users: vec!["root".into()],
        scanner: "plimsoll/0.1.0".into(),
        secrets: Vec::new(),
        unreadable: 0,
        build,
    };
    let build = Build { commit: Some("0f3c".into()), ..Build::default() };
    let [without, with] =
        [None, Some(Box::new(ImageBuild { scanned_at: Timestamp(5), build }))].map(document);
    let mut content = |document: &ImageDocument| {
        let packed = pack(&mut codec, document).unwrap();
        codec.unpack_bare("it", Form::ImageColumns, &packed[2..]).unwrap()
    };
    let [plain, more] = [content(&without), content(&with)];
    let columns = columns_of(&without.facts, &mut Vec::new());
    let columns = Columns { users: texts(&without.users), scanner: &without.scanner, ..columns };
    assert_eq!(plain, postcard::to_stdvec(&columns).unwrap());
    assert!(more.starts_with(&plain) && more.len() > plain.len());
    let known: Columns<'_> = postcard::from_bytes(&more).unwrap();
    assert_eq!(document_of(known, Raw(&[])), Some(without));
}
