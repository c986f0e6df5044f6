//! Walks through a registry that lists its tags with their manifests, against a server that is played here.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard};

use model::registry::{
    ListingAnswer, ManifestOutcome, RegistryFilter, RegistryJob, RegistryLogin, RegistrySettings,
    RegistryType, RunEnd, RunProgress, TagListing, TagState,
};
use model::{Digest, ScanReport};
use sensor::registry::{Server, ServerError, WalkOptions, walk_next};
use testkit::{ImageBuilder, LayerBuilder, TinyRegistry};
use uuid::Uuid;

/// Remembers what it is told, as the server does.
#[derive(Default)]
struct Told {
    job: Option<RegistryJob>,
    tags: BTreeMap<String, Digest>,
    known: BTreeMap<Digest, ManifestOutcome>,
    reports: usize,
    end: Option<RunEnd>,
}

#[derive(Default)]
struct Played(Mutex<Told>);

impl Played {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap()
    }

    /// Makes a walk, and gives how it ended.
    fn walk(&self, registry: &TinyRegistry, filters: Vec<RegistryFilter>) -> RunProgress {
        let settings = RegistrySettings {
            uri: format!("http://{}", registry.host()),
            kind: RegistryType::Harbor,
            allow_private: true,
            ..RegistrySettings::default()
        };
        self.told().job = Some(RegistryJob {
            run: Uuid::from_u128(1),
            schedule: Uuid::from_u128(2),
            registry: Uuid::from_u128(3),
            settings,
            login: RegistryLogin::Anonymous,
            filters,
            force: false,
            only: Vec::new(),
            lease_seconds: 90,
        });
        let walked =
            walk_next(self, &WalkOptions::default(), None, &AtomicBool::new(false)).unwrap().unwrap();
        assert_eq!(walked.failure, None);
        self.told().end.take().unwrap().progress
    }
}

impl Server for Played {
    fn post(&self, path: &str, json: Vec<u8>) -> Result<Vec<u8>, ServerError> {
        let mut told = self.told();
        match path.rsplit('/').next().unwrap() {
            "claim" => return Ok(serde_json::to_vec(&told.job.take()).unwrap()),
            "tags" => {
                let listing: TagListing = serde_json::from_slice(&json).unwrap();
                let mut answer = ListingAnswer::default();
                for listed in listing.tags {
                    let TagState::Names(digest) = listed.state else { continue };
                    told.tags.insert(listed.tag, digest);
                    answer.known.extend(told.known.get(&digest).cloned());
                }
                return Ok(serde_json::to_vec(&answer).unwrap());
            }
            "manifests" => {
                let outcomes: Vec<ManifestOutcome> = serde_json::from_slice(&json).unwrap();
                told.known.extend(outcomes.into_iter().map(|outcome| (outcome.digest, outcome)));
            }
            "reports" => {
                let report: ScanReport = serde_json::from_slice(&json).unwrap();
                assert_eq!(report.packages.len(), 1);
                told.reports += 1;
            }
            "end" => told.end = Some(serde_json::from_slice(&json).unwrap()),
            _ => {}
        }
        Ok(b"{}".to_vec())
    }
}

fn image(number: usize) -> ImageBuilder {
    let status =
        format!("Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: {number}\n\n");
    let layer = LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    ImageBuilder::new().layer(layer.file("var/lib/dpkg/status", status))
}

const REPOSITORIES: &str = "/api/v2.0/repositories?page_size=100&page=1";
const ARTIFACTS: &str =
    "/api/v2.0/projects/team/repositories/app/artifacts?q=tags%3D*&with_tag=true&page_size=100&page=1";

/// A registry with `count` images, the later ones pushed on later days of May 2024.
fn registry(count: usize) -> TinyRegistry {
    let registry = TinyRegistry::start().unwrap();
    registry.put("/v2/", "application/json", b"{}");
    let rows: Vec<String> = (0..count)
        .map(|number| {
            let built = registry.push("team/app", &format!("v{number}"), &image(number));
            format!(
                "{{\"digest\":\"{}\",\"tags\":[{{\"name\":\"v{number}\",\"push_time\":\"2024-05-{:02}T00:00:00Z\"}}]}}",
                built.manifest_digest,
                number + 1
            )
        })
        .collect();
    registry.put(REPOSITORIES, "application/json", b"[{\"name\":\"team/app\"}]");
    registry.put(ARTIFACTS, "application/json", format!("[{}]", rows.join(",")).as_bytes());
    registry
}

#[test]
fn an_unchanged_registry_costs_its_lists_and_nothing_for_its_tags() {
    let (registry, server) = (registry(7), Played::default());
    let first = server.walk(&registry, Vec::new());
    assert_eq!((first.tags, first.scanned, first.failed), (7, 7, 0), "{:?}", first.errors);
    let told = server.told();
    assert_eq!((told.reports, told.tags.len()), (7, 7));
    drop(told);
    registry.forget();
    let second = server.walk(&registry, Vec::new());
    assert_eq!((second.tags, second.manifests, second.scanned, second.requests), (7, 0, 0, 3));
    assert_eq!(
        registry.requests(""),
        ["GET /v2/ 200", &format!("GET {REPOSITORIES} 200"), &format!("GET {ARTIFACTS} 200")]
    );
}

#[test]
fn ages_are_those_of_the_list_so_that_what_is_too_old_is_never_opened() {
    let (registry, server) = (registry(7), Played::default());
    let newest = RegistryFilter { newest: Some(2), ..RegistryFilter::default() };
    let progress = server.walk(&registry, vec![newest]);
    assert_eq!((progress.tags, progress.scanned, progress.left_out), (7, 2, 5));
    for (number, is_read) in [(4, false), (5, true), (6, true)] {
        let digest = image(number).build().manifest_digest;
        assert_eq!(!registry.requests(&digest.to_string()).is_empty(), is_read, "v{number}");
    }
    assert!(registry.requests("/manifests/v").is_empty(), "nothing is asked for by tag");
}

#[test]
fn without_the_list_each_tag_is_asked_for_and_the_run_says_why() {
    let (registry, server) = (registry(7), Played::default());
    registry.remove(ARTIFACTS);
    let progress = server.walk(&registry, Vec::new());
    assert_eq!((progress.tags, progress.scanned, progress.failed), (7, 7, 0));
    assert_eq!(registry.requests("/manifests/v").len(), 7);
    let [word] = progress.errors.as_slice() else { panic!("{:?}", progress.errors) };
    assert_eq!(word.code, "LISTED_PLAINLY");
    assert!(word.message.contains("with a request for each tag"), "{}", word.message);
}

#[test]
fn a_list_that_names_what_is_not_there_is_told() {
    let (registry, server) = (registry(1), Played::default());
    let lie = format!("[{{\"digest\":\"{}\",\"tags\":[{{\"name\":\"v0\"}}]}}]", Digest::of(b"nothing"));
    registry.put(ARTIFACTS, "application/json", lie.as_bytes());
    let progress = server.walk(&registry, Vec::new());
    assert_eq!((progress.scanned, progress.failed), (0, 1));
    assert!(progress.errors[0].message.contains("which it does not have"), "{:?}", progress.errors);
}
