//! From what is known of a registry to the way into it, as a sensor is given it.

use model::registry::{CredentialType, RegistryLogin, RegistrySecret, RegistrySettings, RegistryType};
use serde_json::Value;
use store::{Connector, Registry, SecretOf};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::state::Shared;

/// The connector that a registry names, by its id, name or uuid.
pub(super) fn connector_of<'c>(settings: &RegistrySettings, all: &'c [Connector]) -> Option<&'c Connector> {
    let wanted = settings.connector.as_deref()?;
    all.iter().find(|connector| {
        let document: Value = serde_json::from_str(&connector.settings).unwrap_or_default();
        connector.uuid.to_string() == wanted
            || ["connectorId", "name"].iter().any(|key| document[key].as_str() == Some(wanted))
    })
}

/// The way in that settings and secret come to; an error if something is missing for it.
pub(super) async fn check(
    shared: &Shared,
    identity: &Identity,
    settings: &RegistrySettings,
    secret: &RegistrySecret,
) -> Result<RegistryLogin, ApiError> {
    let customer = identity.customer();
    let wrong = |reason: String| ApiError::bad_request(format!("invalid body: {reason}"));
    if settings.connector.is_none() {
        return login(settings, secret).map_err(|reason| wrong(reason.to_owned()));
    }
    let connectors = shared.store.connectors(customer).await.map_err(crate::store_error)?;
    let Some(connector) = connector_of(settings, &connectors) else {
        return Err(wrong("connectorId: there is no such connector".to_owned()));
    };
    let of = SecretOf::Connector(connector.uuid);
    let content = shared.store.registry_secret(customer, of).await.map_err(crate::store_error)?;
    let document: Value = serde_json::from_str(&connector.settings).map_err(ApiError::internal)?;
    by_connector(settings, secret, &connector.kind, &document, content)
        .map_err(|reason| wrong(format!("connectorId: {reason}")))
}

/// The way into a registry that is known.
pub(crate) async fn of_registry(
    shared: &Shared,
    identity: &Identity,
    registry: &Registry,
) -> Result<RegistryLogin, ApiError> {
    let of = SecretOf::Registry(registry.uuid);
    let secret = shared.store.registry_secret(identity.customer(), of).await.map_err(crate::store_error)?;
    check(shared, identity, &registry.settings, &secret).await
}

fn by_connector(
    settings: &RegistrySettings,
    own: &RegistrySecret,
    kind: &str,
    document: &Value,
    content: RegistrySecret,
) -> Result<RegistryLogin, &'static str> {
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    if !is_of_cloud(kind, settings.host()) {
        return Err("its login is for registries of its own cloud only");
    }
    match kind {
        "acr" => {
            let (client_id, tenant) = (text("applicationId"), text("tenantId"));
            let client_secret = content.password.ok_or("the connector has no clientSecret")?;
            // the registry's own token service takes an application as user, too
            Ok(match tenant.is_empty() {
                true => RegistryLogin::Password { username: client_id, password: client_secret },
                false => RegistryLogin::Azure { tenant, client_id, client_secret },
            })
        }
        "gcp" => {
            let service_account = content.service_account.ok_or("the connector has no service account")?;
            Ok(RegistryLogin::Google { service_account })
        }
        // a role is taken with a key of one's own, which the registry has
        _ => login(settings, own),
    }
}

/// A connector's secret is known to nobody who uses it, so it goes nowhere but to its cloud.
fn is_of_cloud(kind: &str, host: &str) -> bool {
    let is_below = |ends: &[&str]| ends.iter().any(|end| host.ends_with(end));
    match kind {
        "acr" => is_below(&[".azurecr.io", ".azurecr.cn", ".azurecr.us"]),
        "gcp" => host == "gcr.io" || is_below(&[".gcr.io", ".pkg.dev"]),
        _ => true,
    }
}

fn login(settings: &RegistrySettings, secret: &RegistrySecret) -> Result<RegistryLogin, &'static str> {
    let username = settings.username.clone();
    let (password, token) = (secret.password.clone(), secret.token.clone());
    if settings.kind == RegistryType::Aws || settings.credential_type == CredentialType::Aws {
        let access_key = username.ok_or("credential.username is missing: the id of an access key")?;
        let secret_key = password.ok_or("credential.password is missing: the secret access key")?;
        let region = region_of(settings).ok_or("aws.region is missing")?;
        return Ok(RegistryLogin::Aws { region, access_key, secret_key, session_token: token });
    }
    let google = [RegistryType::Gcp, RegistryType::GoogleArtifactRegistry].contains(&settings.kind);
    if let Some(key) = password.as_ref().filter(|key| google && key.contains("\"private_key\"")) {
        return Ok(RegistryLogin::Google { service_account: key.clone() });
    }
    match (settings.credential_type, username, password, token) {
        (CredentialType::None, ..) => Ok(RegistryLogin::Anonymous),
        (CredentialType::Oauth, _, _, Some(token)) => Ok(RegistryLogin::RefreshToken { token }),
        (CredentialType::Oauth, ..) => Err("accessToken is missing"),
        (CredentialType::Token, Some(username), _, Some(token)) => {
            Ok(RegistryLogin::Password { username, password: token })
        }
        (CredentialType::Token, _, _, Some(token)) => Ok(RegistryLogin::Token { token }),
        (CredentialType::Token, ..) => Err("accessToken is missing"),
        (_, Some(username), Some(password), _) | (_, Some(username), None, Some(password)) => {
            Ok(RegistryLogin::Password { username, password })
        }
        (_, None, ..) => Err("credential.username is missing"),
        (_, Some(_), None, None) => Err("credential.password is missing"),
    }
}

/// The region, also out of a host such as `123.dkr.ecr.eu-central-1.amazonaws.com`.
fn region_of(settings: &RegistrySettings) -> Option<String> {
    let given = settings.aws.as_ref().map(|aws| aws.region.clone()).filter(|region| !region.is_empty());
    let named = || {
        let (_, rest) = settings.host().split_once(".dkr.ecr.")?;
        rest.split('.').next().map(str::to_owned)
    };
    given.or_else(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        kind: RegistryType,
        how: CredentialType,
        user: &str,
        secret: [&str; 2],
    ) -> Result<RegistryLogin, &'static str> {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let settings = RegistrySettings {
            uri: "https://1.dkr.ecr.eu-west-1.amazonaws.com".into(),
            kind,
            credential_type: how,
            username: filled(user),
            ..Default::default()
        };
        let secret =
            RegistrySecret { password: filled(secret[0]), token: filled(secret[1]), service_account: None };
        login(&settings, &secret)
    }

    #[test]
    fn the_login_of_a_connector_goes_to_its_own_cloud_only() {
        for (kind, host, expected) in [
            ("acr", "team.azurecr.io", true),
            ("acr", "azurecr.io.example", false),
            ("acr", "team.azurecr.io:8443", false),
            ("gcp", "eu-docker.pkg.dev", true),
            ("gcp", "eu.gcr.io", true),
            ("gcp", "evilgcr.io", false),
        ] {
            assert_eq!(is_of_cloud(kind, host), expected, "{kind} {host}");
        }
    }

    #[test]
    fn each_sort_of_login_is_made_of_what_it_needs_and_told_what_it_lacks() {
        use CredentialType::{BasicAuth, None as Nothing, Oauth, Token};
        use RegistryType::{Aws, Gcp, V2};
        assert_eq!(of(V2, Nothing, "u", ["p", ""]).unwrap(), RegistryLogin::Anonymous);
        let password = RegistryLogin::Password { username: "u".into(), password: "p".into() };
        assert_eq!(of(V2, BasicAuth, "u", ["p", ""]).unwrap(), password);
        assert_eq!(of(V2, Token, "u", ["", "p"]).unwrap(), password);
        assert_eq!(of(V2, Token, "", ["", "t"]).unwrap(), RegistryLogin::Token { token: "t".into() });
        assert_eq!(of(V2, Oauth, "", ["", "t"]).unwrap(), RegistryLogin::RefreshToken { token: "t".into() });
        let RegistryLogin::Aws { region, .. } = of(Aws, CredentialType::Aws, "k", ["s", ""]).unwrap() else {
            panic!()
        };
        assert_eq!(region, "eu-west-1");
        assert!(matches!(
            of(Gcp, BasicAuth, "_json_key", ["{\"private_key\":1}", ""]),
            Ok(RegistryLogin::Google { .. })
        ));
        for (kind, how) in [(V2, BasicAuth), (V2, Token), (V2, Oauth), (Aws, CredentialType::Aws)] {
            assert!(of(kind, how, "", ["", ""]).unwrap_err().contains("is missing"));
        }
    }
}
