//! Images pulled from a registry, well behaved or with hiccups.

use std::time::{Duration, Instant};

use image::{ImageError, OpenImage, OpenOptions, Patience, RegistryOptions, Source};
use testkit::{Compression, Door, Fault, ImageBuilder, LayerBuilder, TinyRegistry};

use crate::collect::{open, read_all};

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Nobody waits long in a test.
pub(crate) fn patience() -> Patience {
    Patience {
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_secs(2),
        connect: Duration::from_secs(5),
        idle: Duration::from_secs(5),
        ..Patience::default()
    }
}

pub(crate) fn options() -> OpenOptions {
    let registry = RegistryOptions { patience: patience(), ..RegistryOptions::default() };
    OpenOptions { registry, ..OpenOptions::default() }
}

pub(crate) fn pull(name: &str, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    image::open(&Source::detect(&format!("registry:{name}"))?, options)
}

/// Bytes that no compression makes smaller.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

pub(crate) fn sample() -> ImageBuilder {
    ImageBuilder::new()
        .layer(LayerBuilder::new().file("etc/os-release", "ID=debian\n").file("large", noise(1, 400_000)))
        .layer(LayerBuilder::new().whiteout("etc/motd").file("app", "app"))
}

/// The registry with the sample as `team/app:1`, and that name.
pub(crate) fn serving(image: &ImageBuilder) -> (TinyRegistry, String) {
    let registry = TinyRegistry::start().unwrap();
    registry.push("team/app", "1", image);
    let name = format!("{}/team/app:1", registry.host());
    (registry, name)
}

#[test]
fn an_image_from_a_registry_is_the_one_of_its_archive() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let sample = sample().compression(compression);
        let (registry, name) = serving(&sample);
        let folder = tempfile::tempdir().unwrap();
        sample.write_oci_dir(folder.path()).unwrap();
        let local = open(folder.path()).unwrap();
        let pulled = pull(&name, &options()).unwrap();
        let mut facts = pulled.facts.clone();
        let built = sample.build();
        let reference = facts.references.remove(0);
        assert_eq!(reference.registry, registry.host());
        assert_eq!((reference.repository.as_str(), reference.tag.as_deref()), ("team/app", Some("1")));
        assert_eq!(reference.digest, Some(built.manifest_digest));
        assert_eq!(facts, image::OpenImage::clone(&local).facts);
        assert_eq!(read_all(&pulled), read_all(&local), "{compression:?}");
    }
}

#[test]
fn opening_asks_for_manifest_and_config_and_for_no_byte_of_a_layer() {
    let (registry, name) = serving(&sample());
    let built = sample().build();
    let image = pull(&name, &options()).unwrap();
    assert_eq!(
        registry.requests(""),
        ["GET /v2/team/app/manifests/1 200".to_owned(), format!("GET /v2/team/app/blobs/{} 200", built.id)]
    );
    let pulled = image.pulled().unwrap();
    assert_eq!((pulled.bytes as usize, pulled.requests, pulled.layers), (registry.sent(""), 2, 0));
    let mut collect = crate::collect::Collect::new(crate::collect::Reading::Nothing);
    image.read_layer(1, &mut collect).unwrap();
    let pulled = image.pulled().unwrap();
    assert_eq!((pulled.bytes as usize, pulled.requests, pulled.layers), (registry.sent(""), 3, 1));
    assert_eq!(registry.sent(&built.layers[0].digest.to_string()), 0);
    assert_eq!(collect.progress, built.layers[1].stored.len() as u64);
}

#[test]
fn a_digest_names_the_manifest_and_decides_over_the_tag() {
    let (registry, _) = serving(&sample());
    let digest = sample().build().manifest_digest;
    for name in [format!("team/app@{digest}"), format!("team/app:gone@{digest}")] {
        let image = pull(&format!("{}/{name}", registry.host()), &options()).unwrap();
        assert_eq!(image.facts.references[0].digest, Some(digest));
        assert_eq!(image.facts.references[0].tag.is_some(), name.contains("gone"));
    }
}

#[test]
fn of_a_multi_platform_image_one_manifest_is_fetched() {
    let registry = TinyRegistry::start().unwrap();
    let arm = registry.push("a", "arm", &sample().platform("linux/arm/v7"));
    let amd = registry.push("a", "amd", &sample());
    let descriptor = |digest, platform: &str| {
        format!(
            r#"{{"mediaType":"m","digest":"{digest}","size":{},"platform":{platform}}}"#,
            if digest == arm.manifest_digest { arm.manifest.len() } else { amd.manifest.len() }
        )
    };
    let unknown =
        format!(r#"{{"digest":"{}","platform":{{"os":"unknown","architecture":"unknown"}}}}"#, amd.id);
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{unknown},{},{}]}}"#,
        descriptor(arm.manifest_digest, r#"{"os":"linux","architecture":"arm","variant":"v7"}"#),
        descriptor(amd.manifest_digest, r#"{"os":"linux","architecture":"amd64"}"#),
    );
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = registry.put_manifest("a", "1", list, index.as_bytes());
    registry.forget();
    let name = format!("{}/a:1", registry.host());
    let on =
        |platform: &str| pull(&name, &OpenOptions { platform: Some(platform.parse().unwrap()), ..options() });
    let image = on("linux/arm").unwrap();
    assert_eq!(image.facts.id, arm.id);
    let digests: Vec<_> = image.facts.references.iter().map(|reference| reference.digest).collect();
    assert_eq!(digests, [Some(arm.manifest_digest), Some(index)]);
    assert_eq!(registry.requests("").len(), 3, "{:?}", registry.requests(""));
    assert_eq!(on("linux/amd64").unwrap().facts.id, amd.id);
    let error = on("linux/s390x").unwrap_err().to_string();
    assert!(error.contains("has no image for linux/s390x, but for linux/amd64, linux/arm/v7"), "{error}");
    let arm_only = format!("{}/a:arm", registry.host());
    let options = OpenOptions { platform: Some("linux/amd64".parse().unwrap()), ..options() };
    assert!(matches!(pull(&arm_only, &options), Err(ImageError::NoPlatform { .. })));
}

#[test]
fn an_index_that_tells_no_platforms_is_looked_through() {
    let registry = TinyRegistry::start().unwrap();
    let arm = registry.push("a", "arm", &sample().platform("linux/arm64"));
    let inner = format!(r#"{{"manifests":[{{"digest":"{}"}}]}}"#, arm.manifest_digest);
    let inner = registry.put_manifest("a", "inner", INDEX, inner.as_bytes());
    let amd = registry.push("a", "amd", &sample());
    let index = format!(
        r#"{{"manifests":[{{"mediaType":"{INDEX}","digest":"{inner}"}},{{"digest":"{}"}}]}}"#,
        amd.manifest_digest
    );
    registry.put_manifest("a", "1", INDEX, index.as_bytes());
    let options = OpenOptions { platform: Some("linux/arm64".parse().unwrap()), ..options() };
    assert_eq!(pull(&format!("{}/a:1", registry.host()), &options).unwrap().facts.id, arm.id);
}

#[test]
fn a_layer_that_breaks_off_goes_on_where_it_broke() {
    let (registry, name) = serving(&sample());
    let layer = &sample().build().layers[0];
    let image = pull(&name, &options()).unwrap();
    registry.forget();
    registry.fail(&layer.digest.to_string(), 3, Fault::Cut(100_000));
    let entries = read_all(&image);
    assert_eq!(entries[0][1].content.len(), 400_000);
    let requests: Vec<_> =
        registry.seen().into_iter().filter(|seen| seen.path.contains(&layer.digest.to_string())).collect();
    let ranges: Vec<_> = requests.iter().map(|seen| seen.headers.get("range").cloned()).collect();
    assert_eq!(
        ranges,
        [
            None,
            Some("bytes=100000-".to_owned()),
            Some("bytes=200000-".to_owned()),
            Some("bytes=300000-".to_owned())
        ]
    );
    assert_eq!(registry.sent(&layer.digest.to_string()), layer.stored.len(), "no byte twice");
}

#[test]
fn a_registry_without_ranges_sends_a_broken_layer_again() {
    let (registry, name) = serving(&sample());
    let layer = &sample().build().layers[0];
    let image = pull(&name, &options()).unwrap();
    registry.fail(&layer.digest.to_string(), 1, Fault::Cut(150_000));
    registry.fail(&layer.digest.to_string(), 1, Fault::IgnoreRange);
    assert_eq!(read_all(&image)[0][1].content.len(), 400_000);
    assert_eq!(registry.sent(&layer.digest.to_string()), 150_000 + layer.stored.len());
}

#[test]
fn a_layer_that_always_breaks_ends_the_scan() {
    let (registry, name) = serving(&sample());
    let layer = &sample().build().layers[0];
    let image = pull(&name, &options()).unwrap();
    registry.fail(&layer.digest.to_string(), usize::MAX, Fault::Cut(0));
    let mut collect = crate::collect::Collect::new(crate::collect::Reading::All);
    let error = image.read_layer(0, &mut collect).unwrap_err().to_string();
    assert!(error.contains("no answer from 127.0.0.1:") && error.contains("after 0 of"), "{error}");
    assert_eq!(registry.requests(&layer.digest.to_string()).len(), patience().tries as usize);
    // a few bytes each time are no progress for ever
    registry.fail(&sample().build().layers[1].digest.to_string(), usize::MAX, Fault::Cut(1));
    assert!(image.read_layer(1, &mut collect).is_err());
    let requests = registry.requests(&sample().build().layers[1].digest.to_string()).len();
    assert_eq!(requests, patience().resumptions as usize + 1);
}

#[test]
fn failures_that_may_pass_are_tried_again_and_a_wish_to_wait_is_followed() {
    let (registry, name) = serving(&sample());
    let wait = vec![("Retry-After", "1".to_owned())];
    registry.fail("manifests", 1, Fault::Status(429, wait));
    registry.fail("manifests", 2, Fault::Status(503, vec![]));
    registry.fail("blobs", 1, Fault::Status(500, vec![]));
    registry.fail("blobs", 1, Fault::Cut(10));
    let started = Instant::now();
    let image = pull(&name, &options()).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(registry.requests("manifests").len(), 4);
    assert_eq!(registry.requests("blobs").len(), 3);
    read_all(&image);
    registry.fail("manifests", usize::MAX, Fault::Status(502, vec![]));
    let error = pull(&name, &options()).unwrap_err().to_string();
    assert!(error.contains("answered 502 (FAULT: as the test wants)"), "{error}");
}

#[test]
fn a_wish_to_wait_for_hours_is_told_and_not_followed() {
    let (registry, name) = serving(&sample());
    registry.fail("manifests", 1, Fault::Status(429, vec![("Retry-After", "21600".to_owned())]));
    let error = pull(&name, &options()).unwrap_err().to_string();
    assert!(error.contains("asks to wait 21600 seconds"), "{error}");
    assert_eq!(registry.requests("").len(), 1);
}

#[test]
fn a_registry_that_falls_silent_is_given_up() {
    let (registry, name) = serving(&sample());
    registry.fail("manifests", usize::MAX, Fault::Hang(Duration::from_secs(30)));
    let mut options = options();
    options.registry.patience = Patience { idle: Duration::from_millis(200), tries: 2, ..patience() };
    let started = Instant::now();
    let error = pull(&name, &options).unwrap_err().to_string();
    assert!(error.contains("no answer from"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = pull(&format!("{nobody}/a"), &options).unwrap_err().to_string();
    assert!(error.contains("no answer from"), "{error}");
}

#[test]
fn what_is_not_there_is_told_with_the_registrys_words() {
    let (registry, _) = serving(&sample());
    registry.set_door(Door::Open);
    let error = pull(&format!("{}/team/app:9", registry.host()), &options()).unwrap_err().to_string();
    assert!(error.contains("has no manifest `9` in `team/app`"), "{error}");
    registry.fail("/bad/", 1, Fault::Status(404, vec![]));
    let error = pull(&format!("{}/bad/app", registry.host()), &options()).unwrap_err().to_string();
    assert!(error.contains("(FAULT: as the test wants)"), "{error}");
}
