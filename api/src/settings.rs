//! What an operator can choose about the API. The names and defaults of the settings file live in the
//! server; this is the resolved form.

use std::time::Duration;

use crate::registries::RegistryCheck;
use crate::wire::ContainerProfile;

/// Resolved settings of the API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The address under which clients reach the server, such as `https://cs.example.com`; links are built
    /// from it. `None`: from the `Host` header of each request.
    pub public_url: Option<String>,
    /// Believe `X-Forwarded-Proto` and `X-Forwarded-Host` when a link is built. Off unless a proxy that
    /// overwrites both headers stands in front.
    pub trust_forwarded: bool,
    /// The largest request body as sent, in bytes.
    pub max_body: usize,
    /// The largest request body after decompression, in bytes.
    pub max_decompressed: usize,
    /// How long a client may pause while it sends a body. One that stalls would keep others from sending theirs.
    pub body_pause: Duration,
    /// How long an ingest call waits until the lists show what it stored. The report is durable before that.
    pub visible_timeout: Duration,
    /// The shape of container records from v1.2 on, where a request does not choose one with `profile=`.
    pub container_profile: ContainerProfile,
    /// How a registry is asked whether it lets us in; `None`: that is not to be had.
    pub registry_check: Option<RegistryCheck>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            trust_forwarded: false,
            max_body: 64 << 20,
            max_decompressed: 256 << 20,
            body_pause: Duration::from_secs(30),
            visible_timeout: Duration::from_secs(30),
            container_profile: ContainerProfile::default(),
            registry_check: None,
        }
    }
}
