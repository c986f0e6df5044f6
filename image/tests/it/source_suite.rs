//! Every form of an image gives the same facts and the same entries.

use std::path::Path;

use image::{EntryKind, OpenImage, OpenOptions, Source};
use model::{ImageFacts, Label, Timestamp};
use testkit::{Compression, ImageBuilder, LayerBuilder, LongNames};

use crate::collect::{Collect, Reading, Seen, open, open_with, read_all};

fn sample() -> ImageBuilder {
    let long = format!("usr/lib/{}/file", "d".repeat(180));
    let first = LayerBuilder::new()
        .created_by("ADD rootfs.tar /")
        .dir("./")
        .dir("etc")
        .file("etc/os-release", "ID=debian\n")
        .file_with_mode("usr/bin/tool", 0o755, vec![7_u8; 300_000])
        .symlink("bin", "usr/bin")
        .hardlink("usr/bin/other", "./usr/bin/tool")
        .special(b'6', "run/fifo")
        .file(&long, "long")
        .file(b"bytes/\xff\xfe", "not text")
        .file("empty", "");
    let second = LayerBuilder::new()
        .long_names(LongNames::Gnu)
        .whiteout("etc/motd")
        .opaque("var/cache")
        .file(format!("{long}/below"), "longer")
        .symlink("link", "x".repeat(150));
    ImageBuilder::new()
        .name("registry.example.com:5000/team/web:1.0")
        .name("web:latest")
        .layer(first)
        .empty_layer("ENV A=1")
        .layer(second)
        .env("A=1")
        .label("b", "2")
        .label("a", "1")
        .author("someone")
        .docker_version("24.0.7")
}

/// Writes `image` in every form and calls `check` with the name of the form and the path.
fn each_form(image: &ImageBuilder, check: &mut dyn FnMut(&str, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let image = image.clone().compression(compression);
        let path = |name: &str| folder.path().join(format!("{name}-{compression:?}"));
        image.write_oci_dir(&path("oci-dir")).unwrap();
        image.write_oci_archive(&path("oci-archive")).unwrap();
        image.write_docker_archive(&path("docker-archive")).unwrap();
        image.write_hybrid_archive(&path("hybrid")).unwrap();
        let compressed = image.compressed_docker_archive();
        compressed.write_docker_archive(&path("compressed-docker-archive")).unwrap();
        for name in ["oci-dir", "oci-archive", "docker-archive", "hybrid", "compressed-docker-archive"] {
            check(&format!("{name} {compression:?}"), &path(name));
        }
    }
}

/// The facts without what differs by nature: digests of stored blobs and manifests.
fn common(mut facts: ImageFacts) -> ImageFacts {
    facts.layers.iter_mut().for_each(|layer| layer.digest = None);
    facts.references.iter_mut().for_each(|reference| reference.digest = None);
    facts
}

#[test]
fn all_forms_give_equal_facts_and_entries() {
    let sample = sample();
    let mut known: Option<(ImageFacts, Vec<Vec<Seen>>)> = None;
    each_form(&sample, &mut |form, path| {
        let image = open(path).unwrap();
        let this = (common(image.facts.clone()), read_all(&image));
        match &known {
            None => known = Some(this),
            Some(known) => assert_eq!(*known, this, "{form}"),
        }
    });
    let (facts, layers) = known.unwrap();
    assert_eq!(facts.id, sample.build().id);
    assert_eq!(facts.created, Timestamp::parse("2024-01-02T03:04:05Z"));
    assert_eq!(facts.architecture.as_deref(), Some("amd64"));
    assert_eq!(facts.docker_version.as_deref(), Some("24.0.7"));
    assert_eq!(facts.environment, ["A=1"]);
    let label = |key: &str, value: &str| Label { key: key.to_owned(), value: value.to_owned() };
    assert_eq!(facts.labels, [label("a", "1"), label("b", "2")]);
    let commands: Vec<_> =
        facts.layers.iter().map(|layer| (layer.created_by.as_str(), layer.diff_id.is_some())).collect();
    assert_eq!(commands, [("ADD rootfs.tar /", true), ("ENV A=1", false), ("LAYER 2", true)]);
    let names: Vec<_> =
        facts.references.iter().map(|name| (name.registry.as_str(), name.repository.as_str())).collect();
    assert_eq!(names, [("registry.example.com:5000", "team/web"), ("docker.io", "web")]);
    check_entries(&layers);
}

fn check_entries(layers: &[Vec<Seen>]) {
    let long = format!("usr/lib/{}/file", "d".repeat(180));
    let shape = |seen: &Seen| {
        let link = seen.link.as_ref().map(|link| String::from_utf8_lossy(link).into_owned());
        (String::from_utf8_lossy(&seen.path).into_owned(), seen.kind, link, seen.size)
    };
    let file = |path: &str, size: u64| (path.to_owned(), EntryKind::File, None, size);
    let other = |path: &str, kind, link: Option<&str>| (path.to_owned(), kind, link.map(str::to_owned), 0);
    let first: Vec<_> = layers[0].iter().map(shape).collect();
    assert_eq!(
        first,
        [
            other("etc", EntryKind::Directory, None),
            file("etc/os-release", 10),
            file("usr/bin/tool", 300_000),
            other("bin", EntryKind::Symlink, Some("usr/bin")),
            other("usr/bin/other", EntryKind::HardLink, Some("usr/bin/tool")),
            other("run/fifo", EntryKind::Other, None),
            file(&long, 4),
            file("bytes/\u{fffd}\u{fffd}", 8),
            file("empty", 0),
        ]
    );
    assert_eq!(layers[0][7].path, b"bytes/\xff\xfe");
    assert_eq!(layers[0][2].mode, 0o755);
    assert_eq!(layers[0][2].content, vec![7_u8; 300_000]);
    let second: Vec<_> = layers[1].iter().map(shape).collect();
    assert_eq!(
        second,
        [
            other("etc/motd", EntryKind::Whiteout, None),
            other("var/cache", EntryKind::Opaque, None),
            file(&format!("{long}/below"), 6),
            other("link", EntryKind::Symlink, Some(&"x".repeat(150))),
        ]
    );
}

#[test]
fn contents_that_are_not_or_half_read_do_not_disturb_what_follows() {
    each_form(&sample(), &mut |form, path| {
        let image = open(path).unwrap();
        for index in 0..image.layer_count() {
            let mut all = Collect::new(Reading::All);
            let whole = image.read_layer(index, &mut all).unwrap();
            for reading in [Reading::Nothing, Reading::Some] {
                let mut some = Collect::new(reading);
                assert_eq!(image.read_layer(index, &mut some).unwrap(), whole, "{form}");
                assert_eq!(some.paths(), all.paths(), "{form}");
                assert_eq!(some.progress, image.layer(index).stored_size(), "{form}");
            }
        }
    });
}

#[test]
fn stored_digests_and_sizes_are_those_of_the_blobs() {
    let sample = sample();
    let built = sample.build();
    let folder = tempfile::tempdir().unwrap();
    sample.write_oci_dir(folder.path()).unwrap();
    let image = open(folder.path()).unwrap();
    for (index, layer) in built.layers.iter().enumerate() {
        assert_eq!(image.layer(index).digest(), Some(layer.digest));
        assert_eq!(image.layer(index).diff_id(), Some(layer.diff_id));
        assert_eq!(image.layer(index).stored_size(), layer.stored.len() as u64);
        assert_eq!(image.layer(index).compression(), Some(image::Compression::Gzip));
        let summary = image.read_layer(index, &mut Collect::new(Reading::Nothing)).unwrap();
        assert_eq!(summary.uncompressed_bytes, layer.uncompressed_size);
        assert_eq!(summary.stored_bytes, layer.stored.len() as u64);
    }
    let digests: Vec<_> = image.facts.layers.iter().map(|layer| layer.digest).collect();
    assert_eq!(digests, [Some(built.layers[0].digest), None, Some(built.layers[1].digest)]);
    assert!(image.facts.references.iter().all(|name| name.digest == Some(built.manifest_digest)));
}

#[test]
fn an_uncompressed_layer_has_its_diff_id_as_stored_digest_and_a_compressed_one_of_unknown_digest_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    sample().write_docker_archive(&path).unwrap();
    let image = open(&path).unwrap();
    assert_eq!(image.layer(0).digest(), image.layer(0).diff_id().map(|diff_id| diff_id.0));
    assert_eq!(image.facts.layers[0].digest, None, "the archive names none");
    sample().compressed_docker_archive().write_docker_archive(&path).unwrap();
    assert_eq!(open(&path).unwrap().layer(0).digest(), None);
}

#[test]
fn layers_of_one_archive_can_be_read_by_several_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    sample().write_docker_archive(&path).unwrap();
    let image = open(&path).unwrap();
    let read = |index: usize| {
        let mut collect = Collect::new(Reading::All);
        image.read_layer(index, &mut collect).unwrap();
        collect.seen
    };
    let together: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || read(number % 2))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, seen) in together.into_iter().enumerate() {
        assert_eq!(seen, read(number % 2));
    }
}

#[test]
fn without_verification_uncompressed_layers_are_seeked_and_read_the_same() {
    let options = OpenOptions { verify: false, ..OpenOptions::default() };
    each_form(&sample(), &mut |form, path| {
        let image = open_with(path, &options).unwrap();
        for index in 0..image.layer_count() {
            let mut collect = Collect::new(Reading::Some);
            let summary = image.read_layer(index, &mut collect).unwrap();
            assert!(!summary.verified);
            let mut verified = Collect::new(Reading::Some);
            open(path).unwrap().read_layer(index, &mut verified).unwrap();
            assert_eq!(collect.seen, verified.seen, "{form}");
        }
    });
}

#[test]
fn prefixes_choose_the_form_and_looking_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    sample().write_oci_dir(&path("layout")).unwrap();
    sample().write_oci_archive(&path("layout.tar")).unwrap();
    sample().write_docker_archive(&path("docker.tar")).unwrap();
    sample().write_hybrid_archive(&path("hybrid.tar")).unwrap();
    let detect = |prefix: &str, name: &str| {
        Source::detect(&format!("{prefix}{}", folder.path().join(name).display())).unwrap()
    };
    assert_eq!(detect("", "layout"), Source::OciDir(path("layout")));
    assert_eq!(detect("", "layout.tar"), Source::OciArchive(path("layout.tar")));
    assert_eq!(detect("", "docker.tar"), Source::DockerArchive(path("docker.tar")));
    assert_eq!(detect("", "hybrid.tar"), Source::DockerArchive(path("hybrid.tar")));
    assert_eq!(detect("oci-archive:", "hybrid.tar"), Source::OciArchive(path("hybrid.tar")));
    assert_eq!(detect("dir:", "layout"), Source::RootFs(path("layout")));
    let open = |source: Source| -> OpenImage { image::open(&source, &OpenOptions::default()).unwrap() };
    let as_oci = open(detect("oci-archive:", "hybrid.tar"));
    let as_docker = open(detect("docker-archive:", "hybrid.tar"));
    assert_eq!(as_oci.facts.layers, as_docker.facts.layers);
    assert_eq!(as_oci.facts.references[0].tag, as_docker.facts.references[0].tag);
    assert_eq!(as_docker.facts.references[0].digest, None);
}

#[test]
fn layers_that_are_links_to_another_member_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let image = ImageBuilder::new()
        .layer(LayerBuilder::new().file("a", "a"))
        .layer(LayerBuilder::new().file("a", "a"));
    let mut blobs = image.docker_archive();
    let second = format!("{:064x}/layer.tar", 1);
    blobs.files.remove(&second).unwrap();
    blobs.symlinks.insert(second, format!("../{:064x}/layer.tar", 0));
    blobs.write_tar(&path).unwrap();
    let layers = read_all(&open(&path).unwrap());
    assert_eq!(layers[0], layers[1]);
}
