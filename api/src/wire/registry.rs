//! Registries and their repositories (`csapi.md` §12).

use std::collections::BTreeMap;

use model::registry::RegistryType;
use qql::fields::{RegistryField, RepositoryField};
use qql::{Array, FieldId, Row, Shown};
use serde::Serialize;
use store::{Connector, Registry, Schedule};
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::Millis;

/// How many images a registry or a repository has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImageCounts {
    pub(crate) repositories: u64,
    pub(crate) images: u64,
    pub(crate) scanned: u64,
    pub(crate) vulnerable: u64,
}

/// A registry in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistryRecord<'a> {
    aws_account_id: Option<&'a str>,
    aws_region: Option<&'a str>,
    created: Millis,
    docker_hub_org: Option<&'a str>,
    /// When the latest walk through it ended.
    last_scanned: Option<Millis>,
    /// `DockerHub` or `AWS`; null for all others.
    provider_type: Option<&'static str>,
    registry_type: &'static str,
    registry_uri: &'a str,
    registry_uuid: Uuid,
    repo_count: u64,
    /// How many schedules are in which state.
    schedule_status_list: BTreeMap<&'static str, u64>,
    total_images: u64,
    total_scanned_images: u64,
    total_vulnerable_images: u64,
    updated: Millis,
}

impl<'a> RegistryRecord<'a> {
    pub(crate) fn new(registry: &'a Registry, schedules: &[Schedule], counts: ImageCounts) -> Self {
        let settings = &registry.settings;
        let own = || schedules.iter().filter(|schedule| schedule.registry == registry.uuid);
        let mut states = BTreeMap::new();
        own().for_each(|schedule| *states.entry(schedule.status.as_str()).or_default() += 1);
        Self {
            aws_account_id: settings.aws.as_ref().map(|aws| aws.account_id.as_str()),
            aws_region: settings.aws.as_ref().map(|aws| aws.region.as_str()),
            created: registry.created.into(),
            docker_hub_org: settings.docker_hub_org.as_deref(),
            last_scanned: own().filter_map(|schedule| schedule.ended).max().map(Millis::from),
            provider_type: match settings.kind {
                RegistryType::DockerHub => Some("DockerHub"),
                RegistryType::Aws => Some("AWS"),
                _ => None,
            },
            registry_type: settings.kind.as_str(),
            registry_uri: &settings.uri,
            registry_uuid: registry.uuid,
            repo_count: counts.repositories,
            schedule_status_list: states,
            total_images: counts.images,
            total_scanned_images: counts.scanned,
            total_vulnerable_images: counts.vulnerable,
            updated: registry.updated.into(),
        }
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.registry_uuid
    }
}

impl Row for RegistryRecord<'_> {
    fn values(&self, field: FieldId) -> Vec<Shown<'_>> {
        let FieldId::Registry(field) = field else { return Vec::new() };
        let count = |number: u64| Some(Shown::Number(i64::try_from(number).unwrap_or(i64::MAX)));
        let shown = match field {
            RegistryField::RegistryUri => Some(self.registry_uri.into()),
            RegistryField::RegistryUuid => Some(Shown::Text(self.registry_uuid.to_string().into())),
            RegistryField::RegistryType => Some(self.registry_type.into()),
            RegistryField::ProviderType => self.provider_type.map(Shown::from),
            RegistryField::Created => Some(Shown::Number(self.created.0)),
            RegistryField::Updated => Some(Shown::Number(self.updated.0)),
            RegistryField::LastScanned => self.last_scanned.map(|time| Shown::Number(time.0)),
            RegistryField::RepoCount => count(self.repo_count),
            RegistryField::TotalImages => count(self.total_images),
            RegistryField::TotalScannedImages => count(self.total_scanned_images),
            RegistryField::TotalVulnerableImages => count(self.total_vulnerable_images),
        };
        shown.into_iter().collect()
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        false
    }
}

/// A registry by itself. A password is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistryDetails<'a> {
    #[serde(flatten)]
    record: RegistryRecord<'a>,
    aws: Option<AwsDetails<'a>>,
    connectors: Vec<ConnectorName>,
    credential: Option<CredentialName<'a>>,
}

/// Where at the cloud of AWS.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AwsDetails<'a> {
    account_id: &'a str,
    arn: &'a str,
    description: Option<String>,
    name: Option<String>,
    region: &'a str,
}

/// A connector of a registry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorName {
    arn: Option<String>,
    description: Option<String>,
    name: Option<String>,
}

/// As whom a registry is logged in to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CredentialName<'a> {
    username: &'a str,
}

impl<'a> RegistryDetails<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        record: RegistryRecord<'a>,
        connector: Option<&Connector>,
    ) -> Self {
        let settings = &registry.settings;
        let text = |connector: &Connector, key: &str| {
            let document: serde_json::Value = serde_json::from_str(&connector.settings).ok()?;
            document[key].as_str().map(str::to_owned)
        };
        let named = connector.map(|connector| ConnectorName {
            arn: text(connector, "arn"),
            description: text(connector, "description"),
            name: text(connector, "name"),
        });
        let aws = settings.aws.as_ref().map(|aws| AwsDetails {
            account_id: &aws.account_id,
            arn: &aws.arn,
            description: connector.and_then(|connector| text(connector, "description")),
            name: connector.and_then(|connector| text(connector, "name")),
            region: &aws.region,
        });
        let credential = settings.username.as_deref().map(|username| CredentialName { username });
        Self { record, aws, connectors: named.into_iter().collect(), credential }
    }
}

/// A repository of a registry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryRecord {
    repo_name: String,
    total_images: u64,
    total_scanned_images: u64,
    total_vulnerable_images: u64,
    #[serde(skip)]
    #[schema(ignore)]
    number: u128,
}

impl RepositoryRecord {
    /// `number` is its place in the order of names.
    pub(crate) fn new(number: u128, name: String, counts: ImageCounts) -> Self {
        Self {
            number,
            repo_name: name,
            total_images: counts.images,
            total_scanned_images: counts.scanned,
            total_vulnerable_images: counts.vulnerable,
        }
    }

    /// Its place in the order of names, in the form of an id.
    pub(crate) fn place(&self) -> Uuid {
        Uuid::from_u128(self.number)
    }
}

impl Row for RepositoryRecord {
    fn values(&self, field: FieldId) -> Vec<Shown<'_>> {
        let FieldId::Repository(field) = field else { return Vec::new() };
        let count = |number: u64| Shown::Number(i64::try_from(number).unwrap_or(i64::MAX));
        vec![match field {
            RepositoryField::RepoName => self.repo_name.as_str().into(),
            RepositoryField::TotalImages => count(self.total_images),
            RepositoryField::TotalScannedImages => count(self.total_scanned_images),
            RepositoryField::TotalVulnerableImages => count(self.total_vulnerable_images),
        }]
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        false
    }
}
