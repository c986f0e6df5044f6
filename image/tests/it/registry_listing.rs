//! Lists of repositories and tags, of registries that are well behaved and of such that are not; and the logins of clouds.

use std::time::{Duration, Instant};

use image::{Admission, Catalogue, CloudPlaces, Credentials, RegistryOptions, credentials_of};
use model::registry::RegistryLogin;
use testkit::{Door, Fault, ImageBuilder, TinyRegistry};

use crate::registry::patience;

fn options() -> RegistryOptions {
    RegistryOptions { patience: patience(), ..RegistryOptions::default() }
}

fn catalogue(registry: &TinyRegistry) -> Catalogue {
    Catalogue::new(registry.host(), &options()).unwrap()
}

fn names(catalogue: &Catalogue, repository: &str) -> Vec<String> {
    catalogue.tags(repository).unwrap().unwrap().into_iter().map(|tag| tag.name).collect()
}

fn tags_error(catalogue: &Catalogue) -> String {
    catalogue.tags("team/app").unwrap_err().to_string()
}

#[test]
fn repositories_tags_and_their_manifests_are_listed() {
    let registry = TinyRegistry::start().unwrap();
    let built = registry.push("team/app", "2", &ImageBuilder::new());
    registry.push("team/app", "1", &ImageBuilder::new().env("A=1"));
    registry.push("other", "x", &ImageBuilder::new());
    let catalogue = catalogue(&registry);
    assert_eq!(catalogue.repositories().unwrap(), ["other", "team/app"]);
    assert_eq!(names(&catalogue, "team/app"), ["1", "2"]);
    assert_eq!(catalogue.digest_of("team/app", "2").unwrap(), Some(built.manifest_digest));
    assert_eq!(catalogue.digest_of("team/app", "none").unwrap(), None);
    assert!(catalogue.tags("none").unwrap().is_none());
    assert_eq!(registry.requests("manifests/2"), ["HEAD /v2/team/app/manifests/2 200"]);
    let requests = registry.seen().len();
    assert!(catalogue.tags("../_catalog").unwrap().is_none());
    assert!(catalogue.digest_of("team/app", "a/../b").unwrap().is_none());
    assert_eq!(registry.seen().len(), requests, "nothing that is no name becomes a path");
}

#[test]
fn pages_are_followed_on_the_registry_itself_and_never_in_circles() {
    let registry = TinyRegistry::start().unwrap();
    let page = |path: &str, tags: &str, next: &str| {
        registry.put(
            path,
            "application/json",
            format!("{{\"name\":\"team/app\",\"tags\":[{tags}]}}").as_bytes(),
        );
        registry.put_headers(path, vec![("Link", format!("<{next}>; rel=\"next\""))]);
    };
    let first = "/v2/team/app/tags/list?n=1000";
    page(first, "\"1\"", "/v2/team/app/tags/list?page=2");
    registry.put("/v2/team/app/tags/list?page=2", "application/json", b"{\"tags\":[\"2\",\"1\"]}");
    assert_eq!(names(&catalogue(&registry), "team/app"), ["1", "2"]);
    page("/v2/team/app/tags/list?page=2", "\"2\"", first);
    let error = tags_error(&catalogue(&registry));
    assert!(error.contains("turn in circles"), "{error}");
    let other = TinyRegistry::start().unwrap();
    page(first, "\"1\"", &format!("http://{}/v2/team/app/tags/list", other.host()));
    let error = tags_error(&catalogue(&registry));
    assert!(error.contains("the next page of a list is on another host"), "{error}");
    assert!(other.seen().is_empty());
    registry.fail(
        "tags/list",
        1,
        Fault::Status(307, vec![("Location", "http://169.254.169.254/latest".to_owned())]),
    );
    let error = tags_error(&catalogue(&registry));
    assert!(error.contains("link-local"), "{error}");
}

#[test]
fn a_list_without_end_and_one_that_is_no_list_are_left() {
    let registry = TinyRegistry::start().unwrap();
    registry.push("team/app", "1", &ImageBuilder::new());
    for body in ["{", "[]", "{\"tags\":7}"] {
        registry.fail("tags/list", 1, Fault::Body(body.as_bytes().to_vec()));
        let error = tags_error(&catalogue(&registry));
        assert!(error.contains("breaks the protocol"), "{error}");
    }
    registry.fail("tags/list", 1, Fault::Endless);
    let error = tags_error(&catalogue(&registry));
    assert!(error.contains("where 67108864 are declared"), "{error}");
    let many: Vec<String> = (0..=image::MAX_NAMES + 1).map(|number| format!("\"{number}\"")).collect();
    let many = format!("{{\"tags\":[{}]}}", many.join(","));
    registry.put("/v2/team/app/tags/list?n=1000", "application/json", many.as_bytes());
    let error = tags_error(&catalogue(&registry));
    assert!(error.contains("more than 1000000 names"), "{error}");
}

#[test]
fn a_manifest_without_a_stated_digest_is_read_for_it() {
    let registry = TinyRegistry::start().unwrap();
    let built = registry.push("team/app", "1", &ImageBuilder::new());
    registry.fail("manifests/1", 1, Fault::Status(405, Vec::new()));
    assert_eq!(catalogue(&registry).digest_of("team/app", "1").unwrap(), Some(built.manifest_digest));
}

#[test]
fn a_pause_that_one_answer_asks_for_holds_for_all() {
    let registry = TinyRegistry::start().unwrap();
    registry.push("team/app", "1", &ImageBuilder::new());
    let catalogue = catalogue(&registry);
    registry.fail("manifests/1", 1, Fault::Status(429, vec![("Retry-After", "1".to_owned())]));
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| catalogue.digest_of("team/app", "1").unwrap());
        std::thread::sleep(Duration::from_millis(300));
        scope.spawn(|| catalogue.digest_of("team/app", "1").unwrap());
    });
    assert!(started.elapsed() >= Duration::from_millis(950), "{:?}", started.elapsed());
    let seen = registry.requests("manifests/1");
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn a_registry_on_this_machine_is_asked_only_if_that_is_allowed() {
    let registry = TinyRegistry::start().unwrap();
    let strict = RegistryOptions { public_only: true, ..options() };
    let error = Catalogue::new(registry.host(), &strict).unwrap_err().to_string();
    assert!(error.contains("it is on this machine"), "{error}");
    assert!(registry.seen().is_empty());
}

#[test]
fn the_list_of_repositories_is_asked_for_with_a_scope_of_its_own() {
    let registry = TinyRegistry::start().unwrap();
    registry.push("team/app", "1", &ImageBuilder::new());
    registry.set_door(Door::Bearer("user".into(), "password".into(), "refresh".into()));
    let (username, password) = ("user".to_owned(), "password".to_owned());
    let credentials = Some(Credentials::Password { username, password });
    let catalogue = Catalogue::new(registry.host(), &RegistryOptions { credentials, ..options() }).unwrap();
    assert_eq!(catalogue.repositories().unwrap(), ["team/app"]);
    assert_eq!(names(&catalogue, "team/app"), ["1"]);
    let asked: Vec<String> = registry.requests("/token");
    assert!(
        asked[0].contains("registry%3Acatalog%3A*") && asked[1].contains("repository%3Ateam%2Fapp%3Apull"),
        "{asked:?}"
    );
}

#[test]
fn logins_of_clouds_are_exchanged_over_http() {
    let cloud = TinyRegistry::start().unwrap();
    let place = Some(format!("http://{}", cloud.host()));
    let places =
        CloudPlaces { aws: place.clone(), azure: place.clone(), google: place, ..CloudPlaces::default() };
    let exchange = |login: &RegistryLogin| {
        credentials_of(login, cloud.host(), &places, &RegistryOptions { plain_http: true, ..options() })
    };
    // QVdTOmdlaGVpbQ== is AWS:geheim
    cloud.put(
        "/",
        "application/json",
        br#"{"authorizationData":[{"authorizationToken":"QVdTOmdlaGVpbQ=="}]}"#,
    );
    let aws = RegistryLogin::Aws {
        region: "eu-west-1".into(),
        access_key: "AKID".into(),
        secret_key: "secret".into(),
        session_token: None,
        role_arn: None,
        external_id: None,
    };
    let Admission { credentials: found, lifetime, .. } = exchange(&aws).unwrap().unwrap();
    assert!(found == Credentials::Password { username: "AWS".into(), password: "geheim".into() });
    assert!(lifetime < Duration::from_secs(12 * 3_600));
    let asked = &cloud.seen()[0];
    assert!(asked.headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{asked:?}");
    assert!(!format!("{asked:?}").contains("secret"));

    cloud.put("/tenant/oauth2/v2.0/token", "application/json", br#"{"access_token":"of the directory"}"#);
    cloud.put("/oauth2/exchange", "application/json", br#"{"refresh_token":"of the registry"}"#);
    let azure =
        RegistryLogin::Azure { tenant: "tenant".into(), client_id: "app".into(), client_secret: "s".into() };
    let found = exchange(&azure).unwrap().unwrap().credentials;
    assert!(found == Credentials::IdentityToken("of the registry".into()));
    let asked = cloud.seen().pop().unwrap();
    assert!(
        asked.body.contains("grant_type=access_token")
            && asked.body.contains("access_token=of+the+directory"),
        "{asked:?}"
    );

    let google = RegistryLogin::Google { service_account: "{}".into() };
    assert!(exchange(&google).unwrap_err().to_string().contains("no JSON with client_email"));
    cloud.fail("/tenant", 1, Fault::Status(401, Vec::new()));
    assert!(exchange(&azure).unwrap_err().to_string().contains("refuses access"));
    let evil =
        RegistryLogin::Azure { tenant: "a/../b".into(), client_id: "x".into(), client_secret: "s".into() };
    assert!(exchange(&evil).is_err());
}

#[test]
fn a_service_account_signs_a_claim_that_its_own_public_key_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"]);
    openssl(&["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    let key = std::fs::read_to_string(folder.path().join("key.pem")).unwrap();
    let file = serde_json::json!({ "client_email": "a@b", "private_key": key, "private_key_id": "7", "token_uri": "http://evil.example" });
    let cloud = TinyRegistry::start().unwrap();
    let places = CloudPlaces { google: Some(format!("http://{}", cloud.host())), ..CloudPlaces::default() };
    let login = RegistryLogin::Google { service_account: file.to_string() };
    // the tiny registry is its own token service at this path, and gives whatever it is asked for
    let Admission { credentials: found, lifetime, .. } =
        match credentials_of(&login, "gcr.io", &places, &options()) {
            Ok(found) => found.unwrap(),
            Err(error) => panic!("{error}"),
        };
    assert!(lifetime <= Duration::from_secs(3_600));
    assert!(matches!(found, Credentials::Password { username, .. } if username == "oauth2accesstoken"));
    let asked = cloud.seen().pop().unwrap();
    let claim = asked.body.split("assertion=").nth(1).unwrap();
    let parts: Vec<&str> = claim.split('.').collect();
    use base64::Engine as _;
    let decode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
    std::fs::write(folder.path().join("text"), format!("{}.{}", parts[0], parts[1])).unwrap();
    std::fs::write(folder.path().join("signature"), decode(parts[2])).unwrap();
    openssl(&["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "text"]);
    let body: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    assert_eq!((&body["iss"], &body["aud"]), (&"a@b".into(), &"https://oauth2.googleapis.com/token".into()));
}
