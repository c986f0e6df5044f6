//! Registries that lie, or that try to use whoever scans.

use image::{Limits, OpenOptions};
use testkit::{Fault, ImageBuilder, LayerBuilder, TinyRegistry};

use crate::collect::{Collect, Reading};
use crate::registry::{INDEX, options, pull, sample, serving};

fn error_of(name: &str) -> String {
    pull(name, &options()).unwrap_err().to_string()
}

fn layer_error(name: &str) -> String {
    let image = pull(name, &options()).unwrap();
    let outcome = image.read_layer_partly(0, &mut Collect::new(Reading::Nothing));
    assert!(!outcome.summary.verified);
    outcome.error.unwrap().to_string()
}

#[test]
fn bytes_with_another_digest_are_refused_wherever_they_come() {
    let (registry, name) = serving(&sample());
    let built = sample().build();
    let by_digest = format!("{}/team/app@{}", registry.host(), built.manifest_digest);
    registry.fail("manifests", 1, Fault::Body(b"{}".to_vec()));
    assert!(error_of(&by_digest).contains("is damaged: expected"));
    let header = vec![("Docker-Content-Digest", built.id.to_string())];
    registry.put("/v2/team/app/manifests/lie", "m", &built.manifest);
    assert!(pull(&format!("{}/team/app:lie", registry.host()), &options()).is_ok());
    registry.fail("manifests/lie", 1, Fault::Status(200, header));
    assert!(error_of(&format!("{}/team/app:lie", registry.host())).contains("is damaged: expected"));
    let mut config = built.config.clone();
    config[0] = b' ';
    registry.fail(&built.id.to_string(), 1, Fault::Body(config));
    assert!(error_of(&name).contains("is damaged: expected"));
    let mut layer = built.layers[0].stored.clone();
    let last = layer.len() - 5;
    layer[last] ^= 1;
    registry.fail(&built.layers[0].digest.to_string(), 1, Fault::Body(layer));
    let error = layer_error(&name);
    assert!(error.contains("damaged") || error.contains("corrupt"), "{error}");
}

#[test]
fn an_uncompressed_layer_must_have_the_diff_id_of_the_config() {
    let mut lying = sample().compression(testkit::Compression::None);
    lying =
        lying.edit_config(|config| config["rootfs"]["diff_ids"][0] = config["rootfs"]["diff_ids"][1].clone());
    let (_registry, name) = serving(&lying);
    assert!(layer_error(&name).contains("is damaged: expected"));
}

#[test]
fn sizes_must_be_those_of_the_manifest() {
    let (registry, name) = serving(&sample());
    let layer = &sample().build().layers[0];
    for body in [layer.stored[..1000].to_vec(), [layer.stored.as_slice(), b"more"].concat()] {
        registry.fail(&layer.digest.to_string(), 1, Fault::Body(body.clone()));
        let expected = format!("sends {} bytes where {} are declared", body.len(), layer.stored.len());
        let error = layer_error(&name);
        assert!(error.contains(&expected), "{error}");
    }
    let (_registry, name) =
        serving(&sample().edit_manifest(|manifest| manifest["config"]["size"] = 7.into()));
    assert!(error_of(&name).contains("where 7 are declared"));
    let (_registry, name) =
        serving(&sample().edit_manifest(|manifest| manifest["layers"][0]["size"] = serde_json::Value::Null));
    assert!(error_of(&name).contains("has no size"));
}

#[test]
fn a_body_without_end_is_left() {
    let (registry, name) = serving(&sample());
    let layer = sample().build().layers[0].digest.to_string();
    registry.fail("manifests", 1, Fault::Endless);
    let limits = Limits { max_metadata: 1 << 20, ..Limits::default() };
    let error = pull(&name, &OpenOptions { limits, ..options() }).unwrap_err().to_string();
    assert!(error.contains("where 1048576 are declared"), "{error}");
    registry.fail(&layer, 1, Fault::Endless);
    let image = pull(&name, &options()).unwrap();
    assert!(image.read_layer(0, &mut Collect::new(Reading::Nothing)).unwrap().verified);
    let declared: u64 = sample().build().layers[0].stored.len() as u64;
    assert!(image.pulled().unwrap().bytes < declared + 10_000);
}

#[test]
fn a_redirect_to_another_host_is_followed_without_the_login() {
    let (registry, name) = serving(&sample());
    let storage = TinyRegistry::start().unwrap();
    let built = sample().build();
    for layer in &built.layers {
        storage.put(&format!("/store/{}", layer.digest), "x", &layer.stored);
        let target = format!("http://key:secret@{}/store/{}", storage.host(), layer.digest);
        registry.fail(&layer.digest.to_string(), 1, Fault::Status(307, vec![("Location", target)]));
    }
    registry.set_door(testkit::Door::Basic("user".into(), "password".into()));
    let mut options = options();
    let (username, password) = ("user".to_owned(), "password".to_owned());
    options.registry.credentials = Some(image::Credentials::Password { username, password });
    let image = pull(&name, &options).unwrap();
    crate::collect::read_all(&image);
    assert_eq!(storage.seen().len(), 2);
    assert!(storage.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
    let own = registry.seen();
    assert!(
        own.iter().filter(|seen| seen.status != 401).all(|seen| seen.headers.contains_key("authorization"))
    );
}

#[test]
fn another_host_cannot_ask_for_the_login() {
    let (registry, name) = serving(&sample());
    let storage = TinyRegistry::start().unwrap();
    storage.set_door(testkit::Door::Basic("user".into(), "password".into()));
    let target = format!("http://{}/store", storage.host());
    registry.fail("manifests", usize::MAX, Fault::Status(302, vec![("Location", target)]));
    let mut options = options();
    let (username, password) = ("user".to_owned(), "password".to_owned());
    options.registry.credentials = Some(image::Credentials::Password { username, password });
    let error = pull(&name, &options).unwrap_err().to_string();
    assert!(error.contains(&format!("{} refuses access", storage.host())), "{error}");
    assert!(storage.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
}

#[test]
fn redirects_in_a_circle_and_to_forbidden_places_end_at_once() {
    let (registry, name) = serving(&sample());
    let own = format!("http://{}/v2/team/app/manifests/1", registry.host());
    registry.fail("manifests", 11, Fault::Status(302, vec![("Location", own)]));
    assert!(error_of(&name).contains("more than 10 redirects in a row"));
    assert_eq!(registry.requests("").len(), 11);
    for target in
        ["http://169.254.169.254/latest/meta-data?key=1", "file:///etc/passwd", "gopher://127.0.0.1/"]
    {
        registry.fail("manifests", 1, Fault::Status(302, vec![("Location", target.to_owned())]));
        let error = error_of(&name);
        assert!(error.contains("is not followed") && !error.contains("key=1"), "{error}");
    }
    registry.fail("manifests", 1, Fault::Status(302, vec![]));
    assert!(error_of(&name).contains("a redirect without a readable target"));
}

#[test]
fn documents_that_are_no_image_are_told_apart() {
    let registry = TinyRegistry::start().unwrap();
    let name = format!("{}/a:1", registry.host());
    let cases: [(&[u8], &str); 5] = [
        (br#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#, "schema 1 manifests are not supported"),
        (b"{}", "neither `config` and `layers` nor `manifests`"),
        (br#"{"config":{"digest":"x"},"layers":[],"manifests":[]}"#, "of a manifest and of an index at once"),
        (br#"{"manifests":[]}"#, "its index lists no image"),
        (b"<html>", "is not valid"),
    ];
    for (body, expected) in cases {
        registry.put_manifest("a", "1", "m", body);
        let error = error_of(&name);
        assert!(error.contains(expected), "{error}");
    }
    let chart = sample().edit_manifest(|manifest| {
        manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into()
    });
    registry.push("a", "1", &chart);
    assert!(error_of(&name).contains("it is an artifact with a config of type"));
    let sealed = sample().edit_manifest(|manifest| {
        manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted".into()
    });
    registry.push("a", "1", &sealed);
    assert!(error_of(&name).contains("is encrypted, which cannot be read"));
}

#[test]
fn an_index_without_end_costs_a_few_requests() {
    let registry = TinyRegistry::start().unwrap();
    let name = format!("{}/a:1", registry.host());
    let mut inner = registry.push("a", "x", &ImageBuilder::new().layer(LayerBuilder::new())).manifest_digest;
    for _ in 0..8 {
        let index = format!(r#"{{"manifests":[{{"mediaType":"{INDEX}","digest":"{inner}"}}]}}"#);
        inner = registry.put_manifest("a", "1", INDEX, index.as_bytes());
    }
    assert!(error_of(&name).contains("levels deep"));
    let many: Vec<String> = (0..100)
        .map(|number| {
            let image = ImageBuilder::new().label("n", &number.to_string());
            format!(r#"{{"digest":"{}"}}"#, registry.push("a", &number.to_string(), &image).manifest_digest)
        })
        .collect();
    registry.put_manifest("a", "1", INDEX, format!(r#"{{"manifests":[{}]}}"#, many.join(",")).as_bytes());
    registry.forget();
    assert!(error_of(&name).contains("exceeds the limit"));
    assert!(registry.seen().len() < 50);
}
