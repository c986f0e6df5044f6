//! Registries as sources: how to get in, and what was got.
//!
//! There is no flag for a password: whatever stands on a command line is seen by everybody on the machine.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, bail};
use image::{Credentials, OpenImage, RegistryOptions, credential_files};

/// Bytes of a password that are read.
const MAX_PASSWORD: u64 = 64 << 10;

/// Flags of sources that are in a registry.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Registries")]
pub(crate) struct RegistryArgs {
    /// User for the registry, with the password in PLIMSOLL_REGISTRY_PASSWORD; without it what `docker login` and
    /// `podman login` have left [env: PLIMSOLL_REGISTRY_USERNAME]
    #[arg(long, value_name = "NAME")]
    registry_username: Option<String>,
    /// Read the registry's password from standard input
    #[arg(long)]
    registry_password_stdin: bool,
    /// Certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE")]
    registry_ca: Option<PathBuf>,
    /// Speak plain HTTP; registries on this machine are spoken to so anyway, unless --registry-ca is given
    #[arg(long, conflicts_with = "registry_ca")]
    registry_plain_http: bool,
    /// The password from standard input, which can be read once only.
    #[arg(skip)]
    typed: Arc<OnceLock<String>>,
}

impl RegistryArgs {
    /// How registries are spoken to.
    pub(super) fn options(&self) -> anyhow::Result<RegistryOptions> {
        Ok(RegistryOptions {
            credentials: self.credentials(|name| std::env::var_os(name), std::io::stdin())?,
            credential_files: credential_files(|name| std::env::var_os(name)),
            authorities: self.registry_ca.clone(),
            plain_http: self.registry_plain_http,
            ..RegistryOptions::default()
        })
    }

    fn credentials(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
        input: impl std::io::Read,
    ) -> anyhow::Result<Option<Credentials>> {
        let text = |name: &str| match variable(name).filter(|value| !value.is_empty()) {
            Some(value) => value.into_string().map(Some).map_err(|_| anyhow::anyhow!("{name} is not UTF-8")),
            None => Ok(None),
        };
        let username = match &self.registry_username {
            Some(username) => Some(username.clone()),
            None => text("PLIMSOLL_REGISTRY_USERNAME")?,
        };
        let password = match self.registry_password_stdin {
            true => Some(self.read_password(input)?),
            false => text("PLIMSOLL_REGISTRY_PASSWORD")?,
        };
        match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Credentials::Password { username, password })),
            (None, None) => Ok(None),
            (Some(_), None) => bail!(
                "a user for the registry needs a password: set PLIMSOLL_REGISTRY_PASSWORD or give --registry-password-stdin"
            ),
            (None, Some(_)) => bail!(
                "a password for the registry needs a user: give --registry-username or set PLIMSOLL_REGISTRY_USERNAME"
            ),
        }
    }

    fn read_password(&self, input: impl std::io::Read) -> anyhow::Result<String> {
        if let Some(typed) = self.typed.get() {
            return Ok(typed.clone());
        }
        let mut password = String::new();
        input
            .take(MAX_PASSWORD)
            .read_to_string(&mut password)
            .context("cannot read the registry's password from standard input")?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            bail!("--registry-password-stdin found no password on standard input");
        }
        Ok(self.typed.get_or_init(|| password).clone())
    }
}

/// Tells what an image from a registry has cost; of other images nothing.
pub(super) fn tell(image: &OpenImage) {
    if let Some(line) = summary(image) {
        crate::output::note(&line);
    }
}

fn summary(image: &OpenImage) -> Option<String> {
    let pulled = image.pulled()?;
    let layers = image.layer_count();
    Some(format!("pulled {}, {} of {layers} layers known", megabytes(pulled.bytes), layers - pulled.layers))
}

/// Bytes in the unit that registries and package managers count in, with one digit.
fn megabytes(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(
        args: &RegistryArgs,
        set: &[(&str, &str)],
        input: &str,
    ) -> Result<Option<Credentials>, String> {
        let variable =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        args.credentials(variable, input.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn user_and_password_come_from_flags_variables_and_standard_input() {
        let login = |username: &str, password: &str| {
            let (username, password) = (username.to_owned(), password.to_owned());
            Ok(Some(Credentials::Password { username, password }))
        };
        let both = [("PLIMSOLL_REGISTRY_USERNAME", "u"), ("PLIMSOLL_REGISTRY_PASSWORD", "p")];
        let none = RegistryArgs::default();
        assert_eq!(credentials(&none, &[], ""), Ok(None));
        assert_eq!(credentials(&none, &[("PLIMSOLL_REGISTRY_USERNAME", "")], ""), Ok(None));
        assert_eq!(credentials(&none, &both, ""), login("u", "p"));
        let named = RegistryArgs { registry_username: Some("n".to_owned()), ..RegistryArgs::default() };
        assert_eq!(credentials(&named, &both, ""), login("n", "p"));
        let typed = RegistryArgs { registry_password_stdin: true, ..named.clone() };
        assert_eq!(credentials(&typed, &both, "se cret\r\n"), login("n", "se cret"));
        assert_eq!(credentials(&typed, &both, ""), login("n", "se cret"), "it is read once only");
        let silent = RegistryArgs { registry_password_stdin: true, ..RegistryArgs::default() };
        assert!(credentials(&silent, &both, "\n").unwrap_err().contains("no password"));
        assert!(credentials(&named, &[], "").unwrap_err().contains("needs a password"));
        assert!(credentials(&none, &both[1..], "").unwrap_err().contains("needs a user"));
    }

    #[test]
    fn amounts_are_told_in_a_fitting_unit() {
        assert_eq!(
            [0, 1_234, 99_999, 12_345_678].map(megabytes),
            ["0.0 kB", "1.2 kB", "100.0 kB", "12.3 MB"]
        );
    }
}
