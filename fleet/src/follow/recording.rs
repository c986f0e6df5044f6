//! First judgements on their way into the store, and the states of the index that wait for them.
//!
//! A state is shown when the first judgements in it are recorded: else a crash and another bundle could bring other findings
//! without a change that tells of them. Recording takes a commit, so the next step is prepared meanwhile.

use std::sync::{Arc, Weak};

use tokio::task::JoinHandle;

use super::Follower;
use crate::error::FleetError;
use crate::facts::Index;
use crate::fleet::Shared;
use crate::rejudge::{FirstJudgements, record_first};
use model::Timestamp;
use store::Store;

/// First judgements and the task that records them.
pub(super) struct Recording {
    first: Arc<FirstJudgements>,
    task: JoinHandle<Result<(), FleetError>>,
    /// Whether the task shows a state when it has recorded them.
    shows: bool,
}

impl Recording {
    fn start(store: &Store, first: Arc<FirstJudgements>) -> Self {
        let (store, list) = (store.clone(), Arc::clone(&first));
        let task = tokio::spawn(async move { record_first(&store, &list).await });
        Self { first, task, shows: false }
    }

    /// Shows a state of the index afterwards.
    fn then_show(self, shared: Arc<Shared>, complete: Timestamp, index: Index) -> Self {
        let Self { first, task, .. } = self;
        let task = tokio::spawn(async move {
            let outcome = outcome_of(task).await;
            warn(&outcome);
            shared.advance(complete, index);
            outcome
        });
        Self { first, task, shows: true }
    }
}

async fn outcome_of(task: JoinHandle<Result<(), FleetError>>) -> Result<(), FleetError> {
    task.await.map_err(|_| FleetError::Stopped).and_then(|outcome| outcome)
}

fn warn(outcome: &Result<(), FleetError>) {
    if let Err(error) = outcome {
        // no step is shown after this one before they are
        tracing::warn!(error = error as &dyn std::error::Error, "first judgements are not recorded yet");
    }
}

impl Follower {
    /// Records first judgements while work goes on; [`Self::recorded`] waits for it.
    pub(super) async fn record_first(&mut self, first: FirstJudgements) -> Result<(), FleetError> {
        if !first.is_empty() {
            self.recorded().await?;
            self.recording = Some(Recording::start(&self.store, Arc::new(first)));
        }
        Ok(())
    }

    /// Waits until all first judgements are recorded and the state that waits for them is shown. What could not be recorded
    /// is tried again the next time.
    pub(super) async fn recorded(&mut self) -> Result<(), FleetError> {
        let Some(Recording { first, task, .. }) = self.recording.take() else { return Ok(()) };
        let outcome = outcome_of(task).await;
        if outcome.is_err() {
            self.recording = Some(Recording::start(&self.store, first));
        }
        outcome
    }

    /// Waits for what could not be recorded at first; what is still on its way is not waited for.
    pub(super) async fn recorded_at_last(&mut self) -> Result<(), FleetError> {
        match &self.recording {
            Some(recording) if recording.shows && !recording.task.is_finished() => Ok(()),
            _ => self.recorded().await,
        }
    }

    /// Shows the index as it stands, after the states before it and as soon as the first judgements in it are recorded.
    pub(super) async fn show(&mut self, shared: &Shared, complete: Timestamp) {
        if self.recording.as_ref().is_some_and(|recording| recording.shows) {
            warn(&self.recorded().await);
        }
        let index = self.index.clone();
        match (self.recording.take(), self.shared.upgrade()) {
            (Some(recording), Some(shared)) => {
                self.recording = Some(recording.then_show(shared, complete, index));
            }
            (recording, _) => {
                self.recording = recording;
                warn(&self.recorded().await);
                shared.advance(complete, index);
            }
        }
    }

    /// Does not show states on its own before this is called: who loads an index shows it when it is whole.
    pub(super) fn show_to(&mut self, shared: &Weak<Shared>) {
        self.shared = Weak::clone(shared);
    }
}
