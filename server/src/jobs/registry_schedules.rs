//! Lets walks through registries wait for a sensor when their time has come.
//!
//! The walks themselves are made by registry sensors, which ask for work. A walk whose sensor died is given to the next one that asks,
//! so there is nothing to be done about it here.

use std::time::Duration;

use model::Timestamp;
use store::Store;
use tokio::sync::watch;
use tracing::{info, warn};

/// How long to wait before looking again. Times of schedules are minutes.
const POLL: Duration = Duration::from_secs(10);
/// Schedules that are queued in one transaction.
const PART: usize = 500;

/// Works until `stop` is set.
pub async fn run(store: Store, mut stop: watch::Receiver<bool>) {
    loop {
        match store.queue_due_schedules(Timestamp::now(), PART).await {
            Ok(0) => {}
            Ok(count) => info!(count, "{count} walks through registries are due"),
            Err(error) => warn!("schedules of registries could not be looked at: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stop.wait_for(|stopping| *stopping) => return,
        }
    }
}
