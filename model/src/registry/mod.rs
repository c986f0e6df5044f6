//! Registries that are walked for images: what they are, when they are looked at, and what a sensor and the server say
//! to each other about it.
//!
//! The decision a reader may doubt: the server hands no list of what it knows to the sensor. The sensor says which tags
//! there are, part by part, and is told of each part's manifests which are known. So neither holds a registry of a
//! million tags in memory, and a registry in which nothing changed costs no write.

mod job;
mod schedule;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::job::*;
pub use self::schedule::*;

/// Which sort of registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RegistryType {
    /// Anything that speaks the distribution API, open to everybody.
    #[default]
    V2,
    /// The same with a login.
    V2Private,
    /// Docker Hub.
    DockerHub,
    /// Elastic Container Registry.
    Aws,
    /// Azure Container Registry.
    Azure,
    /// Google Container Registry.
    Gcp,
    /// Google Artifact Registry.
    GoogleArtifactRegistry,
    /// Artifactory.
    Jfrog,
    /// Harbor.
    Harbor,
    /// Quay.
    Quay,
}

impl RegistryType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::V2,
        Self::V2Private,
        Self::DockerHub,
        Self::Aws,
        Self::Azure,
        Self::Gcp,
        Self::GoogleArtifactRegistry,
        Self::Jfrog,
        Self::Harbor,
        Self::Quay,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "V2",
            Self::V2Private => "V2_PRIVATE",
            Self::DockerHub => "DockerHub",
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Gcp => "GCP",
            Self::GoogleArtifactRegistry => "GOOGLE_ARTIFACT_REGISTRY",
            Self::Jfrog => "JFrog",
            Self::Harbor => "Harbor",
            Self::Quay => "Quay",
        }
    }
}

/// A word that names none of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is none of {known}")]
pub struct UnknownWord {
    /// The word, shortened.
    pub text: String,
    /// The words that are known.
    pub known: String,
}

impl UnknownWord {
    fn new<'w>(text: &str, known: impl Iterator<Item = &'w str>) -> Self {
        Self { text: text.chars().take(64).collect(), known: known.collect::<Vec<_>>().join(", ") }
    }
}

impl FromStr for RegistryType {
    type Err = UnknownWord;

    /// Reads the word in any case; `JFrog` may have an ending, as its variants have.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let word = text.trim();
        if word.to_ascii_lowercase().starts_with("jfrog") {
            return Ok(Self::Jfrog);
        }
        let found = Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| UnknownWord::new(text, Self::ALL.iter().map(|kind| kind.as_str())))
    }
}

/// How a registry is logged in to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CredentialType {
    /// Not at all.
    #[default]
    None,
    /// By a bearer token.
    Token,
    /// By user and password.
    BasicAuth,
    /// By user and password of Docker Hub.
    DockerHub,
    /// By a refresh token.
    Oauth,
    /// By an access key.
    Aws,
}

impl CredentialType {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Token, Self::BasicAuth, Self::DockerHub, Self::Oauth, Self::Aws];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Token => "Token",
            Self::BasicAuth => "BasicAuth",
            Self::DockerHub => "DockerHub",
            Self::Oauth => "Oauth",
            Self::Aws => "AWS",
        }
    }
}

impl FromStr for CredentialType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| UnknownWord::new(text, Self::ALL.iter().map(|kind| kind.as_str())))
    }
}

/// What a registry is, without anything secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistrySettings {
    /// Where it is: `https://HOST[:PORT]`, or `http://` for one without TLS.
    pub uri: String,
    /// How people call it; empty for its host.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Which sort.
    #[serde(rename = "type")]
    pub kind: RegistryType,
    /// How it is logged in to.
    pub credential_type: CredentialType,
    /// The user, or the id of the access key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Organisation on Docker Hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_hub_org: Option<String>,
    /// Where at the cloud of AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsPlace>,
    /// The connector whose login is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// Project at Google's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Location at Google's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether it may be on the machine of whoever asks it, or at a link-local address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// Requests at a time; 0 for the usual number.
    #[serde(skip_serializing_if = "is_zero")]
    pub parallel: u16,
    /// Platform that is scanned of an image for several, such as `linux/amd64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl RegistrySettings {
    /// Host and port, as images name the registry.
    pub fn host(&self) -> &str {
        let uri = self.uri.trim_end_matches('/');
        let host = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        match host {
            "index.docker.io" | "registry-1.docker.io" | "hub.docker.com" => "docker.io",
            host => host,
        }
    }

    /// Whether it is spoken to without TLS.
    pub fn is_plain_http(&self) -> bool {
        self.uri.starts_with("http://")
    }

    /// Whether it is spoken to over TLS wherever it is.
    pub fn is_tls(&self) -> bool {
        self.uri.starts_with("https://")
    }

    /// Its name, or its host if it has none.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { self.host() } else { &self.name }
    }
}

/// Where at the cloud of AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsPlace {
    /// Number of the account.
    pub account_id: String,
    /// The role.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// `Global` or `US_Gov`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account_type: String,
}

/// The secret part of a registry or connector. It is kept sealed and shown to registry sensors only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistrySecret {
    /// Password, secret access key or client secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Bearer token, refresh token or session token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The key file of a service account at Google's cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
}

impl RegistrySecret {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for RegistrySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrySecret(…)")
    }
}

/// The way into a registry, as a sensor is given it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum RegistryLogin {
    /// None.
    #[default]
    Anonymous,
    /// User and password.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A bearer token that is sent as it is.
    Token {
        /// The token.
        token: String,
    },
    /// A refresh token, which the registry's token service takes.
    RefreshToken {
        /// The token.
        token: String,
    },
    /// An access key of AWS, which is exchanged for a password.
    Aws {
        /// Such as `eu-central-1`.
        region: String,
        /// Id of the key.
        access_key: String,
        /// The key.
        secret_key: String,
        /// Comes with keys that are lent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_token: Option<String>,
        /// The role that is taken with the key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        /// What the role's owner wants to hear from whoever takes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
    },
    /// An application of Azure, which is exchanged for a refresh token.
    Azure {
        /// The directory that it belongs to.
        tenant: String,
        /// Its id.
        client_id: String,
        /// Its secret.
        client_secret: String,
    },
    /// A service account of Google's cloud, which is exchanged for a password.
    Google {
        /// Its key file.
        service_account: String,
    },
}

impl fmt::Debug for RegistryLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Password { .. } => "Password(…)",
            Self::Token { .. } => "Token(…)",
            Self::RefreshToken { .. } => "RefreshToken(…)",
            Self::Aws { .. } => "Aws(…)",
            Self::Azure { .. } => "Azure(…)",
            Self::Google { .. } => "Google(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_unknown_ones_are_told_the_known() {
        for kind in RegistryType::ALL {
            assert_eq!(kind.as_str().to_lowercase().parse(), Ok(kind));
        }
        for kind in CredentialType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("JFROG_CLOUD".parse(), Ok(RegistryType::Jfrog));
        assert!("gitea".parse::<RegistryType>().unwrap_err().to_string().contains("V2, V2_PRIVATE"));
    }

    #[test]
    fn what_is_secret_is_never_printed() {
        let secret = RegistrySecret { password: Some("geheim".into()), ..RegistrySecret::default() };
        let login = RegistryLogin::Password { username: "u".into(), password: "geheim".into() };
        assert!(!format!("{secret:?} {login:?}").contains("geheim"));
    }

    #[test]
    fn the_host_is_what_images_name_the_registry_by() {
        let host = |uri: &str| RegistrySettings { uri: uri.into(), ..Default::default() }.host().to_owned();
        assert_eq!(host("https://registry.example:5000/"), "registry.example:5000");
        assert_eq!(host("https://registry-1.docker.io"), "docker.io");
        assert_eq!(host("127.0.0.1:5000"), "127.0.0.1:5000");
    }
}
