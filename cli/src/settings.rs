//! Settings of the commands that run a server: flags and environment over the settings file.

use std::path::PathBuf;

use server::{Settings, SettingsArgs};

/// The settings file and everything that can stand in it.
#[derive(clap::Args)]
pub(crate) struct ServerArgs {
    /// Settings file (TOML); its keys are the names of the flags below
    #[arg(long, env = "PLIMSOLL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,
}

impl ServerArgs {
    /// Flag over environment over file over default.
    pub(crate) fn resolve(self) -> anyhow::Result<Settings> {
        let file = match &self.config {
            Some(path) => SettingsArgs::from_file(path)?,
            None => SettingsArgs::default(),
        };
        Ok(self.settings.or(file).resolve()?)
    }
}
