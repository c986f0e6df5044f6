//! Settings: a flag wins over the environment, the environment over the file, the file over the default.
//!
//! [`SettingsArgs`] is the one source: each field is a flag, a `PLIMSOLL_*` variable, a key of the file and
//! a row of the reference page. [`Settings`] is what comes out of it, checked and complete.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::ContainerProfile;
use clap::CommandFactory as _;
use serde::Deserialize;
use store::StoreOptions;

use crate::jobs::feeds::UpdateOptions;

/// Settings as they are given; `None` means not given here.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingsArgs {
    /// Directory that holds the database and the vulnerability data; made if it is missing
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// PostgreSQL database to keep the facts in, as postgres://USER:PASSWORD@HOST:PORT/DATABASE; without it they are in the data directory
    #[arg(long, env = "PLIMSOLL_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "PLIMSOLL_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,

    /// URL under which clients reach the server; used in Link headers. Without it the Host header of the request is used
    #[arg(long, env = "PLIMSOLL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Password of the first account `admin`, used once, when that account is made; otherwise one is generated and printed
    #[arg(long, env = "PLIMSOLL_ADMIN_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub admin_password: Option<String>,

    /// Folder of vulnerability feeds to load at start instead of downloading the public ones
    #[arg(long, env = "PLIMSOLL_FEEDS", value_name = "DIR")]
    pub feeds: Option<PathBuf>,

    /// Hours between downloads of the public feeds; 0 never downloads
    #[arg(long, env = "PLIMSOLL_FEEDS_INTERVAL", value_name = "HOURS")]
    pub feeds_interval: Option<u32>,

    /// Mirror of the feeds' publishers: it serves https://HOST/PATH as URL/HOST/PATH
    #[arg(long, env = "PLIMSOLL_FEEDS_MIRROR", value_name = "URL")]
    pub feeds_mirror: Option<String>,

    /// Feeds to download although they are off, because of their terms (wolfi, chainguard); separated by commas
    #[arg(long, env = "PLIMSOLL_FEEDS_ALSO", value_name = "FEEDS", value_delimiter = ',')]
    pub feeds_also: Option<Vec<String>>,

    /// Feeds not to download, by the names in docs/reference/feeds.md; separated by commas
    #[arg(long, env = "PLIMSOLL_FEEDS_WITHOUT", value_name = "FEEDS", value_delimiter = ',')]
    pub feeds_without: Option<Vec<String>>,

    /// Key of the National Vulnerability Database, with which its API answers ten times as often
    #[arg(long, env = "PLIMSOLL_NVD_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub nvd_api_key: Option<String>,

    /// Largest scan report accepted, in bytes after decompression
    #[arg(long, env = "PLIMSOLL_MAX_REPORT_BYTES", value_name = "BYTES")]
    pub max_report_bytes: Option<usize>,

    /// Shape of container records from v1.2 on: classic has the keys that typed clients accept, full all documented ones
    #[arg(long, env = "PLIMSOLL_CONTAINER_PROFILE", value_name = "PROFILE")]
    pub container_profile: Option<String>,

    /// Believe X-Forwarded-Proto and X-Forwarded-Host when a link is built; only behind a proxy that overwrites both
    #[arg(long, env = "PLIMSOLL_TRUST_FORWARDED", value_name = "BOOL")]
    pub trust_forwarded: Option<bool>,
}

/// Settings as the server uses them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// See [`SettingsArgs::data`].
    pub data: PathBuf,
    /// See [`SettingsArgs::database`]; `None` for the file in the data directory.
    pub database: Option<StoreOptions>,
    /// See [`SettingsArgs::listen`].
    pub listen: SocketAddr,
    /// See [`SettingsArgs::public_url`]; without trailing slash.
    pub public_url: Option<String>,
    /// See [`SettingsArgs::admin_password`].
    pub admin_password: Option<String>,
    /// See [`SettingsArgs::feeds`].
    pub feeds: Option<PathBuf>,
    /// See [`SettingsArgs::feeds_interval`]; `None` never downloads.
    pub feeds_interval: Option<Duration>,
    /// See [`SettingsArgs::feeds_mirror`]; without trailing slash.
    pub feeds_mirror: Option<String>,
    /// See [`SettingsArgs::feeds_also`].
    pub feeds_also: Vec<String>,
    /// See [`SettingsArgs::feeds_without`].
    pub feeds_without: Vec<String>,
    /// See [`SettingsArgs::nvd_api_key`].
    pub nvd_api_key: Option<String>,
    /// See [`SettingsArgs::max_report_bytes`].
    pub max_report_bytes: usize,
    /// See [`SettingsArgs::container_profile`].
    pub container_profile: ContainerProfile,
    /// See [`SettingsArgs::trust_forwarded`].
    pub trust_forwarded: bool,
}

impl Settings {
    /// How the public feeds are downloaded.
    pub fn feeds_options(&self) -> UpdateOptions {
        UpdateOptions {
            without: self.feeds_without.clone(),
            also: self.feeds_also.clone(),
            mirror: self.feeds_mirror.clone(),
            nvd_api_key: self.nvd_api_key.clone(),
            ..UpdateOptions::default()
        }
    }
}

/// The data directory when none is given.
pub const DEFAULT_DATA: &str = "plimsoll-data";

/// The defaults as the reference page shows them, by the name of the flag.
const DEFAULTS: [(&str, &str); 6] = [
    ("data", "./plimsoll-data"),
    ("listen", "127.0.0.1:8080"),
    ("feeds-interval", "6"),
    ("max-report-bytes", "268435456"),
    ("container-profile", "classic"),
    ("trust-forwarded", "false"),
];

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read settings file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings file is not valid.
    #[error("settings file {path} is not valid: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
    /// A value cannot be used.
    #[error("setting `{name}` has the value `{value}`, which {reason}")]
    Value {
        /// Name of the setting.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SettingsArgs {
    /// Reads a settings file (TOML; keys are the names of the flags). Unknown keys are refused.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| SettingsError::File { path: path.to_owned(), message: error.to_string() })
    }

    /// These settings, and where one is not given, that of `file`.
    pub fn or(self, file: Self) -> Self {
        Self {
            data: self.data.or(file.data),
            database: self.database.or(file.database),
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            admin_password: self.admin_password.or(file.admin_password),
            feeds: self.feeds.or(file.feeds),
            feeds_interval: self.feeds_interval.or(file.feeds_interval),
            feeds_mirror: self.feeds_mirror.or(file.feeds_mirror),
            feeds_also: self.feeds_also.or(file.feeds_also),
            feeds_without: self.feeds_without.or(file.feeds_without),
            nvd_api_key: self.nvd_api_key.or(file.nvd_api_key),
            max_report_bytes: self.max_report_bytes.or(file.max_report_bytes),
            container_profile: self.container_profile.or(file.container_profile),
            trust_forwarded: self.trust_forwarded.or(file.trust_forwarded),
        }
    }

    /// Checks every value and fills in the defaults.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        let listen = self.listen.unwrap_or_else(|| default_of("listen").to_owned());
        let hours = self.feeds_interval.unwrap_or(6);
        Ok(Settings {
            data: self.data.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA)),
            database: self.database.as_deref().map(check_database).transpose()?,
            listen: resolve_address(&listen)?,
            public_url: self.public_url.map(|url| check_url("public-url", url)).transpose()?,
            admin_password: self.admin_password.map(check_password).transpose()?,
            feeds: self.feeds,
            feeds_interval: (hours > 0).then(|| Duration::from_secs(u64::from(hours) * 3600)),
            feeds_mirror: self.feeds_mirror.map(|url| check_url("feeds-mirror", url)).transpose()?,
            feeds_also: check_feeds("feeds-also", self.feeds_also)?,
            feeds_without: check_feeds("feeds-without", self.feeds_without)?,
            nvd_api_key: self.nvd_api_key,
            max_report_bytes: self.max_report_bytes.unwrap_or(256 << 20),
            container_profile: self.container_profile.map(check_profile).transpose()?.unwrap_or_default(),
            trust_forwarded: self.trust_forwarded.unwrap_or_default(),
        })
    }
}

fn default_of(name: &str) -> &'static str {
    DEFAULTS.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}

fn resolve_address(text: &str) -> Result<SocketAddr, SettingsError> {
    use std::net::ToSocketAddrs as _;
    let wrong = |reason: String| SettingsError::Value { name: "listen", value: text.to_owned(), reason };
    text.to_socket_addrs()
        .map_err(|error| wrong(format!("is not an address such as 127.0.0.1:8080 ({error})")))?
        .next()
        .ok_or_else(|| wrong("names no address".to_owned()))
}

fn check_url(name: &'static str, text: String) -> Result<String, SettingsError> {
    let trimmed = text.trim_end_matches('/');
    let rest = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', ' ', '"', '<', '>', ';']) => {
            Ok(trimmed.to_owned())
        }
        _ => Err(SettingsError::Value {
            name,
            value: text,
            reason: "is not a URL such as https://plimsoll.example.com".to_owned(),
        }),
    }
}

/// The place of a database by its URL; what is wrong with it is said without the password.
fn check_database(url: &str) -> Result<StoreOptions, SettingsError> {
    StoreOptions::postgres(url).map_err(|error| SettingsError::Value {
        name: "database",
        value: "(hidden)".to_owned(),
        reason: match error {
            store::StoreError::Invalid { reason, .. } => format!("cannot be used: {reason}"),
            other => other.to_string(),
        },
    })
}

fn check_feeds(name: &'static str, feeds: Option<Vec<String>>) -> Result<Vec<String>, SettingsError> {
    let feeds = feeds.unwrap_or_default();
    match feeds.iter().find(|feed| !knowledge::is_downloadable(feed)) {
        None => Ok(feeds),
        Some(unknown) => Err(SettingsError::Value {
            name,
            value: unknown.clone(),
            reason: "is no feed that can be downloaded; docs/reference/feeds.md lists them".to_owned(),
        }),
    }
}

fn check_profile(text: String) -> Result<ContainerProfile, SettingsError> {
    text.parse().map_err(|_| SettingsError::Value {
        name: "container-profile",
        value: text,
        reason: "is neither classic nor full".to_owned(),
    })
}

fn check_password(text: String) -> Result<String, SettingsError> {
    if text.len() >= 8 {
        return Ok(text);
    }
    Err(SettingsError::Value {
        name: "admin-password",
        value: "(hidden)".to_owned(),
        reason: "is shorter than 8 characters".to_owned(),
    })
}

/// The reference page of all settings, in Markdown; it is generated from [`SettingsArgs`].
pub fn reference_page() -> String {
    #[derive(clap::Parser)]
    struct Page {
        #[command(flatten)]
        _settings: SettingsArgs,
    }
    let mut page = String::from(
        "# Settings\n\nA flag wins over the environment variable, the variable over the key in the settings file \
         (`--config FILE`,\nTOML), the file over the default. This page is generated by `cargo xtask generate`.\n\n\
         | flag | variable | key in the file | default | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for argument in Page::command().get_arguments() {
        let (Some(flag), Some(variable)) = (argument.get_long(), argument.get_env()) else { continue };
        let value =
            argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        let default = match default_of(flag) {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        page += &format!(
            "| `--{flag} {value}` | `{}` | `{flag}` | {default} | {help} |\n",
            variable.to_string_lossy()
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_setting_wins_over_the_file_and_the_file_over_the_default() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plimsoll.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nfeeds-interval = 0\n").unwrap();
        let given = SettingsArgs { listen: Some("127.0.0.1:2".into()), ..SettingsArgs::default() };
        let settings = given.or(SettingsArgs::from_file(&path).unwrap()).resolve().unwrap();
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.feeds_interval, None);
        assert_eq!(settings.data, PathBuf::from("plimsoll-data"));
    }

    #[test]
    fn wrong_values_and_unknown_keys_are_named() {
        let wrong = |args: SettingsArgs| args.resolve().unwrap_err().to_string();
        let listen = wrong(SettingsArgs { listen: Some("nowhere".into()), ..SettingsArgs::default() });
        assert!(listen.contains("`listen`"), "{listen}");
        let url = wrong(SettingsArgs { public_url: Some("example.com".into()), ..SettingsArgs::default() });
        assert!(url.contains("`public-url`"), "{url}");
        let also = vec!["wolfi".to_owned(), "wolfy".to_owned()];
        let feeds = wrong(SettingsArgs { feeds_also: Some(also), ..SettingsArgs::default() });
        assert!(feeds.contains("`feeds-also`") && feeds.contains("`wolfy`"), "{feeds}");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plimsoll.toml");
        std::fs::write(&path, "lisen = \"x\"\n").unwrap();
        let file = SettingsArgs::from_file(&path).unwrap_err().to_string();
        assert!(file.contains("lisen"), "{file}");
    }

    #[test]
    fn a_database_is_checked_at_once_and_its_password_shown_nowhere() {
        let given =
            |url: &str| SettingsArgs { database: Some(url.into()), ..SettingsArgs::default() }.resolve();
        let settings = given("postgres://me:s3cret@db.example.com/facts").unwrap();
        let shown = format!("{settings:?} {}", settings.database.as_ref().unwrap());
        assert!(
            shown.contains("postgres://me@db.example.com:5432/facts") && !shown.contains("s3cret"),
            "{shown}"
        );
        for url in ["mysql://me:s3cret@h/d", "postgres://me:s3cret@h/d?sslmode=maybe"] {
            let refused = given(url).unwrap_err().to_string();
            assert!(refused.contains("`database`") && !refused.contains("s3cret"), "{refused}");
        }
    }

    #[test]
    fn the_reference_page_names_every_default() {
        let page = reference_page();
        for (name, value) in DEFAULTS {
            assert!(
                page.contains(&format!("`--{name} ")) && page.contains(&format!("`{value}`")),
                "{name}\n{page}"
            );
        }
    }
}
