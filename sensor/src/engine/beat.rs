//! Heartbeats: the server hears that the sensor lives and how it does, and says what it shall do from now on.

use std::sync::Arc;
use std::time::Duration;

use model::sensor::{Heartbeat, HeartbeatAnswer};
use model::{HostReport, Timestamp};

use super::deliver::enrol;
use super::shared::Shared;
use crate::client::{Backoff, CallError, PROGRAM};

/// The shortest time between two heartbeats that a profile can ask for, and the longest.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3_600);
/// A clock that differs by more is told as trouble, in milliseconds.
const SKEW: i64 = 60_000;

/// Speaks to the server.
pub(crate) struct Pulse {
    shared: Arc<Shared>,
    /// What the server knows of the host.
    told: Option<HostReport>,
    /// The last request for everything anew that was done.
    resynced: Option<u64>,
}

/// Sends heartbeats until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>) {
    if !shared.client.is_sensor() {
        return;
    }
    let mut pulse = Pulse::new(Arc::clone(&shared));
    let mut backoff = Backoff::default();
    loop {
        let beaten = tokio::select! {
            beaten = pulse.beat() => beaten,
            () = shared.stopped() => return,
        };
        let interval =
            Duration::from_secs(shared.rules().profile.heartbeat_seconds.into()).clamp(SHORTEST, LONGEST);
        let wait = match beaten {
            Ok(()) => {
                backoff.reset();
                interval
            }
            Err(error) => {
                shared.troubles.set("heartbeat", &error);
                backoff.after(&error).max(interval.min(Duration::from_secs(5)))
            }
        };
        if !shared.pause(wait).await {
            return;
        }
    }
}

impl Pulse {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, told: None, resynced: None }
    }

    /// One heartbeat.
    pub(crate) async fn beat(&mut self) -> Result<(), CallError> {
        let shared = &self.shared;
        let host = shared.refresh_host();
        enrol(shared).await?;
        let figures = shared.spool.figures();
        let sent_at = Timestamp::now();
        let heartbeat = Heartbeat {
            version: PROGRAM.to_owned(),
            sent_at,
            host: Some(&host).filter(|host| self.told.as_ref() != Some(*host)).cloned(),
            lag: figures
                .oldest
                .map_or(0, |since| u64::try_from(sent_at.0.saturating_sub(since.0)).unwrap_or(0)),
            waiting: figures.waiting,
            dropped: figures.dropped,
            containers: shared.live().len() as u64,
            troubles: shared.troubles.all(),
            resynced: self.resynced,
        };
        let answer: HeartbeatAnswer = shared.client.post("api/v1/sensors/heartbeat", &heartbeat).await?;
        self.told = Some(host);
        shared.troubles.clear("heartbeat");
        self.compare_clocks(answer.now, sent_at);
        // it is asked for until the next heartbeat has said that it was done
        if let Some(number) = answer.resync.filter(|number| self.resynced != Some(*number)) {
            tracing::info!("the server asks for everything anew");
            shared.tell_anew();
            self.resynced = Some(number);
        }
        if let Some(wanted) =
            answer.wanted_version.filter(|wanted| wanted != PROGRAM && wanted != env!("CARGO_PKG_VERSION"))
        {
            shared
                .troubles
                .set("version", format!("this sensor is {PROGRAM}, and an operator wants {wanted}"));
        } else {
            shared.troubles.clear("version");
        }
        shared.set_profile(answer.profile);
        Ok(())
    }

    fn compare_clocks(&self, server: Timestamp, sent_at: Timestamp) {
        self.shared.client.compare_clocks(server, sent_at);
        let ahead = self.shared.client.skew();
        let words = || {
            let (seconds, way) = (ahead.abs() / 1_000, if ahead > 0 { "behind" } else { "ahead of" });
            format!("this host's clock is {seconds} s {way} the server's: times are told by the server's")
        };
        self.shared.troubles.tell("clock", (ahead.abs() > SKEW).then(words));
    }
}
