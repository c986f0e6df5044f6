//! What clients send to make a registry known. The nesting of the clouds' parts is nowhere documented in full, so each is
//! understood under all of its names.

use model::registry::{
    AwsPlace, CredentialType, RegistrySecret, RegistrySettings, RegistryType, UnknownWord,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Requests to a registry at a time that can be asked for.
const MOST_PARALLEL: u16 = 32;

/// A registry, as it is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistryRequest {
    /// Where it is, such as `https://registry.example.com`.
    registry_uri: Option<String>,
    /// `V2`, `V2_PRIVATE`, `DockerHub`, `AWS`, `Azure`, `GCP`, `GOOGLE_ARTIFACT_REGISTRY`, `JFrog`, `Harbor` or `Quay`.
    registry_type: Option<String>,
    /// `None`, `Token`, `BasicAuth`, `DockerHub`, `Oauth` or `AWS`.
    credential_type: Option<String>,
    credential: Option<Credential>,
    #[serde(alias = "dockerHubOrg")]
    docker_hub_org_name: Option<String>,
    aws: Option<Aws>,
    #[serde(alias = "azure")]
    acr: Option<Cloud>,
    gcp: Option<Cloud>,
    #[serde(alias = "gar")]
    gcar: Option<Cloud>,
    /// A token of Artifactory, or a bearer or refresh token.
    access_token: Option<String>,
    /// Own: how people call it; its host without.
    name: Option<String>,
    /// Own: it may be on the machine of whoever asks it.
    allow_private: Option<bool>,
    /// Own: requests at a time, 1 to 32.
    parallel_requests: Option<u16>,
    /// Own: platform that is scanned of an image for several.
    platform: Option<String>,
}

/// User and password.
#[derive(Default, Deserialize, ToSchema)]
struct Credential {
    username: Option<String>,
    password: Option<String>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Aws {
    account_id: Option<String>,
    arn: Option<String>,
    region: Option<String>,
    account_type: Option<String>,
    connector_id: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Cloud {
    connector_id: Option<String>,
    location: Option<String>,
    project_id: Option<String>,
    registry: Option<String>,
}

impl RegistryRequest {
    /// What it comes to: settings, and the secret if it holds one. An error says which key is wrong.
    pub(crate) fn resolve(self) -> Result<(RegistrySettings, Option<RegistrySecret>), String> {
        let word = |key: &str, error: UnknownWord| format!("{key}: {error}");
        let kind = match &self.registry_type {
            Some(text) => text.parse().map_err(|error| word("registryType", error))?,
            None => RegistryType::V2,
        };
        let credential = self.credential.unwrap_or_default();
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (username, password) = (filled(credential.username), filled(credential.password));
        let token = filled(self.access_token);
        let credential_type = match &self.credential_type {
            Some(text) => text.parse().map_err(|error| word("credentialType", error))?,
            None if kind == RegistryType::Aws => CredentialType::Aws,
            None if token.is_some() && username.is_none() => CredentialType::Token,
            None if username.is_some() => CredentialType::BasicAuth,
            None => CredentialType::None,
        };
        let clouds = [self.acr, self.gcp, self.gcar].into_iter().flatten().next().unwrap_or_default();
        let aws_connector = self.aws.as_ref().and_then(|aws| aws.connector_id.clone());
        let uri = match (filled(self.registry_uri), kind) {
            (Some(uri), _) => uri,
            (None, RegistryType::DockerHub) => "https://docker.io".to_owned(),
            (None, _) => clouds.registry.clone().ok_or("registryUri is missing")?,
        };
        let uri = read_uri(&uri)?;
        let aws = self.aws.map(|aws| AwsPlace {
            account_id: aws.account_id.unwrap_or_default(),
            arn: aws.arn.unwrap_or_default(),
            region: aws.region.unwrap_or_default(),
            account_type: aws.account_type.unwrap_or_default(),
        });
        let parallel = self.parallel_requests.unwrap_or(0);
        if parallel > MOST_PARALLEL {
            return Err(format!("parallelRequests must be between 1 and {MOST_PARALLEL}, not {parallel}"));
        }
        let settings = RegistrySettings {
            uri,
            name: self.name.unwrap_or_default().trim().to_owned(),
            kind,
            credential_type,
            username,
            docker_hub_org: filled(self.docker_hub_org_name),
            aws,
            connector: filled(clouds.connector_id.or(aws_connector)),
            project: filled(clouds.project_id),
            location: filled(clouds.location),
            allow_private: self.allow_private.unwrap_or(false),
            parallel,
            platform: filled(self.platform),
        };
        let secret = RegistrySecret { password, token, service_account: None };
        Ok((settings, Some(secret).filter(|secret| !secret.is_empty())))
    }
}

/// Scheme and host of an address; a path is nothing that images are named by, apart from the API's own.
fn read_uri(text: &str) -> Result<String, String> {
    let wrong =
        |reason: &str| format!("registryUri {reason}: `{}`", text.chars().take(100).collect::<String>());
    let (scheme, rest) = match text.trim().split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text.trim()),
    };
    if scheme != "https" && scheme != "http" {
        return Err(wrong("is neither https nor http"));
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !matches!(path.trim_matches('/'), "" | "v1" | "v2") {
        return Err(wrong("has a path: name repositories below it in the filters of a schedule"));
    }
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    match !host.is_empty() && host.chars().all(is_host) {
        true => Ok(format!("{scheme}://{host}")),
        false => Err(wrong("has no host name with or without port")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<(RegistrySettings, Option<RegistrySecret>), String> {
        serde_json::from_value::<RegistryRequest>(value).unwrap().resolve()
    }

    #[test]
    fn requests_as_clients_send_them_are_understood() {
        let (settings, secret) = read(json!({
            "registryUri": "https://registry.example.com/v2/", "registryType": "V2_PRIVATE", "credentialType": "BasicAuth",
            "credential": { "username": "u", "password": "geheim" }, "unknown": 5,
        }))
        .unwrap();
        assert_eq!(
            (settings.uri.as_str(), settings.kind),
            ("https://registry.example.com", RegistryType::V2Private)
        );
        assert_eq!(settings.username.as_deref(), Some("u"));
        assert_eq!(secret.unwrap().password.as_deref(), Some("geheim"));
        let (settings, secret) =
            read(json!({ "registryType": "DockerHub", "dockerHubOrgName": "team" })).unwrap();
        assert_eq!((settings.host(), settings.docker_hub_org.as_deref()), ("docker.io", Some("team")));
        assert!(secret.is_none());
        let (settings, _) = read(json!({
            "registryType": "Azure", "registryUri": "x.azurecr.io", "azure": { "connectorId": "c" },
        }))
        .unwrap();
        assert_eq!(settings.connector.as_deref(), Some("c"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        for (value, told) in [
            (json!({}), "registryUri is missing"),
            (json!({ "registryUri": "ftp://a" }), "neither https nor http"),
            (json!({ "registryUri": "https://a/b" }), "has a path"),
            (json!({ "registryUri": "https://a b" }), "has no host name"),
            (json!({ "registryUri": "https://u@a" }), "has no host name"),
            (json!({ "registryUri": "a", "registryType": "Gitea" }), "registryType: `Gitea` is none of V2"),
            (json!({ "registryUri": "a", "credentialType": "x" }), "credentialType: `x`"),
            (json!({ "registryUri": "a", "parallelRequests": 99 }), "between 1 and 32"),
        ] {
            let error = read(value).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
