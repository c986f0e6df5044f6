//! What a `postgres://` URL says: where the database is, who asks, and how far the other side is to be believed.
//!
//! The client's own parser reads all but the two parameters that it does not know as libpq does: `sslmode` with
//! `verify-ca` and `verify-full`, and `sslrootcert`. They are taken out first.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::driver::DriverError;

/// How long one attempt to connect may take, unless the URL says `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Silence after which the other side is asked whether it is there, the pause between questions, and how many.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);
/// What the client takes for `keepalives_idle` if the URL does not say it; too long to notice a dead network.
const UNSET_IDLE: Duration = Duration::from_secs(2 * 60 * 60);

/// How far TLS is used and checked, with libpq's words and meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// No TLS.
    Disable,
    /// TLS if the server has it; whoever answers is believed.
    Prefer,
    /// TLS; whoever answers is believed, unless `sslrootcert` is given, which makes it [`Self::VerifyCa`].
    Require,
    /// TLS with a certificate of a trusted authority, whatever its name.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for the host that was asked for.
    VerifyFull,
}

/// A database by its URL.
#[derive(Clone)]
pub(crate) struct PostgresUrl {
    /// For the client; holds the password and is never shown.
    pub(crate) config: Config,
    /// See [`Trust`].
    pub(crate) trust: Trust,
    /// The file of trusted certificates; `None` for the system's.
    pub(crate) roots: Option<PathBuf>,
}

impl PostgresUrl {
    /// Reads a URL; what is wrong is said without the password.
    pub(crate) fn parse(text: &str) -> Result<Self, DriverError> {
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (mut trust, mut roots, mut others) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "sslmode" => trust = Some(trust_of(value)?),
                "sslrootcert" => roots = Some(decode(value)?),
                "sslcert" | "sslkey" | "sslpassword" | "sslcrl" => {
                    return Err(wrong(&format!(
                        "parameter `{name}` is not known: clients show no certificate"
                    )));
                }
                _ => others.push(parameter),
            }
        }
        let rest =
            if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
        let config: Config = rest.parse().map_err(|error: tokio_postgres::Error| wrong(&reason(&error)))?;
        let roots = roots.filter(|file| file != "system").map(PathBuf::from);
        let trust = match trust.unwrap_or(Trust::Prefer) {
            Trust::Require if roots.is_some() => Trust::VerifyCa,
            trust => trust,
        };
        Ok(Self { config: complete(config, trust)?, trust, roots })
    }
}

impl std::fmt::Display for PostgresUrl {
    /// User, host, port and database; never the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Fills in what the URL leaves open.
fn complete(mut config: Config, trust: Trust) -> Result<Config, DriverError> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(wrong("it names no host"));
    }
    if config.get_dbname().is_none() {
        return Err(wrong("it names no database"));
    }
    let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    config.ssl_mode(match trust {
        Trust::Disable => SslMode::Disable,
        // nobody can listen in between on a socket file, and servers do not offer TLS there
        Trust::Prefer if local => SslMode::Disable,
        Trust::Prefer => SslMode::Prefer,
        Trust::Require | Trust::VerifyCa | Trust::VerifyFull => SslMode::Require,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("plimsoll");
    }
    if config.get_keepalives_idle() == UNSET_IDLE {
        config.keepalives_idle(KEEPALIVE.0).keepalives_interval(KEEPALIVE.1).keepalives_retries(KEEPALIVE.2);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(KEEPALIVE.0);
    }
    Ok(config)
}

fn trust_of(word: &str) -> Result<Trust, DriverError> {
    Ok(match word {
        "disable" => Trust::Disable,
        "prefer" => Trust::Prefer,
        "require" => Trust::Require,
        "verify-ca" => Trust::VerifyCa,
        "verify-full" => Trust::VerifyFull,
        _ => {
            return Err(wrong(&format!(
                "`sslmode={word}` is none of disable, prefer, require, verify-ca, verify-full"
            )));
        }
    })
}

/// Decodes `%2F` and the like.
fn decode(text: &str) -> Result<String, DriverError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.ok_or_else(|| wrong("`sslrootcert` has a % without two hex digits behind it"))?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong("`sslrootcert` is not UTF-8"))
}

/// What the client's parser says, without its own first words.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn wrong(reason: &str) -> DriverError {
    DriverError::other(format!(
        "{reason}; the form is postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url =
            PostgresUrl::parse("postgres://me:se%40cret@db.example.com:5433/facts?sslmode=require").unwrap();
        assert_eq!(url.to_string(), "postgres://me@db.example.com:5433/facts");
        assert_eq!(format!("{url:?}"), url.to_string());
        assert_eq!(url.config.get_password(), Some(&b"se@cret"[..]));
        assert_eq!((url.trust, url.config.get_ssl_mode()), (Trust::Require, SslMode::Require));
    }

    #[test]
    fn the_two_parameters_of_ours_are_taken_out_and_the_others_left() {
        let text = "postgres://h/d?connect_timeout=3&sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.pem&application_name=x";
        let url = PostgresUrl::parse(text).unwrap();
        assert_eq!(url.roots, Some(PathBuf::from("/etc/my ca.pem")));
        assert_eq!(url.trust, Trust::VerifyFull);
        assert_eq!(url.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(url.config.get_application_name(), Some("x"));
    }

    #[test]
    fn require_with_an_authority_checks_it_as_libpq_does() {
        let url = PostgresUrl::parse("postgres://h/d?sslmode=require&sslrootcert=/ca.pem").unwrap();
        assert_eq!(url.trust, Trust::VerifyCa);
        let url = PostgresUrl::parse("postgres://h/d?sslmode=verify-full&sslrootcert=system").unwrap();
        assert_eq!((url.trust, url.roots), (Trust::VerifyFull, None));
    }

    #[test]
    fn a_socket_file_is_spoken_to_in_plain() {
        let url = PostgresUrl::parse("postgres://me@%2Frun%2Fpostgresql/facts").unwrap();
        assert_eq!(url.config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(url.to_string(), "postgres://me@/run/postgresql:5432/facts");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for (text, named) in [
            ("postgres://me:hidden@h/d?sslmode=maybe", "sslmode=maybe"),
            ("postgres://me:hidden@h/d?sslcert=/x", "sslcert"),
            ("postgres://me:hidden@h/d?colour=red", "colour"),
            ("postgres://me:hidden@h/d?sslrootcert=%2", "sslrootcert"),
            ("postgres://me:hidden@h:port/d", "port"),
            ("postgres://me:hidden@h", "no database"),
            ("postgres:///d", "no host"),
            ("mysql://me:hidden@h/d", "the form is postgres://"),
        ] {
            let message = PostgresUrl::parse(text).unwrap_err().message;
            assert!(message.contains(named) && !message.contains("hidden"), "{text}: {message}");
        }
    }
}
