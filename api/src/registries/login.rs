//! From what is known of a registry to the way into it, as a sensor is given it.

use model::registry::{CredentialType, RegistryLogin, RegistrySecret, RegistrySettings, RegistryType};
use serde_json::Value;
use store::{Connector, Registry, SecretOf};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::state::Shared;

/// The connector that a registry names, by its id, name or uuid; one that names a role of AWS by that.
pub(super) fn connector_of<'c>(settings: &RegistrySettings, all: &'c [Connector]) -> Option<&'c Connector> {
    let said = |connector: &Connector, key: &str, wanted: &str| {
        let document: Value = serde_json::from_str(&connector.settings).unwrap_or_default();
        document[key].as_str() == Some(wanted)
    };
    match (settings.connector.as_deref(), role_of(settings)) {
        (Some(wanted), _) => all.iter().find(|connector| {
            connector.uuid.to_string() == wanted
                || ["connectorId", "name"].iter().any(|key| said(connector, key, wanted))
        }),
        (None, Some(role)) => {
            all.iter().find(|connector| connector.kind == "aws" && said(connector, "arn", role))
        }
        (None, None) => None,
    }
}

/// The role of AWS that a registry names.
fn role_of(settings: &RegistrySettings) -> Option<&str> {
    settings.aws.as_ref().map(|aws| aws.arn.trim()).filter(|arn| !arn.is_empty())
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
    let plain = || login(settings, secret).map_err(|reason| wrong(reason.to_owned()));
    if settings.connector.is_none() && role_of(settings).is_none() {
        return plain();
    }
    let connectors = shared.store.connectors(customer).await.map_err(crate::store_error)?;
    let Some(connector) = connector_of(settings, &connectors) else {
        return match settings.connector {
            Some(_) => Err(wrong("connectorId: there is no such connector".to_owned())),
            None => plain(),
        };
    };
    let of = SecretOf::Connector(connector.uuid);
    let content = shared.store.registry_secret(customer, of).await.map_err(crate::store_error)?;
    let document: Value = serde_json::from_str(&connector.settings).map_err(ApiError::internal)?;
    by_connector(settings, secret, &connector.kind, &document, content)
        .map_err(|reason| wrong(format!("connectorId: {reason}")))
}

/// Whether a registry can be kept: there is a way in, or it is the documented body for AWS, which names a role and no key to take it with.
/// Such a registry is listed, and its walks end with the reason until a connector of the role has a key.
pub(super) async fn check_kept(
    shared: &Shared,
    identity: &Identity,
    settings: &RegistrySettings,
    secret: &RegistrySecret,
) -> Result<(), ApiError> {
    let is_aws = settings.kind == RegistryType::Aws || settings.credential_type == CredentialType::Aws;
    let has_key = settings.username.is_some() || secret.password.is_some();
    if let Some(role) = role_of(settings).filter(|_| is_aws && !has_key && settings.connector.is_none()) {
        return match checked_role(role) {
            Ok(_) => Ok(()),
            Err(reason) => Err(ApiError::bad_request(format!("invalid body: {reason}"))),
        };
    }
    check(shared, identity, settings, secret).await.map(|_| ())
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
    // a key of one's own may go wherever its owner wants, so that of AWS is looked at below
    if kind != "aws" && !is_of_cloud(kind, settings.host()) {
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
        _ => by_role(settings, own, document, content),
    }
}

/// A role of AWS, taken with the registry's own key or, if it has none, with that of the connector.
fn by_role(
    settings: &RegistrySettings,
    own: &RegistrySecret,
    document: &Value,
    content: RegistrySecret,
) -> Result<RegistryLogin, &'static str> {
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    let mut settings = settings.clone();
    settings.kind = RegistryType::Aws;
    settings.aws.get_or_insert_default().arn = text("arn");
    let has_key = settings.username.is_some() && own.password.is_some();
    let secret = match has_key {
        true => own.clone(),
        false if content.password.is_none() => {
            return Err("neither the registry nor the connector has an access key to take the role with");
        }
        false if !is_of_cloud("aws", settings.host()) => {
            return Err("its login is for registries of its own cloud only");
        }
        false => {
            settings.username = Some(text("accessKeyId"));
            content
        }
    };
    let mut found = login(&settings, &secret)?;
    if let RegistryLogin::Aws { external_id, .. } = &mut found {
        *external_id = match &document["externalId"] {
            Value::String(id) => Some(id.clone()).filter(|id| !id.is_empty()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
    }
    Ok(found)
}

/// A connector's secret is known to nobody who uses it, so it goes nowhere but to its cloud.
fn is_of_cloud(kind: &str, host: &str) -> bool {
    let is_below = |ends: &[&str]| ends.iter().any(|end| host.ends_with(end));
    match kind {
        "acr" => is_below(&[".azurecr.io", ".azurecr.cn", ".azurecr.us"]),
        "gcp" => host == "gcr.io" || is_below(&[".gcr.io", ".pkg.dev"]),
        "aws" => host.contains(".dkr.ecr") && is_below(&[".amazonaws.com", ".amazonaws.com.cn"]),
        _ => false,
    }
}

fn login(settings: &RegistrySettings, secret: &RegistrySecret) -> Result<RegistryLogin, &'static str> {
    let username = settings.username.clone();
    let (password, token) = (secret.password.clone(), secret.token.clone());
    if settings.kind == RegistryType::Aws || settings.credential_type == CredentialType::Aws {
        let access_key = username.ok_or("credential.username is missing: the id of an access key")?;
        let secret_key = password.ok_or("credential.password is missing: the secret access key")?;
        let region = region_of(settings).ok_or("aws.region is missing")?;
        let role_arn = role_of(settings).map(|role| checked_role(role).map(str::to_owned)).transpose()?;
        return Ok(RegistryLogin::Aws {
            region,
            access_key,
            secret_key,
            session_token: token,
            role_arn,
            external_id: None,
        });
    }
    let google = [RegistryType::Gcp, RegistryType::GoogleArtifactRegistry].contains(&settings.kind);
    if let Some(key) = password.as_ref().filter(|key| google && key.contains("\"private_key\"")) {
        return Ok(RegistryLogin::Google { service_account: key.clone() });
    }
    match (settings.credential_type, username, password, token) {
        (CredentialType::None, ..) => Ok(RegistryLogin::Anonymous),
        (CredentialType::Oauth, _, _, Some(token)) => Ok(RegistryLogin::RefreshToken { token }),
        (CredentialType::Oauth, ..) => Err("accessToken is missing"),
        // the documented body has no field for a token but JFrog's, so the password is one, too
        (CredentialType::Token, Some(username), _, Some(token))
        | (CredentialType::Token, Some(username), Some(token), None) => {
            Ok(RegistryLogin::Password { username, password: token })
        }
        (CredentialType::Token, _, _, Some(token)) | (CredentialType::Token, None, Some(token), None) => {
            Ok(RegistryLogin::Token { token })
        }
        (CredentialType::Token, ..) => Err("accessToken is missing, and credential.password, too"),
        (_, Some(username), Some(password), _) | (_, Some(username), None, Some(password)) => {
            Ok(RegistryLogin::Password { username, password })
        }
        (_, None, ..) => Err("credential.username is missing"),
        (_, Some(_), None, None) => Err("credential.password is missing"),
    }
}

/// A role by its name, `arn:aws:iam::NUMBER:role/NAME`.
fn checked_role(arn: &str) -> Result<&str, &'static str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = match parts.as_slice() {
        ["arn", partition, "iam", "", account, role] => {
            partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && role.starts_with("role/")
        }
        _ => false,
    };
    match is_role && arn.len() <= 2_048 && arn.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(arn),
        false => Err("the arn names no role: it is arn:aws:iam::NUMBER:role/NAME"),
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
            ("aws", "1.dkr.ecr.eu-west-1.amazonaws.com", true),
            ("aws", "1.dkr.ecr.cn-north-1.amazonaws.com.cn", true),
            ("aws", "1.dkr.ecr.eu-west-1.amazonaws.com.example", false),
            ("aws", "bucket.s3.amazonaws.com", false),
        ] {
            assert_eq!(is_of_cloud(kind, host), expected, "{kind} {host}");
        }
    }

    #[test]
    fn a_role_is_taken_with_the_key_of_the_registry_or_of_the_connector_where_it_may_go() {
        let arn = "arn:aws:iam::123456789012:role/team/reader";
        let document = serde_json::json!({ "arn": arn, "externalId": 7, "accessKeyId": "of the connector" });
        let key = |text: &str| RegistrySecret { password: Some(text.into()), ..RegistrySecret::default() };
        let mut settings = RegistrySettings {
            uri: "https://1.dkr.ecr.eu-west-1.amazonaws.com".into(),
            ..Default::default()
        };
        let none = RegistrySecret::default();
        let shown = |login: Result<RegistryLogin, &'static str>| match login {
            Ok(RegistryLogin::Aws { access_key, role_arn, external_id, .. }) => {
                assert_eq!((role_arn.as_deref(), external_id.as_deref()), (Some(arn), Some("7")));
                access_key
            }
            other => format!("{other:?}"),
        };
        assert_eq!(shown(by_role(&settings, &none, &document, key("s"))), "of the connector");
        assert!(by_role(&settings, &none, &document, none.clone()).is_err());
        settings.username = Some("own".into());
        assert_eq!(shown(by_role(&settings, &key("s"), &document, key("s"))), "own");
        // elsewhere only with what is one's own
        settings.uri = "https://registry.example".into();
        settings.aws = Some(model::registry::AwsPlace { region: "eu-west-1".into(), ..Default::default() });
        assert_eq!(shown(by_role(&settings, &key("s"), &document, key("s"))), "own");
        settings.username = None;
        assert!(by_role(&settings, &none, &document, key("s")).unwrap_err().contains("its own cloud only"));
        for wrong in [
            "x",
            "arn:aws:iam::12:role/a",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:sts::123456789012:role/a",
        ] {
            assert!(checked_role(wrong).is_err(), "{wrong}");
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
