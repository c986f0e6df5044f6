//! Whether a registry lets us in: the one thing that a server itself asks registries.

use std::time::Duration;

use api::RegistryCheck;
use image::{Catalogue, CloudPlaces, Patience, RegistryError, RegistryOptions, credentials_of};
use model::registry::{RegistryLogin, RegistrySettings};

/// Somebody waits for the answer, so a registry that hesitates is one that does not let us in.
fn patience() -> Patience {
    let seconds = Duration::from_secs;
    Patience {
        tries: 2,
        connect_tries: 1,
        longest_wait: seconds(5),
        connect: seconds(10),
        idle: seconds(10),
        document: seconds(20),
        ..Patience::default()
    }
}

/// The check for [`api::ApiSettings`].
pub(crate) fn registry_check() -> RegistryCheck {
    RegistryCheck::new(|settings, login| {
        Box::pin(async move {
            let checked = tokio::task::spawn_blocking(move || check(&settings, &login));
            match checked.await {
                Ok(outcome) => outcome.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
    })
}

fn check(settings: &RegistrySettings, login: &RegistryLogin) -> Result<(), RegistryError> {
    let options = RegistryOptions {
        plain_http: settings.is_plain_http(),
        tls: settings.is_tls(),
        public_only: !settings.allow_private,
        patience: patience(),
        ..RegistryOptions::default()
    };
    // whether it may be asked at all comes before any secret is sent anywhere
    Catalogue::new(settings.host(), &options)?;
    let places = CloudPlaces::default();
    let found = credentials_of(login, settings.host(), &places, &options)?;
    Catalogue::of(settings, found.as_ref(), &places, &options)?.check()
}
