//! Sensors over HTTP: how they come in and are shut out, and what they may do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use store::NewSensorToken;
use uuid::Uuid;

use crate::client::{Request, Response};
use crate::server::{ADMIN, TestServer, report};

/// A sensor that is in.
pub(crate) struct TestSensor {
    pair: Ed25519KeyPair,
    pub(crate) uuid: Uuid,
}

impl TestSensor {
    /// A token that it signs, of a time in seconds from now and good for so many.
    fn token(&self, offset: i64, life: i64) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let issued = Timestamp::now().0 / 1_000 + offset;
        let header = part(json!({"typ": "JWT", "alg": "EdDSA", "kid": self.uuid}));
        let claims = part(json!({"sub": self.uuid, "iat": issued, "exp": issued + life}));
        let message = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    pub(crate) fn signs(&self, request: Request) -> Request {
        request.bearer(&self.token(0, 60))
    }
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public_key(seed: u8) -> String {
    URL_SAFE_NO_PAD.encode(pair(seed).public_key())
}

fn enrolment(token: &str, seed: u8) -> Value {
    json!({
        "token": token, "publicKey": public_key(seed), "name": format!("sensor-{seed}"), "type": "GENERAL",
        "version": "plimsoll/0.1.0",
        "host": {
            "hostname": format!("node-{seed}"), "addresses": ["10.0.0.8", "fe80::1"],
            "operatingSystem": "Debian GNU/Linux 12 (bookworm)", "architecture": "x86_64",
            "runtimes": ["docker 20.10.24"],
        },
    })
}

pub(crate) fn admin(method: &str, target: &str) -> Request {
    Request::new(method, target).basic(ADMIN.0, ADMIN.1)
}

async fn enrol(server: &TestServer, body: &Value) -> Response {
    server.send(Request::new("POST", "/api/v1/sensors/enrol").json(body)).await
}

async fn new_token(server: &TestServer) -> String {
    let made = server.send(admin("POST", "/api/v1/sensors/tokens")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn enrolled(server: &TestServer, seed: u8) -> TestSensor {
    enrolled_by(server, &new_token(server).await, seed).await
}

pub(crate) async fn enrolled_by(server: &TestServer, token: &str, seed: u8) -> TestSensor {
    let answer = enrol(server, &enrolment(token, seed)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    TestSensor { pair: pair(seed), uuid: answer.json()["sensor"].as_str().unwrap().parse().unwrap() }
}

fn beat() -> Value {
    json!({"version": "plimsoll/0.1.0", "sentAt": 5, "lag": 7, "waiting": 2, "containers": 40, "troubles": ["x"]})
}

pub(crate) async fn heartbeat(server: &TestServer, sensor: &TestSensor) -> Response {
    server.send(sensor.signs(Request::new("POST", "/api/v1/sensors/heartbeat")).json(&beat())).await
}

pub(crate) fn message(response: &Response) -> String {
    response.json()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_enrols_one_sensor_which_then_signs_for_itself() {
    let server = TestServer::start().await;
    let token = new_token(&server).await;
    let first = enrol(&server, &enrolment(&token, 1)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let told = first.json();
    assert_eq!(told["customer"], store::DEFAULT_CUSTOMER.to_string());
    assert_eq!(told["profile"]["heartbeatSeconds"], 30);
    let again = enrol(&server, &enrolment(&token, 1)).await;
    assert_eq!(again.json()["sensor"], told["sensor"], "the answer may have been lost");
    let second = enrol(&server, &enrolment(&token, 2)).await;
    assert_eq!((second.status, message(&second).contains("was used already")), (401, true));

    let sensor = TestSensor { pair: pair(1), uuid: told["sensor"].as_str().unwrap().parse().unwrap() };
    let answer = heartbeat(&server, &sensor).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert!((answer["now"].as_i64().unwrap() - Timestamp::now().0).abs() < 10_000);
    assert_eq!((&answer["profile"]["name"], answer.get("resync")), (&"default".into(), None));

    let shown = server.get(&format!("/api/v1/sensors/{}", sensor.uuid)).await.json();
    assert_eq!((&shown["status"], &shown["heartbeat"]["lag"]), (&"RUNNING".into(), &7.into()));
    assert_eq!((&shown["host"]["hostname"], &shown["profileName"]), (&"node-1".into(), &"default".into()));
    let tokens = server.get("/api/v1/sensors/tokens").await.json();
    assert_eq!((&tokens["data"][0]["used"], &tokens["data"][0]["createdBy"]), (&1.into(), &ADMIN.0.into()));
    assert!(!tokens.to_string().contains(&token[36..]), "no secret is shown again");
}

#[tokio::test]
async fn a_bad_enrolment_is_refused_in_words() {
    let server = TestServer::start().await;
    let token = new_token(&server).await;
    let with = |key: &str, value: Value| {
        let mut body = enrolment(&token, 1);
        body[key] = value;
        body
    };
    let forged = format!("{}{}", &token[..99], if token.ends_with('0') { '1' } else { '0' });
    for (body, status, told) in [
        (with("token", forged.into()), 401, "not known"),
        (with("token", "".into()), 401, "not known"),
        (with("token", "\u{0}".into()), 401, "not known"),
        (with("publicKey", "AAAA".into()), 400, "`publicKey`"),
        (with("publicKey", "%".into()), 400, "`publicKey`"),
        (with("type", "SPY".into()), 400, "`type`"),
        (with("name", " ".into()), 400, "`name`"),
        (with("host", json!({"hostname": "a\nb"})), 400, "`host.hostname`"),
        (with("host", json!({"hostname": "a", "addresses": vec!["x"; 300]})), 400, "`host.addresses`"),
        (with("host", json!({"hostname": "a", "rack": 1})), 400, "unknown field"),
        (json!([1]), 400, "invalid body"),
    ] {
        let answer = enrol(&server, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(message(&answer).contains(told), "{body}: {}", answer.text());
    }
    let large = enrol(&server, &with("name", "x".repeat(70_000).into())).await;
    assert_eq!(large.status, 413);
    let broken = Request::new("POST", "/api/v1/sensors/enrol").body("{\"token\":");
    assert_eq!(server.send(broken).await.status, 400);
    assert_eq!(server.send(Request::get("/api/v1/sensors/enrol")).await.status, 405);
    assert_eq!(enrol(&server, &enrolment(&token, 1)).await.status, 201, "the token is still good");
}

#[tokio::test]
async fn an_expired_token_and_one_that_was_taken_back_let_nobody_in() {
    let server = TestServer::start().await;
    let new = NewSensorToken {
        customer: store::DEFAULT_CUSTOMER,
        created_by: "test".into(),
        expires: Timestamp(Timestamp::now().0 + 100),
        uses: 1,
        profile: None,
    };
    let (text, _) = server.store.create_sensor_token(new).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    let answer = enrol(&server, &enrolment(&text, 1)).await;
    assert_eq!((answer.status, message(&answer).contains("has expired")), (401, true));

    let made = server.send(admin("POST", "/api/v1/sensors/tokens")).await.json();
    let target = format!("/api/v1/sensors/tokens/{}", made["uuid"].as_str().unwrap());
    assert_eq!(server.send(admin("DELETE", &target)).await.status, 204);
    assert_eq!(server.send(admin("DELETE", &target)).await.status, 404);
    assert_eq!(enrol(&server, &enrolment(made["token"].as_str().unwrap(), 1)).await.status, 401);
    for (body, told) in [
        (json!({"expiresInHours": 0}), "expiresInHours"),
        (json!({"uses": 0}), "`uses`"),
        (json!({"use": 1}), "unknown field"),
        (json!({"profile": Uuid::nil()}), "does not exist"),
        (json!([]), "an array"),
    ] {
        let refused = server.send(admin("POST", "/api/v1/sensors/tokens").json(&body)).await;
        assert!(
            matches!(refused.status, 400 | 404) && message(&refused).contains(told),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn enrolments_are_bounded_in_number() {
    let server = TestServer::start().await;
    let (mut statuses, empty) = (Vec::new(), json!({}));
    for _ in 0..40 {
        let attempts = (0..20).map(|_| enrol(&server, &empty));
        statuses.extend(futures_util::future::join_all(attempts).await);
    }
    let last = statuses.iter().find(|answer| answer.status == 429).expect("somewhere is an end");
    assert!(statuses.iter().all(|answer| matches!(answer.status, 400 | 429)));
    assert_eq!(last.json()["errorCode"], "429 TOO_MANY_REQUESTS");
    let header = |name: &str| last.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    assert!(header("retry-after") && header("x-ratelimit-remaining"));
}

#[tokio::test]
async fn only_the_holder_of_the_key_gets_in_and_only_while_it_is_not_revoked() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let stranger = TestSensor { pair: pair(2), uuid: sensor.uuid };
    let nobody = TestSensor { pair: pair(1), uuid: Uuid::from_u128(9) };
    for wrong in [&stranger, &nobody] {
        let answer = heartbeat(&server, wrong).await;
        assert_eq!((answer.status, message(&answer)), (401, "invalid token".to_owned()));
    }
    assert_eq!(heartbeat(&server, &sensor).await.status, 200);
    let revoke = format!("/api/v1/sensors/{}/revoke", sensor.uuid);
    let revoked = server.send(admin("POST", &revoke)).await;
    assert!(revoked.json()["revoked"].is_i64(), "{}", revoked.text());
    assert_eq!(revoked.json()["status"], "UNKNOWN");
    assert_eq!(server.send(admin("POST", &revoke)).await.status, 200);
    let answer = heartbeat(&server, &sensor).await;
    assert_eq!((answer.status, message(&answer).contains("revoked")), (401, true), "{}", answer.text());
    let answer = heartbeat(&server, &stranger).await;
    assert_eq!(message(&answer), "invalid token", "only its holder learns of it");
    let again = enrol(&server, &enrolment(&new_token(&server).await, 1)).await;
    assert_eq!((again.status, again.json()["errorCode"].as_str()), (409, Some("409 CONFLICT")));
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let call = async |offset: i64, life: i64| {
        let request = Request::new("POST", "/api/v1/sensors/heartbeat").json(&beat());
        let answer = server.send(request.bearer(&sensor.token(offset, life))).await;
        (answer.status, if answer.status == 200 { String::new() } else { message(&answer) })
    };
    for (offset, life) in [(0, 300), (290, 300), (-350, 60)] {
        assert_eq!(call(offset, life).await.0, 200, "{offset} {life}");
    }
    for (offset, life, told) in
        [(400, 60, "fast"), (-400, 60, "JWT expired"), (0, 301, "five minutes at most"), (0, 0, "at most")]
    {
        let (status, message) = call(offset, life).await;
        assert_eq!((status, message.contains(told)), (401, true), "{offset} {life}: {message}");
    }
}

#[tokio::test]
async fn a_sensor_sends_and_beats_and_does_nothing_else() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let sent = server.send(sensor.signs(Request::new("POST", "/api/v1/reports")).json(&report(1))).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    for (method, target) in [
        ("GET", "/csapi/v1.3/images"),
        ("GET", "/csapi/v1.3/containers"),
        ("GET", "/csapi/v1.3/sensors"),
        ("GET", "/csapi/v1.3/activationkey"),
        ("GET", "/csapi/v1.3/sensorProfile"),
        ("GET", "/api/v1/sensors/tokens"),
        ("POST", "/api/v1/sensors/tokens"),
        ("GET", "/api/v1/jobs"),
        ("GET", "/api/v1/changes"),
        ("DELETE", "/csapi/v1.3/sensors?filter=status:UNKNOWN"),
        ("DELETE", "/csapi/v1.3/images?filter=sha:x"),
        ("POST", &format!("/api/v1/sensors/{}/revoke", sensor.uuid)),
        ("GET", &format!("/api/v1/sensors/{}", sensor.uuid)),
    ] {
        let answer = server.send(sensor.signs(Request::new(method, target))).await;
        assert_eq!(answer.status, 403, "{method} {target}: {}", answer.text());
        assert!(message(&answer).contains("does not have the CS."), "{}", answer.text());
    }
    for target in ["/api/v1/sensors/containers", "/api/v1/sensors/heartbeat", "/api/v1/sensors/images"] {
        let method = if target.ends_with("containers") { "GET" } else { "POST" };
        let answer = server.send(admin(method, target).json(&beat())).await;
        assert_eq!(answer.status, 403, "{target} is for sensors: {}", answer.text());
    }
}

fn container(number: u32, state: &str, claimed: Option<Uuid>) -> Value {
    json!({
        "id": model::Digest::of(&number.to_le_bytes()), "name": format!("web-{number}"),
        "host": {"hostname": "node-1"}, "state": state, "created": 100, "stateChanged": 200,
        "observedAt": 1_000 + number, "source": "GENERAL",
        "details": {"sensor": claimed, "runtime": "docker"},
    })
}

#[tokio::test]
async fn containers_carry_the_sensor_that_sent_them_whatever_they_claim() {
    let server = TestServer::start().await;
    let (own, other) = (enrolled(&server, 1).await, enrolled(&server, 2).await);
    let sent = json!([
        container(1, "RUNNING", Some(other.uuid)),
        container(2, "STOPPED", None),
        container(3, "DELETED", None)
    ]);
    let answer = server.send(own.signs(Request::new("POST", "/api/v1/containers")).json(&sent)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let theirs = json!([container(4, "RUNNING", Some(own.uuid))]);
    server.send(other.signs(Request::new("POST", "/api/v1/containers")).json(&theirs)).await;
    let forged = json!([container(5, "RUNNING", Some(own.uuid))]);
    assert_eq!(server.send(admin("POST", "/api/v1/containers").json(&forged)).await.status, 201);

    let sensor_of = async |number: u32| {
        let sha = model::Digest::of(&number.to_le_bytes()).to_hex();
        let record = server.get(&format!("/csapi/v1.3/containers/{sha}?profile=full")).await.json();
        record["sensorUuid"].as_str().map(|text| text.parse::<Uuid>().unwrap())
    };
    assert_eq!(sensor_of(1).await, Some(own.uuid));
    assert_eq!(sensor_of(4).await, Some(other.uuid));
    assert_eq!(sensor_of(5).await, None, "an account is no sensor");
    let found = server.get(&format!("/csapi/v1.3/containers?filter=sensorUuid:{}", own.uuid)).await.json();
    assert_eq!(found["count"], 3);

    let list = async |query: &str| {
        let target = format!("/api/v1/sensors/containers{query}");
        server.send(own.signs(Request::get(&target))).await
    };
    let mut pages = vec![list("?limit=1").await.json()];
    // a page may be empty: that somebody else speaks for a container is only seen when it is looked at
    while let Some(next) = pages.last().and_then(|page| page["next"].as_str()).map(str::to_owned) {
        pages.push(list(&format!("?limit=1&after={next}")).await.json());
    }
    let mut seen: Vec<(String, String, i64)> = pages
        .iter()
        .flat_map(|page| page["data"].as_array().unwrap())
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("id"), text("state"), one["observedAt"].as_i64().unwrap())
        })
        .collect();
    seen.sort_by_key(|one| one.2);
    let id = |number: u32| model::Digest::of(&number.to_le_bytes()).to_string();
    assert_eq!(seen, [(id(1), "RUNNING".into(), 1_001), (id(2), "STOPPED".into(), 1_002)]);
    for bad in ["?limit=0", "?limit=1001", "?limit=x", "?after=x"] {
        assert_eq!(list(bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn hostile_heartbeats_are_refused_in_words() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let send = async |body: Vec<u8>| {
        let request = sensor.signs(Request::new("POST", "/api/v1/sensors/heartbeat")).body(body);
        server.send(request).await
    };
    for body in [
        &b""[..],
        b"{",
        b"[1,2]",
        b"{\"version\":\"a\",\"troubles\":\"x\"}",
        b"{\"version\":\"\"}",
        b"{\"version\":\"a\",\"lag\":-1}",
        b"{\"version\":\"a\",\"nonsense\":1}",
        b"\xff\xfe",
        "[".repeat(100_000).as_bytes(),
        json!({"version": "a", "troubles": vec!["x"; 65]}).to_string().as_bytes(),
        json!({"version": "a", "troubles": ["x".repeat(3_000)]}).to_string().as_bytes(),
    ] {
        let answer = send(body.to_vec()).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(&body[..body.len().min(80)]));
        assert!(message(&answer).len() < 1_000);
    }
    for text in ["", "a.b.c", "eyJhbGciOiJFZERTQSJ9..", &"x".repeat(10_000)] {
        let answer = server.send(Request::get("/csapi/v1.3/images").bearer(text)).await;
        assert_eq!(answer.status, 401, "{}", &text[..text.len().min(40)]);
    }
}
