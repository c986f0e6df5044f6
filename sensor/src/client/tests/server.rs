//! A small server that speaks as Plimsoll does to sensors, and fails as it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use model::sensor::{
    Enrolled, Enrolment, Heartbeat, HeartbeatAnswer, ImagesAnswer, ImagesQuestion, OwnContainer,
    OwnContainers,
};
use model::{ContainerReport, ContainerState, ImageId, Reference, ScanReport, SensorProfile, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};
use uuid::Uuid;

use crate::spool::pack;

/// What the server answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What the server knows.
#[derive(Default)]
pub(crate) struct Known {
    /// Answers to the next calls of paths that begin so, in the place of right ones.
    pub(crate) faults: VecDeque<(&'static str, Reply)>,
    /// `METHOD path` of all calls.
    pub(crate) calls: Vec<String>,
    /// Token and public key of the sensor.
    pub(crate) enrolments: Vec<Enrolment>,
    pub(crate) revoked: bool,
    /// Public keys that no new sensor may have.
    pub(crate) retired: Vec<String>,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) profile: SensorProfile,
    /// The request for everything anew that was not acknowledged.
    pub(crate) resync: Option<u64>,
    /// Heartbeats whose answer is lost on its way.
    pub(crate) deaf: usize,
    /// The newest of each container, as the real server keeps it.
    pub(crate) containers: BTreeMap<String, ContainerReport>,
    /// Reports of containers that said something new.
    pub(crate) news: usize,
    /// A container of this name is refused.
    pub(crate) poison: Option<String>,
    pub(crate) images: Vec<ScanReport>,
    /// Images that another sensor has sent, with their names.
    pub(crate) others: BTreeMap<ImageId, Vec<Reference>>,
    /// Milliseconds that the server's clock is ahead.
    pub(crate) ahead: i64,
}

pub(crate) const TOKEN: &str = "one-time";
pub(crate) const ANOTHER: &str = "another";
pub(crate) const SENSOR: Uuid = Uuid::from_u128(7);

/// A server until it is dropped.
pub(crate) struct TestServer {
    pub(crate) url: String,
    known: Arc<Mutex<Known>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0", Arc::default()).await
    }

    /// Goes on with what another one knew, at its address.
    pub(crate) async fn start_at(address: &str, known: Arc<Mutex<Known>>) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::clone(&known);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let service =
                        hyper::service::service_fn(move |request| answer(Arc::clone(&state), request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, known, task }
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    pub(crate) fn share(&self) -> Arc<Mutex<Known>> {
        Arc::clone(&self.known)
    }

    pub(crate) fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    pub(crate) fn fail(&self, path: &'static str, reply: Reply) {
        self.known().faults.push_back((path, reply));
    }
}

async fn answer(
    known: Arc<Mutex<Known>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let is_packed = parts.headers.get("content-encoding").is_some_and(|value| value == "zstd");
    let body = if is_packed { pack::unpack(&body, 64 << 20).unwrap() } else { body.to_vec() };
    let authorization =
        parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let reply = {
        let mut known = known.lock().unwrap();
        known.calls.push(format!("{} {path}", parts.method));
        match known.faults.iter().position(|(prefix, _)| path.starts_with(prefix)) {
            Some(at) => known.faults.remove(at).unwrap().1,
            None => known.answer(&path, authorization, &body),
        }
    };
    let now = known.lock().unwrap().now();
    let date = jiff::Timestamp::from_millisecond(now).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder().status(reply.status).header("date", date);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(reply.body))).unwrap())
}

impl Known {
    fn now(&self) -> i64 {
        Timestamp::now().0 + self.ahead
    }

    fn answer(&mut self, path: &str, authorization: &str, body: &[u8]) -> Reply {
        if path == "/api/v1/sensors/enrol" {
            let enrolment: Enrolment = serde_json::from_slice(body).unwrap();
            if self.retired.contains(&enrolment.public_key) {
                return Reply::new(409, r#"{"message": "the key is not new"}"#);
            }
            let is_known = enrolment.token == TOKEN && self.enrolments.is_empty();
            if !is_known && enrolment.token != ANOTHER {
                return Reply::new(401, r#"{"message": "the token is unknown or used up"}"#);
            }
            self.enrolments.push(enrolment);
            let enrolled = Enrolled { sensor: SENSOR, customer: Uuid::nil(), profile: self.profile.clone() };
            return Reply::new(201, serde_json::to_string(&enrolled).unwrap());
        }
        if let Err(words) = self.authenticate(authorization) {
            return Reply::new(401, format!(r#"{{"message": "{words}"}}"#));
        }
        match path {
            "/api/v1/containers" => self.take_containers(serde_json::from_slice(body).unwrap()),
            "/api/v1/reports" => {
                self.images.push(serde_json::from_slice(body).unwrap());
                Reply::new(201, "{}")
            }
            "/api/v1/sensors/images" => self.see_images(serde_json::from_slice(body).unwrap()),
            "/api/v1/sensors/containers" => self.own_containers(),
            "/api/v1/sensors/heartbeat" => {
                let beat: Heartbeat = serde_json::from_slice(body).unwrap();
                if beat.resynced.is_some() && beat.resynced == self.resync {
                    self.resync = None;
                }
                self.heartbeats.push(beat);
                if self.deaf > 0 {
                    self.deaf -= 1;
                    return Reply::new(503, "");
                }
                let answer = HeartbeatAnswer {
                    now: Timestamp(self.now()),
                    profile: self.profile.clone(),
                    wanted_version: None,
                    resync: self.resync,
                };
                Reply::new(200, serde_json::to_string(&answer).unwrap())
            }
            _ => Reply::new(404, r#"{"message": "no such path"}"#),
        }
    }

    fn see_images(&mut self, question: ImagesQuestion) -> Reply {
        let mut wanted = Vec::new();
        for seen in question.images {
            let sent = self.images.iter_mut().find(|report| report.image.id == seen.id);
            let names = sent.map(|report| &mut report.image.references).or(self.others.get_mut(&seen.id));
            match names {
                Some(names) => {
                    let more = seen.references.into_iter().filter(|name| !names.contains(name));
                    let more: Vec<Reference> = more.collect();
                    names.extend(more);
                }
                None => wanted.push(seen.id),
            }
        }
        Reply::new(200, serde_json::to_string(&ImagesAnswer { wanted }).unwrap())
    }

    fn own_containers(&self) -> Reply {
        let alive = self.containers.values().filter(|report| report.state != ContainerState::Deleted);
        let own = |report: &ContainerReport| OwnContainer {
            uuid: Uuid::from_bytes(report.id.as_bytes()[..16].try_into().unwrap()),
            id: report.id,
            state: report.state,
            observed_at: report.observed_at,
            report: Some(Box::new(report.clone())),
        };
        let page = OwnContainers { data: alive.map(own).collect(), next: None };
        Reply::new(200, serde_json::to_string(&page).unwrap())
    }

    fn take_containers(&mut self, reports: Vec<ContainerReport>) -> Reply {
        if reports.iter().any(|report| Some(&report.name) == self.poison.as_ref()) {
            return Reply::new(400, r#"{"message": "invalid body: [0].name"}"#);
        }
        for report in reports {
            let id = report.id.to_hex();
            let known = self.containers.get(&id);
            if known.is_some_and(|known| known.observed_at > report.observed_at) {
                continue;
            }
            let same = known.is_some_and(|known| {
                ContainerReport { observed_at: report.observed_at, ..known.clone() } == report
            });
            self.news += usize::from(!same);
            self.containers.insert(id, report);
        }
        Reply::new(200, "{}")
    }

    fn authenticate(&self, authorization: &str) -> Result<(), &'static str> {
        if authorization.starts_with("Basic ") {
            return Ok(());
        }
        let token = authorization.strip_prefix("Bearer ").ok_or("no credentials")?;
        let enrolment = self.enrolments.last().ok_or("unknown sensor")?;
        if self.revoked {
            return Err("this sensor was revoked");
        }
        let (message, signature) = token.rsplit_once('.').ok_or("no token")?;
        let key = UnparsedPublicKey::new(&ED25519, URL_SAFE_NO_PAD.decode(&enrolment.public_key).unwrap());
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "no base64")?;
        key.verify(message.as_bytes(), &signature).map_err(|_| "wrong signature")?;
        let part = |at: usize| -> serde_json::Value {
            let part = URL_SAFE_NO_PAD.decode(message.split('.').nth(at).unwrap()).unwrap();
            serde_json::from_slice(&part).unwrap()
        };
        let (header, claims) = (part(0), part(1));
        assert_eq!(
            (header["alg"].as_str(), header["kid"].as_str()),
            (Some("EdDSA"), Some(&*SENSOR.to_string()))
        );
        assert_eq!(claims["sub"].as_str(), Some(&*SENSOR.to_string()));
        let (now, expires) = (self.now() / 1_000, claims["exp"].as_i64().unwrap());
        if expires < now || expires > now + 300 {
            return Err("the token is expired or of the future");
        }
        Ok(())
    }
}
