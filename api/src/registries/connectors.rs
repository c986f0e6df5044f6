//! Logins that several registries share: of AWS, of Azure (`acr`), of Google's cloud (`gcp`).

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use model::Timestamp;
use model::registry::RegistrySecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Connector;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ManageRefusals, TwoKeys, ViewRefusals, multipart, require_everything};
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup::Key;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// Bytes of a key file.
const MAX_KEY_FILE: usize = 64 << 10;

/// A connector, as it is to be.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorRequest {
    name: Option<String>,
    description: Option<String>,
    /// Of AWS: the role.
    arn: Option<String>,
    #[schema(value_type = Option<String>)]
    external_id: Option<Value>,
    /// Own, of AWS: the id of the access key that the role is taken with; without it that of each registry.
    access_key_id: Option<String>,
    /// Own, of AWS: the key.
    secret_access_key: Option<String>,
    /// Of Azure.
    connector_id: Option<String>,
    application_id: Option<String>,
    client_secret: Option<String>,
    /// Own: the directory that the application belongs to. With it its secret never goes to the registry itself.
    tenant_id: Option<String>,
}

/// The connector that was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenConnector {
    connector_id: String,
}

/// What roles of AWS are to trust. This server has no account there, and takes roles with the keys of connectors and registries.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/aws-base", tag = "registries",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    responses(
        (status = 200, description = "an empty account and a number of this customer's own", body = serde_json::Value),
        ViewRefusals,
    )
)]
pub(crate) async fn aws_base(Extension(identity): Extension<Identity>) -> Result<Response, ApiError> {
    require_everything(&identity, Permission::ViewRegistries)?;
    let named = Uuid::new_v3(&identity.customer(), b"aws-external-id");
    let external_id = u32::from_be_bytes([0, named.as_bytes()[0], named.as_bytes()[1], named.as_bytes()[2]]);
    Ok(body::json(&json!({ "accountId": "", "externalId": external_id })))
}

/// Keeps a connector of AWS or Azure; one of the same id is replaced.
#[utoipa::path(
    post, path = "/csapi/{version}/registry/{cloud}/connector", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("cloud" = String, Path, description = "aws, acr or gcp"),
        ("name" = Option<String>, Query, description = "of gcp"),
        ("description" = Option<String>, Query, description = "of gcp"),
        ("connectorId" = Option<String>, Query, description = "of gcp"),
    ),
    request_body(content = ConnectorRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "kept", body = WrittenConnector),
        (status = 400, description = "not valid", body = ErrorBody),
        ManageRefusals,
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(cloud): Key,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    require_everything(&identity, Permission::ManageRegistries)?;
    let kind = kind_of(&cloud)?;
    let (id, settings, secret) = match kind {
        "gcp" => of_google(&shared, &Parameters::of(&uri), &headers, request).await?,
        kind => {
            let request: ConnectorRequest =
                ingest::read(&shared, &headers, request, ingest::parse_json).await?;
            of_body(kind, request)?
        }
    };
    let customer = identity.customer();
    let connector = Connector {
        uuid: Uuid::new_v3(&customer, format!("connector:{kind}:{id}").as_bytes()),
        kind: kind.to_owned(),
        settings: settings.to_string(),
        created: Timestamp::now(),
    };
    shared.store.put_connector(customer, connector, secret).await.map_err(crate::store_error)?;
    Ok(body::json(&WrittenConnector { connector_id: id }))
}

fn kind_of(text: &str) -> Result<&'static str, ApiError> {
    let kind = ["aws", "acr", "gcp"].into_iter().find(|kind| *kind == text);
    kind.ok_or_else(|| ApiError::not_found("no such path"))
}

fn wrong(reason: &str) -> ApiError {
    ApiError::bad_request(format!("invalid body: {reason}"))
}

fn of_body(kind: &str, request: ConnectorRequest) -> Result<(String, Value, RegistrySecret), ApiError> {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let name = filled(request.name).ok_or_else(|| wrong("name is missing"))?;
    let id = filled(request.connector_id).unwrap_or_else(|| name.clone());
    let (arn, application) = (filled(request.arn), filled(request.application_id));
    let key = filled(request.access_key_id);
    let password = match kind {
        "aws" => filled(request.secret_access_key),
        _ => filled(request.client_secret),
    };
    let secret = RegistrySecret { password, ..RegistrySecret::default() };
    match kind {
        "aws" if key.is_some() != secret.password.is_some() => {
            return Err(wrong("accessKeyId and secretAccessKey belong together"));
        }
        "aws" if arn.is_none() => return Err(wrong("arn is missing")),
        "acr" if application.is_none() => return Err(wrong("applicationId is missing")),
        "acr" if secret.password.is_none() => return Err(wrong("clientSecret is missing")),
        _ => {}
    }
    let settings = json!({
        "connectorId": id, "name": name, "description": request.description.unwrap_or_default(), "arn": arn,
        "externalId": request.external_id, "accessKeyId": key, "applicationId": application, "tenantId": filled(request.tenant_id),
    });
    Ok((id, settings, secret))
}

/// The key file comes as part of a form, or as the whole body.
async fn of_google(
    shared: &Shared,
    parameters: &Parameters,
    headers: &HeaderMap,
    request: Body,
) -> Result<(String, Value, RegistrySecret), ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let body = ingest::read(shared, headers, request, |text| Ok(text.to_vec())).await?;
    let file = match multipart::part(&content_type, &body, "serviceAccountJson") {
        Some(file) => file,
        None => &body,
    };
    if file.len() > MAX_KEY_FILE {
        return Err(wrong("serviceAccountJson is too long"));
    }
    let text = std::str::from_utf8(file).map_err(|_| wrong("serviceAccountJson is not UTF-8"))?;
    let document: Value = ingest::parse_json(file)?;
    if document["private_key"].as_str().is_none() || document["client_email"].as_str().is_none() {
        return Err(wrong("serviceAccountJson has no private_key and client_email"));
    }
    let project = document["project_id"].as_str().unwrap_or_default().to_owned();
    let name = parameters.get("name").unwrap_or(&project).to_owned();
    let id = parameters.get("connectorId").unwrap_or(&name).to_owned();
    if id.is_empty() {
        return Err(wrong("name is missing"));
    }
    let settings = json!({
        "connectorId": id, "name": name, "description": parameters.get("description").unwrap_or_default(),
        "projectId": project, "location": parameters.get("location"),
    });
    let secret = RegistrySecret { service_account: Some(text.to_owned()), ..RegistrySecret::default() };
    Ok((id, settings, secret))
}

/// Lists the connectors of a cloud; of AWS those of one account, if it is named.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/{cloud}/connectors", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("cloud" = String, Path, description = "aws, acr or gcp"),
    ),
    responses(
        (status = 200, description = "the connectors, without their secrets", body = Vec<serde_json::Value>),
        ViewRefusals,
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(cloud): Key,
) -> Result<Response, ApiError> {
    let kind = kind_of(&cloud)?;
    Ok(body::json(&shown(&shared, &identity, kind, |_| true).await?))
}

/// The connectors of one account of AWS.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/aws/connectors/{account}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("account" = String, Path, description = "number of the account"),
    ),
    responses(
        (status = 200, description = "the connectors", body = Vec<serde_json::Value>),
        ViewRefusals,
    )
)]
pub(crate) async fn list_of_account(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(account): Key,
) -> Result<Response, ApiError> {
    let part = format!("::{account}:");
    let is_of = |document: &Value| document["arn"].as_str().is_some_and(|arn| arn.contains(&part));
    Ok(body::json(&shown(&shared, &identity, "aws", is_of).await?))
}

/// One connector of Azure or Google's cloud.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/{cloud}/connector/{id}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("cloud" = String, Path, description = "acr or gcp"),
        ("id" = String, Path, description = "the connector"),
    ),
    responses(
        (status = 200, description = "the connector, without its secret", body = serde_json::Value),
        ViewRefusals,
        (status = 404, description = "no such connector", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    keys: TwoKeys,
) -> Result<Response, ApiError> {
    let TwoKeys { first: cloud, second: id } = keys;
    let kind = kind_of(&cloud)?;
    let found =
        shown(&shared, &identity, kind, |document| document["connectorId"].as_str() == Some(id.as_str()))
            .await?;
    let found = found.into_iter().next().ok_or_else(|| ApiError::not_found("no such connector"))?;
    Ok(body::json(&found))
}

async fn shown(
    shared: &Shared,
    identity: &Identity,
    kind: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>, ApiError> {
    require_everything(identity, Permission::ViewRegistries)?;
    let connectors = shared.store.connectors(identity.customer()).await.map_err(crate::store_error)?;
    let documents = connectors.iter().filter(|connector| connector.kind == kind);
    let documents = documents.filter_map(|connector| serde_json::from_str::<Value>(&connector.settings).ok());
    let show = |document: Value| {
        let (name, description) = (&document["name"], &document["description"]);
        match kind {
            "aws" => json!({ "name": name, "arn": document["arn"], "description": description }),
            "acr" => json!({
                "name": name, "acrConnectorId": document["connectorId"], "description": description,
            }),
            _ => json!({
                "name": name, "description": description, "location": document["location"],
                "gcpConnectorId": document["connectorId"], "gcpProjectId": document["projectId"],
            }),
        }
    };
    Ok(documents.filter(|document| is_wanted(document)).map(show).collect())
}
