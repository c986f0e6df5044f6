//! Getting into a registry.

use image::{Credentials, OpenOptions};
use testkit::{Door, Fault, TinyRegistry};

use crate::collect::read_all;
use crate::registry::{options, pull, sample, serving};

fn with(credentials: Credentials) -> OpenOptions {
    let mut options = options();
    options.registry.credentials = Some(credentials);
    options
}

fn password(username: &str, password: &str) -> Credentials {
    Credentials::Password { username: username.to_owned(), password: password.to_owned() }
}

fn bearer_door() -> Door {
    Door::Bearer("user".to_owned(), "p:w/ü".to_owned(), "refresh-1".to_owned())
}

#[test]
fn an_anonymous_token_is_got_once_and_used_for_everything() {
    let (registry, name) = serving(&sample());
    registry.set_door(Door::Anonymous(String::new()));
    read_all(&pull(&name, &options()).unwrap());
    assert_eq!(
        registry.requests("token"),
        ["GET /token?service=tiny&scope=repository%3Ateam%2Fapp%3Apull 200"]
    );
    let refused = registry.seen().iter().filter(|seen| seen.status == 401).count();
    assert_eq!((refused, registry.seen().len()), (1, 1 + 1 + 4));
}

#[test]
fn a_basic_login_is_sent_once_the_registry_asks_for_it() {
    let (registry, name) = serving(&sample());
    registry.set_door(Door::Basic("user".to_owned(), "p:w/ü".to_owned()));
    read_all(&pull(&name, &with(password("user", "p:w/ü"))).unwrap());
    assert!(!registry.seen()[0].headers.contains_key("authorization"));
    let error = pull(&name, &with(password("user", "wrong"))).unwrap_err().to_string();
    assert!(error.contains("refuses access to `team/app` with the login it was given"), "{error}");
    assert!(!error.contains("wrong"), "{error}");
    let error = pull(&name, &options()).unwrap_err().to_string();
    assert!(error.contains("without a login") && error.contains("docker login"), "{error}");
}

#[test]
fn a_token_is_got_with_a_password_or_a_refresh_token() {
    let (registry, name) = serving(&sample());
    registry.set_door(bearer_door());
    read_all(&pull(&name, &with(password("user", "p:w/ü"))).unwrap());
    let asked = registry.seen().into_iter().find(|seen| seen.path.starts_with("/token")).unwrap();
    assert!(asked.path.contains("&account=user") && asked.method == "GET", "{asked:?}");
    registry.forget();
    read_all(&pull(&name, &with(Credentials::IdentityToken("refresh-1".to_owned()))).unwrap());
    let asked = registry.seen().into_iter().find(|seen| seen.path.starts_with("/token")).unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/token"));
    assert_eq!(
        asked.body,
        "service=tiny&scope=repository%3Ateam%2Fapp%3Apull&client_id=plimsoll&grant_type=refresh_token&refresh_token=refresh-1"
    );
    registry.accept_token("raw");
    registry.forget();
    read_all(&pull(&name, &with(Credentials::RegistryToken("raw".to_owned()))).unwrap());
    assert_eq!(registry.requests("token"), [""; 0]);
    for wrong in [password("user", "x"), Credentials::IdentityToken("x".to_owned())] {
        let error = pull(&name, &with(wrong)).unwrap_err().to_string();
        assert!(error.contains("refuses access to `team/app` with the login it was given"), "{error}");
    }
}

#[test]
fn a_token_that_ran_out_is_renewed_once_also_for_layers_on_several_threads() {
    let (registry, name) = serving(&sample());
    registry.set_door(bearer_door());
    let image = pull(&name, &with(password("user", "p:w/ü"))).unwrap();
    registry.expire_tokens();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| read_all(&image));
        }
    });
    let tokens = registry.requests("token").len();
    assert_eq!(tokens, 2, "one at first and one for all threads");
    // a registry that takes none of its own tokens is not asked for ever
    registry.fail(
        "blobs",
        usize::MAX,
        Fault::Status(
            401,
            vec![("WWW-Authenticate", format!("Bearer realm=\"http://{}/token\"", registry.host()))],
        ),
    );
    registry.forget();
    let mut collect = crate::collect::Collect::new(crate::collect::Reading::Nothing);
    let error = image.read_layer(0, &mut collect).unwrap_err().to_string();
    assert!(error.contains("refuses access"), "{error}");
    assert_eq!(registry.seen().len(), 3);
}

#[test]
fn a_token_service_that_stumbles_is_asked_again() {
    let (registry, name) = serving(&sample());
    registry.set_door(Door::Anonymous(String::new()));
    registry.fail("/token", 2, Fault::Status(503, vec![]));
    pull(&name, &options()).unwrap();
    assert_eq!(registry.requests("/token").len(), 3);
    registry.expire_tokens();
    registry.fail("/token", 1, Fault::Status(200, vec![]));
    let error = pull(&name, &options()).unwrap_err().to_string();
    assert!(error.contains("its token service gives no token"), "{error}");
}

#[test]
fn the_token_service_may_be_elsewhere_on_this_machine_but_not_anywhere() {
    let (registry, name) = serving(&sample());
    let service = TinyRegistry::start().unwrap();
    registry.set_door(Door::Anonymous(format!("http://{}/token", service.host())));
    registry.accept_token("token-1");
    pull(&name, &with(password("user", "x"))).unwrap();
    assert!(service.seen()[0].headers["authorization"].starts_with("Basic "));
    for (realm, expected) in [
        ("http://169.254.169.254/token", "is not followed"),
        ("ftp://127.0.0.1/token", "is not followed"),
        ("https://auth.example/token", "the login would go to another host, https://auth.example/token"),
        ("http://auth.example/token", "the login would go to another host, http://auth.example/token"),
        ("http://127.0.0.2:1/token", "the login would go to another host, http://127.0.0.2:1/token"),
        ("token", "is no URL"),
    ] {
        registry.set_door(Door::Anonymous(realm.to_owned()));
        registry.expire_tokens();
        let error = pull(&name, &with(password("user", "x"))).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn ways_to_log_in_that_are_not_known_are_told() {
    let (registry, name) = serving(&sample());
    for (challenge, expected) in [
        (
            vec![("WWW-Authenticate", "Negotiate, Digest realm=\"a\"".to_owned())],
            "it takes negotiate, digest only",
        ),
        (vec![], "it names no way"),
        (vec![("WWW-Authenticate", "Bearer service=\"a\"".to_owned())], "its challenge has no realm"),
    ] {
        registry.fail("manifests", 1, Fault::Status(401, challenge));
        let error = pull(&name, &options()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_login_is_found_in_the_files_of_docker_and_podman() {
    let (registry, name) = serving(&sample());
    registry.set_door(Door::Basic("user".to_owned(), "pw".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let (docker, podman) = (folder.path().join("config.json"), folder.path().join("auth.json"));
    std::fs::write(&docker, r#"{"auths":{"other.example":{"auth":"YTpi"}},"currentContext":"x"}"#).unwrap();
    // user:pw
    let entry = format!(r#"{{"auths":{{"{}/team":{{"auth":"dXNlcjpwdw=="}}}}}}"#, registry.host());
    std::fs::write(&podman, entry).unwrap();
    let mut options = options();
    options.registry.credential_files = vec![folder.path().join("none.json"), docker.clone(), podman];
    pull(&name, &options).unwrap();
    std::fs::write(&docker, "{").unwrap();
    let error = pull(&name, &options).unwrap_err().to_string();
    assert!(error.contains("cannot read the login from") && error.contains("config.json"), "{error}");
    // a file that nobody needs is not read
    registry.set_door(Door::Open);
    pull(&name, &options).unwrap();
}
