//! Keys for signing, and what a signature says of a bundle.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use knowledge::{Bundle, SecretKey, Signature};

/// The variable that a password is taken from. Never a flag: other users of the machine see those.
const VARIABLE: &str = "PLIMSOLL_KEY_PASSWORD";

/// Where the password of a key comes from.
#[derive(clap::Args)]
pub(super) struct PasswordArgs {
    /// File whose first line is the password of the secret key; without it the variable PLIMSOLL_KEY_PASSWORD
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password, if one is given.
    pub(super) fn password(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.password_file else {
            return Ok(std::env::var(VARIABLE).ok().filter(|password| !password.is_empty()));
        };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let line = text.lines().next().unwrap_or_default().to_owned();
        anyhow::ensure!(
            !line.is_empty(),
            "the first line of {} is empty, a password is expected there",
            path.display()
        );
        Ok(Some(line))
    }
}

/// Whether and how a file is signed.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// Sign with this secret key (of `feeds keygen` or `minisign -G`) into FILE.minisig
    #[arg(long, value_name = "KEY")]
    pub(super) sign: Option<PathBuf>,
    #[command(flatten)]
    password: PasswordArgs,
}

impl SignArgs {
    /// The key, so that a wrong password is told before the work is done.
    pub(super) fn key(&self) -> anyhow::Result<Option<SecretKey>> {
        let Some(path) = &self.sign else { return Ok(None) };
        let key = SecretKey::read(path, self.password.password()?.as_deref()).with_context(|| {
            format!("cannot sign; a password is given with --password-file FILE or in {VARIABLE}")
        })?;
        Ok(Some(key))
    }
}

/// Signs a file that holds `bundle` in some form; the trusted comment names the bundle and the date of its newest feed.
pub(super) fn sign(file: &Path, key: &SecretKey, bundle: &Bundle) -> anyhow::Result<Signature> {
    let date = bundle.date().map_or_else(|| "unknown".to_owned(), |date| date.to_rfc3339());
    Ok(Signature::sign_file(file, key, &format!("plimsoll bundle {} date {date}", bundle.id()))?)
}
