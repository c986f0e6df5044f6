//! How registries of certain sorts list what they hold: a hundred or a thousand tags at a time, each with the manifest that it names and
//! mostly with the time of its push, where the distribution API wants a request for each tag.
//!
//! The decision a reader may doubt: such lists are asked for at the sort's own interface, which may have other rights than the
//! distribution API. So none of them is needed: whatever is refused is asked for in the plain way, and said once.

mod api;
mod ecr;
mod harbor;
mod hub;
mod quay;
mod rows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::registry::{RegistrySettings, RegistryType};

use self::api::{Api, Pass};
use self::ecr::EcrLists;
use super::cloud::{self, Admission, CloudPlaces};
use super::error::RegistryError;
use super::listing::RemoteTag;
use super::wire::Wire;
use super::{RegistryOptions, name};

/// Lists in a row that fail before none is asked for any more.
const FAILURES: u32 = 3;

/// What a registry speaks beside the distribution API.
#[derive(Debug)]
pub(super) enum Dialect {
    /// Nothing.
    Plain,
    /// Azure's lists, which are entered like those of the distribution API.
    Azure,
    /// Harbor's interface.
    Harbor(Api),
    /// That of Docker Hub, with the namespace whose repositories are listed.
    Hub(Api, Option<String>),
    /// Quay's.
    Quay(Api),
    /// ECR's.
    Ecr(Box<EcrLists>),
}

/// The sort of a registry, by what its owner says or by the host of a cloud.
fn sort_of(settings: &RegistrySettings) -> RegistryType {
    let given = settings.kind;
    if !matches!(given, RegistryType::V2 | RegistryType::V2Private) {
        return given;
    }
    match name::host_only(settings.host()) {
        "docker.io" => RegistryType::DockerHub,
        "quay.io" => RegistryType::Quay,
        host if is_azure(host) => RegistryType::Azure,
        host if host.contains(".dkr.ecr.") => RegistryType::Aws,
        _ => given,
    }
}

fn is_azure(host: &str) -> bool {
    [".azurecr.io", ".azurecr.cn", ".azurecr.us"].iter().any(|end| host.ends_with(end))
}

impl Dialect {
    /// That of a registry, which `wire` leads to. Nothing is asked yet.
    pub(super) fn of(
        settings: &RegistrySettings,
        admission: Option<&Admission>,
        wire: &Arc<Wire>,
        places: &CloudPlaces,
        options: &RegistryOptions,
    ) -> Result<Self, RegistryError> {
        let credentials = admission.map(|admission| &admission.credentials);
        Ok(match sort_of(settings) {
            RegistryType::Azure => Self::Azure,
            RegistryType::Harbor => Self::Harbor(Api::new(wire.clone(), Pass::plain(credentials)?)),
            RegistryType::Quay => Self::Quay(Api::new(wire.clone(), Pass::token(credentials)?)),
            // a password for anybody else is none of its business
            RegistryType::DockerHub if settings.host() == "docker.io" || places.hub.is_some() => {
                let place = places.hub.as_deref().unwrap_or(hub::PLACE);
                let wire = Arc::new(cloud::connect(place, options)?);
                let namespace = settings.docker_hub_org.clone().or_else(|| settings.username.clone());
                Self::Hub(Api::new(wire, hub::pass(credentials)), namespace)
            }
            RegistryType::Aws => match admission.and_then(|admission| admission.aws.clone()) {
                Some(access) => Self::Ecr(Box::new(EcrLists::new(settings.host(), access, places, options)?)),
                None => Self::Plain,
            },
            _ => Self::Plain,
        })
    }

    /// The tags of a repository; `None` if the sort has no such list.
    pub(super) fn tags(&self, repository: &str) -> Option<Result<Vec<RemoteTag>, RegistryError>> {
        match self {
            Self::Plain | Self::Azure => None,
            Self::Harbor(api) => Some(harbor::tags(api, repository)),
            Self::Hub(api, _) => Some(hub::tags(api, repository)),
            Self::Quay(api) => Some(quay::tags(api, repository)),
            Self::Ecr(lists) => Some(lists.tags(repository)),
        }
    }

    /// All repositories; `None` if the sort has no such list.
    pub(super) fn repositories(&self) -> Option<Result<Vec<String>, RegistryError>> {
        match self {
            Self::Plain | Self::Azure | Self::Quay(_) => None,
            Self::Harbor(api) => Some(harbor::repositories(api)),
            Self::Hub(api, namespace) => Some(hub::repositories(api, namespace.as_deref()?)),
            Self::Ecr(lists) => Some(lists.repositories()),
        }
    }

    /// Requests and bytes on ways of its own.
    pub(super) fn traffic(&self) -> (u64, u64) {
        let wire = match self {
            // theirs is the registry's
            Self::Plain | Self::Azure | Self::Harbor(_) | Self::Quay(_) => return (0, 0),
            Self::Hub(api, _) => &api.wire,
            Self::Ecr(lists) => lists.wire(),
        };
        (wire.traffic.requests(), wire.traffic.bytes())
    }
}

/// What the sort's own lists have come to.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    is_told: bool,
    trouble: Option<RegistryError>,
}

impl Standing {
    /// Whether to ask for one more.
    pub(super) fn is_asked(&self) -> bool {
        self.lock().failures < FAILURES
    }

    pub(super) fn went_well(&self) {
        self.lock().failures = 0;
    }

    /// One was not to be had, and the plain one was.
    pub(super) fn failed(&self, error: RegistryError) {
        let mut state = self.lock();
        state.failures += 1;
        if !state.is_told {
            state.is_told = true;
            state.trouble = Some(error);
        }
    }

    /// The first of what was refused, once.
    pub(super) fn take_trouble(&self) -> Option<RegistryError> {
        self.lock().trouble.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it may pass by waiting: then asking tag by tag would only make it worse.
pub(super) fn is_passing(error: &RegistryError) -> bool {
    matches!(error, RegistryError::RateLimit { .. } | RegistryError::Status { status: 429, .. })
}

/// Entry for the fuzz target.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    rows::fuzz(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sort_is_what_its_owner_says_or_what_the_host_of_a_cloud_tells() {
        use RegistryType::{Aws, Azure, DockerHub, Harbor, Quay, V2};
        for (uri, kind, expected) in [
            ("https://registry.example", V2, V2),
            ("https://registry.example", Harbor, Harbor),
            ("https://index.docker.io", V2, DockerHub),
            ("https://quay.io", V2, Quay),
            ("https://team.azurecr.io", V2, Azure),
            ("https://azurecr.io.example", V2, V2),
            ("https://1.dkr.ecr.eu-west-1.amazonaws.com", V2, Aws),
        ] {
            let settings = RegistrySettings { uri: uri.into(), kind, ..RegistrySettings::default() };
            assert_eq!(sort_of(&settings), expected, "{uri}");
        }
    }
}
