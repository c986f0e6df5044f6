//! Azure Container Registry: an application's secret is exchanged for a token of the directory, and that for a refresh token
//! of the registry (`/oauth2/exchange`), which the registry's own token service takes from then on.

use std::time::Duration;

use super::{Answer, Question, lifetime};
use crate::source::registry::RegistryOptions;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;

/// The directory.
pub(super) const PLACE: &str = "https://login.microsoftonline.com";
/// What the token of the directory is for.
const SCOPE: &str = "https://containerregistry.azure.net/.default";
/// A refresh token holds for three hours.
const LONGEST: u64 = 3 * 3_600;

/// Exchanges tenant, id and secret of an application for a refresh token of the registry at `host`.
pub(super) fn exchange(
    directory: &str,
    host: &str,
    [tenant, id, secret]: [&str; 3],
    options: &RegistryOptions,
) -> Result<(Credentials, Duration), RegistryError> {
    let is_name =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if tenant.is_empty() || !is_name(tenant) {
        let reason = "the tenant is neither an id nor a domain: give the directory (tenant) id".to_owned();
        return Err(RegistryError::Client { reason });
    }
    let path = format!("/{tenant}/oauth2/v2.0/token");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", SCOPE),
    ];
    let access = Answer::to(directory, &Question::form(&path, &fields), options)?.text("access_token")?;
    let scheme = if options.plain_http { "http" } else { "https" };
    let registry = format!("{scheme}://{host}");
    let fields =
        [("grant_type", "access_token"), ("service", host), ("tenant", tenant), ("access_token", &access)];
    let question = Question::form("/oauth2/exchange", &fields);
    let refresh = Answer::to(&registry, &question, options)?.text("refresh_token")?;
    Ok((Credentials::IdentityToken(refresh), lifetime(None, LONGEST)))
}
