//! Tokens put together while the test runs, so that the repository holds none.

use model::{ImageId, Label, LayerFacts, Severity};

use super::rule::{HIGH, Kind, LOW, Part, Shape};
use super::search::{file, mask, search};
use super::table::rules;
use crate::facts::Facts;

/// Letters as random as a real token's, the same in every run.
fn letters(set: &[u8], count: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count).map(|_| char::from(set[next() as usize % set.len()])).collect()
}

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ234567";

fn run(part: &Part, seed: u64) -> String {
    use super::rule::Letters::{Digits, Hex, Upper, Uuid};
    match part {
        Part::Text(text) => (*text).to_owned(),
        Part::Run(set, least, _) => {
            let set: &[u8] = match set {
                Digits => b"123456789",
                Hex | Uuid => HEX,
                Upper => UPPER,
                _ => ALPHANUMERIC,
            };
            letters(set, *least, seed)
        }
    }
}

fn parts(list: &[Part], seed: u64) -> String {
    list.iter().zip(0..).map(|(part, number)| run(part, seed + number)).collect()
}

fn told(text: &str, kind: Kind, path: &str) -> Vec<(u32, String, String, Severity)> {
    let mut facts = Facts::default();
    file(text.as_bytes(), kind, path.as_bytes(), &mut facts);
    facts.secrets.into_iter().map(|fact| (fact.line, fact.rule, fact.masked, fact.severity)).collect()
}

fn names(text: &str, kind: Kind) -> Vec<String> {
    told(text, kind, "x").into_iter().map(|(_, rule, ..)| rule).collect()
}

#[test]
fn a_token_of_each_issuer_is_found_with_its_line_and_never_shown_whole() {
    for rule in rules() {
        let (list, is_token) = match rule.shape {
            Shape::Token(list) => (list, true),
            Shape::Assigned(list) => (list, false),
            _ => continue,
        };
        let kind = rule.only.unwrap_or(Kind::Text);
        for (anchor, seed) in rule.anchors.iter().zip(1..) {
            let body = parts(list, seed * 31);
            let secret = if is_token { format!("{anchor}{body}") } else { body };
            let line = if is_token { format!("x = '{secret}'") } else { format!("{anchor}: \"{secret}\"") };
            let text = format!("# first\n\n{line}\nlast\n");
            let found = told(&text, kind, "x");
            assert_eq!(found.len(), 1, "{}: {found:?}", rule.id);
            let (number, name, masked, severity) = &found[0];
            assert_eq!((*number, name.as_str(), *severity), (3, rule.id, rule.severity), "{anchor}");
            assert!(!masked.contains(&secret[4..secret.len() - 2]), "{masked}");
            assert!(masked.len() <= 10, "{masked}");
        }
    }
}

#[test]
fn a_longer_word_or_letters_of_no_entropy_are_no_token() {
    let token = format!("ghp{}{}", '_', letters(ALPHANUMERIC, 36, 7));
    assert_eq!(names(&token, Kind::Text), ["github-token"]);
    assert!(names(&format!("x{token}"), Kind::Text).is_empty());
    let dull = format!("ghp{}{}", '_', "ab".repeat(18));
    assert!(names(&dull, Kind::Text).is_empty());
    let example = format!("AKIA{}EXAMPLE", letters(UPPER, 9, 3));
    assert!(names(&example, Kind::Text).is_empty());
}

#[test]
fn private_keys_are_told_by_their_armour_and_weigh_less_when_encrypted() {
    let body = (0..4).map(|line| letters(ALPHANUMERIC, 64, line + 1)).collect::<Vec<_>>().join("\n");
    let armour = |label: &str, head: &str| {
        let dashes = "-".repeat(5);
        format!("{dashes}BEGIN {label}{dashes}\n{head}{body}\n{dashes}END {label}{dashes}\n")
    };
    let told = |text: &str| {
        told(text, Kind::Text, "k")
            .into_iter()
            .map(|(_, rule, _, severity)| (rule, severity))
            .collect::<Vec<_>>()
    };
    let one = |severity| vec![("private-key".to_owned(), severity)];
    assert_eq!(told(&armour("RSA PRIVATE KEY", "")), one(HIGH));
    assert_eq!(told(&armour("PRIVATE KEY", "").replace('\n', "\\n")), one(HIGH));
    assert_eq!(told(&armour("ENCRYPTED PRIVATE KEY", "")), one(LOW));
    assert_eq!(
        told(&armour("EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n")),
        one(LOW)
    );
    let open = format!("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ{}\n", letters(ALPHANUMERIC, 28, 5));
    assert_eq!(told(&armour("OPENSSH PRIVATE KEY", &open)), one(HIGH));
    assert_eq!(told(&armour("OPENSSH PRIVATE KEY", "")), one(LOW));
    assert!(told(&armour("CERTIFICATE", "")).is_empty());
    assert!(told(&armour("PUBLIC KEY", "")).is_empty());
    let code =
        format!("if (key.startsWith(\"{}BEGIN PRIVATE KEY{}\")) {{ return parse(key); }}", "-----", "-----");
    assert!(told(&code).is_empty());
}

#[test]
fn passwords_in_urls_are_found_and_placeholders_are_not() {
    let found = |text: &str| {
        told(text, Kind::Text, "x").into_iter().map(|(_, rule, masked, _)| (rule, masked)).collect::<Vec<_>>()
    };
    let url = |password: &str| format!("db = postgres://app:{password}@db.internal:5432/shop");
    assert_eq!(found(&url("k9wz7Lq2mX")), [("url-password".to_owned(), "k****".to_owned())]);
    for none in ["password", "${PASSWORD}", "<secret>", "xxxxxxxx", "%s", "$PW"] {
        assert!(found(&url(none)).is_empty(), "{none}");
    }
    assert!(found("see https://host.internal:8080/a@b and ssh://git@host.internal/x").is_empty());
    assert!(found("http://user:k9wz7Lq2mX@example.com/").is_empty());
}

#[test]
fn files_of_one_kind_have_rules_of_their_own() {
    let secret = letters(ALPHANUMERIC, 20, 11);
    let cases = [
        (Kind::Netrc, format!("machine h\nlogin me\npassword {secret}\n"), "netrc-password", 3),
        (Kind::PgPass, format!("# host:port:db:user:pass\nh:5432:d:me:{secret}\n"), "pgpass-password", 2),
        (Kind::Npmrc, format!("//registry.internal/:_authToken={secret}\n"), "npm-registry-auth", 1),
        (Kind::Htpasswd, format!("me:$apr1$a$b{secret}\n"), "", 0),
        (Kind::Htpasswd, format!("me:{{SHA}}{secret}\n"), "", 0),
        (
            Kind::DockerConfig,
            format!("{{\"auths\":{{\"r\":{{\n\"auth\": \"{secret}==\"}}}}}}"),
            "docker-registry-auth",
            2,
        ),
        (Kind::Environment, format!("A=1\nexport DB_PASSWORD='{secret}'\n"), "environment-secret", 2),
        (Kind::Environment, format!("DB_PASSWORD_FILE=/run/{secret}\n"), "", 0),
        (Kind::Environment, "DB_PASSWORD=${OTHER_PASSWORD}\nTOKEN=changeme\n".to_owned(), "", 0),
        (Kind::Text, format!("password {secret}\nDB_PASSWORD={secret}\n"), "", 0),
    ];
    for (kind, text, rule, line) in cases {
        let found = told(&text, kind, "x");
        let found: Vec<_> = found.iter().map(|(line, rule, ..)| (rule.as_str(), *line)).collect();
        if kind == Kind::Htpasswd {
            assert_eq!(found, [("htpasswd-hash", 1)], "{text}");
        } else {
            assert_eq!(found, if rule.is_empty() { vec![] } else { vec![(rule, line)] }, "{text}");
        }
    }
}

#[test]
fn what_is_shown_never_tells_the_length_and_of_short_secrets_nothing() {
    assert_eq!(mask("abcdefg", false), "****");
    assert_eq!(mask("abcdefgh", false), "ab****");
    assert_eq!(mask("abcdefghijklmnop", false), "abcd****op");
    assert_eq!(mask("abcdefghijklmnopqrstuvwxyz", true), "a****");
    assert_eq!(mask("äöüäöüäöüäöüäöüä", false), "äöüä****üä");
}

#[test]
fn a_snake_oil_key_weighs_little_and_thousands_of_secrets_are_cut_short() {
    let body = letters(ALPHANUMERIC, 64, 2);
    let key = format!("{0}BEGIN PRIVATE KEY{0}\n{body}\n", "-----");
    assert_eq!(told(&key, Kind::Text, "etc/ssl/private/ssl-cert-snakeoil.key")[0].3, LOW);
    let token = format!("npm{}{} ", '_', letters(ALPHANUMERIC, 36, 9));
    let mut facts = Facts::default();
    file(token.repeat(1_000).as_bytes(), Kind::Text, b"x", &mut facts);
    assert_eq!(facts.secrets.len(), 100);
    assert_eq!(facts.notes, ["900 credentials beyond the first 100 are left out"]);
}

#[test]
fn the_config_of_an_image_is_masked_where_its_secrets_stood() {
    let secret = letters(ALPHANUMERIC, 24, 21);
    let token = format!("ghp{}{}", '_', letters(ALPHANUMERIC, 36, 22));
    let mut image = model::ImageFacts::new(ImageId(model::Digest::of(b"x")));
    image.environment = vec!["PATH=/bin".to_owned(), format!("DB_PASSWORD={secret}")];
    image.labels = vec![Label { key: "ci".to_owned(), value: format!("built with {token}.") }];
    let layer = |diff: Option<&[u8]>, created_by: String| LayerFacts {
        diff_id: diff.map(|bytes| model::DiffId(model::Digest::of(bytes))),
        digest: None,
        size: 0,
        created_by,
        created: None,
        comment: String::new(),
    };
    image.layers = vec![
        layer(Some(b"a"), "ADD file:1 in /".to_owned()),
        layer(None, "ENV A=1".to_owned()),
        layer(Some(b"b"), format!("RUN |1 NPM_TOKEN={secret} /bin/sh -c npm ci")),
    ];
    let records = super::config::redact(&mut image);
    let places: Vec<_> = records.iter().map(|record| (record.path.as_str(), record.layer)).collect();
    assert_eq!(
        places,
        [("config:env/DB_PASSWORD", None), ("config:label/ci", None), ("config:history/2", Some(1))]
    );
    let text = serde_json::to_string(&(&image, &records)).unwrap();
    assert!(!text.contains(&secret) && !text.contains(&token), "{text}");
    assert_eq!(image.environment[0], "PATH=/bin");
    assert_eq!(image.environment[1], format!("DB_PASSWORD={}****", &secret[..1]));
    assert!(image.layers[2].created_by.ends_with("**** /bin/sh -c npm ci"), "{}", image.layers[2].created_by);
}

#[test]
fn the_config_tells_no_credential_in_its_other_texts_either() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let secret = "k9wz7Lq2mXa4";
    let mut image = model::ImageFacts::new(model::ImageId(model::Digest::of(b"config")));
    image.runtime.entrypoint =
        ["serve", "--db-password", secret, &format!("--api-key={secret}"), "--verbose", "plain12word"]
            .map(str::to_owned)
            .to_vec();
    image.runtime.user = token.clone();
    image.runtime.working_dir = format!("/{token}");
    image.runtime.volumes = vec![format!("/srv/{token}")];
    image.labels = vec![model::Label { key: token.clone(), value: "x".to_owned() }];
    let records = super::config::redact(&mut image);
    let text = serde_json::to_string(&(&image, &records)).unwrap();
    assert!(!text.contains(&token) && !text.contains(secret), "{text}");
    assert_eq!(
        image.runtime.entrypoint,
        ["serve", "--db-password", "k****", "--api-key=k****", "--verbose", "plain12word"]
    );
    let places: Vec<_> = records.iter().map(|record| record.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "config:label",
            "config:entrypoint/2",
            "config:entrypoint/3",
            "config:user",
            "config:working-dir",
            "config:volume/0"
        ]
    );
}

#[test]
fn no_anchor_hides_another_and_no_rule_is_called_as_another() {
    let all: Vec<(&str, &str)> =
        rules().flat_map(|rule| rule.anchors.iter().map(|anchor| (rule.id, *anchor))).collect();
    for (at, (id, anchor)) in all.iter().enumerate() {
        for (other_id, other) in &all[at + 1..] {
            let hides = other.starts_with(anchor) && id != other_id;
            assert!(!hides, "{anchor} of {id} hides {other} of {other_id}");
        }
    }
    let names: std::collections::BTreeSet<_> = rules().map(|rule| rule.id).collect();
    assert_eq!(names.len(), rules().count());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_stands_around_an_anchor_is_read_without_harm(
        before in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
        behind in "[-A-Za-z0-9:/@._~+= \n\"']{0,120}",
        pick in proptest::prelude::any::<proptest::sample::Index>(),
    ) {
        let anchors: Vec<&str> = rules().flat_map(|rule| rule.anchors).copied().collect();
        let text = [&before[..], anchors[pick.index(anchors.len())].as_bytes(), behind.as_bytes()].concat();
        for kind in [Kind::Text, Kind::Environment, Kind::Netrc, Kind::PgPass, Kind::DockerConfig, Kind::Npmrc] {
            let found = search(&text, kind);
            for pair in found.windows(2) {
                proptest::prop_assert!(pair[0].place().end <= pair[1].place().start);
            }
        }
    }
}
