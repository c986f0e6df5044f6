//! Heavy work on a thread of its own: it blocks, it is to wait for everything else of the machine, and it may panic over a
//! file that nobody foresaw.

use tokio::sync::oneshot;

use crate::limits::be_nice;

/// Does `work` and gives what came of it; `None` if it panicked, which is logged.
pub(crate) async fn apart<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        be_nice();
        // nobody listens any more if the sensor was stopped
        let _ = answer.send(work());
    });
    if let Err(error) = thread {
        tracing::error!(%error, "no thread can be started: {error}");
        return None;
    }
    let outcome = answered.await.ok();
    if outcome.is_none() {
        tracing::error!(name, "the thread `{name}` panicked; the sensor goes on without its result");
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_the_result_and_nothing_else() {
        assert_eq!(apart("sum", || 1 + 1).await, Some(2));
        let panicked: Option<()> = apart("fails", || panic!("on purpose")).await;
        assert_eq!(panicked, None);
    }
}
