//! Lists of registries that say which manifest a tag names, played over HTTP: what an unchanged registry costs, and what happens where such
//! a list is refused or hostile.

use image::{Admission, Catalogue, CloudPlaces, RegistryOptions, RemoteTag, credentials_of};
use model::Digest;
use model::registry::{RegistryLogin, RegistrySettings, RegistryType};
use testkit::{Fault, TinyRegistry};

use crate::registry::patience;

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

fn options() -> RegistryOptions {
    RegistryOptions { patience: patience(), ..RegistryOptions::default() }
}

fn password() -> RegistryLogin {
    RegistryLogin::Password { username: "user".into(), password: "geheim".into() }
}

/// All of a played cloud at one place.
fn places(cloud: &TinyRegistry) -> CloudPlaces {
    let place = Some(format!("http://{}", cloud.host()));
    CloudPlaces { aws: place.clone(), sts: place.clone(), hub: place, ..CloudPlaces::default() }
}

fn catalogue(registry: &TinyRegistry, kind: RegistryType, login: &RegistryLogin) -> Catalogue {
    let settings = RegistrySettings {
        uri: format!("http://{}", registry.host()),
        kind,
        docker_hub_org: Some("team".into()),
        ..RegistrySettings::default()
    };
    let places = places(registry);
    let found: Option<Admission> = credentials_of(login, registry.host(), &places, &options()).unwrap();
    Catalogue::of(&settings, found.as_ref(), &places, &options()).unwrap()
}

fn digest(number: usize) -> Digest {
    Digest::of(number.to_string().as_bytes())
}

/// Puts `count` tags on pages of `size`, as `row` writes them and `page` puts them together; `page` is given the number, from 1, and whether it is
/// the last one.
fn put_pages(
    count: usize,
    size: usize,
    row: impl Fn(usize) -> String,
    mut page: impl FnMut(usize, bool, String),
) {
    let rows: Vec<String> = (0..count).map(row).collect();
    let pages: Vec<&[String]> = rows.chunks(size).collect();
    for (at, rows) in pages.iter().enumerate() {
        page(at + 1, at + 1 == pages.len(), rows.join(","));
    }
}

/// The tags are there with their manifests, and cost so many requests; prints the figures.
fn check(name: &str, catalogue: &Catalogue, count: usize, requests: u64) {
    let before = catalogue.traffic();
    let tags = catalogue.tags("team/app").unwrap().unwrap();
    let after = catalogue.traffic();
    assert_eq!(tags.len(), count, "{name}");
    assert!(tags.is_sorted_by(|a, b| a.name < b.name));
    for RemoteTag { name, digest: stated, pushed } in &tags {
        let number: usize = name[1..].parse().unwrap();
        assert_eq!(*stated, Some(digest(number)), "{name}");
        assert!(pushed.is_some(), "{name}");
    }
    assert!(catalogue.take_trouble().is_none());
    assert_eq!(after.0 - before.0, requests, "{name}");
}

const HARBOR: &str =
    "/api/v2.0/projects/team/repositories/app/artifacts?q=tags%3D*&with_tag=true&page_size=100&page=";

fn put_harbor(registry: &TinyRegistry, count: usize) {
    let row = |number: usize| {
        format!(
            "{{\"id\":{number},\"type\":\"IMAGE\",\"digest\":\"{}\",\"push_time\":\"2024-05-01T10:00:00.123Z\",\"extra_attrs\":{{\"architecture\":\"amd64\",\"os\":\"linux\"}},\
             \"tags\":[{{\"id\":{number},\"name\":\"v{number}\",\"push_time\":\"2024-05-01T10:00:00.123Z\"}}]}}",
            digest(number)
        )
    };
    put_pages(count, 100, row, |page, is_last, rows| {
        let path = format!("{HARBOR}{page}");
        registry.put(&path, "application/json", format!("[{rows}]").as_bytes());
        let mut headers = vec![("X-Total-Count", count.to_string())];
        headers.extend((!is_last).then(|| ("Link", format!("<{HARBOR}{}>; rel=\"next\"", page + 1))));
        registry.put_headers(&path, headers);
    });
}

#[test]
fn harbor_lists_a_hundred_tags_with_their_manifests_at_a_time() {
    let registry = TinyRegistry::start().unwrap();
    put_harbor(&registry, 1_000);
    let catalogue = catalogue(&registry, RegistryType::Harbor, &password());
    check("Harbor", &catalogue, 1_000, 10);
    // user:geheim
    assert!(registry.seen().iter().all(|seen| seen.headers["authorization"] == "Basic dXNlcjpnZWhlaW0="));
    let names = r#"[{"name":"team/b"},{"name":"team/a"},{"name":"A B"}]"#;
    registry.put("/api/v2.0/repositories?page_size=100&page=1", "application/json", names.as_bytes());
    assert_eq!(catalogue.repositories().unwrap(), ["team/a", "team/b"]);
    // a name with a slash is one segment of the path
    assert!(catalogue.tags("team/deep/er").unwrap().is_none());
    assert_eq!(registry.requests("repositories/deep%252Fer/artifacts").len(), 1);
}

#[test]
fn docker_hub_lists_tags_and_the_repositories_of_a_namespace_behind_a_login_of_its_own() {
    let registry = TinyRegistry::start().unwrap();
    registry.put("/v2/auth/token", "application/json", br#"{"access_token":"lent"}"#);
    let base = "/v2/namespaces/team/repositories/app/tags?page_size=100";
    let address = |page: usize| if page == 1 { base.to_owned() } else { format!("{base}&page={page}") };
    let row = |number: usize| {
        format!(
            "{{\"name\":\"v{number}\",\"digest\":\"{}\",\"last_updated\":\"2024-05-01T10:00:00.123456Z\",\"images\":[{{\"architecture\":\"amd64\"}}]}}",
            digest(number)
        )
    };
    put_pages(1_000, 100, row, |page, is_last, rows| {
        let next = match is_last {
            true => "null".to_owned(),
            false => format!("\"http://{}{}\"", registry.host(), address(page + 1)),
        };
        let body = format!("{{\"count\":1000,\"next\":{next},\"previous\":null,\"results\":[{rows}]}}");
        registry.put(&address(page), "application/json", body.as_bytes());
    });
    let catalogue = catalogue(&registry, RegistryType::DockerHub, &password());
    check("Docker Hub", &catalogue, 1_000, 1 + 10);
    let seen = registry.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].body.as_str()),
        ("POST", r#"{"identifier":"user","secret":"geheim"}"#)
    );
    assert!(seen[1..].iter().all(|seen| seen.headers["authorization"] == "Bearer lent"));
    let names = r#"{"count":1,"next":null,"results":[{"name":"app","namespace":"team"}]}"#;
    let path = "/v2/namespaces/team/repositories?page_size=100";
    registry.put(path, "application/json", names.as_bytes());
    assert_eq!(catalogue.repositories().unwrap(), ["team/app"]);
    // what was lent has run out
    registry.fail("/v2/namespaces", 1, Fault::Status(401, Vec::new()));
    registry.forget();
    assert_eq!(catalogue.repositories().unwrap(), ["team/app"]);
    assert_eq!(registry.requests("/v2/auth/token").len(), 1);
    let anonymous = self::catalogue(&registry, RegistryType::DockerHub, &RegistryLogin::Anonymous);
    registry.forget();
    assert_eq!(anonymous.repositories().unwrap(), ["team/app"]);
    assert!(!registry.seen()[0].headers.contains_key("authorization"));
}

#[test]
fn quay_lists_what_is_open_without_a_password_and_the_rest_with_a_token() {
    let registry = TinyRegistry::start().unwrap();
    let row = |number: usize| {
        format!(
            "{{\"name\":\"v{number}\",\"reversion\":false,\"start_ts\":1714557600,\"manifest_digest\":\"{}\",\"is_manifest_list\":false,\"size\":5}}",
            digest(number)
        )
    };
    put_pages(1_000, 100, row, |page, is_last, rows| {
        let path = format!("/api/v1/repository/team/app/tag/?limit=100&onlyActiveTags=true&page={page}");
        let body = format!("{{\"tags\":[{rows}],\"page\":{page},\"has_additional\":{}}}", !is_last);
        registry.put(&path, "application/json", body.as_bytes());
    });
    check("Quay", &catalogue(&registry, RegistryType::Quay, &password()), 1_000, 10);
    assert!(registry.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
    registry.forget();
    let token = RegistryLogin::Token { token: "of an application".into() };
    check("Quay with a token", &catalogue(&registry, RegistryType::Quay, &token), 1_000, 10);
    assert!(registry.seen().iter().all(|seen| seen.headers["authorization"] == "Bearer of an application"));
}

#[test]
fn googles_and_azures_lists_hold_manifests_and_times() {
    let registry = TinyRegistry::start().unwrap();
    let manifest = |number: usize| {
        format!(
            "\"{}\":{{\"imageSizeBytes\":\"5\",\"tag\":[\"v{number}\"],\"timeUploadedMs\":\"1714557600000\"}}",
            digest(number)
        )
    };
    let manifests: Vec<String> = (0..1_000).map(manifest).collect();
    let names: Vec<String> = (0..1_000).map(|number| format!("\"v{number}\"")).collect();
    let body =
        format!("{{\"child\":[],\"manifest\":{{{}}},\"tags\":[{}]}}", manifests.join(","), names.join(","));
    registry.put("/v2/team/app/tags/list?n=1000", "application/json", body.as_bytes());
    check("Google", &catalogue(&registry, RegistryType::Gcp, &RegistryLogin::Anonymous), 1_000, 1);

    let row = |number: usize| {
        format!(
            "{{\"name\":\"v{number:03}\",\"digest\":\"{}\",\"createdTime\":\"2024-05-01T10:00:00.1234567Z\",\"lastUpdateTime\":\"2024-05-01T10:00:00.1234567Z\",\"signed\":false}}",
            digest(number)
        )
    };
    put_pages(1_000, 500, row, |page, is_last, rows| {
        let address = |page: usize| match page {
            1 => "/acr/v1/team/app/_tags?n=1000".to_owned(),
            _ => format!("/acr/v1/team/app/_tags?last=v{}&n=1000", (page - 1) * 500 - 1),
        };
        let body = format!("{{\"registry\":\"r\",\"imageName\":\"team/app\",\"tags\":[{rows}]}}");
        registry.put(&address(page), "application/json", body.as_bytes());
        if !is_last {
            registry.put_headers(
                &address(page),
                vec![("Link", format!("<{}>; rel=\"next\"", address(page + 1)))],
            );
        }
    });
    let azure = catalogue(&registry, RegistryType::Azure, &RegistryLogin::Anonymous);
    check("Azure", &azure, 1_000, 2);
    let path = "/acr/v1/_catalog?n=1000";
    registry.put(path, "application/json", br#"{"repositories":["team/app"]}"#);
    assert_eq!(azure.repositories().unwrap(), ["team/app"]);
}

fn aws(role: Option<&str>) -> RegistryLogin {
    RegistryLogin::Aws {
        region: "eu-west-1".into(),
        access_key: "AKID".into(),
        secret_key: "hidden".into(),
        session_token: None,
        role_arn: role.map(str::to_owned),
        external_id: Some("7 & more".into()),
    }
}

/// QVdTOmdlaGVpbQ== is AWS:geheim.
const ECR_LOGIN: &[u8] = br#"{"authorizationData":[{"authorizationToken":"QVdTOmdlaGVpbQ=="}]}"#;

fn answer(cloud: &TinyRegistry, body: &[u8]) {
    cloud.put("/", "application/json", b"{}");
    cloud.fail("/", 1, Fault::Body(body.to_vec()));
}

#[test]
fn ecr_describes_a_thousand_images_at_a_time_with_the_key_of_a_role() {
    let cloud = TinyRegistry::start().unwrap();
    let role = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>lent</SecretAccessKey>\
                <SessionToken>session</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    answer(&cloud, role.as_bytes());
    answer(&cloud, ECR_LOGIN);
    let catalogue = catalogue(&cloud, RegistryType::Aws, &aws(Some(ROLE)));
    let seen = cloud.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[0].body,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader&RoleSessionName=plimsoll\
         &DurationSeconds=3600&ExternalId=7+%26+more"
    );
    let scope = |seen: &testkit::Seen| seen.headers["authorization"].split(", ").next().unwrap().to_owned();
    assert!(scope(&seen[0]).starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{seen:?}");
    assert!(scope(&seen[0]).ends_with("/eu-west-1/sts/aws4_request"), "{seen:?}");
    assert!(scope(&seen[1]).starts_with("AWS4-HMAC-SHA256 Credential=ASIA/"), "{seen:?}");
    assert_eq!(seen[1].headers["x-amz-security-token"], "session");
    assert!(!format!("{seen:?}").contains("hidden"));

    let row = |number: usize| {
        format!(
            "{{\"registryId\":\"1\",\"repositoryName\":\"team/app\",\"imageDigest\":\"{}\",\"imageTags\":[\"v{number}\"],\"imageSizeInBytes\":5,\"imagePushedAt\":1714557600.5}}",
            digest(number)
        )
    };
    put_pages(2_500, 1_000, row, |page, is_last, rows| {
        let next = if is_last { String::new() } else { format!(",\"nextToken\":\"page-{page}\"") };
        answer(&cloud, format!("{{\"imageDetails\":[{rows}]{next}}}").as_bytes());
    });
    cloud.forget();
    check("ECR", &catalogue, 2_500, 3);
    let seen = cloud.seen();
    assert!(seen.iter().all(|seen| seen.headers["x-amz-target"].ends_with(".DescribeImages")));
    assert!(
        seen[2].body.contains("\"nextToken\":\"page-2\"") && seen[2].body.contains("\"TAGGED\""),
        "{}",
        seen[2].body
    );
    answer(&cloud, br#"{"repositories":[{"repositoryName":"b"},{"repositoryName":"a"}]}"#);
    assert_eq!(catalogue.repositories().unwrap(), ["a", "b"]);
    // a service that never stops is left
    for _ in 0..10 {
        answer(&cloud, br#"{"repositories":[{"repositoryName":"a"}],"nextToken":"again"}"#);
    }
    let error = catalogue.repositories().unwrap_err().to_string();
    assert!(error.contains("turn in circles"), "{error}");
}

#[test]
fn a_role_that_may_not_be_taken_is_told_in_the_clouds_words() {
    let cloud = TinyRegistry::start().unwrap();
    let words = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>AKID may not assume it</Message></Error></ErrorResponse>";
    cloud.put("/", "text/xml", words.as_bytes());
    let exchange = || {
        credentials_of(&aws(Some(ROLE)), cloud.host(), &places(&cloud), &options()).unwrap_err().to_string()
    };
    assert!(exchange().contains("has no key for the role"), "{}", exchange());
    cloud.fail("/", 1, Fault::Status(403, Vec::new()));
    assert!(exchange().contains("refuses access"));
    // so long as it is the pace alone that is not liked, it is asked again
    cloud.forget();
    answer(&cloud, ECR_LOGIN);
    credentials_of(&aws(None), cloud.host(), &places(&cloud), &options()).unwrap();
    assert_eq!(cloud.seen().len(), 1);
}

fn put_plain(registry: &TinyRegistry, repository: &str, tag: &str) -> Digest {
    registry.put_manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", tag.as_bytes())
}

#[test]
fn a_list_that_is_refused_is_read_in_the_plain_way_and_told_once() {
    let registry = TinyRegistry::start().unwrap();
    for number in 0..5 {
        put_plain(&registry, &format!("team/app{number}"), "1");
    }
    let catalogue = catalogue(&registry, RegistryType::Harbor, &password());
    registry.fail("/api/v2.0/", 2, Fault::Status(403, Vec::new()));
    assert_eq!(catalogue.repositories().unwrap().len(), 5);
    let told = catalogue.take_trouble().unwrap().to_string();
    assert!(told.contains("refuses access"), "{told}");
    for number in 0..5 {
        let tags = catalogue.tags(&format!("team/app{number}")).unwrap().unwrap();
        assert_eq!((tags.len(), tags[0].digest), (1, None));
    }
    assert!(catalogue.take_trouble().is_none(), "it is told once");
    // after three in a row nobody asks for the next
    assert_eq!(registry.requests("/artifacts").len(), 2, "{:?}", registry.requests("/artifacts"));
    // a repository that is not there at all is no refusal
    let fresh = self::catalogue(&registry, RegistryType::Harbor, &password());
    assert!(fresh.tags("team/none").unwrap().is_none());
    assert!(fresh.take_trouble().is_none());
}

#[test]
fn a_pause_that_is_asked_for_does_not_make_a_thousand_requests_of_one() {
    let registry = TinyRegistry::start().unwrap();
    put_plain(&registry, "team/app", "1");
    let catalogue = catalogue(&registry, RegistryType::Harbor, &password());
    registry.fail("/api/v2.0/", 100, Fault::Status(429, vec![("Retry-After", "86400".to_owned())]));
    let error = catalogue.tags("team/app").unwrap_err().to_string();
    assert!(error.contains("asks to wait 86400 seconds"), "{error}");
    assert!(registry.requests("/tags/list").is_empty());
}

#[test]
fn hostile_lists_are_left_and_send_nobody_anywhere() {
    let registry = TinyRegistry::start().unwrap();
    put_plain(&registry, "team/app", "1");
    let other = TinyRegistry::start().unwrap();
    let path = format!("{HARBOR}1");
    let trouble = |link: Option<String>, body: &str| {
        registry.put(&path, "application/json", body.as_bytes());
        registry.put_headers(
            &path,
            link.into_iter().map(|link| ("Link", format!("<{link}>; rel=\"next\""))).collect(),
        );
        let catalogue = catalogue(&registry, RegistryType::Harbor, &password());
        let tags = catalogue.tags("team/app").unwrap().unwrap();
        assert_eq!((tags.len(), tags[0].digest), (1, None), "the plain list is there");
        catalogue.take_trouble().unwrap().to_string()
    };
    let told = trouble(Some(path.clone()), "[]");
    assert!(told.contains("turn in circles"), "{told}");
    let told = trouble(Some(format!("http://{}/x", other.host())), "[]");
    assert!(told.contains("the next page of a list is on another host"), "{told}");
    for body in ["{}", "<html>", "[{\"digest\":7}]", "[["] {
        let told = trouble(None, body);
        assert!(told.contains("breaks the protocol"), "{told}");
    }
    registry.fail("/artifacts", 1, Fault::Endless);
    let told = trouble(None, "[]");
    assert!(told.contains("where 8388608 are declared"), "{told}");
    registry.fail(
        "/artifacts",
        1,
        Fault::Status(302, vec![("Location", "http://169.254.169.254/latest".to_owned())]),
    );
    let told = trouble(None, "[]");
    assert!(told.contains("link-local"), "{told}");
    registry.fail(
        "/artifacts",
        1,
        Fault::Status(302, vec![("Location", format!("http://{}/x", other.host()))]),
    );
    trouble(None, "[]");
    let seen = other.seen();
    assert!(seen.len() == 1 && !seen[0].headers.contains_key("authorization"), "{seen:?}");
}

#[test]
fn a_list_that_changes_while_it_is_read_is_read_again() {
    let registry = TinyRegistry::start().unwrap();
    put_harbor(&registry, 150);
    put_plain(&registry, "team/app", "plain");
    let second = format!("{HARBOR}2");
    let catalogue = catalogue(&registry, RegistryType::Harbor, &password());
    registry.put_headers(&second, vec![("X-Total-Count", "149".to_owned())]);
    let tags = catalogue.tags("team/app").unwrap().unwrap();
    assert_eq!(tags[0].name, "plain");
    assert!(catalogue.take_trouble().unwrap().to_string().contains("changes faster than it is read"));
    assert_eq!(registry.requests("/artifacts").len(), 6);
    registry.put_headers(&second, vec![("X-Total-Count", "150".to_owned())]);
    assert_eq!(catalogue.tags("team/app").unwrap().unwrap().len(), 150);
}
